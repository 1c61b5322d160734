"""One source, read into a table of typed rows, with the rows that are no records found and explained.

The table `LOADED` holds one row for each row of the source, in order, and `PLACES` where it came from; the two go
together by row id. When a source is finished, its tables get names of their own, so that sources share statements.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import duckdb
from sqlglot import exp

from auditor.records.addresses import number_of
from auditor.records.conversion import PLAIN_TEXT
from auditor.records.faults import DOUBT, FAULT, FOUND, LINE, is_nested, is_no_number
from auditor.records.layout import HIGH, LOW
from auditor.records.mapping import COLONS, colons_in, mapped_columns, mapping_query, quick_query
from auditor.records.places import LOADED, PLACES, ROW
from auditor.records.profiles import Profile
from auditor.records.quarantine import BadLine
from auditor.records.reasons import line_fault, reason_for
from auditor.records.schema import COLUMNS
from auditor.records.sql import any_of, call, cast, identifier, is_not, is_null, literal, named, table, text_of, total
from auditor.records.survey import LONGEST_LINE, Colons, Positions

_SOURCE, BAD = "source", "bad"
_LOWER = 2**64 - 1


@dataclass(frozen=True)
class Staged:
    """A source in the staging database: its number, columns that have a value somewhere, and its bad rows.

    The first `known` rows came in with an earlier source: they are neither records of this one nor bad.
    """

    number: int
    rows: int
    columns: tuple[str, ...]
    provides: tuple[str, ...]
    bad: Mapping[int, str]
    known: int = 0

    @property
    def rows_table(self) -> str:
        """Name of the table of typed rows."""
        return f"rows·{self.number}"

    @property
    def places_table(self) -> str:
        """Name of the table of places."""
        return f"places·{self.number}"

    @property
    def bad_table(self) -> str:
        """Name of the table of the numbers of bad rows."""
        return f"bad·{self.number}"


def load_rows(
    connection: duckdb.DuckDBPyConnection,
    lines: Path,
    profile: Profile,
    fields: Sequence[str],
    *,
    is_quick: bool = False,
) -> None:
    """Read a file of JSON Lines into the table `LOADED` of typed rows; bad lines become rows with a fault.

    `is_quick` supposes what `colons_are_explained` has to confirm afterwards.
    """
    rows = _fields_of(lines, fields) if is_quick else _lines_of(lines)
    connection.execute(text_of(exp.Create(this=table(_SOURCE), kind="VIEW", replace=True, expression=rows)))
    connection.execute(_loading(profile, tuple(fields), is_quick=is_quick))


def _lines_of(lines: Path) -> exp.Select:
    reader = exp.Table(this=call("read_ndjson_objects", literal(str(lines)), **_options()))
    return exp.Select(expressions=[named(cast(identifier("json"), "VARCHAR"), LINE)]).from_(reader)


def _fields_of(lines: Path, fields: Sequence[str]) -> exp.Select:
    types = [
        exp.PropertyEQ(this=exp.to_identifier(name, quoted=True), expression=literal("VARCHAR")) for name in fields
    ]
    reader = exp.Table(
        this=call("read_ndjson", literal(str(lines)), columns=exp.Struct(expressions=types), **_options())
    )
    return exp.Select(expressions=[exp.Star()]).from_(reader)


def _options() -> dict[str, exp.Expression]:
    return {
        "format": literal("newline_delimited"), "compression": literal("uncompressed"),
        "ignore_errors": exp.true(), "maximum_object_size": literal(LONGEST_LINE),
    }  # fmt: skip


@lru_cache(maxsize=64)
def _loading(profile: Profile, fields: tuple[str, ...], *, is_quick: bool) -> str:
    """Return the statement that loads from one fixed name into another: many small files share its text."""
    query = (quick_query if is_quick else mapping_query)(profile, fields, table(_SOURCE))
    return text_of(exp.Create(this=table(LOADED), kind="TABLE", replace=True, expression=query))


def colons_are_explained(
    connection: duckdb.DuckDBPyConnection, columns: Mapping[str, exp.Expression], colons: Colons
) -> bool:
    """Whether known fields and their values account for all colons of the good lines of a file.

    Every key is followed by a colon, and a file without escaped colons shows every colon of its texts. So when the
    known fields, with a value or null, explain all of them, there is no other key in any good line, and none twice. (Of
    a key that is there twice, the second time as null, DuckDB shows the first value: then the field is there more often
    than there are lines, unless another line lacks it.)
    """
    rows, explained, *counts = connection.execute(_explaining(tuple(columns))).fetchone() or (0, 0)
    present = {tree.name: count for tree, count in zip(columns.values(), counts, strict=False)}
    is_once = all(present.get(name, 0) + count <= rows for name, count in colons.nulls.items())
    return is_once and explained + sum(counts) + sum(colons.nulls.values()) == colons.whole


@lru_cache(maxsize=64)
def _explaining(columns: tuple[str, ...]) -> str:
    keys = [call("count", identifier(name)) for name in columns]
    texts = [colons_in(identifier(name)) for name in columns if COLUMNS[name].type in PLAIN_TEXT]
    inside = call("coalesce", call("sum", total([identifier(COLONS), *texts])), literal(0))
    query = exp.Select(expressions=[call("count", exp.Star()), inside, *keys])
    return text_of(query.from_(table(LOADED)).where(_is_good()))


def missed_fields(connection: duckdb.DuckDBPyConnection, profile: Profile, fields: Sequence[str]) -> tuple[str, ...]:
    """Return fields of the profile that weren't read, but are in the source: they stand in `extra` now."""
    keys = call("unnest", call("json_keys", identifier("extra")))
    inner = exp.Select(expressions=[exp.alias_(keys, "key", quoted=True)]).from_(table(LOADED))
    inner = inner.where(exp.Not(this=exp.Is(this=identifier("extra"), expression=exp.null())))
    query = exp.Select(expressions=[identifier("key")], distinct=exp.Distinct())
    query = query.from_(exp.Subquery(this=inner, alias=exp.TableAlias(this=exp.to_identifier("inner", quoted=True))))
    found = {key for (key,) in connection.execute(text_of(query)).fetchall()}
    return tuple(name for name in profile.fields if name in found and name not in fields)


