"""Read the documents of a bundle, which may be hostile: bounded, strict JSON, nothing raised for what is found."""

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from typing import IO, Any, NamedTuple  # JSON values have no closed type

from auditor.evidence.standalone.results import Fault

TIME = re.compile(r"(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.(\d{1,6}))?Z\Z", re.ASCII)
LARGEST_DOCUMENT = 256 * 1024 * 1024
"""Bytes of a document that is read whole; the lines of JSON Lines are read one by one."""
LARGEST_LINE = 128 * 1024 * 1024
"""Bytes of one line; the program reads none of a log that is longer than an eighth of this."""
LARGE = 1 << 20
MOST_VALUES = 500_000
"""Keys and values that a line of more than so many bytes may have: each takes a hundred times its bytes when read."""
DEEPEST = 100


class UnreadableError(Exception):
    """A document can't be read; its message says why."""


class BundleFile(NamedTuple):
    """One regular file of a bundle, in a folder or in a zip."""

    size: int
    opened: Callable[[], IO[bytes]]

    def read(self) -> bytes:
        """Return all of it; its size was compared with what its kind may have."""
        with self.opened() as stream:
            return stream.read()


Files = dict[str, BundleFile]


def document_of(files: Files, name: str) -> tuple[Any, list[Fault]]:
    """Return a JSON document, None with the reason where it can't be read."""
    if name not in files:
        return None, [Fault(name, "", "is missing")]
    try:
        return parsed(files[name].read()), []
    except UnreadableError as error:
        return None, [Fault(name, "", str(error))]


def lines_of(files: Files, name: str) -> Iterator[tuple[int, Any, list[Fault]]]:
    """Yield each line of a JSON Lines file with its number; a missing last line feed shows that it was cut."""
    if name not in files:
        return
    with files[name].opened() as stream:
        number = 0
        while line := stream.readline(LARGEST_LINE):
            number += 1
            try:
                yield number, parsed_line(line), []
            except UnreadableError as error:
                yield number, None, [Fault(name, f"line {number}", str(error))]
            if not line.endswith(b"\n"):
                return  # what follows may be as long as the disk


def parsed_line(line: bytes) -> Any:
    """Return the JSON object that a line holds and is; one without a line feed was cut off. Raises UnreadableError."""
    if not line.endswith(b"\n"):
        raise UnreadableError("the line does not end, so the file was cut or the line is too long")
    if not (line.startswith(b"{") and line.endswith(b"}\n")):
        raise UnreadableError("holds something beside its JSON object, expected that and a line feed alone")
    if len(line) > LARGE and is_crowded(line):
        raise UnreadableError(f"holds more than {MOST_VALUES} keys and values, more than any record has")
    return parsed(line)


def parsed(data: bytes) -> Any:
    """Return a JSON object; a key that is there twice, a floating-point number or a constant such as NaN is refused."""
    try:
        text = data.decode()
        value = decoded(_STRICT, text)
    except (ValueError, RecursionError) as error:
        raise UnreadableError(f"can't be read as JSON: {ascii(str(error))[:160]}") from None
    if not isinstance(value, dict):
        raise UnreadableError("expected a JSON object")
    if may_be_deep(text) and is_deep(value):
        raise UnreadableError(f"is nested more than {DEEPEST} levels deep")
    return value


def is_crowded(text: bytes) -> bool:
    """Say whether a JSON text has more keys and values than a record may have, without reading it.

    What stands in its texts doesn't count: without what is escaped, every second stretch between quotation marks.
    """
    plain = text.replace(rb"\\", b"").replace(rb"\"", b"")
    if plain.count(b'"') > 2 * MOST_VALUES:
        return True
    outside = b"".join(plain.split(b'"')[::2])
    return sum(map(outside.count, (b",", b"{", b"["))) > MOST_VALUES


def decoded(decoder: json.JSONDecoder, text: str) -> Any:
    """Return what a decoder makes of a text that is, mostly, one object and a line feed."""
    if text.startswith("{"):
        value, end = decoder.raw_decode(text)
        if text[end:] in ("", "\n"):
            return value
    return decoder.decode(text)


def may_be_deep(text: str) -> bool:
    """Say whether a JSON text opens enough to be nested too deeply; few do, and looking into each costs."""
    return text.count("{") + text.count("[") > DEEPEST


def is_deep(value: Any) -> bool:
    """Say whether a JSON value is nested more deeply than any document of a bundle is."""
    level, depth = [value], 0
    while level and depth <= DEEPEST:
        held = [item.values() if isinstance(item, dict) else item for item in level if isinstance(item, dict | list)]
        level, depth = [item for items in held for item in items], depth + 1
    return bool(level)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a key is there twice")
    return made


def _refused(text: str) -> Any:
    raise ValueError(f"found the number {text}, expected integers and decimals written as text")


_STRICT = json.JSONDecoder(object_pairs_hook=_unique, parse_float=_refused, parse_constant=_refused)


def field_of(value: Any, *path: str) -> Any:
    """Return what lies at a path of keys, None where nothing does."""
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def as_object(value: Any) -> dict[str, Any]:
    """Return a JSON object, an empty one for any other value."""
    return value if isinstance(value, dict) else {}


def list_of(value: Any, *path: str) -> list[Any]:
    """Return the list that lies at a path of keys, an empty one where none does."""
    found = field_of(value, *path)
    return found if isinstance(found, list) else []


def micros(text: Any) -> int:
    """Return a UTC time as a number that sorts as the time does, -1 for no such time."""
    parts = TIME.match(text) if isinstance(text, str) else None
    return int(parts[1].translate(_DIGITS_ONLY) + (parts[2] or "").ljust(6, "0")) if parts else -1


def time_order(text: Any) -> str:
    """Return a UTC time as text that sorts as the time does, an empty one for no such time."""
    parts = TIME.match(text) if isinstance(text, str) else None
    return f"{parts[1]}{(parts[2] or '').ljust(6, '0')}" if parts else ""


_DIGITS_ONLY = str.maketrans("", "", "-T:")


def digest_of_file(file: BundleFile) -> str:
    """Return the SHA-256 of a file, read in pieces."""
    digest = hashlib.sha256()
    with file.opened() as stream:
        while piece := stream.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()
