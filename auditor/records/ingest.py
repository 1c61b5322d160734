"""Read source files into the activity store: every line becomes a record, a counted duplicate, or is quarantined.

Sources are only read. New Parquet files and quarantine are written first and the manifest last, in one step, so that a
killed run changes nothing. The same bytes twice change nothing, whatever the file is called.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from shutil import rmtree

from pydantic import BaseModel, ConfigDict

from auditor.records.absent import Absent, absent_everywhere
from auditor.records.blamed import accounts_behind
from auditor.records.forgotten import erase_content
from auditor.records.grown import (
    Content,
    Grown,
    beginning_of,
    content_of,
    contents_of,
    cut_short,
    grown_from,
    new_rows_only,
)
from auditor.records.incoming import Batch, Outcome
from auditor.records.manifest import Manifest, Source, load_manifest, save_manifest, sweep_unlisted
from auditor.records.profiles import AUTO, Profile, load_profile
from auditor.records.quarantine import BadLine, QuarantinedLines, lines_by_account, write_quarantine
from auditor.records.reading import Loaded, Reader
from auditor.records.sources import SourceFile, find_sources
from auditor.records.sql import open_connection
from auditor.records.staging import Staged, bad_lines
from auditor.records.store import records_from
from auditor.records.trouble import UnreadableError, engine_errors, errors_of_file
from auditor.records.unfinished import Announcement, announce
from auditor.records.unpack import PLAIN
from auditor.records.workspace import TEMPORARY, Workspace, disk_errors
from auditor.records.writing import write_batch

MEMORY = "1400MB"
"""What the engine may take before it puts rows on the disk, which costs time."""

BATCH_ROWS = 2_000_000
BATCH_SOURCES = 200
"""A batch is written when it holds this many rows or sources; memory stays bounded whatever comes in."""


class IngestReport(BaseModel):
    """What one call read: totals of what is new, and one entry a source. `failed` files could not be read at all.

    `absent_fields` are, by profile, fields that it reads and no record of this call has, with the likeliest one meant.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format_version: int = 1
    records: int
    quarantined: int
    duplicates: int
    conflicts: int
    sources: tuple[Source, ...]
    skipped: tuple[str, ...]
    failed: tuple[str, ...]
    quarantined_lines: QuarantinedLines = QuarantinedLines()
    absent_fields: dict[str, dict[str, str]] = {}


def ingest(
    paths: Sequence[Path],
    *,
    profile: str | Path = AUTO,
    workspace: Workspace,
    now: datetime,
    exclude: Sequence[str] = (),
    erased: Collection[str] = (),
) -> IngestReport:
    """Read files and folders into the store of a workspace; of `erased` accounts, nothing that they wrote.

    What fits a pattern of `exclude` below a folder is left out (`find_sources`).

    A file that can't be read at all is listed in `failed`; the others load. Raises UsageError for a path or profile
    that doesn't exist, PolicyError for a broken profile, WorkspaceError for the disk, the lock or the store.
    """
    chosen = None if str(profile) == AUTO else load_profile(profile)
    files, skipped = find_sources(paths, exclude)
    with workspace.lock(), _scratch(workspace) as scratch:
        with disk_errors(workspace.activity):
            workspace.activity.mkdir(exist_ok=True)
        manifest = load_manifest(workspace)
        sweep_unlisted(workspace, manifest)
        run = _Run(workspace, scratch, chosen, now, manifest, files, frozenset(erased))
        try:
            with engine_errors(workspace.folder):
                for file in files:
                    run.read(file)
                run.flush()
        finally:
            run.connection.close()
            sweep_unlisted(workspace, run.manifest)
    return _report(run, skipped)


def _report(run: "_Run", skipped: tuple[str, ...]) -> IngestReport:
    new = [source for source in run.reported if not source.already_known]
    return IngestReport(
        records=sum(source.records for source in new),
        quarantined=sum(source.quarantined for source in new),
        duplicates=sum(source.duplicates for source in new),
        conflicts=sum(source.conflicts for source in new),
        sources=tuple(run.reported),
        skipped=skipped,
        failed=tuple(run.failed),
        quarantined_lines=lines_by_account(run.blamed.elements()),
        absent_fields={name: dict(found) for name, of in run.absent.items() if (found := absent_everywhere(of))},
    )


