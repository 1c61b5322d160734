"""The folder that holds one audit: its layout, its lock, and writing that never leaves half a file.

Everything is written under a temporary name in the folder where it belongs, flushed to disk, and renamed. A lock
keeps two writers apart; whoever takes it sweeps what a killed run left behind. Readers need no lock.
"""

import errno
import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from auditor.errors import AuditorError, WorkspaceError

FORMAT_VERSION = 1
MARKER = "workspace.json"
FLUSHED_AT_ONCE = 8
TEMPORARY = ".partial-"
"""Prefix of every name that is not finished yet; no finished name starts with it."""

_CAUSES = {
    errno.ENOSPC: ("no space left on the disk", "free some space and run the command again; nothing was half-written"),
    errno.EDQUOT: ("the disk quota is used up", "free some space and run the command again; nothing was half-written"),
    errno.EFBIG: ("no space left: the file is larger than may be written here", "raise the limit or use another disk"),
    errno.EROFS: ("the file system is read-only", "choose a workspace on a disk that can be written"),
    errno.EACCES: ("permission denied", "choose a workspace that you may write, or change its permissions"),
    errno.EPERM: ("permission denied", "choose a workspace that you may write, or change its permissions"),
    errno.ENOTDIR: ("a file is where a folder is expected", "move the file away or choose another workspace"),
    errno.EEXIST: ("a file is where a folder is expected", "move the file away or choose another workspace"),
    errno.EISDIR: ("a folder is where a file is expected", "move the folder away or choose another workspace"),
    errno.ENAMETOOLONG: ("the name is too long", "choose a shorter folder name"),
    errno.ENOENT: ("no such file or folder", "check the path; another program may have moved it"),
}


@dataclass(frozen=True)
class Workspace:
    """The folder of one audit; open it with `open_workspace`."""

    folder: Path

    @property
    def activity(self) -> Path:
        """Parquet files of records and their manifest."""
        return self.folder / "activity"

    @property
    def quarantine(self) -> Path:
        """Bad lines byte for byte, one pair of files a source."""
        return self.folder / "quarantine"

    @property
    def casebook(self) -> Path:
        """The SQLite file of findings, cases and decisions."""
        return self.folder / "casebook.db"

    @property
    def runs(self) -> Path:
        """Receipts and timings, one folder a run."""
        return self.folder / "runs"

    @property
    def cases(self) -> Path:
        """Case pages."""
        return self.folder / "cases"

    @property
    def bundles(self) -> Path:
        """Evidence bundles."""
        return self.folder / "bundles"

    @property
    def secrets(self) -> Path:
        """Secrets of cases, one file a case."""
        return self.folder / "secrets"

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Keep other writers out while the block runs, after sweeping what a killed run left behind.

        Raises WorkspaceError, naming the process that holds the lock, when there is another writer.
        """
        path = self.folder / ".lock"
        with disk_errors(path):
            handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            _hold(handle, path)
            _sweep(self)
            yield
        finally:
            os.close(handle)


def open_workspace(folder: Path, *, create: bool) -> Workspace:
    """Open the workspace in a folder; with `create`, make it when there is none or the folder is empty.

    Raises WorkspaceError when the folder is no workspace, can't be used, was written by a newer version, or has a
    path that is no UTF-8.
    """
    folder = folder.absolute()
    _must_be_utf8(folder)
    marker = folder / MARKER
    if create and not marker.exists():
        _create(folder, marker)
    with disk_errors(folder):
        if not folder.exists():
            raise WorkspaceError.at(str(folder), "no such workspace", "run `auditor ingest` or `auditor demo` first")
        if not folder.is_dir():
            raise WorkspaceError.at(str(folder), "found a file, expected a folder", "choose another `--workspace`")
        if not marker.is_file():
            raise _no_workspace(folder)
        _check_version(marker)
    return Workspace(folder)


@contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Turn an operating system error in the block into a WorkspaceError that names the path and the cause."""
    try:
        yield
    except OSError as error:
        found, hint = _CAUSES.get(error.errno or 0, (error.strerror or str(error), "check the disk and the path"))
        place = error.filename if isinstance(error.filename, str) else str(path)
        raise WorkspaceError.at(place, _lowered(found), hint) from error


