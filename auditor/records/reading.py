"""One source file, from its path to staged rows: decompressed, recognised, surveyed, rewritten where needed, loaded."""

from dataclasses import dataclass, field, replace
from pathlib import Path

import duckdb

from auditor.digests import digest_of_file
from auditor.errors import InputError
from auditor.records.absent import Absent, absent_fields
from auditor.records.array_rows import rewrite_array
from auditor.records.csv_rows import rewrite_csv
from auditor.records.finishing import finished, finished_quickly
from auditor.records.json_lines import JsonLines, load_exactly
from auditor.records.parquet_rows import parquet_names, rewrite_parquet
from auditor.records.places import hand_over_places, no_places, rows_must_align
from auditor.records.profiles import CSV, JSON_ARRAY, JSON_LINES, PARQUET, Profile, load_profile
from auditor.records.rewrite import Rewritten, rewrite_log
from auditor.records.row_bytes import RowBytes
from auditor.records.sniff import Sniffed, is_blank, is_parquet, refuse_foreign, sniff
from auditor.records.sources import SourceFile
from auditor.records.staging import Staged, judge
from auditor.records.survey import Positions, survey_lines
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
    absent: Absent = field(default_factory=dict)


@dataclass(frozen=True)
class Reader:
    """Reads files into a staging database; `scratch` is a folder for copies, on the workspace's disk.

    With `keeps_files`, rows of large files may stay there, in files that can be moved into the store.
    """

    connection: duckdb.DuckDBPyConnection
    scratch: Path
    profile: Profile | None
    keeps_files: bool = False

    def digest(self, file: SourceFile) -> str:
        """Return the SHA-256 of a source file's bytes."""
        return digest_of_file(file.path)

    def load(self, file: SourceFile, number: int) -> tuple[Loaded, Staged]:
        """Read a file into the tables of the given number. Raises InputError when nothing can be read."""
        with file.path.open("rb") as stream:
            compression = compression_of(stream.read(8))
        plain = self._plain(file, compression, number)
        size = file.path.stat().st_size
        if is_blank(plain):
            return self._empty(file, number, compression, size)
        names = parquet_names(self.connection, plain, file.shown) if is_parquet(plain) else ()
        what = sniff(plain, self.profile, file.shown, names)
        if what.format == JSON_LINES:
            return self._lines(file, plain, what, number, compression)
        rewritten, lines = self._rewrite(plain, what, file.shown, number)
        if len(rewritten.refused) == len(rewritten.positions):
            refuse_foreign(plain, file.shown)
        fields = load_exactly(self.connection, lines, what.profile, ())
        places = rewritten.positions
        data = RowBytes(plain, places, is_json=what.format == JSON_ARRAY)
        if what.format == PARQUET:
            data = RowBytes(lines, survey_lines(lines).positions)
        rows_must_align(self.connection, len(places), lines, is_exact=False)
        hand_over_places(self.connection, places, self.scratch)
        bad = judge(self.connection, what.profile, rewritten.refused, data, fields)
        loaded = Loaded(
            self.digest(file), size, compression, what.format, what.profile,
            rewritten.lines, rewritten.blank, places, data,
        )  # fmt: skip
        staged = finished(self.connection, number, what.profile, fields, len(places), bad)
        return self._with_absent(loaded, staged, lines), staged

    def _with_absent(self, loaded: Loaded, staged: Staged, lines: Path) -> Loaded:
        return replace(loaded, absent=absent_fields(self.connection, lines, loaded.profile, staged.provides))

    def _lines(
        self, file: SourceFile, plain: Path, what: Sniffed, number: int, compression: str
    ) -> tuple[Loaded, Staged]:
        unpacked_from = None if compression == PLAIN else self.digest(file)
        lines = JsonLines(self.connection, self.scratch, plain, what.profile, unpacked_from)
        read = lines.read(what.sample)
        survey, positions = read.survey, read.survey.positions
        loaded = Loaded(
            unpacked_from or survey.digest,
            survey.size if compression == PLAIN else file.path.stat().st_size, compression,
            what.format, what.profile, survey.lines, survey.blank, positions, RowBytes(plain, positions),
        )  # fmt: skip
        rows, common = survey.lines - survey.blank, (self.connection, number, what.profile)
        if read.quick:
            staged = finished_quickly(*common, read.quick, read.fields, rows, read.bad, keeps_files=self.keeps_files)
        else:
            staged = finished(*common, read.fields[0], rows, read.bad)
        return self._with_absent(loaded, staged, plain), staged

    def _plain(self, file: SourceFile, compression: str, number: int) -> Path:
        """Return a path of the plain bytes for DuckDB: no name of a user's own, which may hold wildcards."""
        plain = self.scratch / f"source-{number}"
        plain.unlink(missing_ok=True)
        if compression == PLAIN and file.can_be_named:
            plain.symlink_to(file.path)
        else:
            with plain.open("wb") as target:
                for chunk in plain_chunks(file.path, compression):
                    target.write(chunk)
        return plain

    def _rewrite(self, plain: Path, what: Sniffed, shown: str, number: int) -> tuple[Rewritten, Path]:
        target = self.scratch / f"rows-{number}"
        if what.format == JSON_ARRAY:
            try:
                return rewrite_array(plain, target, what.wrapper), target
            except ValueError as error:
                message = f"found no array of records: {str(error)[:100].rstrip('.').lower()}"
                raise InputError.at(shown, message, "check that the file is whole, or name its profile") from error
        if what.format == CSV:
            return rewrite_csv(plain, target, shown), target
        if what.format == PARQUET:
            return rewrite_parquet(self.connection, plain, target, what.profile, shown), target
        return rewrite_log(self.connection, plain, target, what.profile.pattern), target

    def _empty(self, file: SourceFile, number: int, compression: str, size: int) -> tuple[Loaded, Staged]:
        """Account for a file with nothing but white space: it is known from now on, and has no records."""
        profile = self.profile or load_profile("canonical")
        empty = self.scratch / f"empty-{number}"
        empty.touch()
        survey = survey_lines(self.scratch / f"source-{number}")
        fields = load_exactly(self.connection, empty, profile, profile.fields)
        no_places(self.connection)
        data = RowBytes(empty, Positions())
        bad = judge(self.connection, profile, {}, data, fields)
        loaded = Loaded(
            self.digest(file), size, compression, "empty", profile, survey.lines, survey.lines, Positions(), data
        )
        return loaded, finished(self.connection, number, profile, fields, 0, bad)
