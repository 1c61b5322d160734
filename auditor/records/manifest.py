"""The list of what the activity store holds: Parquet files with their digests, and sources with their counts.

A file that the manifest doesn't list isn't part of the store. A batch of new files is announced, then written, and the
manifest is replaced last and in one step, so that a killed run changes nothing. The next writer removes what was
announced and never listed, and nothing else: a store whose manifest is lost is refused, never swept (`unfinished`).
"""

import json
from datetime import datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from auditor.errors import WorkspaceError
from auditor.records.unfinished import announced, sweep
from auditor.records.workspace import Workspace, disk_errors, write_atomically

FORMAT_VERSION = 1
MANIFEST = "manifest.json"


class StoredFile(BaseModel):
    """One Parquet file; `name` is relative to the activity folder.

    It holds a stretch of a large source in the source's order, or what smaller ones have of a period, sorted by
    (account_id, time). `period` is the day it covers; the month, or `all`, when it covers more. Columns that the batch,
    or a large source, doesn't have are left out of the file and of `columns`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    period: str
    columns: tuple[str, ...]
    records: int
    bytes: int
    sha256: str


class Beginning(BaseModel):
    """The earlier source that a source begins with, byte for byte: its size, and how many rows of both that makes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source_id: str
    name: str
    bytes: int
    lines: int


class Source(BaseModel):
    """One source file: what was read from it and where every line went.

    `lines` counts what the source holds: lines of a line format (blank ones too), elements of an array, rows of a
    table. lines = records + quarantined + duplicates + blank. `conflicts` are records too: an id that is already
    known with another content. `path` is as given; `already_known` says that this call changed nothing.

    `plain_bytes` and `plain_sha256` are of a compressed file's content. `grew_from` is the source that this one begins
    with: the lines of that one are duplicates here. From `cut_line` on (0 for none) a later source has the end of this
    one, which was cut off here, as whole lines: records there no longer count, and are duplicates too.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    source_id: str
    name: str
    path: str
    profile: str
    format: str
    compression: str
    bytes: int
    lines: int
    blank: int
    records: int
    quarantined: int
    duplicates: int
    conflicts: int
    provides: tuple[str, ...]
    first_time: datetime | None
    last_time: datetime | None
    ingested: datetime
    already_known: bool = False
    plain_bytes: int = 0
    plain_sha256: str = ""
    grew_from: Beginning | None = None
    cut_line: int = 0


class Retracted(BaseModel):
    """A source that was taken back, with what it held, when, by whom and why."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source_id: str
    name: str
    records: int
    quarantined: int
    time: datetime
    person: str
    reason: str


class Manifest(BaseModel):
    """The store's table of contents."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format_version: int = FORMAT_VERSION
    files: tuple[StoredFile, ...] = ()
    sources: tuple[Source, ...] = ()
    forgotten: tuple[str, ...] = ()
    """Accounts of which nothing that they wrote is kept or quoted any more."""

    retracted: tuple[Retracted, ...] = ()
    """What people took back, oldest first; the ledger says who and why."""

    @property
    def known(self) -> dict[str, Source]:
        """Sources by their id."""
        return {source.source_id: source for source in self.sources}


def load_manifest(workspace: Workspace) -> Manifest:
    """Read the manifest; a store that holds nothing yet has an empty one.

    Raises WorkspaceError when it is damaged, from a newer version, or gone from beside the files it listed.
    """
    path = workspace.activity / MANIFEST
    with disk_errors(path):
        if not path.exists():
            _must_hold_nothing(workspace, path)
            return Manifest()
        data = path.read_bytes()
    hint = "restore the file from a backup, or ingest the sources again into a new workspace"
    try:
        content = json.loads(data)
        version = content["format_version"] if isinstance(content, dict) else None
        if isinstance(version, int) and version > FORMAT_VERSION:
            message = f"found format version {version}, this program knows versions up to {FORMAT_VERSION}"
            raise WorkspaceError.at(str(path), message, "use the newer program that wrote it")
        manifest = Manifest.model_validate(content)
    except (ValueError, KeyError, ValidationError, RecursionError):
        raise WorkspaceError.at(str(path), "found a damaged manifest, expected JSON as it was written", hint) from None
    _files_must_exist(workspace, manifest)
    return manifest


def save_manifest(workspace: Workspace, manifest: Manifest) -> None:
    """Replace the manifest in one step. Raises WorkspaceError."""
    text = json.dumps(manifest.model_dump(mode="json"), indent=1, ensure_ascii=False) + "\n"
    write_atomically(workspace.activity / MANIFEST, text.encode())


def sweep_unlisted(workspace: Workspace, manifest: Manifest) -> None:
    """Remove what a writer announced and the manifest doesn't list; the caller holds the lock.

    Raises WorkspaceError.
    """
    quarantined = {source.source_id: source.quarantined for source in manifest.sources}
    sweep(workspace, {stored.name for stored in manifest.files}, quarantined)


def _must_hold_nothing(workspace: Workspace, path: Path) -> None:
    unfinished = announced(workspace)
    found = [path for path in workspace.activity.rglob("*.parquet") if not (unfinished and unfinished.is_about(path))]
    if found:
        message = f"found no manifest beside {len(found)} Parquet files, expected the one that lists them"
        hint = "restore the file from a backup, or ingest the sources again into a new workspace"
        raise WorkspaceError.at(str(path), message, hint)


def _files_must_exist(workspace: Workspace, manifest: Manifest) -> None:
    for stored in manifest.files:
        path = workspace.activity / stored.name
        if ".." in Path(stored.name).parts or not path.is_file():
            message = "the manifest lists this file, but it is missing"
            raise WorkspaceError.at(str(path), message, "restore the activity folder from a backup")
