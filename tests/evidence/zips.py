"""Zips as the program never writes them, for tests: each differs from the sound one in one thing."""

import io
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from auditor.evidence.standalone.archive import central_header, end_record, local_header

Content = list[tuple[str, bytes]]


class Parts(NamedTuple):
    """A zip taken apart: each entry as (name, bytes, local header, directory entry)."""

    entries: list[tuple[str, bytes, bytes, bytes]]
    extra: bytes = b""
    comment: bytes = b""

    def joined(self) -> bytes:
        """Return the zip, with the places of entries as they come to lie."""
        body, directory = b"", b""
        for name, data, local, central in self.entries:
            directory += central[:42] + struct.pack("<I", len(body)) + central[46:]
            body += local + data
            assert name
        end = end_record(len(self.entries), len(directory), len(body) + len(self.extra))
        return body + self.extra + directory + end[:-2] + struct.pack("<H", len(self.comment)) + self.comment


def content_of(path: Path) -> Content:
    """Return the files of a zip, in order."""
    with zipfile.ZipFile(path) as archive:
        return [(info.filename, archive.read(info)) for info in archive.infolist()]


def parts_of(content: Content) -> Parts:
    """Return content as the program would write it."""
    return Parts([_entry(name, data) for name, data in content])


def _entry(name: str, data: bytes) -> tuple[str, bytes, bytes, bytes]:
    stored, crc = name.encode(), zlib.crc32(data)
    return name, data, local_header(stored, crc, len(data)), central_header(stored, crc, len(data), 0)


def renamed(new: str, old: str = "data/findings.jsonl") -> Callable[[Content], bytes]:
    """Give one file another name."""

    def change(content: Content) -> bytes:
        root = content[0][0].partition("/")[0]
        return parts_of(sorted((new if name == f"{root}/{old}" else name, data) for name, data in content)).joined()

    return change


def added(name: str) -> Callable[[Content], bytes]:
    """Add a file, of this name within the bundle, in its place."""

    def change(content: Content) -> bytes:
        root = content[0][0].partition("/")[0]
        return parts_of(sorted([*content, (f"{root}/{name}", b"{}\n")])).joined()

    return change


def patched(local: tuple[int, bytes] | None, central: tuple[int, bytes] | None) -> Callable[[Content], bytes]:
    """Write other bytes at a place of the first entry's header and directory entry."""

    def change(content: Content) -> bytes:
        parts = parts_of(content)
        name, data, head, entry = parts.entries[0]
        head, entry = _over(head, local), _over(entry, central)
        return Parts([(name, data, head, entry), *parts.entries[1:]]).joined()

    return change


def _over(data: bytes, patch: tuple[int, bytes] | None) -> bytes:
    return data if patch is None else data[: patch[0]] + patch[1] + data[patch[0] + len(patch[1]) :]


def with_python(method: int) -> Callable[[Content], bytes]:
    """Write the zip as Python's zipfile does."""

    def change(content: Content) -> bytes:
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", method) as archive:
            for name, data in content:
                archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), data, method)
        return stream.getvalue()

    return change


def with_bomb(content: Content) -> bytes:
    """Add a file that is a thousand times larger than its place in the zip."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in content:
            archive.writestr(name, data, zipfile.ZIP_STORED)
        archive.writestr("C-0123456789ab/data/zeros", bytes(20_000_000))
    return stream.getvalue()


def with_second_listing(content: Content) -> bytes:
    """List one file twice: the second time another one of the same bytes is meant."""
    parts = parts_of(content)
    return Parts([parts.entries[0], *parts.entries]).joined()


def with_zip64(content: Content) -> bytes:
    """Claim that the numbers stand in a ZIP64 record."""
    data = parts_of(content).joined()
    return data[:-10] + b"\xff" * 8 + data[-2:]


def with_gap(content: Content) -> bytes:
    """Hide bytes between the entries and the directory."""
    return Parts(parts_of(content).entries, extra=b"hidden").joined()


def with_comment(content: Content) -> bytes:
    """Append a comment, as archives have."""
    return Parts(parts_of(content).entries, comment=b"more").joined()
