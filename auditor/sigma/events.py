"""Reading logs: JSON Lines, plain or compressed, a record a line; a line that is none is noted and passed over."""

import json
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from auditor.errors import InputError, UsageError
from auditor.records.unpack import compression_of, plain_chunks
from auditor.sigma.values import Object, Scalar, leaves_of, microseconds_of, one_value, text_of, values_of

TIME_FIELDS = (
    "timestamp", "@timestamp", "time", "_time", "eventTime", "UtcTime", "SystemTime", "TimeCreated", "ts", "date",
)  # fmt: skip
"""Where a record's time is looked for, in this order, unless the caller names the field."""

LONGEST_LINE = 16 << 20
DEEPEST = 64
MOST_DIGITS = 400
_SUFFIXES = tuple(f".{kind}{end}" for kind in ("jsonl", "json", "ndjson") for end in ("", ".gz", ".zst"))


@dataclass(frozen=True)
class BadLine:
    """A line that is no JSON object, and why."""

    file: str
    line: int
    reason: str


@dataclass
class Event:
    """One record: its number in the order of reading, where it came from, and what was looked up in it so far."""

    number: int
    file: str
    line: int
    fields: Object
    time: int | None
    """Microseconds since 1970 UTC, None where the record has no time that can be read."""
    _values: dict[str, tuple[Scalar, ...]] = field(default_factory=dict)
    _texts: tuple[str, ...] | None = None

    def values(self, name: str) -> tuple[Scalar, ...]:
        """Return the values of a field."""
        found = self._values.get(name)
        if found is None:
            found = self._values[name] = values_of(self.fields, name)
        return found

    def texts(self) -> tuple[str, ...]:
        """Return every single value of the record as text, for keywords."""
        if self._texts is None:
            self._texts = tuple(text_of(value) for value in leaves_of(self.fields))
        return self._texts


def log_files(paths: Iterable[Path]) -> tuple[Path, ...]:
    """Return the files to read: those named, and the JSON Lines files below folders, by name.

    Raises UsageError for a path that does not exist and for a folder without such files.
    """
    files: list[Path] = []
    for path in paths:
        if path.is_dir():
            below = sorted(item for item in path.rglob("*") if item.name.endswith(_SUFFIXES) and item.is_file())
            if not below:
                raise UsageError.at(str(path), "no JSON Lines file in the folder", "name the files themselves")
            files.extend(below)
        elif path.is_file():
            files.append(path)
        else:
            raise UsageError.at(str(path), "no such file or folder", "check the path")
    return tuple(files)


def read_events(files: Sequence[Path], time_fields: Sequence[str], bad: list[BadLine]) -> Iterator[Event]:
    """Yield every record of the files in order; lines that are none go to `bad`.

    Raises InputError for a file that can't be read or decompressed.
    """
    number = 0
    for path in files:
        for line, data in enumerate(_lines(path), start=1):
            if not data.strip():
                continue
            record = _record(data)
            if isinstance(record, str):
                bad.append(BadLine(str(path), line, record))
                continue
            yield Event(number, str(path), line, record, time_of(record, time_fields))
            number += 1


def time_of(record: Object, time_fields: Sequence[str]) -> int | None:
    """Return the time of a record: that of the first of the fields that has a value."""
    for name in time_fields:
        value = one_value(record, name)
        if value is not None:
            return microseconds_of(value)
    return None


def _lines(path: Path) -> Iterator[bytes]:
    """Yield the lines of a file; one that is too long comes cut, so that it is refused as no JSON."""
    try:
        with path.open("rb") as stream:
            compression = compression_of(stream.read(4))
        rest = b""
        for chunk in plain_chunks(path, compression):
            *whole, rest = (rest + chunk).split(b"\n")
            yield from whole
            rest = rest[: LONGEST_LINE + 1]
        if rest:
            yield rest
    except OSError as error:
        reason = (error.strerror or "unknown").lower()
        raise InputError.at(str(path), f"can't be read ({reason})", "check path and permissions") from None


def _record(data: bytes) -> Object | str:
    """Return a line's object, or why it is none."""
    if len(data) > LONGEST_LINE:
        return f"a line of more than {LONGEST_LINE} bytes"
    try:
        text = data.decode("utf-8-sig")
        value = json.loads(text, parse_int=_integer, parse_float=_real, parse_constant=_no_constant)
    except UnicodeDecodeError:
        return "not UTF-8"
    except (ValueError, RecursionError):
        return "not JSON"
    if not isinstance(value, dict):
        return "no JSON object"
    return "nested too deep" if _is_deep(text, value) else value


def _integer(text: str) -> int | str:
    return int(text) if len(text) <= MOST_DIGITS else text


def _real(text: str) -> float | str:
    number = float(text)
    return number if math.isfinite(number) else text


def _no_constant(text: str) -> object:
    raise ValueError(text)


def _is_deep(text: str, value: object) -> bool:
    if text.count("{") + text.count("[") <= DEEPEST:
        return False
    level: list[object] = [value]
    for _ in range(DEEPEST):
        level = [part for item in level for part in _parts(item)]
        if not level:
            return False
    return True


def _parts(item: object) -> Iterable[object]:
    return item.values() if isinstance(item, dict) else item if isinstance(item, list) else ()