@dataclass
class _Run:
    """One call of `ingest`: sources pile up in a staging database until a batch is full."""

    workspace: Workspace
    scratch: Path
    profile: Profile | None
    now: datetime
    manifest: Manifest
    files: Sequence[SourceFile]
    erased: frozenset[str]
    reported: list[Source] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    pending: list["_Pending"] = field(default_factory=list)
    blamed: Counter[str | None] = field(default_factory=Counter)
    absent: dict[str, list[Absent]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Open the staging database."""
        self._open()

    def _open(self) -> None:
        folders = (self.workspace.activity, self.scratch)
        files = [file.path.resolve() for file in self.files if file.can_be_named]
        spill = self.scratch / "spill"
        self.connection = open_connection(folders=folders, files=files, temporary=spill, memory_limit=MEMORY)
        self.reader = Reader(self.connection, self.scratch, self.profile, keeps_files=not self.erased)

    def read(self, file: SourceFile) -> None:
        """Stage one file, unless its bytes are known; a file that can't be read is noted."""
        known = {**self.manifest.known, **{one.loaded.source_id: None for one in self.pending}}
        try:
            with errors_of_file(file):
                sizes = {source.bytes for source in self.manifest.sources} | {one.loaded.bytes for one in self.pending}
                source_id = self.reader.digest(file) if file.path.stat().st_size in sizes else None
                read = self._staged(file) if source_id not in known else None
        except UnreadableError as error:
            self.failed.append(str(error))
            return
        if read is None:
            self._note_known(source_id, file)
        else:
            self._take_back_ends(read.grown)
            self.pending.append(read)
            if read.staged.rows:
                self.absent.setdefault(read.loaded.profile.name, []).append(read.loaded.absent)
            if len(self.pending) >= BATCH_SOURCES or sum(one.staged.rows for one in self.pending) >= BATCH_ROWS:
                self.flush()

    def _staged(self, file: SourceFile) -> "_Pending":
        """Read a file; when it grew from one that isn't written yet, write that first and read the file again."""
        loaded, staged = self._load(file, len(self.pending))
        waiting = [one.content for one in self.pending if one.content]
        grown = grown_from(loaded, staged, [*contents_of(self.manifest), *waiting])
        if grown and any(one in waiting for one in grown.beginnings):
            self.flush()
            loaded, staged = self._load(file, 0)
        return _Pending(file, loaded, new_rows_only(staged, grown), content_of(loaded, file.name), grown)

    def _load(self, file: SourceFile, number: int) -> tuple[Loaded, Staged]:
        loaded, staged = self.reader.load(file, number)
        if self.erased:
            erase_content(self.connection, staged, self.erased)
        return loaded, staged

    def _take_back_ends(self, grown: Grown | None) -> None:
        if grown and grown.cut_line:
            records = records_from(self.connection, self.workspace.activity, self.manifest, grown.cut_line)
            sources = cut_short(self.manifest.sources, grown, records)
            self.manifest = self.manifest.model_copy(update={"sources": sources})
            self.reported = list(cut_short(self.reported, grown, records))

    def _note_known(self, source_id: str | None, file: SourceFile) -> None:
        if any(one.loaded.source_id == source_id for one in self.pending):
            self.flush()
        source = self.manifest.known[source_id or ""]
        update = {"already_known": True, "path": file.shown, "name": file.name}
        self.reported.append(source.model_copy(update=update))

    def _bad_lines(self, read: "_Pending") -> list[BadLine]:
        """Return the bad lines of a file with the accounts behind them, which are noted for the report too."""
        loaded, bad = read.loaded, read.staged.bad
        lines = bad_lines(bad, loaded.places, loaded.data, loaded.source_id, read.file.name)
        accounts = accounts_behind(self.connection, loaded, read.staged, self.scratch)
        self.blamed.update(accounts.get(row) for row in bad)
        return [replace(line, account_id=accounts.get(row)) for row, line in zip(sorted(bad), lines, strict=True)]

    def flush(self) -> None:
        """Write what is staged, then the manifest; start over with an empty staging database."""
        if not self.pending:
            return
        batch = Batch(self.connection, [(one.staged, one.loaded.source_id) for one in self.pending])
        coming = tuple(one.loaded.source_id for one in self.pending)
        announce(self.workspace, Announcement(batch=batch.name, coming=coming))
        files, outcomes = write_batch(batch, self.workspace.activity, self.manifest)
        added = []
        for one in self.pending:
            source_id = one.loaded.source_id
            write_quarantine(self.workspace, source_id, self._bad_lines(one))
            added.append(_source(one, outcomes[source_id], self.now))
        everything = (*self.manifest.files, *(stored for stored in files if stored.records))
        manifest = self.manifest.model_copy(update={"files": everything, "sources": (*self.manifest.sources, *added)})
        save_manifest(self.workspace, manifest)
        self.manifest = manifest
        sweep_unlisted(self.workspace, self.manifest)
        self.reported.extend(added)
        self.pending = []
        self.connection.close()
        self._open()


@dataclass(frozen=True)
class _Pending:
    """A file that is staged and not written yet; `content` is None where its format can't grow."""

    file: SourceFile
    loaded: Loaded
    staged: Staged
    content: Content | None
    grown: Grown | None


def _source(read: _Pending, outcome: Outcome, now: datetime) -> Source:
    file, loaded, staged, content = read.file, read.loaded, read.staged, read.content
    plain = content if loaded.compression != PLAIN else None
    return Source(
        source_id=loaded.source_id, name=file.name, path=file.shown, profile=loaded.profile.name,
        format=loaded.format, compression=loaded.compression, bytes=loaded.bytes,
        lines=loaded.lines, blank=loaded.blank, records=outcome.records, quarantined=len(staged.bad),
        duplicates=outcome.duplicates + staged.known, conflicts=outcome.conflicts, provides=staged.provides,
        first_time=_aware(outcome.first_time), last_time=_aware(outcome.last_time), ingested=now,
        plain_bytes=plain.size if plain else 0,
        plain_sha256=plain.digest if plain else "",
        grew_from=beginning_of(read.grown),
    )  # fmt: skip


def _aware(time: datetime | None) -> datetime | None:
    return time.replace(tzinfo=UTC) if time else None


@contextmanager
def _scratch(workspace: Workspace) -> Iterator[Path]:
    folder = workspace.folder / f"{TEMPORARY}ingest"
    with disk_errors(folder):
        folder.mkdir()
    try:
        yield folder
    finally:
        rmtree(folder, ignore_errors=True)
