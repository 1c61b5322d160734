"""What ingest would do with each file, without a workspace: mapping, columns provided, first problems."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic import BaseModel, ConfigDict

from auditor.records.profiles import AUTO, load_profile
from auditor.records.reading import Reader
from auditor.records.sources import SourceFile, find_sources
from auditor.records.sql import open_connection
from auditor.records.trouble import UnreadableError, engine_errors, errors_of_file

FIRST_PROBLEMS = 10


class DryRun(BaseModel):
    """One file as ingest would read it; `mapping` shows the expression of each column in SQL.

    `failed` says why the file can't be read at all; the other fields are empty then.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str
    profile: str = ""
    format: str = ""
    lines: int = 0
    blank: int = 0
    bad: int = 0
    mapping: dict[str, str] = {}
    provides: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    failed: str = ""


def dry_run(paths: Sequence[Path], *, profile: str | Path = AUTO) -> tuple[DryRun, ...]:
    """Read files as `ingest` would and say what came of it; nothing is kept.

    Raises UsageError for a path or profile that doesn't exist, PolicyError for a broken profile.
    """
    chosen = None if str(profile) == AUTO else load_profile(profile)
    files, _ = find_sources(paths)
    with TemporaryDirectory() as folder:
        scratch = Path(folder).resolve()
        readable = [file.path.resolve() for file in files if file.can_be_named]
        connection = open_connection(folders=(scratch,), files=readable, temporary=scratch / "spill")
        reader = Reader(connection, scratch, chosen)
        with engine_errors(scratch):
            done = tuple(_tried(reader, file) for file in files)
        connection.close()
    return done


def _tried(reader: Reader, file: SourceFile) -> DryRun:
    try:
        with errors_of_file(file):
            loaded, staged = reader.load(file, 0)
    except UnreadableError as error:
        return DryRun(path=file.shown, failed=str(error))
    rows = sorted(staged.bad)[:FIRST_PROBLEMS]
    return DryRun(
        path=file.shown,
        profile=loaded.profile.name,
        format=loaded.format,
        lines=loaded.lines,
        blank=loaded.blank,
        bad=len(staged.bad),
        mapping={name: tree.sql(dialect="duckdb") for name, tree in loaded.profile.columns.items()},
        provides=staged.provides,
        problems=tuple(f"{file.shown}:{loaded.places.lines[row]}: {staged.bad[row]}" for row in rows),
    )
