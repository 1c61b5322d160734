"""One source, read into a table of typed rows, with the rows that are no records found and explained.

The table `rows·N` holds one row for each row of the source, in order; `places·N` holds where it came from. The two go
together by row id, which the length of every row confirms.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
from sqlglot import exp

from auditor.errors import InputError
from auditor.records.addresses import number_of
from auditor.records.mapping import DOUBT, FAULT, FOUND, LENGTH, LINE, NUMBER, mapped_columns, mapping_query
from auditor.records.profiles import Profile
from auditor.records.quarantine import BadLine
from auditor.records.reasons import reason_for, strict_fault
from auditor.records.sql import call, cast, columns_definition, identifier, literal, named, table, text_of
from auditor.records.survey import LONGEST_LINE, Positions

ROW = "rowid"
_PLACES = {"line": "BIGINT", "offset": "BIGINT", "length": "BIGINT"}
_BATCH = 200_000


@dataclass(frozen=True)
class Staged:
    """A source in the staging database: its number, columns that have a value somewhere, and its bad rows."""

    number: int
    rows: int
    columns: tuple[str, ...]
    provides: tuple[str, ...]
    bad: Mapping[int, str]

    @property
    def rows_table(self) -> str:
        """Name of the table of typed rows."""
        return f"rows·{self.number}"

    @property
    def places_table(self) -> str:
        """Name of the table of places."""
        return f"places·{self.number}"


def load_rows(
    connection: duckdb.DuckDBPyConnection, number: int, lines: Path, profile: Profile, fields: Sequence[str]
) -> None:
    """Read a file of JSON Lines into the table of typed rows; bad lines become rows with a fault."""
    options = {
        "format": literal("newline_delimited"), "compression": literal("uncompressed"),
        "ignore_errors": exp.true(), "maximum_object_size": literal(LONGEST_LINE),
    }  # fmt: skip
    reader = exp.Table(this=call("read_ndjson_objects", literal(str(lines)), **options))
    rows = exp.Select(expressions=[exp.alias_(cast(identifier("json"), "VARCHAR"), LINE, quoted=True)]).from_(reader)
    source = exp.Subquery(this=rows, alias=exp.TableAlias(this=exp.to_identifier("source", quoted=True)))
    query = mapping_query(profile, fields, source)
    connection.execute(text_of(exp.Create(this=table(f"rows·{number}"), kind="TABLE", replace=True, expression=query)))


def missed_fields(
    connection: duckdb.DuckDBPyConnection, number: int, profile: Profile, fields: Sequence[str]
) -> tuple[str, ...]:
    """Return fields of the profile that weren't read, but are in the source: they stand in `extra` now."""
    keys = call("unnest", call("json_keys", identifier("extra")))
    inner = exp.Select(expressions=[exp.alias_(keys, "key", quoted=True)]).from_(table(f"rows·{number}"))
    inner = inner.where(exp.Not(this=exp.Is(this=identifier("extra"), expression=exp.null())))
    query = exp.Select(expressions=[identifier("key")], distinct=exp.Distinct())
    query = query.from_(exp.Subquery(this=inner, alias=exp.TableAlias(this=exp.to_identifier("inner", quoted=True))))
    found = {key for (key,) in connection.execute(text_of(query)).fetchall()}
    return tuple(name for name in profile.fields if name in found and name not in fields)


def load_places(connection: duckdb.DuckDBPyConnection, number: int, positions: Positions) -> None:
    """Put the places of a source's rows into a table, in the order of rows; -1 stands for none."""
    name = table(f"places·{number}")
    schema = exp.Schema(this=name, expressions=columns_definition(_PLACES))
    connection.execute(text_of(exp.Create(this=schema, kind="TABLE", replace=True)))
    lists = [call("unnest", cast(exp.Placeholder(), "BIGINT[]")) for _ in _PLACES]
    insert = text_of(exp.Insert(this=name.copy(), expression=exp.Select(expressions=lists)))
    for start in range(0, len(positions), _BATCH):
        parts = (positions.lines, positions.offsets, positions.lengths)
        connection.execute(insert, [part[start : start + _BATCH].tolist() for part in parts])


def staged(
    connection: duckdb.DuckDBPyConnection,
    number: int,
    profile: Profile,
    fields: Sequence[str],
    places: Positions,
    refused: Mapping[int, str],
    data: "RowBytes",
    *,
    is_exact: bool,
) -> Staged:
    """Judge the loaded rows: explain the bad ones, number the addresses that aren't IPv4, list what is provided.

    `is_exact` says that rows have the very lengths of their places. Raises InputError when the rows that DuckDB saw
    aren't the lines that were surveyed.
    """
    _rows_must_align(connection, number, places, data.path, is_exact=is_exact and not refused)
    bad = dict(refused)
    for row, fault, found in _suspects(connection, number):
        if row in bad:
            continue
        if fault is None:
            reason = strict_fault(data.of(row), tuple(profile.columns) if profile.name == "canonical" else ())
        else:
            reason = reason_for(data.of(row), fault, found)
        if reason is not None:
            bad[row] = reason
    _mark_bad(connection, number, bad)
    columns = (*(name for name in mapped_columns(profile, fields) if name != "extra"), "extra")
    if "client_ip" in columns:
        _number_addresses(connection, number)
    provided = _provided(connection, number, columns)
    return Staged(number, len(places), columns, provided, bad)


