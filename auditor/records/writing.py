"""From staged rows to Parquet files: repeated records dropped, the rest written a day a file.

A record with an id that is already known counts once when its content is the same, and is kept as a conflict when it
isn't; which row counts first is fixed: what is stored, then sources in order, then rows in order.
"""

import hashlib
import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any  # rows of queries

import duckdb
from sqlglot import exp

from auditor.digests import digest_of_file, digest_of_parts
from auditor.records.activity import ALL_COLUMNS, STORED_TYPES
from auditor.records.layout import ADDRESS_NUMBER, address_halves
from auditor.records.manifest import Manifest, StoredFile
from auditor.records.schema import COLUMNS
from auditor.records.sql import call, cast, identifier, literal, named, table, text_of
from auditor.records.staging import ROW, Staged
from auditor.records.store import stored_records

MANY_PERIODS = 400
_WRITERS = 2
_SOURCE = "·source"
_INCOMING = "incoming"
_ALIAS = "inner"


@dataclass
class Outcome:
    """What became of one source's good rows."""

    records: int = 0
    duplicates: int = 0
    conflicts: int = 0
    first_time: datetime | None = None
    last_time: datetime | None = None
    dropped: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class Batch:
    """Staged sources with their ids, to be written together."""

    connection: duckdb.DuckDBPyConnection
    sources: Sequence[tuple[Staged, str]]

    @property
    def name(self) -> str:
        """A name that follows from the sources alone."""
        return digest_of_parts([source_id for _, source_id in self.sources])[:16]


def write_batch(batch: Batch, folder: Path, manifest: Manifest) -> tuple[list[StoredFile], dict[str, Outcome]]:
    """Write the good rows of a batch into the activity folder; returns new files and the outcome of each source."""
    outcomes = {source_id: Outcome() for _, source_id in batch.sources}
    _find_repeated(batch, folder, manifest, outcomes)
    for staged, source_id in batch.sources:
        _create_dropped(batch.connection, staged, outcomes[source_id].dropped)
    _create_incoming(batch)
    _count(batch, outcomes)
    columns = _filled(batch)
    periods = _periods(batch.connection)

    def write(period: tuple[str, datetime | None, datetime | None]) -> StoredFile:
        return _write_period(batch, folder, columns, period)

    with ThreadPoolExecutor(_WRITERS) as pool:
        return list(pool.map(write, periods)), outcomes


def _find_repeated(batch: Batch, folder: Path, manifest: Manifest, outcomes: dict[str, Outcome]) -> None:
    parts = [
        exp.Select(expressions=[identifier("record_id")]).from_(table(staged.rows_table)).where(_is_good(staged))
        for staged, _ in batch.sources
        if "record_id" in staged.columns
    ]
    if not parts:
        return
    ids = _subquery(_union(parts))
    repeated = exp.Select(expressions=[identifier("record_id")]).from_(ids).where(_is_set("record_id"))
    repeated = repeated.group_by(identifier("record_id"))
    repeated = repeated.having(exp.GT(this=call("count", exp.Star()), expression=literal(1)))
    queries: list[exp.Query] = [repeated]
    if manifest.files:
        known = exp.Select(expressions=[identifier("record_id")]).from_(_subquery(stored_records(folder, manifest)))
        both = exp.Select(expressions=[identifier("record_id")], distinct=exp.Distinct()).from_(ids.copy())
        queries.append(both.where(exp.In(this=identifier("record_id"), query=_subquery(known, None))))
    create = exp.Create(this=table("repeated"), kind="TABLE", replace=True, expression=_union(queries))
    batch.connection.execute(text_of(create))
    seen: dict[str, set[str]] = {}
    if manifest.files:
        for record_id, _, content in _contents(
            batch.connection, _subquery(stored_records(folder, manifest)), "record_id"
        ):
            seen.setdefault(record_id, set()).add(content)
    for staged, source_id in batch.sources:
        if "record_id" in staged.columns:
            _judge(batch.connection, staged, seen, outcomes[source_id])


def _judge(connection: duckdb.DuckDBPyConnection, staged: Staged, seen: dict[str, set[str]], outcome: Outcome) -> None:
    rows = exp.Select(expressions=[*_all_columns(staged), identifier(ROW)]).from_(table(staged.rows_table))
    for record_id, row, content in _contents(connection, _subquery(rows.where(_is_good(staged))), ROW):
        known = seen.setdefault(record_id, set())
        if content in known:
            outcome.duplicates += 1
            outcome.dropped.append(row)
        else:
            outcome.conflicts += bool(known)
            known.add(content)


