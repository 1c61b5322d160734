"""JSON Lines, read the quick way where a file turns out to be regular, and exactly where it doesn't.

The quick way supposes that all fields are known, and is held to it: rows and line feeds must fill the file, and the
colons of known fields must be all there are. Whatever the proof doesn't cover is read again, exactly.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import duckdb

from auditor.records.mapping import can_be_quick, mapped_columns
from auditor.records.places import hand_over_places, rows_must_align
from auditor.records.profiles import Profile
from auditor.records.sniff import sample_of
from auditor.records.staging import RowBytes, colons_are_explained, judge, load_rows, missed_fields
from auditor.records.survey import Survey, survey_lines, write_copy

_UNREADABLE = (duckdb.OutOfMemoryException, duckdb.InvalidInputException)
"""What DuckDB raises for a line of many megabytes; the survey refuses that line, and a copy is without it."""


@dataclass(frozen=True)
class ReadLines:
    """What was read: the survey, fields, and bad rows with reasons."""

    survey: Survey
    fields: tuple[str, ...]
    bad: Mapping[int, str]


@dataclass(frozen=True)
class JsonLines:
    """A plain file of JSON Lines on its way into the tables."""

    connection: duckdb.DuckDBPyConnection
    scratch: Path
    plain: Path
    profile: Profile

    def read(self, head: bytes) -> ReadLines:
        """Load, place and judge all rows; `head` is the start of the file. Raises InputError if it changes."""
        sample = sample_of(head)
        seen = tuple({name: None for record in sample for name in record})
        fields = _fields(self.profile, seen)
        if sample and set(seen) <= set(fields) and can_be_quick(self.profile, fields):
            nulls = {name for record in sample for name, value in record.items() if value is None}
            read = self._quickly(fields, sorted(nulls))
            if read is not None:
                return read
        return self._exactly(seen)

    def _quickly(self, fields: tuple[str, ...], nulls: Sequence[str]) -> ReadLines | None:
        with ThreadPoolExecutor(1) as pool:
            surveying = pool.submit(survey_lines, self.plain, nulls)
            try:
                load_rows(self.connection, self.plain, self.profile, fields, is_quick=True)
            except _UNREADABLE:
                return None
            survey = surveying.result()
        if survey.hides_colons or survey.needs_copy or not survey.positions.is_dense:
            return None
        bad = self._placed(survey, fields, is_exact=False)
        data = RowBytes(self.plain, survey.positions)
        for row in bad:
            survey.colons.add(data.of(row), sign=-1)
        columns = mapped_columns(self.profile, fields)
        is_proven = colons_are_explained(self.connection, columns, survey.colons)
        return ReadLines(survey, fields, bad) if is_proven else None

    def _exactly(self, seen: Sequence[str]) -> ReadLines:
        """Survey and load at the same time: nearly every file can be given to DuckDB as it is."""
        with ThreadPoolExecutor(1) as pool:
            surveying = pool.submit(survey_lines, self.plain)
            try:
                fields = load_exactly(self.connection, self.plain, self.profile, seen)
            except _UNREADABLE:
                fields = ()
            survey = surveying.result()
        if survey.needs_copy or not fields:
            copy = self.scratch / "copy"
            write_copy(self.plain, survey, copy)
            fields = load_exactly(self.connection, copy, self.profile, fields or seen)
        return ReadLines(survey, fields, self._placed(survey, fields, is_exact=not survey.refused))

    def _placed(self, survey: Survey, fields: tuple[str, ...], *, is_exact: bool) -> dict[int, str]:
        hand_over_places(self.connection, survey.positions, self.scratch)
        rows_must_align(self.connection, len(survey.positions), self.plain, is_exact=is_exact)
        data = RowBytes(self.plain, survey.positions)
        return judge(self.connection, self.profile, survey.refused, data, fields)


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
