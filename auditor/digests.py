"""Digests and canonical JSON: the only place where either is made.

Digests are SHA-256 in lower-case hexadecimal over bytes that exist. Canonical JSON is UTF-8, keys sorted by
code point, no white space, no floating-point numbers: a number that a finding rests on is an integer, or a
decimal written as text.
"""

import hashlib
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any  # JSON values have no closed type

_CHUNK = 1 << 20


def digest_of(data: bytes) -> str:
    """Return the SHA-256 of bytes as 64 hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def digest_of_file(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, read in pieces."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def digests_of_beginnings(path: Path, sizes: Iterable[int]) -> dict[int, str]:
    """Return the SHA-256 of the first bytes of a file, for each size, in one pass; a shorter file counts as a whole."""
    digest, at, found = hashlib.sha256(), 0, {}
    with path.open("rb") as stream:
        for size in sorted(sizes):
            while at < size and (chunk := stream.read(min(_CHUNK, size - at))):
                digest.update(chunk)
                at += len(chunk)
            found[size] = digest.copy().hexdigest()
    return found


def digest_of_parts(parts: Iterable[str | None]) -> str:
    """Return the SHA-256 of a sequence of texts; the digest tells `["ab"]` from `["a", "b"]` and None from `""`."""
    return digest_of(canonical_json(list(parts)))


def canonical_json(value: Any) -> bytes:
    """Return the one JSON text of a value, as UTF-8.

    Raises TypeError on a float, whose printed form isn't ours to promise, and on unknown types.
    """
    return json.dumps(_plain(value), ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def rfc3339(time: datetime) -> str:
    """Return a UTC time as RFC 3339 with `Z` and microseconds only where there are any.

    Raises ValueError on a time without a zone.
    """
    if time.tzinfo is None:
        raise ValueError(f"time without a zone: {time!r}")
    text = time.astimezone(UTC).replace(tzinfo=None).isoformat()
    return f"{text}Z"


def _plain(value: Any) -> Any:
    match value:
        case None | bool() | int() | str():
            return value
        case Decimal():
            return format(value.normalize(), "f")
        case datetime():
            return rfc3339(value)
        case dict():
            return {_key(key): _plain(item) for key, item in value.items()}
        case list() | tuple():
            return [_plain(item) for item in value]
        case _:
            raise TypeError(f"no canonical JSON for {type(value).__name__}: {value!r}")


def _key(key: Any) -> str:
    if not isinstance(key, str):
        raise TypeError(f"a key of canonical JSON is text, found {key!r}")
    return key
