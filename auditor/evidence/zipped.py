"""Write a bundle as a zip in the one fixed form that the verifier reads (`standalone.archive`)."""

import os
import zlib
from collections.abc import Iterator
from pathlib import Path

from auditor.errors import BundleError
from auditor.evidence.standalone.archive import (
    LARGEST_ZIP,
    MOST_ENTRIES,
    central_header,
    end_record,
    local_header,
)
from auditor.records.workspace import disk_errors, temporary_name

_PIECE = 1 << 20


def write_zip(bundle: Path, target: Path, *, root: str) -> Path:
    """Write the files of a bundle folder to a zip, in a folder called `root`, and return it; nothing is replaced.

    Raises BundleError when it would be larger than a plain zip can be, WorkspaceError when the disk refuses.
    """
    names = sorted(path.relative_to(bundle).as_posix() for path in bundle.rglob("*") if path.is_file())
    sizes = [(bundle / name).stat().st_size + 2 * len(f"{root}/{name}") + 76 for name in names]
    if sum(sizes) + 22 > LARGEST_ZIP or len(names) > MOST_ENTRIES:
        message = "the bundle is too large for a zip, which holds less than 4 GiB"
        raise BundleError.at(str(target), message, "build it as a folder: leave out the ending `.zip`")
    unfinished = temporary_name(target)
    with disk_errors(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            with unfinished.open("xb") as stream:
                stream.writelines(_pieces(bundle, names, root))
                stream.flush()
                os.fsync(stream.fileno())
            os.link(unfinished, target)  # fails where something is there, as a rename would not
        finally:
            unfinished.unlink(missing_ok=True)
    return target


def _pieces(bundle: Path, names: list[str], root: str) -> Iterator[bytes]:
    directory, at = [], 0
    for name in names:
        path, stored = bundle / name, f"{root}/{name}".encode()
        crc, size = _crc_of(path), path.stat().st_size
        header = local_header(stored, crc, size)
        yield header
        yield from _content(path)
        directory.append(central_header(stored, crc, size, at))
        at += len(header) + size
    yield from directory
    yield end_record(len(names), sum(map(len, directory)), at)


def _crc_of(path: Path) -> int:
    crc = 0
    for piece in _content(path):
        crc = zlib.crc32(piece, crc)
    return crc


def _content(path: Path) -> Iterator[bytes]:
    with path.open("rb") as stream:
        while piece := stream.read(_PIECE):
            yield piece
