"""JSON Lines, read the quick way where a file turns out to be regular, and exactly where it doesn't.

The quick way supposes that all fields are known, and leaves every line to the exact way for which that isn't proven.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import duckdb

from auditor.records.mapping import can_be_quick, mapped_columns
from auditor.records.places import hand_over_places, rows_must_align
from auditor.records.profiles import Profile
from auditor.records.row_bytes import RowBytes
from auditor.records.sniff import sample_of
from auditor.records.staging import judge, load_rows, mark_bad, missed_fields
from auditor.records.stretches import BEGINNING, NotRegularError, QuickReader, QuickRows
from auditor.records.survey import Positions, Survey, survey_lines, write_copy

_UNREADABLE = (duckdb.OutOfMemoryException, duckdb.InvalidInputException)
"""What DuckDB raises for a line of many megabytes; the survey refuses that line, and a copy is without it."""


@dataclass(frozen=True)
class ReadLines:
    """What was read: the survey, bad rows with reasons, and the fields of rows that were read together.

    Without `quick` rows, all were read the exact way; with them, those that the second `fields` are of, if any.
    """

    survey: Survey
    fields: Sequence[tuple[str, ...]]
    bad: Mapping[int, str]
    quick: Sequence[QuickRows] = ()


@dataclass(frozen=True)
class JsonLines:
    """A plain file of JSON Lines on its way into the tables.

    `source_id` is the digest of the file that it was unpacked from, None where it is that file itself.
    """

    connection: duckdb.DuckDBPyConnection
    scratch: Path
    plain: Path
    profile: Profile
    source_id: str | None

    def read(self, head: bytes) -> ReadLines:
        """Load, place and judge all rows; `head` is the start of the file. Raises InputError if it changes."""
        sample = sample_of(head)
        seen = tuple({name: None for record in sample for name in record})
        fields = _fields(self.profile, seen)
        if not sample or not set(seen) <= set(fields) or not can_be_quick(self.profile, fields):
            return self._exactly(seen)
        survey = survey_lines(self.plain)
        if not survey.needs_copy and survey.positions.is_dense and "time" in mapped_columns(self.profile, fields):
            time = str(sample[0].get(mapped_columns(self.profile, fields)["time"].name))
            try:
                return self._quickly(survey, fields, time.count(":"))
            except (NotRegularError, *_UNREADABLE):
                pass
        return self._exactly(seen, survey)

    def _quickly(self, survey: Survey, fields: tuple[str, ...], colons: int) -> ReadLines:
        are_files = len(survey.stretches) > 1
        reader = QuickReader(
            self.connection, self.scratch, self.plain, self.profile, fields, survey, self.source_id or survey.digest,
            colons, are_files,
        )  # fmt: skip
        quick = reader.read()
        left = [row for one in quick for row in one.left]
        if not left:
            mark_bad(self.connection, ())
            return ReadLines(survey, (fields,), {}, quick)
        others, bad = self._rest(survey, left, fields)
        return ReadLines(survey, (fields, others), bad, quick)

    def _rest(self, survey: Survey, rows: Sequence[int], seen: Sequence[str]) -> tuple[tuple[str, ...], dict[int, str]]:
        """Read some rows the exact way; returns their fields, and the bad ones among them by their number."""
        positions, lines = Positions(), self.scratch / "rest"
        data = RowBytes(self.plain, survey.positions)
        with lines.open("wb") as stream:
            stream.write(BEGINNING)
            for row, line in zip(rows, data.each(rows), strict=True):
                positions.add(row + 1, survey.positions.offsets[row], survey.positions.lengths[row])
                stream.write(line + b"\n")
        fields = load_exactly(self.connection, lines, self.profile, seen)
        hand_over_places(self.connection, positions, self.scratch)
        rows_must_align(self.connection, len(positions), self.plain, is_exact=True)
        bad = judge(self.connection, self.profile, {}, RowBytes(self.plain, positions), fields)
        return fields, {rows[row]: reason for row, reason in bad.items()}

    def _exactly(self, seen: Sequence[str], survey: Survey | None = None) -> ReadLines:
        """Survey and load at the same time: nearly every file can be given to DuckDB as it is."""
        with ThreadPoolExecutor(1) as pool:
            surveying = pool.submit(lambda: survey or survey_lines(self.plain))
            try:
                fields = load_exactly(self.connection, self.plain, self.profile, seen)
            except _UNREADABLE:
                fields = ()
            survey = surveying.result()
        if survey.needs_copy or not fields:
            copy = self.scratch / "copy"
            write_copy(self.plain, survey, copy)
            fields = load_exactly(self.connection, copy, self.profile, fields or seen)
        hand_over_places(self.connection, survey.positions, self.scratch)
        rows_must_align(self.connection, len(survey.positions), self.plain, is_exact=not survey.refused)
        data = RowBytes(self.plain, survey.positions)
        bad = judge(self.connection, self.profile, survey.refused, data, fields)
        return ReadLines(survey, (fields,), bad)


def load_exactly(
    connection: duckdb.DuckDBPyConnection, lines: Path, profile: Profile, seen: Sequence[str]
) -> tuple[str, ...]:
    """Load rows with the fields of a sample; once more if others turn up. Returns the fields that were read."""
    fields = _fields(profile, seen)
    load_rows(connection, lines, profile, fields)
    missed = missed_fields(connection, profile, fields)
    if missed:
        fields = tuple(name for name in profile.fields if name in fields or name in missed)
        load_rows(connection, lines, profile, fields)
    return fields


def _fields(profile: Profile, seen: Sequence[str]) -> tuple[str, ...]:
    """Return the fields to read: the canonical profile has more columns than any one source."""
    if profile.name != "canonical" or not seen:
        return profile.fields
    return tuple(name for name in profile.fields if name in seen)
