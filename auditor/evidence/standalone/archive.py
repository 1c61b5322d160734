"""A bundle as a zip in one fixed form, so that every program that unpacks it gets the same files.

Nothing is compressed, so no bomb fits in; entries stand in the order of their names, one after the other, with no
gap, no comment and nothing before or behind; each header is the one that follows from name, size and CRC-32. Larger
than 4 GiB takes ZIP64, which is refused: hand such a bundle out as a folder. (PKWARE APPNOTE 6.3.10.)
"""

import io
import struct
import zlib
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import IO, Any, NamedTuple

from auditor.evidence.standalone.layout import DEVICE, NAME
from auditor.evidence.standalone.reading import BundleFile, Files
from auditor.evidence.standalone.results import Fault

LARGEST_ZIP = (1 << 32) - 1
MOST_ENTRIES = (1 << 16) - 2
LONGEST_NAME = 1 << 10
CENTRAL = struct.Struct("<4s6H3I5H2I")
END = struct.Struct("<4s4H2IH")
REGULAR = 0o100644 << 16
"""A regular file that its owner may change and all may read."""


class ZipEntry(NamedTuple):
    """One entry as the central directory tells of it; `data` is where its bytes begin."""

    name: str
    crc: int
    size: int
    data: int


def local_header(name: bytes, crc: int, size: int) -> bytes:
    """Return what stands before the bytes of a file: section 4.3.7, dated 1980-01-01."""
    return struct.pack("<4s5H3I2H", b"PK\3\4", 20, 0, 0, 0, 0x21, crc, size, size, len(name), 0) + name


def central_header(name: bytes, crc: int, size: int, offset: int) -> bytes:
    """Return an entry of the central directory: section 4.3.12."""
    fields = (b"PK\1\2", 3 << 8 | 20, 20, 0, 0, 0, 0x21, crc, size, size, len(name), 0, 0, 0, 0, REGULAR, offset)
    return CENTRAL.pack(*fields) + name


def end_record(count: int, size: int, offset: int) -> bytes:
    """Return the end of the central directory: section 4.3.16, without a comment."""
    return END.pack(b"PK\5\6", 0, 0, count, count, size, offset, 0)


def unpacked(path: Path) -> tuple[Files, list[Fault]]:
    """Return the files of a zip, by their path in the bundle, and what is wrong with it; with a fault, no files."""
    with path.open("rb") as stream:
        size = stream.seek(0, io.SEEK_END)
        entries: list[ZipEntry] = []
        faults = list(_entries(stream, size, entries)) or [
            fault for entry in entries for fault in _content_faults(stream, entry)
        ]
    roots = {entry.name.partition("/")[0] for entry in entries}
    if not faults and (len(roots) != 1 or any("/" not in entry.name for entry in entries)):
        faults = [Fault("", "", "expected everything in one folder, the bundle", "zip-name")]
    if faults:
        return {}, faults
    return {
        entry.name.partition("/")[2]: BundleFile(entry.size, partial(_opened_entry, path, entry)) for entry in entries
    }, []


