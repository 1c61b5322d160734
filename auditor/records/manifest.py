"""The list of what the activity store holds: Parquet files with their digests, and sources with their counts.

A file that the manifest doesn't list isn't part of the store. A batch of new files is announced, then written, and the
manifest is replaced last and in one step, so that a killed run changes nothing. The next writer removes what was
announced and never listed, and nothing else: a store whose manifest is lost is refused, never swept.
"""

import json
import re
from datetime import datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from auditor.errors import WorkspaceError
from auditor.records.workspace import Workspace, disk_errors, write_atomically

FORMAT_VERSION = 1
MANIFEST = "manifest.json"
UNFINISHED = "unfinished.json"
"""Names the batch that a writer is about to write, until the manifest lists its files."""

_BATCH_NAME = re.compile(r"[0-9a-f]{16}")


class StoredFile(BaseModel):
    """One Parquet file, sorted by (account_id, time); `name` is relative to the activity folder.

    `period` is the day it covers; the month, or `all`, when a batch spans very many days. Columns that the batch
    never fills are left out of the file and of `columns`.
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


class Manifest(BaseModel):
    """The store's table of contents."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format_version: int = FORMAT_VERSION
    files: tuple[StoredFile, ...] = ()
    sources: tuple[Source, ...] = ()
    forgotten: tuple[str, ...] = ()
    """Accounts of which nothing that they wrote is kept or quoted any more."""

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


def announce_batch(workspace: Workspace, batch: str) -> None:
    """Note by its name the batch whose files are about to be written; the caller holds the lock.

    Raises WorkspaceError.
    """
    write_atomically(workspace.activity / UNFINISHED, (json.dumps({"batch": batch}) + "\n").encode())


def sweep_unlisted(workspace: Workspace, manifest: Manifest) -> None:
    """Remove files of an announced batch that the manifest doesn't list; the caller holds the lock.

    Raises WorkspaceError.
    """
    listed = {stored.name for stored in manifest.files}
    announced = _announced(workspace)
    with disk_errors(workspace.activity):
        for path in workspace.activity.iterdir():
            if _is_of(path, announced) and path.name not in listed:
                path.unlink()
        (workspace.activity / UNFINISHED).unlink(missing_ok=True)


def _announced(workspace: Workspace) -> str:
    """Return the name of the announced batch, or nothing."""
    path = workspace.activity / UNFINISHED
    with disk_errors(path):
        if not path.exists():
            return ""
        data = path.read_bytes()
    try:
        content = json.loads(data)
    except (ValueError, RecursionError):
        content = None
    batch = content.get("batch") if isinstance(content, dict) else None
    if not isinstance(batch, str) or not _BATCH_NAME.fullmatch(batch):
        message = "found a damaged announcement, expected the name of a batch"
        raise WorkspaceError.at(str(path), message, "remove this file; no record is in it")
    return batch


def _is_of(path: Path, batch: str) -> bool:
    return bool(batch) and path.name.endswith(f"-{batch}.parquet")


def _must_hold_nothing(workspace: Workspace, path: Path) -> None:
    announced = _announced(workspace)
    found = [one for one in workspace.activity.rglob("*.parquet") if not _is_of(one, announced)]
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
