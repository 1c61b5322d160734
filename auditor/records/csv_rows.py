"""CSV as a source: its rows as JSON Lines, each with its first line and byte range.

A quotation mark that nobody closes costs the line it stands on, not all that follow: when a row over several lines
turns out broken, its first line is refused and reading goes on from the second.
"""

import csv
import json
from collections import deque
from collections.abc import Iterator
from pathlib import Path

from auditor.records.csv_head import head_of, names_in
from auditor.records.rewrite import Rewritten
from auditor.records.survey import LONGEST_LINE

_FREE_BYTES = 64 << 20
_ALLOWANCE = 4
"""How often, on average, a byte may be read again before rows are held to one line: what keeps the time linear."""


def rewrite_csv(source: Path, target: Path, shown: str) -> Rewritten:
    """Write the rows of a CSV file with a header line (RFC 4180); empty cells are left out.

    Raises InputError, naming the file as `shown`, when the header can't be read or names a column twice.
    """
    csv.field_size_limit(LONGEST_LINE)
    done = Rewritten()
    with source.open("rb") as stream, target.open("wb") as out:
        feed = _Lines(stream)
        head = head_of(feed)
        names = names_in(head, shown)
        done.lines = done.blank = head.blank
        for row in _rows(feed, names, head.delimiter, done):
            out.write(row)
    return done


class _Lines:
    """The lines of a file as text, with counts of lines and bytes; those of the present row can be put back."""

    def __init__(self, stream: Iterator[bytes]) -> None:
        self._stream = stream
        self._waiting: deque[bytes] = deque()
        self._row: list[bytes] = []
        self._read_again = 0
        self.lines = self.bytes = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if self._row and self._read_again > _FREE_BYTES + _ALLOWANCE * self.bytes:
            raise StopIteration
        line = self._waiting.popleft() if self._waiting else next(self._stream)
        text = line.decode("utf-8-sig" if not self.bytes else "utf-8", "surrogateescape")
        self._row.append(line)
        self.lines += 1
        self.bytes += len(line)
        return text

    def start_row(self) -> None:
        """Forget the lines of the row before."""
        self._row = []

    def keep_first_only(self) -> None:
        """Put all lines of the present row back but its first."""
        back = self._row[1:]
        self._waiting.extendleft(reversed(back))
        size = sum(map(len, back))
        self.lines -= len(back)
        self.bytes -= size
        self._read_again += size


def _rows(feed: _Lines, names: list[str], delimiter: str, done: Rewritten) -> Iterator[bytes]:
    reader = csv.reader(feed, delimiter=delimiter, strict=True)
    while True:
        line, offset, reason = feed.lines + 1, feed.bytes, None
        feed.start_row()
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            feed.keep_first_only()
            row, reason = [], f"found a broken CSV row: {_in_our_words(error)}"
        done.lines += 1
        if not row and reason is None:
            done.blank += 1
            continue
        reason = reason or _fault(row, names)
        if reason is None:
            done.positions.add(line, offset, feed.bytes - offset)
            cells = {name: cell for name, cell in zip(names, row, strict=True) if cell}
            yield json.dumps(cells).encode() + b"\n"
        else:
            yield done.refuse(line, offset, feed.bytes - offset, reason)


def _fault(row: list[str], names: list[str]) -> str | None:
    if len(row) != len(names):
        return f"found {len(row)} cells, expected {len(names)} as in the header"
    if any("\udc80" <= char <= "\udcff" for cell in row for char in cell):
        return "found a byte that is no UTF-8, expected UTF-8 text"
    if any("\0" in cell for cell in row):
        return "found a NUL byte, expected text"
    return None


def _in_our_words(error: csv.Error) -> str:
    """Say what Python's reader means where its own words speak of Python."""
    said = str(error)
    if said.startswith("new-line character"):
        return "a bare carriage return outside of quotation marks"
    if said.startswith("field larger"):
        return f"a cell of more than {LONGEST_LINE} characters"
    return said