def temporary_name(final: Path) -> Path:
    """Return the unfinished name beside a final one, of this process only."""
    return final.parent / f"{TEMPORARY}{os.getpid()}-{final.name}"


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file so that a reader sees either all of the old bytes or all of the new ones.

    Raises WorkspaceError when the disk refuses; nothing is left behind then.
    """
    temporary = temporary_name(path)
    with disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with temporary.open("xb") as stream:
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
        _flush_folder(path.parent)


def replace_folder(new: Path, final: Path) -> None:
    """Put a finished folder in its final place, replacing the one that is there.

    `new` must be on the same disk and carry a `temporary_name`; it is gone afterwards, whatever happens. When the
    disk refuses, the old folder stays as it was. Raises WorkspaceError.
    """
    old = final.parent / f"{TEMPORARY}{os.getpid()}-old-{final.name}"
    with disk_errors(final):
        try:
            files = [path for path in new.rglob("*") if path.is_file() and not path.is_symlink()]
            with ThreadPoolExecutor(FLUSHED_AT_ONCE) as threads:  # the disk takes many at once as quickly as one
                list(threads.map(_flush, files))
            if final.exists():
                final.rename(old)
            try:
                new.rename(final)
            except OSError:
                if old.exists():
                    old.rename(final)
                raise
            _flush_folder(final.parent)
        finally:
            shutil.rmtree(new, ignore_errors=True)
            shutil.rmtree(old, ignore_errors=True)


def _create(folder: Path, marker: Path) -> None:
    with disk_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        if any(not path.name.startswith(TEMPORARY) for path in folder.iterdir()):
            raise _no_workspace(folder)
    text = json.dumps({"format_version": FORMAT_VERSION}, indent=2) + "\n"
    write_atomically(marker, text.encode())


def _check_version(marker: Path) -> None:
    try:
        content = json.loads(marker.read_bytes())
    except (ValueError, RecursionError):
        content = None
    version = content.get("format_version") if isinstance(content, dict) else None
    if not isinstance(version, int) or version < 1:
        message = "found no `format_version`, expected a whole number"
        raise WorkspaceError.at(str(marker), message, "restore the file from a backup or start a new workspace")
    if version > FORMAT_VERSION:
        message = f"found format version {version}, this program knows versions up to {FORMAT_VERSION}"
        raise WorkspaceError.at(str(marker), message, "use the newer program that wrote it, or another `--workspace`")


def _must_be_utf8(folder: Path) -> None:
    """Refuse a name that DuckDB can't be given, and no receipt could tell."""
    written = os.fsencode(folder).decode("utf-8", "backslashreplace")
    if written != str(folder):
        message = "found a folder whose path is no UTF-8, expected a path that can be written as text"
        raise WorkspaceError.at(written, message, "choose another `--workspace`, or rename the folder")


def _no_workspace(folder: Path) -> AuditorError:
    message = f"found a folder without `{MARKER}`, expected a workspace or an empty folder"
    return WorkspaceError.at(str(folder), message, "choose an empty or new folder as `--workspace`")


def _hold(handle: int, path: Path) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.pread(handle, 32, 0).decode("ascii", "replace").strip() or "unknown"
        message = f"another run (process {holder}) is writing to this workspace"
        raise WorkspaceError.at(str(path.parent), message, "wait until it has finished, then try again") from None
    with disk_errors(path):
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)


def _sweep(workspace: Workspace) -> None:
    """Remove unfinished names; an old folder whose replacement never came is put back first."""
    marker = f"{TEMPORARY}*"
    for path in sorted({*workspace.folder.glob(marker), *workspace.folder.glob(f"*/{marker}")}):
        _, _, rest = path.name.removeprefix(TEMPORARY).partition("-")
        final = path.parent / rest.removeprefix("old-")
        if not os.path.lexists(path):
            continue  # it lay in a folder that is gone by now
        with disk_errors(path):
            if rest.startswith("old-") and not final.exists():
                path.rename(final)
            elif path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _flush_folder(folder: Path) -> None:
    _flush(folder)


def _lowered(text: str) -> str:
    return text[:1].lower() + text[1:].rstrip(".")
