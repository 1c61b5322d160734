"""One source file, from its path to staged rows: decompressed, recognised, surveyed, rewritten where needed, loaded."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import duckdb

from auditor.digests import digest_of_file
from auditor.errors import InputError
from auditor.records.parquet_rows import parquet_names, rewrite_parquet
from auditor.records.profiles import CSV, JSON_ARRAY, JSON_LINES, PARQUET, Profile, load_profile
from auditor.records.rewrite import Rewritten, rewrite_array, rewrite_csv, rewrite_log
from auditor.records.sniff import HEAD_BYTES, Sniffed, sample_of, sniff
from auditor.records.sources import SourceFile
from auditor.records.staging import RowBytes, Staged, load_places, load_rows, missed_fields, staged
from auditor.records.survey import Positions, Survey, survey_lines, write_copy
from auditor.records.unpack import PLAIN, compression_of, plain_chunks


@dataclass(frozen=True)
class Loaded:
    """A source file that was read: what it is, how many lines it has, and where the bytes of its rows are."""

    source_id: str
    bytes: int
    compression: str
    format: str
    profile: Profile
    lines: int
    blank: int
    places: Positions
    data: RowBytes


@dataclass(frozen=True)
class Reader:
    """Reads files into a staging database; `scratch` is a folder for copies, on the workspace's disk."""

    connection: duckdb.DuckDBPyConnection
    scratch: Path
    profile: Profile | None

    def digest(self, file: SourceFile) -> str:
        """Return the SHA-256 of a source file's bytes."""
        return digest_of_file(file.path)

    def load(self, file: SourceFile, number: int) -> tuple[Loaded, Staged]:
        """Read a file into the tables of the given number. Raises InputError when nothing can be read."""
        with file.path.open("rb") as stream:
            compression = compression_of(stream.read(8))
        plain = self._plain(file.path, compression, number)
        size = file.path.stat().st_size
        with plain.open("rb") as stream:
            head = stream.read(HEAD_BYTES)
        if not head.strip(b" \t\r\n\xef\xbb\xbf"):
            return self._empty(file, number, compression, size)
        is_table = head.startswith(b"PAR1")
        names = parquet_names(self.connection, plain, file.shown) if is_table else ()
        what = sniff(head, self.profile, file.shown, names)
        if what.format == JSON_LINES:
            survey, fields = self._load_lines(plain, what, head, number)
            source_id = survey.digest if compression == PLAIN else self.digest(file)
            places, refused, data = survey.positions, survey.refused, RowBytes(plain, survey.positions)
            loaded = Loaded(
                source_id, size, compression, what.format, what.profile, survey.lines, survey.blank, places, data
            )
        else:
            rewritten, lines = self._rewrite(plain, what, file.shown, number)
            fields = self._load(lines, what.profile, (), number)
            places, refused = rewritten.positions, rewritten.refused
            data = RowBytes(plain, places) if what.format != PARQUET else RowBytes(lines, survey_lines(lines).positions)
            loaded = Loaded(
                self.digest(file), size, compression, what.format, what.profile,
                rewritten.lines, rewritten.blank, places, data,
            )  # fmt: skip
        load_places(self.connection, number, places)
        return loaded, staged(
            self.connection, number, what.profile, fields, places, refused, data,
            is_exact=what.format == JSON_LINES,
        )  # fmt: skip

    def _plain(self, path: Path, compression: str, number: int) -> Path:
        """Return a path of the plain bytes for DuckDB: no name of a user's own, which may hold wildcards."""
        plain = self.scratch / f"source-{number}"
        plain.unlink(missing_ok=True)
        if compression == PLAIN:
            plain.symlink_to(path)
        else:
            with plain.open("wb") as target:
                for chunk in plain_chunks(path, compression):
                    target.write(chunk)
        return plain

    def _load_lines(self, plain: Path, what: Sniffed, head: bytes, number: int) -> tuple[Survey, tuple[str, ...]]:
        """Survey and load at the same time: nearly every file can be given to DuckDB as it is.

        A line of many megabytes can exhaust its memory; the survey refuses that line, and the copy is without it.
        """
        seen = {name for record in sample_of(head) for name in record}
        with ThreadPoolExecutor(1) as pool:
            surveying = pool.submit(survey_lines, plain)
            try:
                fields = self._load(plain, what.profile, tuple(seen), number)
            except (duckdb.OutOfMemoryException, duckdb.InvalidInputException):
                fields = ()
            survey = surveying.result()
        if fields and not survey.needs_copy:
            return survey, fields
        copy = self.scratch / f"copy-{number}"
        write_copy(plain, survey, copy)
        return survey, self._load(copy, what.profile, fields or tuple(seen), number)

    def _load(self, lines: Path, profile: Profile, seen: Sequence[str], number: int) -> tuple[str, ...]:
        """Load rows, reading the fields seen in the sample; once more with all fields if others turn up."""
        is_wide = profile.name == "canonical"
        fields = tuple(name for name in profile.fields if name in seen or not is_wide)
        if is_wide and not seen:
            fields = profile.fields
        load_rows(self.connection, number, lines, profile, fields)
        missed = missed_fields(self.connection, number, profile, fields)
        if missed:
            fields = tuple(name for name in profile.fields if name in fields or name in missed)
            load_rows(self.connection, number, lines, profile, fields)
        return fields

    def _rewrite(self, plain: Path, what: Sniffed, shown: str, number: int) -> tuple[Rewritten, Path]:
        target = self.scratch / f"rows-{number}"
        if what.format == JSON_ARRAY:
            try:
                return rewrite_array(plain, target, what.wrapper), target
            except ValueError as error:
                message = f"found no array of records: {str(error)[:100].rstrip('.').lower()}"
                raise InputError.at(shown, message, "check that the file is whole, or name its profile") from error
        if what.format == CSV:
            return rewrite_csv(plain, target), target
        if what.format == PARQUET:
            return rewrite_parquet(self.connection, plain, target, what.profile, shown), target
        return rewrite_log(plain, target, what.profile.pattern), target

    def _empty(self, file: SourceFile, number: int, compression: str, size: int) -> tuple[Loaded, Staged]:
        """Account for a file with nothing but white space: it is known from now on, and has no records."""
        profile = self.profile or load_profile("canonical")
        empty = self.scratch / f"empty-{number}"
        empty.touch()
        survey = survey_lines(self.scratch / f"source-{number}")
        fields = self._load(empty, profile, profile.fields, number)
        load_places(self.connection, number, Positions())
        data = RowBytes(empty, Positions())
        loaded = Loaded(
            self.digest(file), size, compression, "empty", profile, survey.lines, survey.lines, Positions(), data
        )
        return loaded, staged(self.connection, number, profile, fields, Positions(), {}, data, is_exact=True)
