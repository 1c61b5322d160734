"""Sources that aren't JSON Lines, turned into JSON Lines for the one path that all records take: lines of text here.

Each row keeps the place it came from: element number of an array, first line of a CSV row or a log line, row number of
a Parquet file, with the byte range where the format has one. A row that can't be read becomes an empty object with the
reason beside it, so that nothing is lost on the way.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import duckdb

from auditor.records.patterns import fields_of_lines
from auditor.records.survey import BLANK, Positions

LONGEST_LOG_LINE = 256 * 1024
_AT_ONCE = 10_000
_BYTES_AT_ONCE = 16 << 20
"""Lines, and bytes of them, that are matched by one statement."""


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


def rewrite_log(connection: duckdb.DuckDBPyConnection, source: Path, target: Path, pattern: str) -> Rewritten:
    """Write the named groups of each line that matches, one object a line; a group without text is no field."""
    done, offset, size = Rewritten(), 0, 0
    lines: list[_Line] = []
    with source.open("rb") as stream, target.open("wb") as out:
        for line in stream:
            done.lines += 1
            text = line.rstrip(b"\r\n")
            if text.strip(BLANK):
                lines.append(_Line(done.lines, offset, text))
            else:
                done.blank += 1
            offset, size = offset + len(line), size + len(line)
            if len(lines) >= _AT_ONCE or size >= _BYTES_AT_ONCE:
                out.writelines(_log_rows(connection, done, lines, pattern))
                lines, size = [], 0
        out.writelines(_log_rows(connection, done, lines, pattern))
    return done


class _Line(NamedTuple):
    number: int
    offset: int
    text: bytes


def _log_rows(
    connection: duckdb.DuckDBPyConnection, done: Rewritten, lines: Sequence[_Line], pattern: str
) -> Iterator[bytes]:
    reasons = [_unreadable(line.text) for line in lines]
    texts = [line.text.decode() for line, reason in zip(lines, reasons, strict=True) if reason is None]
    matches = iter(fields_of_lines(connection, texts, pattern) if texts else ())
    for line, reason in zip(lines, reasons, strict=True):
        fields = next(matches) if reason is None else None
        if fields is None:
            why = reason or "found a line that does not match the profile's pattern"
            yield done.refuse(line.number, line.offset, len(line.text), why)
        else:
            done.positions.add(line.number, line.offset, len(line.text))
            yield fields.encode() + b"\n"


def _unreadable(text: bytes) -> str | None:
    if len(text) > LONGEST_LOG_LINE:
        return f"found a line of {len(text)} bytes, expected at most {LONGEST_LOG_LINE}"
    if b"\0" in text or b"\r" in text:
        return "found a NUL byte or bare carriage return in a line, expected text"
    try:
        text.decode()
    except UnicodeDecodeError as error:
        return f"found a byte that is no UTF-8 at byte {error.start + 1}, expected UTF-8 text"
    return None
