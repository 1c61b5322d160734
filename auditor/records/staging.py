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

from auditor.records.faults import DOUBT, FAULT, FOUND, LINE, is_nested, is_no_number
from auditor.records.mapping import mapped_columns, mapping_query
from auditor.records.places import LOADED, ROW
from auditor.records.profiles import Profile
from auditor.records.quarantine import BadLine
from auditor.records.reasons import line_fault, reason_for
from auditor.records.row_bytes import RowBytes
from auditor.records.sql import (
    any_of,
    call,
    cast,
    file_reader,
    identifier,
    is_not,
    is_null,
    named,
    table,
    text_of,
)
from auditor.records.stretch_query import json_options
from auditor.records.stretches import QuickRows
from auditor.records.survey import Positions

_SOURCE, BAD = "source", "bad"


@dataclass(frozen=True)
class Staged:
    """A source in the staging database: its number, columns that have a value somewhere, and its bad rows.

    The first `known` rows came in with an earlier source: they are neither records of this one nor bad. Rows in `files`
    are in the form of the store; all others are in the table `loaded_table`.
    """

    number: int
    rows: int
    columns: tuple[str, ...]
    provides: tuple[str, ...]
    bad: Mapping[int, str]
    known: int = 0
    files: tuple[QuickRows, ...] = ()

    @property
    def rows_table(self) -> str:
        """Name of the view of all typed rows with their numbers."""
        return f"rows·{self.number}"

    @property
    def placed_table(self) -> str:
        """Name of the view of all typed rows with their numbers and places."""
        return f"placed·{self.number}"

    @property
    def loaded_table(self) -> str:
        """Name of the table of typed rows; which columns it has besides depends on how they were read."""
        return f"loaded·{self.number}"

    @property
    def bad_table(self) -> str:
        """Name of the table of the numbers of bad rows."""
        return f"bad·{self.number}"


def load_rows(connection: duckdb.DuckDBPyConnection, lines: Path, profile: Profile, fields: Sequence[str]) -> None:
    """Read a file of JSON Lines into the table `LOADED` of typed rows; bad lines become rows with a fault."""
    rows = _lines_of(lines)
    connection.execute(text_of(exp.Create(this=table(_SOURCE), kind="VIEW", replace=True, expression=rows)))
    connection.execute(_loading(profile, tuple(fields)))


def _lines_of(lines: Path) -> exp.Select:
    reader = exp.Table(this=file_reader("read_ndjson_objects", [lines], **json_options()))
    return exp.Select(expressions=[named(cast(identifier("json"), "VARCHAR"), LINE)]).from_(reader)


@lru_cache(maxsize=64)
def _loading(profile: Profile, fields: tuple[str, ...]) -> str:
    """Return the statement that loads from one fixed name into another: many small files share its text."""
    query = mapping_query(profile, fields, table(_SOURCE))
    return text_of(exp.Create(this=table(LOADED), kind="TABLE", replace=True, expression=query))


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
    data: RowBytes,
    fields: Sequence[str],
) -> dict[int, str]:
    """Return why rows are bad, by row, and note them in a table: refused ones, and those with a fault that holds."""
    bad = dict(refused)
    strict = tuple(profile.columns) if profile.name == "canonical" else ()
    doubtful = [one for one in suspects(connection, mapped_columns(profile, fields)) if one[0] not in refused]
    for (row, fault, found), line in zip(doubtful, data.each(row for row, _, _ in doubtful), strict=True):
        if fault is None:
            reason = line_fault(line, strict, is_json=data.is_json)
        else:
            reason = reason_for(line, fault, found, is_json=data.is_json)
        if reason is not None:
            bad[row] = reason
    mark_bad(connection, bad)
    return bad


def bad_lines(
    bad: Mapping[int, str], places: Positions, data: RowBytes, source_id: str, name: str
) -> Iterator[BadLine]:
    """Yield a source's bad lines with their bytes, in order."""
    rows = sorted(bad)
    for row, line in zip(rows, data.each(rows), strict=True):
        offset = places.offsets[row]
        yield BadLine(source_id, name, places.lines[row], None if offset < 0 else offset, bad[row], line)


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


def is_good() -> exp.Expression:
    """Return the test that a row of `LOADED` is not a bad one; rows of part of a source are numbered by themselves."""
    kept = exp.Select(expressions=[identifier("row")]).from_(table(BAD))
    return exp.Not(this=exp.In(this=identifier(ROW), query=exp.Subquery(this=kept)))
