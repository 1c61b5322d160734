"""Which files to read: paths and folders in a fixed order, hidden files left out and named."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from auditor.errors import Problem, UsageError


@dataclass(frozen=True)
class SourceFile:
    """A file to read: its absolute path, the path as it was given or found below a given folder, and its name."""

    path: Path
    shown: str
    name: str


def find_sources(paths: Sequence[Path]) -> tuple[tuple[SourceFile, ...], tuple[str, ...]]:
    """Return the files under the given paths, sorted within each folder, and the hidden ones that were skipped.

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
        for one in _below(path):
            relative = one.relative_to(path) if path.is_dir() else Path(one.name)
            if path.is_dir() and any(part.startswith(".") for part in relative.parts):
                skipped.append(str(one))
            else:
                found.setdefault(one.resolve(), SourceFile(one.absolute(), str(one), relative.as_posix()))
    return tuple(found.values()), tuple(skipped)


def _below(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    return sorted(one for one in path.rglob("*") if one.is_file())
