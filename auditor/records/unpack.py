"""From a source file to plain bytes on disk: compression is recognised by content, and taken off exactly.

The source itself is only read. gzip uses the standard library; Zstandard uses Python's own module (3.14 and later) or
the system's libzstd, because DuckDB reads such files only as text and quarantine needs the exact bytes.
"""

import ctypes
import ctypes.util
import sys
import zlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any  # a loaded C library has no static type

from auditor.errors import AuditorError, InputError

PLAIN, GZIP, ZSTD = "plain", "gzip", "zstd"
_MAGIC = {b"\x1f\x8b": GZIP, b"\x28\xb5\x2f\xfd": ZSTD}
_CHUNK = 1 << 20
_LARGEST_RATIO = 1000
_HARMLESS = 1 << 30


def compression_of(head: bytes) -> str:
    """Name the compression of a file by its first bytes."""
    return next((name for magic, name in _MAGIC.items() if head.startswith(magic)), PLAIN)


def plain_chunks(path: Path, compression: str) -> Iterator[bytes]:
    """Yield a file's bytes without its compression.

    Raises InputError when the compressed data is damaged or cut off, or swells beyond reason.
    """
    unpacked = {PLAIN: _raw_chunks, GZIP: _gzip_chunks, ZSTD: _zstd_chunks}[compression](path)
    limit = max(_HARMLESS, path.stat().st_size * _LARGEST_RATIO)
    total = 0
    for chunk in unpacked:
        total += len(chunk)
        if compression != PLAIN and total > limit:
            message = f"found more than {limit} bytes after decompression, expected at most {_LARGEST_RATIO} to 1"
            raise InputError.at(str(path), message, "decompress the file yourself if it is sound")
        yield chunk


def _raw_chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            yield chunk


def _gzip_chunks(path: Path) -> Iterator[bytes]:
    """Yield the members of RFC 1952 section 2.2, one after the other."""
    decoder = zlib.decompressobj(wbits=31)
    is_open = False
    for raw in _raw_chunks(path):
        rest = raw
        while rest:
            try:
                chunk = decoder.decompress(rest, _CHUNK)
            except zlib.error as error:
                raise _damaged(path, GZIP) from error
            is_open = not decoder.eof
            rest = decoder.unconsumed_tail or decoder.unused_data
            if decoder.eof:
                decoder = zlib.decompressobj(wbits=31)
                rest = rest.lstrip(b"\0")
            if chunk:
                yield chunk
    if is_open:
        raise _damaged(path, GZIP)


def _zstd_chunks(path: Path) -> Iterator[bytes]:
    if sys.version_info >= (3, 14):
        from compression import zstd

        try:
            with zstd.open(path) as stream:
                while chunk := stream.read(_CHUNK):
                    yield chunk
        except (zstd.ZstdError, EOFError) as error:
            raise _damaged(path, ZSTD) from error
    else:
        yield from _libzstd_chunks(path)


class _Buffer(ctypes.Structure):
    """`ZSTD_inBuffer` and `ZSTD_outBuffer` of zstd.h, which have the same layout."""

    _fields_ = (("data", ctypes.c_void_p), ("size", ctypes.c_size_t), ("position", ctypes.c_size_t))


def _libzstd_chunks(path: Path) -> Iterator[bytes]:
    library = _libzstd()
    if library is None:
        message = "found Zstandard data, but neither Python 3.14 nor the system library libzstd is here to read it"
        raise InputError.at(str(path), message, "install libzstd, or decompress the file first with `zstd -d`")
    state = library.ZSTD_createDStream()
    space = ctypes.create_string_buffer(_CHUNK)
    left = 0
    try:
        for raw in _raw_chunks(path):
            source = _Buffer(ctypes.cast(ctypes.c_char_p(raw), ctypes.c_void_p), len(raw), 0)
            is_full = False
            while source.position < source.size or is_full:
                target = _Buffer(ctypes.cast(space, ctypes.c_void_p), _CHUNK, 0)
                left = library.ZSTD_decompressStream(state, ctypes.byref(target), ctypes.byref(source))
                if library.ZSTD_isError(left):
                    raise _damaged(path, ZSTD)
                is_full = target.position == target.size and left != 0
                if target.position:
                    yield space.raw[: target.position]
        if left:
            raise _damaged(path, ZSTD)
    finally:
        library.ZSTD_freeDStream(state)


@cache
def _libzstd() -> Any:
    name = ctypes.util.find_library("zstd")
    if name is None:
        return None
    library = ctypes.CDLL(name)
    library.ZSTD_createDStream.restype = ctypes.c_void_p
    library.ZSTD_freeDStream.argtypes = [ctypes.c_void_p]
    library.ZSTD_decompressStream.restype = ctypes.c_size_t
    library.ZSTD_decompressStream.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p]
    library.ZSTD_isError.argtypes = [ctypes.c_size_t]
    library.ZSTD_isError.restype = ctypes.c_uint
    return library


def _damaged(path: Path, compression: str) -> AuditorError:
    message = f"found damaged or cut off {compression} data, expected a whole file"
    return InputError.at(str(path), message, "fetch the file again; nothing of it was kept")
