"""A file of JSON Lines that is read the quick way, in stretches: known fields only, and proof that there was no other.

A stretch goes from its bytes to rows in the form of the store in one statement, on a thread of its own; nothing is
sorted, and nothing is kept in memory. First by a strict one, for which an unknown field, one twice, or a row in doubt
is an error: then there is nothing left to prove. Where it fails, by one that leaves out what it doubts. Every key is
followed by a colon: when the keys found and the colons of their times are all the colons of the stretch, no line of it
has another field, and none twice; else the keys of its lines are looked at. What isn't proven is left to the exact way.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import BinaryIO

import duckdb
from sqlglot import exp

from auditor.records.layout import LOW, copy_to_parquet
from auditor.records.mapping import mapped_columns
from auditor.records.number_file import write_numbers
from auditor.records.numbering import number_file, number_table
from auditor.records.profiles import Profile
from auditor.records.row_bytes import RowBytes
from auditor.records.sql import call, cast, identifier, is_not, table, text_of
from auditor.records.stretch_query import (
    QUICK,
    StretchFiles,
    are_all_given,
    counting,
    line_count,
    missing,
    places_of,
    reading,
    rows_in,
    stored_names,
    template_of,
    unproven,
)
from auditor.records.survey import LONGEST_LINE, Positions, Stretch, Survey

BEGINNING = b"\n"
"""What a file of some lines begins with: DuckDB would pass over a byte order mark at its very beginning."""

_ESCAPES = (rb"\u0000", rb"\u003a", rb"\u003A")
"""JSON's escaped NUL, which no text may hold, and escaped colons, which would be missing from the count of colons."""

_BOUNDS = (LONGEST_LINE >> 4, LONGEST_LINE)
"""Bytes that lines have at most, in nearly all stretches and in any."""

_LANES = 2
_MOST_LEFT = 0.5
"""When more than this part of a stretch is left to the exact way, the whole file is."""


@dataclass(frozen=True)
class QuickRows:
    """Proven rows in the form of the store, in a file or in the table `QUICK`, with what is in them.

    `left` are rows (0-based) of the source that are left to the exact way.
    """

    path: Path | None
    rows: int
    values: Mapping[str, int]
    first_time: datetime | None
    last_time: datetime | None
    left: Sequence[int] = ()


class NotRegularError(Exception):
    """A stretch has other lines than were surveyed, or so many to be read exactly that the whole file should be."""


