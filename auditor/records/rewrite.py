"""Sources that aren't JSON Lines, turned into JSON Lines for the one path that all records take.

Each row keeps the place it came from: element number of an array, first line of a CSV row or a log line, row number of
a Parquet file, with the byte range where the format has one. A row that can't be read becomes an empty object with the
reason beside it, so that nothing is lost on the way.
"""

import csv
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from auditor.errors import InputError
from auditor.records.survey import BLANK, LONGEST_LINE, Positions

LONGEST_LOG_LINE = 256 * 1024
_SPACE = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder()


@dataclass
class Rewritten:
    """Rows written as JSON Lines: their positions, refusals by row (0-based), and counts of items and blanks read."""

    positions: Positions = field(default_factory=Positions)
    refused: dict[int, str] = field(default_factory=dict)
    lines: int = 0
    blank: int = 0

    def refuse(self, line: int, offset: int, length: int, reason: str) -> bytes:
        """Note a row that can't be read; returns the empty object that stands for it."""
        self.refused[len(self.positions)] = reason
        self.positions.add(line, offset, length)
        return b"{}\n"


def rewrite_array(source: Path, target: Path, key: str) -> Rewritten:
    """Write the elements of a JSON array, or of the array under `key` of an object, one a line."""
    text = source.read_bytes().decode("utf-8", "surrogateescape")
    done = Rewritten()
    with target.open("wb") as stream:
        for row in _elements(text, key, done):
            stream.write(row)
    return done


def _elements(text: str, key: str, done: Rewritten) -> Iterator[bytes]:
    at = _array_start(text, key)
    offset = len(_bytes(text[:at]))
    while True:
        gap = _SPACE.match(text, at)
        assert gap is not None
        offset, at = offset + gap.end() - at, gap.end()
        if text[at : at + 1] == "]":
            rest = text[at + 1 :].strip()
            if rest and not (rest.endswith("}") and key):
                done.lines += 1
                yield done.refuse(done.lines, offset + 1, len(_bytes(text[at + 1 :])), _after_the_end(rest))
            return
        if at >= len(text) and done.lines == 0:
            return
        done.lines += 1
        try:
            _, end = _DECODER.raw_decode(text, at)
            end = _end_of_element(text, end)
        except (ValueError, RecursionError) as error:
            reason = _why_unreadable(error)
            yield done.refuse(done.lines, offset, len(_bytes(text[at:])), reason)
            return
        element = _bytes(text[at:end])
        done.positions.add(done.lines, offset, len(element))
        yield element.replace(b"\n", b" ").replace(b"\r", b" ") + b"\n"
        offset, at = offset + len(element), end
        separator = _SPACE.match(text, at)
        assert separator is not None
        if text[separator.end() : separator.end() + 1] == ",":
            offset, at = offset + separator.end() + 1 - at, separator.end() + 1


def _end_of_element(text: str, end: int) -> int:
    """Return the end of an element if a comma or the end of the array follows it, as RFC 8259 section 5 wants."""
    gap = _SPACE.match(text, end)
    assert gap is not None
    if text[gap.end() : gap.end() + 1] not in (",", "]"):
        raise ValueError("found no comma or end of the array after an element: cut off or broken")
    return end


def _array_start(text: str, key: str) -> int:
    start = _skip(text, 1 if text.startswith("\N{BYTE ORDER MARK}") else 0)
    if text[start : start + 1] == "[":
        return start + 1
    at = _skip(text, start + 1)
    while text[at : at + 1] == '"':
        name, at = _DECODER.raw_decode(text, at)
        at = _skip(text, _skip(text, at) + 1)
        if name == key and text[at : at + 1] == "[":
            return at + 1
        _, at = _DECODER.raw_decode(text, at)
        at = _skip(text, at)
        at = _skip(text, at + 1) if text[at : at + 1] == "," else at
    raise ValueError(f"found no array under `{key}`")