@dataclass(frozen=True)
class RowBytes:
    """The bytes of single rows: of the source, or of the rewritten lines where the source has no byte ranges."""

    path: Path
    positions: Positions

    def of(self, row: int) -> bytes:
        """Return the bytes of a row."""
        with self.path.open("rb") as stream:
            stream.seek(self.positions.offsets[row])
            return stream.read(self.positions.lengths[row])


def bad_lines(
    bad: Mapping[int, str], places: Positions, data: RowBytes, source_id: str, name: str
) -> Iterator[BadLine]:
    """Yield a source's bad lines with their bytes, in order."""
    for row in sorted(bad):
        offset = places.offsets[row]
        yield BadLine(source_id, name, places.lines[row], None if offset < 0 else offset, bad[row], data.of(row))


def _rows_must_align(
    connection: duckdb.DuckDBPyConnection, number: int, places: Positions, path: Path, *, is_exact: bool
) -> None:
    count = exp.Select(expressions=[call("count", exp.Star())]).from_(table(f"rows·{number}"))
    (rows,) = connection.execute(text_of(count)).fetchone() or (0,)
    differing: list[tuple[int]] = []
    if rows == len(places) and is_exact:
        both = exp.Select(expressions=[identifier(ROW, "r")]).from_(table(f"rows·{number}", "r"))
        same = exp.EQ(this=identifier(ROW, "r"), expression=identifier(ROW, "p"))
        both = both.join(table(f"places·{number}", "p"), on=same)
        differs = exp.NEQ(this=identifier(LENGTH, "r"), expression=identifier("length", "p"))
        has_offset = exp.GTE(this=identifier("offset", "p"), expression=literal(0))
        differing = connection.execute(
            text_of(both.where(exp.And(this=differs, expression=has_offset)).limit(1))
        ).fetchall()
    if rows != len(places) or differing:
        message = f"found {rows} rows where {len(places)} lines were counted, expected the same lines twice"
        raise InputError.at(str(path), message, "the file may have changed while it was read; run ingest again")


def _suspects(connection: duckdb.DuckDBPyConnection, number: int) -> list[tuple[int, str | None, str | None]]:
    query = exp.Select(expressions=[identifier(ROW), identifier(FAULT), identifier(FOUND)]).from_(
        table(f"rows·{number}")
    )
    has_fault = exp.Not(this=exp.Is(this=identifier(FAULT), expression=exp.null()))
    query = query.where(exp.Or(this=has_fault, expression=identifier(DOUBT)))
    return connection.execute(text_of(query)).fetchall()


def _mark_bad(connection: duckdb.DuckDBPyConnection, number: int, bad: Mapping[int, str]) -> None:
    """Put the numbers of the bad rows into a table of their own."""
    rows = cast(exp.Placeholder(), "BIGINT[]")
    query = exp.Create(
        this=table(f"bad·{number}"), kind="TABLE", replace=True,
        expression=exp.Select(expressions=[exp.alias_(call("unnest", rows), "row", quoted=True)]),
    )  # fmt: skip
    connection.execute(text_of(query), [sorted(bad)])


def _number_addresses(connection: duckdb.DuckDBPyConnection, number: int) -> None:
    unnumbered = exp.And(
        this=exp.Is(this=identifier(NUMBER), expression=exp.null()),
        expression=exp.Not(this=exp.Is(this=identifier("client_ip"), expression=exp.null())),
    )
    query = exp.Select(expressions=[identifier("client_ip")], distinct=exp.Distinct()).from_(table(f"rows·{number}"))
    texts = [text for (text,) in connection.execute(text_of(query.where(unnumbered))).fetchall()]
    numbered = [(text, number_of(text)) for text in texts if number_of(text) is not None]
    if not numbered:
        return
    texts_of = [call("unnest", cast(exp.Placeholder(), "VARCHAR[]")) for _ in range(2)]
    columns = [named(texts_of[0], "address"), named(cast(texts_of[1], "UHUGEINT"), "number")]
    create = exp.Create(this=table("numbers"), kind="TABLE", replace=True, expression=exp.Select(expressions=columns))
    connection.execute(text_of(create), [[text for text, _ in numbered], [str(value) for _, value in numbered]])
    update = exp.Update(
        this=table(f"rows·{number}"),
        expressions=[exp.EQ(this=identifier(NUMBER), expression=identifier("number", "numbers"))],
        from_=exp.From(this=table("numbers")),
        where=exp.Where(this=exp.EQ(this=identifier("client_ip"), expression=identifier("address", "numbers"))),
    )
    connection.execute(text_of(update))


def _provided(connection: duckdb.DuckDBPyConnection, number: int, columns: Sequence[str]) -> tuple[str, ...]:
    counts = [call("count", identifier(name)) for name in columns]
    has_digest = "prompt" in columns
    if has_digest:
        counts.append(call("count", identifier("·prompt_digest")))
    query = exp.Select(expressions=counts).from_(table(f"rows·{number}"))
    kept = exp.Select(expressions=[identifier("row")]).from_(table(f"bad·{number}"))
    query = query.where(exp.Not(this=exp.In(this=identifier(ROW), query=exp.Subquery(this=kept))))
    found = connection.execute(text_of(query)).fetchone() or ()
    names = [*columns, "prompt_digest"] if has_digest else [*columns]
    return tuple(sorted({name for name, count in zip(names, found, strict=True) if count}))
