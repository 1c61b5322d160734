"""The records of a bundle, cut into pieces that can be checked apart from each other.

A piece holds some lines of a file of records and the lines of `commitments.jsonl` that belong to them: one each, and
before it, in a redacted edition, those of records that are withheld.
"""

import re
from collections.abc import Iterator
from typing import IO, NamedTuple

from auditor.evidence.standalone.layout import CITED, COMMITMENTS, CONTEXT
from auditor.evidence.standalone.reading import LARGEST_LINE, Files

PIECE_BYTES = 1 << 20
PIECE_LINES = 5000
WITHHELD_RECORD = re.compile(rb'\{"leaf":"([0-9a-f]{64})"\}\n\Z')
"""What stands for a record that an edition withholds whole, in the one form in which the program writes it."""


class Piece(NamedTuple):
    """Some lines of a file, the number of the first, and the commitments to them with the number of their first."""

    place: str
    number: int
    lines: list[bytes]
    first_commitment: int
    commitments: list[bytes]


def pieces_of(files: Files, *, is_edition: bool, most: int = PIECE_LINES) -> Iterator[Piece]:
    """Yield all records in order, and last the commitments that no record is left for; `most` lines in a piece."""
    commitments = _Commitments(_Lines(files, COMMITMENTS), 2 * most, is_edition=is_edition)
    for place in (CITED, CONTEXT):
        source, number = _Lines(files, place), 1
        while lines := source.some(most):
            while lines:
                first, found, belonging = commitments.of(len(lines))
                taken = len(lines) if commitments.are_all_read else belonging
                yield Piece(place, number, lines[:taken], first, found)
                number, lines = number + taken, lines[taken:]
    while not commitments.are_all_read:
        first, found, _ = commitments.of(most)
        yield Piece(COMMITMENTS, 1, [], first, found)


def lines_in_pieces(files: Files, name: str, most: int = PIECE_LINES) -> Iterator[tuple[int, list[bytes]]]:
    """Yield the lines of a file, `most` at once, each time with how many came before; what does not end is the last."""
    source, number = _Lines(files, name), 0
    while lines := source.some(most):
        yield number, lines
        number += len(lines)


class _Lines:
    """The lines of a file; after one that does not end there is nothing, since it may be as long as the disk."""

    def __init__(self, files: Files, name: str) -> None:
        self._stream: IO[bytes] | None = files[name].opened() if name in files else None

    def next(self) -> bytes:
        """Return the next line, nothing after the last."""
        if self._stream is None:
            return b""
        line = self._stream.readline(LARGEST_LINE)
        if not line.endswith(b"\n"):
            self._stream.close()
            self._stream = None
        return line

    def some(self, most: int) -> list[bytes]:
        """Return the lines of the next piece."""
        found, size = list[bytes](), 0
        while size < PIECE_BYTES and len(found) < most and (line := self.next()):
            found.append(line)
            size += len(line)
        return found


class _Commitments:
    """Hands out the lines of `commitments.jsonl` that belong to the next records."""

    def __init__(self, lines: _Lines, most: int, *, is_edition: bool) -> None:
        self._lines, self._most = lines, most
        self._is_edition = is_edition
        self._number = 1
        self.are_all_read = False

    def of(self, records: int) -> tuple[int, list[bytes], int]:
        """Return the number of the next line, the lines for so many records or some of them, and for how many."""
        first, found, belonging = self._number, list[bytes](), 0
        while belonging < records and len(found) < self._most:
            line = self._lines.next()
            if not line:
                self.are_all_read = True
                break
            found.append(line)
            belonging += not (self._is_edition and WITHHELD_RECORD.match(line))
        self._number += len(found)
        return first, found, belonging
