"""Policy files on disk: reading them within bounds, and keeping a pack inside its own root.

A pack names other files by relative paths. It may reach its own folder and that folder's parent (so that
`packs/x.yml` can name `../rules`), nothing above, and never through a symbolic link.
"""

import os
import stat
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from auditor.digests import digest_of
from auditor.errors import Place, PolicyError, UsageError
from auditor.policy.fields import Problems
from auditor.policy.pack import SourceFile
from auditor.policy.yaml import LARGEST, YamlNode, read_yaml
from auditor.records.values import shown

SUFFIXES = (".yml", ".yaml")
CASES_SUFFIXES = (".cases.yml", ".cases.yaml")
MOST_FILES = 5_000


def read_bytes(path: Path, largest: int) -> bytes:
    """Return a file's bytes. Raises UsageError if it can't be read, PolicyError if it is too large."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise UsageError.at(str(path), "not a regular file, expected a policy file", "name a file")
        if status.st_size > largest:
            found = f"file of {status.st_size} bytes, expected at most {largest}"
            raise PolicyError.at(str(path), found, "split the file")
        return path.read_bytes()
    except (OSError, ValueError) as error:
        reason = (getattr(error, "strerror", None) or str(error)).lower()
        raise UsageError.at(str(path), f"can't read the file ({reason})", "check path and permissions") from None


@dataclass
class PackFiles:
    """Every file that a pack read so far. `folder` is where the pack's file lies (or the folder it was given as)."""

    folder: Path
    read: dict[Path, tuple[str, bytes]] = field(default_factory=dict)

    def tree(self, path: Path, *, largest: int = LARGEST) -> tuple[YamlNode, str]:
        """Return a file's tree and digest, and remember its bytes. Raises PolicyError and UsageError."""
        data = read_bytes(path, largest)
        digest = digest_of(data)
        node = read_yaml(data, str(path), largest=largest)
        self.read[path] = (digest, data)
        return node, digest

    def root(self) -> Path:
        """Return the folder that holds all files read: the pack's own, or that folder's parent."""
        is_inside = all(path.is_relative_to(self.folder) for path in self.read)
        return self.folder if is_inside else self.folder.parent

    def snapshot(self) -> tuple[SourceFile, ...]:
        """Return what was read, by path relative to the root."""
        files = (
            SourceFile(path=path.relative_to(self.root()).as_posix(), digest=digest, text=data.decode("utf-8"))
            for path, (digest, data) in self.read.items()
        )
        return tuple(sorted(files, key=lambda file: file.path))

    def named(self, text: str, place: Place, problems: Problems) -> Path | None:
        """Return the file or folder that a pack names; one that is outside, a link or not there is a problem."""
        if PurePosixPath(text).is_absolute() or "\\" in text or "\0" in text or ":" in text:
            problems.add(place, f"path {shown(text)}, expected one relative to the pack file", "write `../rules`")
            return None
        path = _normal(self.folder, text)
        if path is None or not path.is_relative_to(self.folder.parent):
            found = f"path {shown(text)} leads out of the policies, expected one inside"
            problems.add(place, found, "keep a pack's files in its folder or beside it")
            return None
        if any(part.is_symlink() for part in (path, *path.parents) if part.is_relative_to(self.folder.parent) and
               part != self.folder.parent and part != self.folder):  # fmt: skip
            problems.add(place, f"path {shown(text)} is a link, expected a file or folder", "copy the file instead")
            return None
        if not path.exists():
            problems.add(place, f"no such file or folder {shown(text)}, expected a path relative to the pack file",
                         f"looked for it beside `{self.folder.name}`")  # fmt: skip
            return None
        return path

    def below(self, path: Path, problems: Problems) -> list[Path]:
        """Return a file itself, or all YAML files below a folder by name; rule cases are left out."""
        if path.is_file():
            return [path]
        found: list[Path] = []
        for folder, folders, names in os.walk(path, onerror=lambda error: _note_unreadable(error, problems)):
            folders.sort()
            links = [name for name in (*folders, *names) if (Path(folder) / name).is_symlink()]
            for name in links:
                problems.add(Place(str(Path(folder) / name)), "a link, expected a file or folder", "copy it instead")
            files = (name for name in names if name.endswith(SUFFIXES) and not name.endswith(CASES_SUFFIXES))
            found.extend(Path(folder) / name for name in sorted(set(files) - set(links)))
        if len(found) > MOST_FILES:
            problems.add(Place(str(path)), f"{len(found)} files, expected at most {MOST_FILES}", "split the pack")
            return []
        return found


def _note_unreadable(error: OSError, problems: Problems) -> None:
    reason = (error.strerror or "unknown").lower()
    problems.add(Place(str(error.filename)), f"can't read the folder ({reason})", "check its permissions")


def _normal(folder: Path, text: str) -> Path | None:
    """Return folder/text with `..` resolved by name, None when it climbs above the file system's root."""
    parts = list(folder.parts)
    for part in PurePosixPath(text).parts:
        if part == "..":
            if len(parts) <= 1:
                return None
            parts.pop()
        else:
            parts.append(part)
    return Path(*parts)
