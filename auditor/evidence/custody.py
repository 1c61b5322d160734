"""The store must be the one that was written: its files are compared with the digests of its manifest.

Evidence is cited from the store, so that a file rewritten behind the program's back would speak through a sealed
bundle. What the manifest itself says is taken as it is; exact bytes from the sources are compared in `cited.py`.
"""

from pathlib import Path

from auditor.digests import digest_of_file
from auditor.errors import BundleError, Place, Problem
from auditor.records.manifest import Manifest, StoredFile
from auditor.records.workspace import Workspace, disk_errors


def store_must_be_as_written(workspace: Workspace, manifest: Manifest) -> None:
    """Read every file of the store once. Raises BundleError naming each that isn't what the manifest lists."""
    problems = [
        problem
        for stored in manifest.files
        if (problem := _problem_of(workspace.activity / stored.name, stored)) is not None
    ]
    if problems:
        raise BundleError(problems)


def _problem_of(path: Path, stored: StoredFile) -> Problem | None:
    with disk_errors(path):
        is_as_written = path.stat().st_size == stored.bytes and digest_of_file(path) == stored.sha256
    if is_as_written:
        return None
    message = "its SHA-256 is not the one that the store's manifest lists: the file was changed after it was written"
    return Problem(Place(str(path)), message, "restore the file, or ingest the sources again into a new workspace")