def judge(
    connection: duckdb.DuckDBPyConnection,
    profile: Profile,
    refused: Mapping[int, str],
    data: "RowBytes",
    fields: Sequence[str],
) -> dict[int, str]:
    """Return why rows are bad, by row, and note them in a table: refused ones, and those with a fault that holds."""
    bad = dict(refused)
    strict = tuple(profile.columns) if profile.name == "canonical" else ()
    for row, fault, found in suspects(connection, mapped_columns(profile, fields)):
        if row not in bad:
            line, is_json = data.of(row), data.is_json
            if fault is None:
                reason = line_fault(line, strict, is_json=is_json)
            else:
                reason = reason_for(line, fault, found, is_json=is_json)
            if reason is not None:
                bad[row] = reason
    mark_bad(connection, bad)
    return bad


def finished(
    connection: duckdb.DuckDBPyConnection,
    number: int,
    profile: Profile,
    fields: Sequence[str],
    rows: int,
    bad: Mapping[int, str],
) -> Staged:
    """Number the addresses that aren't IPv4, list what is provided, and give the tables the source's number."""
    columns = (*(name for name in mapped_columns(profile, fields) if name != "extra"), "extra")
    if "client_ip" in columns:
        _number_addresses(connection)
    staged = Staged(number, rows, columns, _provided(connection, columns), bad)
    for name, target in ((LOADED, staged.rows_table), (PLACES, staged.places_table), (BAD, staged.bad_table)):
        connection.execute(text_of(exp.Drop(tables=[table(target)], kind="TABLE", exists=True)))
        rename = exp.AlterRename(this=table(target))
        connection.execute(text_of(exp.Alter(this=table(name), kind="TABLE", actions=[rename])))
    return staged


