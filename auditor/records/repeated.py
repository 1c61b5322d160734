"""Records whose id is already known.

One counts once when its content is the same, and is kept as a conflict when it isn't; which row counts first is fixed:
what is stored, then sources in order, then rows in order. Contents are compared by their SHA-256, inside DuckDB, which
puts on disk what doesn't fit into memory.
"""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import duckdb
from sqlglot import exp

from auditor.records.incoming import Batch, Outcome, all_columns, dropped_table, is_good, union
from auditor.records.manifest import Manifest
from auditor.records.places import ROW_NUMBER
from auditor.records.schema import COLUMNS
from auditor.records.sql import (
    call,
    cast,
    columns_definition,
    identifier,
    is_not,
    is_null,
    literal,
    named,
    table,
    text_of,
    within,
)
from auditor.records.staging import Staged
from auditor.records.store import stored_records

_IDS, _CONTENTS, _DIFFERING, _ORDERED, _FIRSTS = "repeated", "contents", "differing", "ordered", "firsts"
_POSITION, _CONTENT, _EXTRA, _FIRST = "position", "content", "extra", "first"
_STORED = -1
_ROWS = 1 << 40
"""A row's position is its source's number in the batch times this, plus its own; what is stored comes before all."""

_CHUNK = 10_000


def find_repeated(batch: Batch, folder: Path, manifest: Manifest, outcomes: dict[str, Outcome]) -> None:
    """Judge every id that occurs twice, in the batch or in the store, and note in `outcomes` what came of it.

    The rows of a source that count no more are put into its table of dropped rows.
    """
    with_ids = [(staged, source_id) for staged, source_id in batch.sources if "record_id" in staged.columns]
    stored = stored_records(folder, manifest) if manifest.files else None
    if not with_ids or not _note_ids([staged for staged, _ in with_ids], stored, batch.connection):
        return
    filled = {name for file in manifest.files for name in file.columns}
    filled.update(name for staged, _ in batch.sources for name in staged.provides)
    _note_contents([staged for staged, _ in with_ids], stored, tuple(sorted(filled & set(COLUMNS))), batch.connection)
    _order_extras(batch.connection)
    _note_firsts(batch.connection)
    conflicts = _conflicts(batch.connection)
    for staged, source_id in with_ids:
        outcomes[source_id].duplicates += _drop(staged, batch.connection)
        outcomes[source_id].conflicts += conflicts.get(staged.number, 0)


def _note_ids(sources: Sequence[Staged], stored: exp.Select | None, connection: duckdb.DuckDBPyConnection) -> int:
    """Make the table of ids that occur twice, or are stored already; returns how many there are."""
    own = [
        exp.Select(expressions=[identifier("record_id")]).from_(table(staged.rows_table)).where(is_good(staged))
        for staged in sources
    ]
    ids = exp.Select(expressions=[identifier("record_id")]).from_(within(union(own)))
    twice = ids.where(is_not(is_null(identifier("record_id")))).group_by(identifier("record_id"))
    queries: list[exp.Query] = [twice.having(exp.GT(this=call("count", exp.Star()), expression=literal(1)))]
    if stored is not None:
        known = exp.Select(expressions=[identifier("record_id")]).from_(within(stored))
        queries.append(ids.where(exp.In(this=identifier("record_id"), query=exp.Subquery(this=known))).distinct())
    _create(connection, _IDS, union(queries))
    count = exp.Select(expressions=[call("count", exp.Star())]).from_(table(_IDS))
    return int((connection.execute(text_of(count)).fetchone() or (0,))[0])


def _note_contents(
    sources: Sequence[Staged], stored: exp.Select | None, columns: Sequence[str], connection: duckdb.DuckDBPyConnection
) -> None:
    """Make the table of rows with a repeated id: position, digest of all columns but `extra`, and that as it stands.

    `columns` are those that have a value anywhere; the others can't differ.
    """
    parts: list[exp.Query] = []
    if stored is not None:
        parts.append(_contents(within(stored), literal(_STORED), columns))
    for staged in sources:
        rows = exp.Select(expressions=[*all_columns(staged), identifier(ROW_NUMBER)])
        rows = rows.from_(table(staged.rows_table)).where(is_good(staged))
        position = exp.Add(this=identifier(ROW_NUMBER), expression=literal(staged.number * _ROWS))
        parts.append(_contents(within(rows), position, columns))
    _create(connection, _CONTENTS, union(parts))


def _contents(rows: exp.Expression, position: exp.Expression, columns: Sequence[str]) -> exp.Select:
    content = exp.Struct(
        expressions=[
            exp.PropertyEQ(this=exp.to_identifier(name, quoted=True), expression=identifier(name))
            for name in columns
            if name != _EXTRA
        ]
    )
    values = {
        "record_id": identifier("record_id"),
        _POSITION: cast(position, "BIGINT"),
        _CONTENT: call("sha256", cast(call("to_json", content), "VARCHAR")),
        _EXTRA: call("coalesce", identifier(_EXTRA), literal("")),
    }
    query = exp.Select(expressions=[named(value, name) for name, value in values.items()]).from_(rows)
    repeated = exp.Select(expressions=[identifier("record_id")]).from_(table(_IDS))
    return query.where(exp.In(this=identifier("record_id"), query=exp.Subquery(this=repeated)))


