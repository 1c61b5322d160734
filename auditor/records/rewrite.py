"""Sources that aren't JSON Lines, turned into JSON Lines for the one path that all records take: lines of text here.

Each row keeps the place it came from: element number of an array, first line of a CSV row or a log line, row number of
a Parquet file, with the byte range where the format has one. A row that can't be read becomes an empty object with the
reason beside it, so that nothing is lost on the way.
"""

import json
import re
from dataclasses import dataclass, field
from pathlib import Path

from auditor.records.survey import BLANK, Positions

LONGEST_LOG_LINE = 256 * 1024


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