def _entries(stream: IO[bytes], size: int, found: list[ZipEntry]) -> Iterator[Fault]:
    """Read the central directory into `found`, and yield what is not in the fixed form."""
    stream.seek(max(0, size - END.size))
    tail = stream.read(END.size)
    if len(tail) < END.size or tail[:4] != b"PK\5\6":
        yield Fault("", "", "does not end as a zip without a comment does: it was cut off or extended", "zip-end")
        return
    _, _, _, count, _, length, offset, _ = END.unpack(tail)
    if count > MOST_ENTRIES or 0xFFFFFFFF in (length, offset) or size > LARGEST_ZIP:
        yield Fault("", "", "is a ZIP64, expected a zip of less than 4 GiB", "zip-64")
        return
    if tail != end_record(count, length, offset) or offset + length != size - END.size:
        yield Fault("", "", "its end does not fit its size: something is before, behind or left out", "zip-end")
        return
    at, last = 0, ""
    stream.seek(offset)
    directory = io.BytesIO(stream.read(length))
    for _ in range(count):
        head = directory.read(CENTRAL.size)
        if len(head) < CENTRAL.size or head[:4] != b"PK\1\2":
            yield Fault("", "", "its directory is cut off or holds something else", "zip-form")
            return
        fields = CENTRAL.unpack(head)
        name = directory.read(fields[10])
        text = name.decode("latin-1")
        yield from _entry_faults(fields, text, last)
        crc, entry_size = fields[7], fields[9]
        if at + entry_size > size:
            yield Fault(ascii(text[:200]), "", "claims more bytes than the zip has", "zip-size")
            return
        stream.seek(at)
        expected = local_header(name, crc, entry_size)
        if fields[16] != at or stream.read(len(expected)) != expected:
            yield Fault(ascii(text), "", "its header is not the one that its name, size and place ask for", "zip-form")
        if head + name != central_header(name, crc, entry_size, at):
            yield Fault(ascii(text), "", "its directory entry is not in the fixed form", "zip-form")
        found.append(ZipEntry(text, crc, entry_size, at + len(expected)))
        at, last = at + len(expected) + entry_size, text
    if at != offset or directory.read(1):
        yield Fault("", "", "something lies between its entries and its directory", "zip-end")
    yield from _twins(found)


def _entry_faults(fields: Any, name: str, last: str) -> Iterator[Fault]:
    flags, method, sizes, mode = fields[3], fields[4], fields[8:10], fields[15] >> 16
    parts = name.split("/")
    if len(name) > LONGEST_NAME or not all(NAME.match(part) and not DEVICE.match(part) for part in parts):
        yield Fault(ascii(name[:200]), "", "the name is not a plain path within the bundle", "zip-name")
    if name <= last:
        yield Fault(ascii(name[:200]), "", "is out of order or there twice", "zip-order")
    if flags & 1:
        yield Fault(ascii(name[:200]), "", "is encrypted", "zip-encrypted")
    if method:
        yield Fault(ascii(name[:200]), "", "is compressed, expected its bytes as they are", "zip-compressed")
    if sizes[0] != sizes[1] or 0xFFFFFFFF in sizes:
        yield Fault(ascii(name[:200]), "", "has two sizes, or one that takes ZIP64", "zip-size")
    if mode & 0o170000 != 0o100000:
        yield Fault(ascii(name[:200]), "", "is a link, a folder or a device, expected a regular file", "zip-link")


def _twins(found: list[ZipEntry]) -> Iterator[Fault]:
    seen: dict[str, str] = {}
    for entry in found:
        other = seen.setdefault(entry.name.lower(), entry.name)
        if other != entry.name:
            yield Fault(ascii(entry.name), "", f"differs from {other!a} in upper and lower case only", "zip-twin")


def _content_faults(stream: IO[bytes], entry: ZipEntry) -> Iterator[Fault]:
    stream.seek(entry.data)
    crc, left = 0, entry.size
    while left and (piece := stream.read(min(left, 1 << 20))):
        crc, left = zlib.crc32(piece, crc), left - len(piece)
    if left or crc != entry.crc:
        yield Fault(entry.name, "", "its CRC-32 is not the one of its bytes", "zip-crc")


def _opened_entry(path: Path, entry: ZipEntry) -> IO[bytes]:
    stream = path.open("rb")
    stream.seek(entry.data)
    return io.BufferedReader(_Piece(stream, entry.size), 1 << 16)


class _Piece(io.RawIOBase):
    """The bytes of one entry, read from the open zip, which closes with it."""

    def __init__(self, stream: IO[bytes], size: int) -> None:
        super().__init__()
        self._stream, self._left = stream, size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        piece = self._stream.read(min(len(buffer), self._left))
        buffer[: len(piece)] = piece
        self._left -= len(piece)
        return len(piece)

    def close(self) -> None:
        self._stream.close()
        super().close()