def _order_extras(connection: duckdb.DuckDBPyConnection) -> None:
    """Digest the texts of `extra` with keys in order, where nothing else tells rows of one id apart."""
    groups = exp.Select(expressions=[identifier("record_id"), identifier(_CONTENT)]).from_(table(_CONTENTS))
    groups = groups.group_by(identifier("record_id"), identifier(_CONTENT))
    several = exp.NEQ(this=call("min", identifier(_EXTRA)), expression=call("max", identifier(_EXTRA)))
    _create(connection, _DIFFERING, groups.having(several))
    texts = exp.Select(expressions=[identifier(_EXTRA, "c")], distinct=exp.Distinct()).from_(table(_CONTENTS, "c"))
    texts = texts.join(table(_DIFFERING, "d"), on=exp.and_(*_same(("record_id", _CONTENT), "c", "d")))
    schema = exp.Schema(this=table(_ORDERED), expressions=columns_definition({_EXTRA: "VARCHAR", "digest": "VARCHAR"}))
    connection.execute(text_of(exp.Create(this=schema, kind="TABLE", replace=True)))
    lists = [call("unnest", cast(exp.Placeholder(), "VARCHAR[]")) for _ in range(2)]
    insert = text_of(exp.Insert(this=table(_ORDERED), expression=exp.Select(expressions=lists)))
    found = connection.cursor().execute(text_of(texts))
    while chunk := [text for (text,) in found.fetchmany(_CHUNK)]:
        connection.execute(insert, [chunk, [_ordered_digest(text) for text in chunk]])


def _ordered_digest(text: str) -> str:
    """Digest JSON whatever the order of its keys; numbers count as they are written, none is rounded."""
    if not text:
        return ""
    content = json.loads(text, parse_int=_as_written, parse_float=_as_written)
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _as_written(number: str) -> list[str]:
    """Return what no JSON of a record can hold: a list that begins with a NUL, which ingest refuses in texts."""
    return ["\0", number]


def _note_firsts(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the table of the first position of each content of an id."""
    extra = call("coalesce", identifier("digest", "o"), identifier(_EXTRA, "c"))
    keys = [identifier("record_id", "c"), identifier(_CONTENT, "c")]
    query = exp.Select(expressions=[*keys, named(call("min", identifier(_POSITION, "c")), _FIRST)])
    query = query.from_(table(_CONTENTS, "c"))
    query = query.join(table(_ORDERED, "o"), on=exp.and_(*_same((_EXTRA,), "c", "o")), join_type="left")
    _create(connection, _FIRSTS, query.group_by(*(key.copy() for key in keys), extra))


def _conflicts(connection: duckdb.DuckDBPyConnection) -> dict[int, int]:
    """Count by source the first rows of a content whose id was there before with another one."""
    firsts = exp.Select(expressions=[call("min", identifier(_FIRST))]).from_(table(_FIRSTS))
    firsts = firsts.group_by(identifier("record_id"))
    number = exp.IntDiv(this=identifier(_FIRST), expression=literal(_ROWS))
    query = exp.Select(expressions=[named(number, "number"), call("count", exp.Star())]).from_(table(_FIRSTS))
    query = query.where(exp.GTE(this=identifier(_FIRST), expression=literal(0)))
    query = query.where(is_not(exp.In(this=identifier(_FIRST), query=exp.Subquery(this=firsts))))
    return dict(connection.execute(text_of(query.group_by(identifier("number")))).fetchall())


def _drop(staged: Staged, connection: duckdb.DuckDBPyConnection) -> int:
    """Make the table of a source's rows that have the content of an earlier one; returns how many there are."""
    low = staged.number * _ROWS
    row = exp.Sub(this=identifier(_POSITION), expression=literal(low))
    firsts = exp.Select(expressions=[identifier(_FIRST)]).from_(table(_FIRSTS))
    query = exp.Select(expressions=[named(row, "row")]).from_(table(_CONTENTS))
    query = query.where(exp.Between(this=identifier(_POSITION), low=literal(low), high=literal(low + _ROWS - 1)))
    query = query.where(is_not(exp.In(this=identifier(_POSITION), query=exp.Subquery(this=firsts))))
    _create(connection, dropped_table(staged), query)
    count = exp.Select(expressions=[call("count", exp.Star())]).from_(table(dropped_table(staged)))
    return int((connection.execute(text_of(count)).fetchone() or (0,))[0])


def _same(names: Sequence[str], one: str, other: str) -> list[exp.Expression]:
    return [exp.EQ(this=identifier(name, one), expression=identifier(name, other)) for name in names]


def _create(connection: duckdb.DuckDBPyConnection, name: str, query: exp.Query) -> None:
    connection.execute(text_of(exp.Create(this=table(name), kind="TABLE", replace=True, expression=query)))