def _skip(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    assert found is not None
    return found.end()


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _after_the_end(rest: str) -> str:
    return f"found {len(rest)} more characters after the end of the array, expected the end of the file"


def _why_unreadable(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "found values nested too deeply, expected a flat record; nothing after it can be told apart"
    text = str(error).split(":")[0]
    return f"found broken JSON ({text[:1].lower()}{text[1:]}), expected an element; nothing after it can be told apart"


def rewrite_log(source: Path, target: Path, pattern: str) -> Rewritten:
    """Write the named groups of each line that matches, one object a line."""
    done, matcher, offset = Rewritten(), re.compile(pattern), 0
    with source.open("rb") as lines, target.open("wb") as stream:
        for line in lines:
            done.lines += 1
            text = line.rstrip(b"\r\n")
            if text.strip(BLANK):
                stream.write(_log_row(done, matcher, text, offset))
            else:
                done.blank += 1
            offset += len(line)
    return done


def _log_row(done: Rewritten, matcher: "re.Pattern[str]", text: bytes, offset: int) -> bytes:
    reason = None
    if len(text) > LONGEST_LOG_LINE:
        reason = f"found a line of {len(text)} bytes, expected at most {LONGEST_LOG_LINE}"
    elif b"\0" in text or b"\r" in text:
        reason = "found a NUL byte or bare carriage return in a line, expected text"
    else:
        try:
            match = matcher.fullmatch(text.decode())
        except UnicodeDecodeError as error:
            reason = f"found a byte that is no UTF-8 at byte {error.start + 1}, expected UTF-8 text"
        else:
            if match is None:
                reason = "found a line that does not match the profile's pattern"
            else:
                done.positions.add(done.lines, offset, len(text))
                fields = {name: value for name, value in match.groupdict().items() if value is not None}
                return json.dumps(fields).encode() + b"\n"
    return done.refuse(done.lines, offset, len(text), reason)


def rewrite_csv(source: Path, target: Path) -> Rewritten:
    """Write the rows of a CSV file with a header line (RFC 4180); empty cells are left out.

    Raises InputError when the header can't be read or names a column twice.
    """
    csv.field_size_limit(LONGEST_LINE)
    done = Rewritten()
    with source.open("rb") as stream, target.open("wb") as out:
        feed = _CountedLines(stream)
        head = next(iter(feed), "")
        delimiter = max(",;\t|", key=head.count)
        names = next(csv.reader([head], delimiter=delimiter), [])
        if not names or len(set(names)) != len(names):
            message = "found a CSV header that is empty or names a column twice, expected distinct names"
            raise InputError.at(str(source), message, "correct the first line of the file")
        for row in _csv_rows(feed, names, delimiter, done):
            out.write(row)
    return done


class _CountedLines:
    """The lines of a file as text, with a running count of lines and bytes."""

    def __init__(self, stream: "Iterator[bytes]") -> None:
        self._stream = iter(stream)
        self.lines = self.bytes = 0

    def __iter__(self) -> Iterator[str]:
        for line in self._stream:
            text = line.decode("utf-8-sig" if not self.bytes else "utf-8", "surrogateescape")
            self.lines += 1
            self.bytes += len(line)
            yield text


def _csv_rows(feed: _CountedLines, names: list[str], delimiter: str, done: Rewritten) -> Iterator[bytes]:
    reader = csv.reader(iter(feed), delimiter=delimiter, strict=True)
    while True:
        line, offset, reason = feed.lines + 1, feed.bytes, None
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            row, reason = [], f"found a broken CSV row: {error}"
        done.lines += 1
        length = feed.bytes - offset
        if not row and reason is None:
            done.blank += 1
            continue
        if reason is None and len(row) != len(names):
            reason = f"found {len(row)} cells, expected {len(names)} as in the header"
        if reason is None and any("\udc80" <= char <= "\udcff" for cell in row for char in cell):
            reason = "found a byte that is no UTF-8, expected UTF-8 text"
        if reason is None and any("\0" in cell for cell in row):
            reason = "found a NUL byte, expected text"
        if reason is None:
            done.positions.add(line, offset, length)
            cells = {name: cell for name, cell in zip(names, row, strict=True) if cell}
            yield json.dumps(cells).encode() + b"\n"
        else:
            yield done.refuse(line, offset, length, reason)