def _contents(connection: duckdb.DuckDBPyConnection, rows: exp.Expression, order: str) -> Any:
    """Yield (record id, order value, digest of content) of the rows whose id is repeated; `extra` ignores key order."""
    content = exp.Struct(
        expressions=[
            exp.PropertyEQ(this=exp.to_identifier(name, quoted=True), expression=identifier(name))
            for name in COLUMNS
            if name != "extra"
        ]
    )
    query = exp.Select(
        expressions=[identifier("record_id"), identifier(order), call("to_json", content), identifier("extra")]
    )
    repeated = exp.Select(expressions=[identifier("record_id")]).from_(table("repeated"))
    query = query.from_(rows).where(exp.In(this=identifier("record_id"), query=_subquery(repeated, None)))
    result = connection.cursor().execute(text_of(query.order_by(identifier(order))))
    while batch := result.fetchmany(10_000):
        for record_id, value, text, extra in batch:
            rest = json.dumps(json.loads(extra), sort_keys=True) if extra else ""
            yield record_id, value, hashlib.sha256(f"{text}\0{rest}".encode()).hexdigest()


def _create_dropped(connection: duckdb.DuckDBPyConnection, staged: Staged, rows: list[int]) -> None:
    numbers = call("unnest", cast(exp.Placeholder(), "BIGINT[]"))
    query = exp.Select(expressions=[exp.alias_(numbers, "row", quoted=True)])
    name = table(f"dropped·{staged.number}")
    create = exp.Create(this=name, kind="TABLE", replace=True, expression=query)
    connection.execute(text_of(create), [sorted({*staged.bad, *rows})])


def _create_incoming(batch: Batch) -> None:
    """Make a view of all rows to write, with provenance and every column."""
    parts = []
    for staged, source_id in batch.sources:
        values = _all_columns(staged, source_id)
        query = exp.Select(expressions=[*values, exp.alias_(literal(staged.number), _SOURCE, quoted=True)])
        query = query.from_(table(staged.rows_table, "r"))
        same = exp.EQ(this=identifier(ROW, "r"), expression=identifier(ROW, "p"))
        query = query.join(table(staged.places_table, "p"), on=same)
        parts.append(query.where(_is_kept(staged)) if staged.bad or _has_dropped(batch, staged) else query)
    create = exp.Create(this=table(_INCOMING), kind="VIEW", replace=True, expression=_union(parts))
    batch.connection.execute(text_of(create))


def _has_dropped(batch: Batch, staged: Staged) -> bool:
    query = exp.Select(expressions=[call("count", exp.Star())]).from_(table(f"dropped·{staged.number}"))
    (rows,) = batch.connection.execute(text_of(query)).fetchone() or (0,)
    return bool(rows)


def _all_columns(staged: Staged, source_id: str | None = None) -> list[exp.Expression]:
    """Return every column of a staged source; provenance only when its id is given."""
    filled = set(staged.columns)
    values: dict[str, exp.Expression] = {
        name: identifier(name) if name in filled else cast(exp.null(), STORED_TYPES[name]) for name in COLUMNS
    }
    if "prompt" in filled:
        values["prompt_digest"] = identifier("·prompt_digest")
    values[ADDRESS_NUMBER] = identifier(ADDRESS_NUMBER) if "client_ip" in filled else cast(exp.null(), "UHUGEINT")
    if source_id is not None:
        line = identifier("line", "p")
        own = exp.DPipe(this=literal(f"{source_id}:"), expression=cast(line, "VARCHAR"))
        values |= {
            "record_id": call("coalesce", values["record_id"], own),
            "source_id": literal(source_id),
            "source_line": line.copy(),
            "source_offset": call("nullif", identifier("offset", "p"), literal(-1)),
            "source_length": call("nullif", identifier("length", "p"), literal(-1)),
        }
    return [named(value, name) for name, value in values.items()]


def _count(batch: Batch, outcomes: dict[str, Outcome]) -> None:
    time = identifier("time")
    query = exp.Select(
        expressions=[identifier(_SOURCE), call("count", exp.Star()), call("min", time), call("max", time.copy())]
    )
    rows = batch.connection.execute(text_of(query.from_(table(_INCOMING)).group_by(identifier(_SOURCE)))).fetchall()
    ids = {staged.number: source_id for staged, source_id in batch.sources}
    for number, records, first, last in rows:
        outcome = outcomes[ids[number]]
        outcome.records, outcome.first_time, outcome.last_time = records, first, last


