"""A file's digest, and counts of single bytes that say whether it is as regular as it looks: one quick pass.

Nothing here reads line by line, so it costs a small part of what DuckDB needs for the same bytes. What the counts prove
is said where they are used (reading.py); where they prove nothing, the file is surveyed.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

_BLOCK = 1 << 20
_MARK = b"\xef\xbb\xbf"
_ESCAPES = (rb"\u0000", rb"\u003a", rb"\u003A")
"""JSON's escaped NUL, which no text may hold, and escaped colons, which would be missing from the count of colons."""


@dataclass(frozen=True)
class Glance:
    """What one pass over a file's bytes found; `is_regular` rules out what needs a closer look at lines."""

    digest: str
    size: int
    ends_line: bool
    colons: int
    is_regular: bool


def glance(path: Path) -> Glance:
    """Read a file once, in blocks."""
    digest = hashlib.sha256()
    size = colons = 0
    is_regular, last = True, b""
    with path.open("rb", buffering=0) as stream:
        while block := stream.read(_BLOCK):
            digest.update(block)
            is_regular = is_regular and not (size == 0 and block.startswith(_MARK)) and not _is_odd(last, block)
            colons += block.count(b":")
            size, last = size + len(block), block[-8:]
    return Glance(digest.hexdigest(), size, last.endswith(b"\n"), colons, is_regular)


def _is_odd(last: bytes, block: bytes) -> bool:
    """Whether a block has a carriage return or, also across its start, one of the escapes."""
    if b"\r" in block:
        return True
    if b"\\" not in block and b"\\" not in last:
        return False
    whole = last + block
    return any(escape in whole for escape in _ESCAPES)
