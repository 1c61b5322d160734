"""The exact bytes of a record in the file it came from.

The original file is opened again, its digest is compared with the source's id, and the record's byte range is cut
out; offsets are in decompressed bytes. A log that has grown since still begins with the bytes that were read. A file
that is gone or has changed otherwise gives nothing, and why is kept.
"""

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

from auditor.digests import digests_of_beginnings
from auditor.errors import InputError
from auditor.records.sources import path_of
from auditor.records.unpack import PLAIN, compression_of, plain_chunks

Stamp = tuple[int, ...]
"""What shows that a file is the one it was: nobody can set back when it was last changed."""


class SourceBytes:
    """Reads byte ranges of source files; use it in a `with` block.

    `paths` are the original files by source id, `scratch` an existing folder for the plain form of compressed ones,
    `sizes` how many bytes each file had, where that is known, `checked` the stamps of files that were just compared
    with their digest.
    """

    def __init__(
        self,
        paths: Mapping[str, Path],
        scratch: Path,
        sizes: Mapping[str, int] | None = None,
        checked: Mapping[str, Stamp] | None = None,
    ) -> None:
        """Open nothing yet: each file is checked when it is first asked for."""
        self.checked = dict(checked or {})
        """The stamps of files that were compared with their digest, by source id."""
        self._paths = dict(paths)
        self._sizes = dict(sizes or {})
        self._scratch = scratch
        self._open: dict[str, BinaryIO] = {}
        self.unavailable: dict[str, str] = {}
        """Why the bytes of a source can't be had, by source id, for those that were asked for."""

    def __enter__(self) -> "SourceBytes":
        """Enter the block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close every file."""
        for stream in self._open.values():
            stream.close()
        self._open.clear()

    def of(self, source_id: str, offset: int | None, length: int | None) -> bytes | None:
        """Return the bytes of a record, or None where its format has no byte ranges or its file can't be had."""
        if offset is None or length is None:
            return None
        if source_id in self.unavailable:
            return None
        held = self._open.get(source_id) or self._held(source_id)
        if held is None:
            return None
        data = os.pread(held.fileno(), length, offset)
        return data if len(data) == length else None

    def beginning(self, source_id: str, most: int) -> bytes | None:
        """Return the first bytes of a source, None where its file can't be had."""
        if source_id in self.unavailable:
            return None
        held = self._open.get(source_id) or self._held(source_id)
        return None if held is None else os.pread(held.fileno(), most, 0)

    def why_not(self, source_id: str, offset: int | None) -> str:
        """Say why a record has no bytes."""
        if offset is None:
            return "the format of the source has no byte ranges"
        return self.unavailable.get(source_id, "the byte range does not lie in the source file")

    def _held(self, source_id: str) -> BinaryIO | None:
        found = self._checked(source_id)
        if isinstance(found, str):
            self.unavailable[source_id] = found
            return None
        self._open[source_id] = found
        return found

    def _checked(self, source_id: str) -> BinaryIO | str:
        """Return the plain bytes of a source as an open file, or why they can't be had."""
        path = self._paths.get(source_id)
        if path is None:
            return "the original file is not known"
        try:
            path = path_of(str(path))
            if not path.is_file():
                return "the original file is gone"
            stamp = _stamp_of(path)
            size = self._sizes.get(source_id, path.stat().st_size)
            if self.checked.get(source_id) != stamp and digests_of_beginnings(path, [size])[size] != source_id:
                return "the original file has changed since it was read"
            self.checked[source_id] = stamp
            return self._plain(path)
        except OSError as error:
            return f"the original file can't be read: {error.strerror or 'unknown cause'}"
        except InputError:
            return "the original file can't be decompressed here"

    def _plain(self, path: Path) -> BinaryIO:
        with path.open("rb") as stream:
            compression = compression_of(stream.read(4))
        if compression == PLAIN:
            return path.open("rb")
        plain = tempfile.TemporaryFile(dir=self._scratch)  # noqa: SIM115  # closed with the others
        plain.writelines(plain_chunks(path, compression))
        plain.flush()
        return plain


def _stamp_of(path: Path) -> Stamp:
    found = path.stat()
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns
