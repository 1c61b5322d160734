"""What ingest would do with each file: mapping, columns provided, first problems, and lines that are known already."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic import BaseModel, ConfigDict

from auditor.records.grown import beginning_of, contents_of, grown_from, new_rows_only
from auditor.records.manifest import Beginning, Manifest, load_manifest
from auditor.records.profiles import AUTO, load_profile
from auditor.records.reading import Reader
from auditor.records.sources import SourceFile, find_sources
from auditor.records.sql import open_connection
from auditor.records.trouble import UnreadableError, engine_errors, errors_of_file
from auditor.records.workspace import Workspace

FIRST_PROBLEMS = 10


class DryRun(BaseModel):
    """One file as ingest would read it; `mapping` shows the expression of each column in SQL.

    `known` counts lines that came in before: those of `grew_from`, a stored source that the file begins with, or all of
    a file that is `already_known`. `bad` counts new lines only.

    `absent` are the fields that the profile reads and no record has, each with the one there that is most like it.

    `failed` says why the file can't be read at all; the other fields are empty then.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str
    profile: str = ""
    format: str = ""
    lines: int = 0
    blank: int = 0
    known: int = 0
    bad: int = 0
    already_known: bool = False
    grew_from: Beginning | None = None
    mapping: dict[str, str] = {}
    provides: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    absent: dict[str, str] = {}
    failed: str = ""


def dry_run(
    paths: Sequence[Path],
    *,
    profile: str | Path = AUTO,
    exclude: Sequence[str] = (),
    workspace: Workspace | None = None,
) -> tuple[tuple[DryRun, ...], tuple[str, ...]]:
    """Read files as `ingest` would and say what came of each, and what was left out: `PATH: reason`; nothing is kept.

    What a `workspace` holds already is told; files of one call are not held against each other.

    Raises UsageError for a path or profile that doesn't exist, PolicyError for a broken profile, WorkspaceError for a
    store that can't be read.
    """
    manifest = load_manifest(workspace) if workspace else Manifest()
    chosen = None if str(profile) == AUTO else load_profile(profile)
    files, skipped = find_sources(paths, exclude)
    with TemporaryDirectory() as folder:
        scratch = Path(folder).resolve()
        readable = [file.path.resolve() for file in files if file.can_be_named]
        connection = open_connection(folders=(scratch,), files=readable, temporary=scratch / "spill")
        reader = Reader(connection, scratch, chosen)
        with engine_errors(scratch):
            done = tuple(_tried(reader, file, manifest) for file in files)
        connection.close()
    return done, skipped


def _tried(reader: Reader, file: SourceFile, manifest: Manifest) -> DryRun:
    try:
        with errors_of_file(file):
            loaded, whole = reader.load(file, 0)
            is_known = loaded.source_id in manifest.known
            grown = None if is_known else grown_from(loaded, whole, contents_of(manifest))
    except UnreadableError as error:
        return DryRun(path=file.shown, failed=str(error))
    staged = new_rows_only(whole, grown)
    rows = sorted(staged.bad)[:FIRST_PROBLEMS]
    return DryRun(
        path=file.shown,
        profile=loaded.profile.name,
        format=loaded.format,
        lines=loaded.lines,
        blank=loaded.blank,
        known=loaded.lines - loaded.blank if is_known else staged.known,
        bad=len(staged.bad),
        already_known=is_known,
        grew_from=beginning_of(grown),
        mapping={name: tree.sql(dialect="duckdb") for name, tree in loaded.profile.columns.items()},
        provides=staged.provides,
        problems=tuple(f"{file.shown}:{loaded.places.lines[row]}: {staged.bad[row]}" for row in rows),
        absent=dict(loaded.absent),
    )