def _filled(batch: Batch) -> tuple[str, ...]:
    provided = {name for staged, _ in batch.sources for name in staged.provides}
    always = {"record_id", "source_id", "source_line", "source_offset", "source_length"}
    if "client_ip" in provided:
        always.add(ADDRESS_NUMBER)
    return tuple(name for name in ALL_COLUMNS if name in provided | always)


def _periods(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, datetime | None, datetime | None]]:
    """Return the days of the incoming rows with their limits; months when there are many, else one period for all."""
    day = cast(identifier("time"), "DATE")
    query = exp.Select(expressions=[exp.alias_(day, "day", quoted=True)], distinct=exp.Distinct())
    query = query.from_(table(_INCOMING)).order_by(identifier("day"))
    days = [found for (found,) in connection.execute(text_of(query)).fetchall()]
    if len(days) <= MANY_PERIODS:
        return [(found.isoformat(), _midnight(found), _midnight(found + timedelta(days=1))) for found in days]
    months = sorted({found.replace(day=1) for found in days})
    if len(months) <= MANY_PERIODS:
        return [(f"{month:%Y-%m}", _midnight(month), _midnight(_next_month(month))) for month in months]
    return [("all", None, None)]


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day)  # noqa: DTZ001  # the store's times are naive UTC


def _next_month(month: date) -> date:
    return (month + timedelta(days=32)).replace(day=1)


def _write_period(
    batch: Batch, folder: Path, columns: Sequence[str], period: tuple[str, datetime | None, datetime | None]
) -> StoredFile:
    label, start, end = period
    halves = address_halves() if ADDRESS_NUMBER in columns else {}
    values: dict[str, exp.Expression] = {name: identifier(name) for name in columns if name != ADDRESS_NUMBER} | halves
    query = exp.Select(expressions=[exp.alias_(value, name, quoted=True) for name, value in values.items()])
    query = query.from_(table(_INCOMING)).order_by(
        *(identifier(name) for name in ("account_id", "time", "source_id", "source_line"))
    )
    if start and end:
        since = exp.GTE(this=identifier("time"), expression=cast(literal(start.isoformat()), "TIMESTAMP"))
        until = exp.LT(this=identifier("time"), expression=cast(literal(end.isoformat()), "TIMESTAMP"))
        query = query.where(exp.And(this=since, expression=until))
    path = folder / f"{label}-{batch.name}.parquet"
    (written,) = batch.connection.cursor().execute(text_of(_copy(query, path))).fetchone() or (0,)
    return StoredFile(
        name=path.name, period=label, columns=tuple(values), records=written,
        bytes=path.stat().st_size, sha256=digest_of_file(path),
    )  # fmt: skip


def _copy(query: exp.Select, path: Path) -> exp.Copy:
    options: dict[str, exp.Expression] = {
        "FORMAT": exp.Var(this="parquet"),
        "COMPRESSION": exp.Var(this="zstd"),
        "COMPRESSION_LEVEL": literal(1),
        "PARQUET_VERSION": exp.Var(this="v2"),
    }
    parameters = [exp.CopyParameter(this=exp.Var(this=name), expression=value) for name, value in options.items()]
    return exp.Copy(this=exp.Subquery(this=query), kind=False, files=[literal(str(path))], params=parameters)


def _is_good(staged: Staged) -> exp.Expression:
    return _not_in(f"bad·{staged.number}", identifier(ROW))


def _is_kept(staged: Staged) -> exp.Expression:
    return _not_in(f"dropped·{staged.number}", identifier(ROW, "r"))


def _not_in(name: str, row: exp.Column) -> exp.Expression:
    rows = exp.Select(expressions=[identifier("row")]).from_(table(name))
    return exp.Not(this=exp.In(this=row, query=_subquery(rows, None)))


def _is_set(name: str) -> exp.Expression:
    return exp.Not(this=exp.Is(this=identifier(name), expression=exp.null()))


def _union(queries: Sequence[exp.Query]) -> exp.Query:
    whole = queries[0]
    for query in queries[1:]:
        whole = exp.Union(this=whole, expression=query, distinct=False)
    return whole


def _subquery(query: exp.Query, alias: str | None = _ALIAS) -> exp.Subquery:
    named = exp.TableAlias(this=exp.to_identifier(alias, quoted=True)) if alias else None
    return exp.Subquery(this=query, alias=named)
