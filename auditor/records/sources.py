"""Which files to read: paths and folders in a fixed order; what is left out below a folder is named with the reason."""

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from auditor.errors import Problem, UsageError
from auditor.records.workspace import MARKER

HIDDEN = "hidden"
WORKSPACE = "the workspace of an audit, not a log"
LINKED_FOLDER = "a link to a folder; name the folder itself to read it"
BROKEN_LINK = "a link to nothing"
NO_FILE = "a pipe, socket or device"

_SPELT = re.compile(rb"\\x([89a-f][0-9a-f])")


@dataclass(frozen=True)
class SourceFile:
    """A file to read: its absolute path, the path as it was given or found below a given folder, and its name.

    `shown` and `name` are text that can be written; a byte that is no UTF-8 is spelt out, such as `\\xff`.
    """

    path: Path
    shown: str
    name: str

    @property
    def can_be_named(self) -> bool:
        """Whether DuckDB takes the file's real path as it stands; it reads a backslash as a separator."""
        path = str(self.path.resolve())
        return "\\" not in path and path == _written(path)


def find_sources(paths: Sequence[Path], exclude: Sequence[str] = ()) -> tuple[tuple[SourceFile, ...], tuple[str, ...]]:
    """Return the files under the given paths, sorted within each folder, and what was left out: `PATH: reason`.

    Below a given folder, files and folders whose name, or path from that folder on, fits a pattern of `exclude`
    (`*`, `?`, `[abc]`; upper and lower case differ) are left out; a file that is named itself is read.

    Raises UsageError naming every path that doesn't exist or is neither file nor folder.
    """
    problems = [
        Problem(None, f"found no file or folder `{path}`", "check the path")
        for path in paths
        if not (path.is_file() or path.is_dir())
    ]
    if problems:
        raise UsageError(problems)
    found: dict[Path, SourceFile] = {}
    skipped: list[str] = []
    for path in paths:
        for one, reason in _below(path, exclude) if path.is_dir() else [(path, "")]:
            name = one.relative_to(path).as_posix() if path.is_dir() else one.name
            if reason:
                skipped.append(_written(f"{one}: {reason}"))
            else:
                file = SourceFile(one.absolute(), _written(str(one)), _written(name))
                found.setdefault(one.resolve(), file)
    return tuple(found.values()), tuple(skipped)


def _written(text: str) -> str:
    return os.fsencode(text).decode("utf-8", "backslashreplace")


def path_of(written: str) -> Path:
    """Return the path that `SourceFile.shown` tells; where there is no such file, the one whose bytes are spelt out."""
    path = Path(written)
    if path.exists():
        return path
    named = _SPELT.sub(lambda found: bytes([int(found[1], 16)]), written.encode())
    return Path(os.fsdecode(named))


def _below(top: Path, exclude: Sequence[str]) -> Iterator[tuple[Path, str]]:
    """Yield everything below a folder that isn't a folder to enter, with the reason to leave it out or nothing."""
    waiting = [top]
    while waiting:
        path = waiting.pop()
        try:
            reason = (path != top and _exclusion(path, top, exclude)) or _reason(path, is_top=path == top)
            inside = sorted(path.iterdir(), reverse=True) if not reason and path.is_dir() else None
        except OSError as error:
            reason, inside = f"can't be listed: {(error.strerror or str(error)).lower()}", None
        if inside is None:
            yield path, reason
        else:
            waiting.extend(inside)


def _exclusion(path: Path, top: Path, exclude: Sequence[str]) -> str:
    name, below = _written(path.name), _written(path.relative_to(top).as_posix())
    fitting = [pattern for pattern in exclude if fnmatchcase(name, pattern) or fnmatchcase(below, pattern)]
    return f"excluded by `{fitting[0]}`" if fitting else ""


def _reason(path: Path, *, is_top: bool) -> str:
    if path.name.startswith(".") and not is_top:
        return HIDDEN
    if path.is_dir():
        if path.is_symlink() and not is_top:
            return LINKED_FOLDER
        return WORKSPACE if (path / MARKER).is_file() else ""
    if path.is_file():
        return ""
    return BROKEN_LINK if path.is_symlink() else NO_FILE