@dataclass(frozen=True)
class RowBytes:
    """The bytes of single rows: of the source (`is_json` or other text), or of rewritten lines if it has no ranges."""

    path: Path
    positions: Positions
    is_json: bool = True

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


def suspects(connection: duckdb.DuckDBPyConnection, columns: Iterable[str]) -> list[tuple[int, str | None, str | None]]:
    """Return (row, fault, text found) of rows with a fault, and of rows in doubt, whose fault is None."""
    return connection.execute(_suspecting(tuple(columns))).fetchall()


@lru_cache(maxsize=64)
def _suspecting(columns: tuple[str, ...]) -> str:
    query = exp.Select(expressions=[identifier(ROW), identifier(FAULT), identifier(FOUND)]).from_(table(LOADED))
    signs = [is_not(is_null(identifier(FAULT))), identifier(DOUBT), *is_nested(columns), *is_no_number(columns)]
    return text_of(query.where(any_of(signs)))


def mark_bad(connection: duckdb.DuckDBPyConnection, bad: Iterable[int]) -> None:
    """Put the numbers of the bad rows into a table of their own."""
    rows = named(call("unnest", cast(exp.Placeholder(), "BIGINT[]")), "row")
    create = exp.Create(this=table(BAD), kind="TABLE", replace=True, expression=exp.Select(expressions=[rows]))
    connection.execute(text_of(create), [sorted(bad)])


def _is_good() -> exp.Expression:
    kept = exp.Select(expressions=[identifier("row")]).from_(table(BAD))
    return exp.Not(this=exp.In(this=identifier(ROW), query=exp.Subquery(this=kept)))


def _number_addresses(connection: duckdb.DuckDBPyConnection) -> None:
    rows = table(LOADED)
    query = exp.Select(expressions=[identifier("client_ip")], distinct=exp.Distinct()).from_(rows)
    query = query.where(exp.And(this=is_null(identifier(LOW)), expression=is_not(is_null(identifier("client_ip")))))
    texts = [text for (text,) in connection.execute(text_of(query)).fetchall()]
    numbered = [(text, value) for text in texts if (value := number_of(text)) is not None]
    if not numbered:
        return
    kinds = {"address": "VARCHAR[]", HIGH: "UBIGINT[]", LOW: "UBIGINT[]"}
    lists = [named(call("unnest", cast(exp.Placeholder(), kind)), name) for name, kind in kinds.items()]
    create = exp.Create(this=table("numbers"), kind="TABLE", replace=True, expression=exp.Select(expressions=lists))
    halves = [[text for text, _ in numbered], [value >> 64 for _, value in numbered]]
    connection.execute(text_of(create), [*halves, [value & _LOWER for _, value in numbered]])
    given = [exp.EQ(this=identifier(name), expression=identifier(name, "numbers")) for name in (HIGH, LOW)]
    same = exp.EQ(this=identifier("client_ip"), expression=identifier("address", "numbers"))
    update = exp.Update(
        this=rows.copy(), expressions=given, from_=exp.From(this=table("numbers")), where=exp.Where(this=same)
    )
    connection.execute(text_of(update))


def _provided(connection: duckdb.DuckDBPyConnection, columns: tuple[str, ...]) -> tuple[str, ...]:
    found = connection.execute(_counting(columns)).fetchone() or ()
    names = [*columns, "prompt_digest"] if "prompt" in columns else [*columns]
    return tuple(sorted({name for name, count in zip(names, found, strict=True) if count}))


@lru_cache(maxsize=64)
def _counting(columns: tuple[str, ...]) -> str:
    counts = [call("count", identifier(name)) for name in columns]
    if "prompt" in columns:
        counts.append(call("count", identifier("·prompt_digest")))
    return text_of(exp.Select(expressions=counts).from_(table(LOADED)).where(_is_good()))