@dataclass(frozen=True)
class QuickReader:
    """Reads a surveyed file with dense rows; `colons` are those of a time, as the first records write it."""

    connection: duckdb.DuckDBPyConnection
    scratch: Path
    plain: Path
    profile: Profile
    fields: tuple[str, ...]
    survey: Survey
    source_id: str
    colons: int
    are_files: bool

    def read(self) -> list[QuickRows]:
        """Return the rows of each stretch, in order. Raises NotRegularError."""
        waiting = deque(enumerate(self.survey.stretches))
        if len(waiting) == 1:
            return [self._read(self.connection, 0, *waiting[0])]
        found: dict[int, QuickRows] = {}
        with ThreadPoolExecutor(_LANES) as pool:
            try:
                for done in pool.map(partial(self._lane, waiting), range(_LANES)):
                    found |= done
            finally:
                waiting.clear()
        return [found[number] for number in sorted(found)]

    def _lane(self, waiting: deque[tuple[int, Stretch]], lane: int) -> dict[int, QuickRows]:
        """Read stretches as long as some are waiting; after a failure, none are."""
        found = {}
        with self.connection.cursor() as cursor:
            try:
                while taken := _next(waiting):
                    number, stretch = taken
                    found[number] = self._read(cursor, lane, number, stretch)
            finally:
                waiting.clear()
        return found

    def _read(self, cursor: duckdb.DuckDBPyConnection, lane: int, number: int, stretch: Stretch) -> QuickRows:
        files = self._handed_over(stretch, f"lane-{lane}")
        rows = stretch.rows - len(stretch.loose)
        found = None if stretch.has_nul else self._strictly(cursor, files, rows)
        if found is None:
            found = self._leniently(cursor, files, stretch, rows)
        else:
            found = replace(found, left=tuple(stretch.loose))
        if len(found.left) > _MOST_LEFT * stretch.rows:
            raise NotRegularError
        if found.values.get(LOW, 0) < found.values.get("client_ip", 0):
            self._number(cursor, files.rows)
        return replace(found, path=self._kept(files.rows, number))

    def _handed_over(self, stretch: Stretch, name: str) -> StretchFiles:
        """Write what the statements read of a stretch: a template, its lines but the loose ones, their places."""
        files = StretchFiles(
            self.scratch / name, self.scratch / f"{name}.places",
            self.scratch / f"{name}.parquet" if self.are_files else None, _longest(stretch, self.survey.positions),
        )  # fmt: skip
        runs = _runs(stretch)
        write_numbers(files.places, places_of(self.survey.positions, runs))
        with self.plain.open("rb") as source, files.lines.open("r+b" if files.lines.exists() else "w+b") as target:
            target.write(template_of(self.fields))
            for run in runs:
                self._copy(source, target, run, stretch)
            target.truncate()
        return files

    def _copy(self, source: BinaryIO, target: BinaryIO, run: range, stretch: Stretch) -> None:
        offsets, next_row = self.survey.positions.offsets, stretch.first + stretch.rows
        end = offsets[run.stop] if run.stop < next_row else stretch.offset + stretch.size
        left = end - source.seek(offsets[run.start]) if run else 0
        while left and (data := source.read(min(left, 1 << 20))):
            left -= target.write(data)
        if left:
            raise NotRegularError

    def _strictly(self, cursor: duckdb.DuckDBPyConnection, files: StretchFiles, rows: int) -> QuickRows | None:
        """Read a stretch of which every row must be sure, and no other field be there; None where that isn't so."""
        try:
            cursor.execute(reading(self.profile, self.fields, files, is_strict=True), {"source": self.source_id})
        except (duckdb.InvalidInputException, duckdb.BinderException):
            return None
        found = self._counted(cursor, files.rows)
        return found if found.rows == rows else None

    def _leniently(
        self, cursor: duckdb.DuckDBPyConnection, files: StretchFiles, stretch: Stretch, rows: int
    ) -> QuickRows:
        """Read the sure rows of a stretch, then prove that nothing else was on their lines."""
        statement = reading(self.profile, self.fields, files, is_strict=False)
        cursor.execute(statement, {"source": self.source_id, "colons": self.colons})
        return self._proven(cursor, self._counted(cursor, files.rows), stretch, files, rows)

    def _counted(self, cursor: duckdb.DuckDBPyConnection, path: Path | None) -> QuickRows:
        names = stored_names(self.profile, self.fields)
        rows, *counts, first, last = cursor.execute(counting(names, path)).fetchone() or (0,)
        return QuickRows(path, rows, dict(zip(names, counts, strict=True)), first, last)

    def _proven(
        self, cursor: duckdb.DuckDBPyConnection, found: QuickRows, stretch: Stretch, files: StretchFiles, rows: int
    ) -> QuickRows:
        """Return the rows that are proven to be all that their lines have, and which ones are left."""
        left = self._missing(cursor, found, stretch, files, rows)
        values = sum(found.values[name] for name in mapped_columns(self.profile, self.fields))
        data, loose = files.lines.read_bytes().removeprefix(template_of(self.fields)), set(stretch.loose)
        lines = RowBytes(self.plain, self.survey.positions).each(row for row in left if row not in loose)
        colons = data.count(b":") - sum(line.count(b":") for line in lines)
        has_escapes = any(escape in data for escape in _ESCAPES)
        are_given = are_all_given(mapped_columns(self.profile, self.fields))
        if has_escapes or not are_given or values + found.rows * self.colons != colons:
            statement = unproven(self.profile, self.fields, files)
            open_lines = [line for (line,) in cursor.execute(statement).fetchall()]
            if open_lines:
                _remove(cursor, found.path, stored_names(self.profile, self.fields), open_lines)
                found = self._counted(cursor, found.path)
                left = sorted([*left, *(line - 1 for line in open_lines)])
        return replace(found, left=tuple(left))

    def _missing(
        self, cursor: duckdb.DuckDBPyConnection, found: QuickRows, stretch: Stretch, files: StretchFiles, rows: int
    ) -> list[int]:
        """Return the rows that weren't read; every line handed over must have been one row for that."""
        if found.rows == stretch.rows == found.values["source_line"]:
            return []
        (seen,) = cursor.execute(line_count(files.lines)).fetchone() or (0,)
        if seen != rows + 1 or found.values["source_line"] != found.rows:
            raise NotRegularError
        ends = {"first": stretch.first, "last": stretch.first + stretch.rows}
        return [row for (row,) in cursor.execute(missing(found.path), ends).fetchall()]

    def _number(self, cursor: duckdb.DuckDBPyConnection, path: Path | None) -> None:
        if path is None:
            number_table(cursor, QUICK)
        else:
            number_file(cursor, path, stored_names(self.profile, self.fields))

    def _kept(self, path: Path | None, number: int) -> Path | None:
        return path and path.rename(path.with_name(f"{self.source_id}-{number}.parquet"))


def _next(waiting: deque[tuple[int, Stretch]]) -> tuple[int, Stretch] | None:
    """Take the next stretch; the other lane may have taken the last one since anybody looked."""
    try:
        return waiting.popleft()
    except IndexError:
        return None


def _longest(stretch: Stretch, positions: Positions) -> int:
    """Return a bound for the lines of a stretch, one of a few, so that stretches share statements."""
    lengths = positions.lengths[stretch.first : stretch.first + stretch.rows]
    return next(size for size in _BOUNDS if size >= max(lengths, default=0))


def _runs(stretch: Stretch) -> list[range]:
    """Return the rows of a stretch without the loose ones, as runs; one at least, which may be empty."""
    starts = [stretch.first, *(row + 1 for row in stretch.loose)]
    runs = [range(*ends) for ends in zip(starts, [*stretch.loose, stretch.first + stretch.rows], strict=True)]
    return [run for run in runs if run] or runs[:1]


def _remove(cursor: duckdb.DuckDBPyConnection, path: Path | None, names: Sequence[str], lines: Sequence[int]) -> None:
    """Take the rows of some lines out of a file, or of the table."""
    listed = exp.Select(expressions=[call("unnest", cast(exp.Placeholder(), "BIGINT[]"))])
    is_one = exp.In(this=identifier("source_line"), query=exp.Subquery(this=listed))
    if path is None:
        cursor.execute(text_of(exp.Delete(this=table(QUICK), where=exp.Where(this=is_one))), [lines])
        return
    query = exp.Select(expressions=[identifier(name) for name in names]).from_(rows_in(path)).where(is_not(is_one))
    rest = path.with_suffix(".rest")
    cursor.execute(text_of(copy_to_parquet(query, rest)), [lines])
    rest.replace(path)
