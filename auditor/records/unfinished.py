"""What a writer of the store announces before it writes: the next writer can tell what a killed one left behind.

New files are announced by their batch, and so are the files and sources that the new manifest won't list any more.
The manifest decides which side a killed run was on: what it doesn't list of what was announced is removed, and nothing
else ever is. Lines in quarantine that were read again wait in a folder of the batch until then.
"""

import json
import re
import shutil
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from auditor.errors import WorkspaceError
from auditor.records.workspace import Workspace, disk_errors, write_atomically

UNFINISHED = "unfinished.json"
"""The file beside the manifest that holds the announcement until all is done."""


class Announcement(BaseModel):
    """A batch whose files are about to be written, and what is to go once the manifest lists them.

    `coming` are ids of new sources; `leaving` are names of files; `retracted` are ids of sources, and `again` of those
    that were read anew without them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    batch: str = Field(pattern="^[0-9a-f]{16}$")
    coming: tuple[str, ...] = ()
    leaving: tuple[str, ...] = ()
    retracted: tuple[str, ...] = ()
    again: tuple[str, ...] = ()

    def is_about(self, path: Path) -> bool:
        """Whether a file of the store is one that may be removed where the manifest doesn't list it."""
        return path.name.endswith(f"-{self.batch}.parquet") or path.name in self.leaving


def announce(workspace: Workspace, announcement: Announcement) -> None:
    """Note what is about to be written and to go; the caller holds the lock. Raises WorkspaceError."""
    text = json.dumps(announcement.model_dump(mode="json", exclude_defaults=True)) + "\n"
    write_atomically(workspace.activity / UNFINISHED, text.encode())


def announced(workspace: Workspace) -> Announcement | None:
    """Return what was announced and isn't done. Raises WorkspaceError when the announcement is damaged."""
    path = workspace.activity / UNFINISHED
    with disk_errors(path):
        if not path.exists():
            return None
        data = path.read_bytes()
    try:
        found = Announcement.model_validate(json.loads(data))
        names = [re.fullmatch(r"[\w.-]+\.parquet", name) for name in found.leaving]
        if not all([*names, *(re.fullmatch("[0-9a-f]{64}", source_id) for source_id in found.coming)]):
            raise ValueError("no name of a file of the store")
    except (ValueError, ValidationError, RecursionError):
        message = "found a damaged announcement, expected the name of a batch"
        raise WorkspaceError.at(str(path), message, "remove this file; no record is in it") from None
    return found


def sweep(workspace: Workspace, listed: Collection[str], quarantined: Mapping[str, int]) -> None:
    """Remove what was announced and isn't `listed`; the caller holds the lock. Raises WorkspaceError.

    `quarantined` says of each source that the manifest lists how many bad lines it has.
    """
    found = announced(workspace)
    if found is None:
        return
    with disk_errors(workspace.activity):
        for path in workspace.activity.iterdir():
            if found.is_about(path) and path.name not in listed:
                path.unlink()
    with disk_errors(workspace.quarantine):
        _settle_quarantine(workspace, found, quarantined)
    with disk_errors(workspace.activity):
        (workspace.activity / UNFINISHED).unlink(missing_ok=True)


def quarantine_of(workspace: Workspace, batch: str) -> Path:
    """Return the folder in which lines that are quarantined anew wait for the manifest."""
    return workspace.quarantine / f"anew-{batch}"


def _settle_quarantine(workspace: Workspace, found: Announcement, quarantined: Mapping[str, int]) -> None:
    anew = quarantine_of(workspace, found.batch)
    is_done = not any(source_id in quarantined for source_id in found.retracted)
    if found.retracted and is_done:
        for path in sorted(anew.glob("*")):
            path.replace(workspace.quarantine / path.name)
        _remove_unlisted(workspace, (*found.retracted, *found.again), quarantined)
    _remove_unlisted(workspace, found.coming, quarantined)
    shutil.rmtree(anew, ignore_errors=True)


def _remove_unlisted(workspace: Workspace, sources: Iterable[str], quarantined: Mapping[str, int]) -> None:
    for source_id in sources:
        if not quarantined.get(source_id):
            for suffix in (".lines", ".jsonl"):
                (workspace.quarantine / f"{source_id}{suffix}").unlink(missing_ok=True)
