"""Where each line of a file begins and ends, and which lines can't be a record whatever their content.

One pass over the bytes gives digest, line numbers, byte ranges and the stretches that a large file is read in. Rows are
the lines that aren't blank, in order: the same rows that DuckDB's reader of JSON Lines sees, which the staging checks.
"""

import hashlib
from array import array
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import accumulate, compress, count, islice, repeat
from operator import and_, not_
from pathlib import Path

LONGEST_LINE = 16 * 1024 * 1024
"""Bytes a line may have; a longer one is quarantined."""

BLANK = b" \t\r\n\v\f"
_BATCH = 1 << 20
LARGE = 48 << 20
"""Bytes of a file that is read in stretches: enough for files of the store."""

STRETCH = 192 << 20
"""Bytes of a stretch at most, nearly: DuckDB plans each by itself, which takes as long as some thousands of lines."""

_LANES = 2
_AHEAD = 8
"""Batches that may wait for the digest, which is made beside the survey."""

_MARK = b"\xef\xbb\xbf"
_NUL = rb"\u0000"
"""JSON's escaped NUL, which no text may hold."""


@dataclass
class Positions:
    """Line number, byte offset and byte length of each row, in order; lengths leave out surrounding white space.

    `is_dense` says that the rows are the lines from the start of the file, with one line feed between them.
    """

    lines: "array[int]" = field(default_factory=lambda: array("q"))
    offsets: "array[int]" = field(default_factory=lambda: array("q"))
    lengths: "array[int]" = field(default_factory=lambda: array("q"))
    is_dense: bool = False

    def add(self, line: int, offset: int, length: int) -> None:
        """Append a row."""
        self.lines.append(line)
        self.offsets.append(offset)
        self.lengths.append(length)

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.lines)


@dataclass
class Stretch:
    """Rows of a file that are read together: the first one, how many, and where their bytes are.

    `loose` are rows that aren't between the braces of an object, and so are no records. `has_nul` says that a NUL may
    be among its texts, written as an escape.
    """

    first: int
    offset: int
    rows: int = 0
    size: int = 0
    loose: list[int] = field(default_factory=list)
    has_nul: bool = False

    def add(self, data: bytes, lines: int) -> None:
        """Take in the bytes of some lines."""
        self.rows += lines
        self.size += len(data)
        self.has_nul = self.has_nul or (b"\\" in data and _NUL in data)


@dataclass(frozen=True)
class Survey:
    """What one pass over a file's bytes found; `refused` maps a row (0-based) to the reason it can't be a record.

    `has_mark` says that the first line starts with a byte order mark, which belongs to no row. The `stretches` make up
    the file when its rows are dense.
    """

    digest: str
    size: int
    lines: int
    blank: int
    positions: Positions
    refused: dict[int, str]
    has_mark: bool
    stretches: tuple[Stretch, ...]

    @property
    def needs_copy(self) -> bool:
        """Whether DuckDB can't be given the file as it is."""
        return bool(self.refused) or self.has_mark


def survey_lines(path: Path, stretch: int = 0) -> Survey:
    """Read a file once and note its digest and lines; works in batches of about a megabyte.

    A `stretch` has at least that many bytes; without it, what suits the file.
    """
    positions, stretches = Positions(), [Stretch(0, 0)]
    refused: dict[int, str] = {}
    number = offset = blank = 0
    data = b""
    has_mark, enough = False, stretch or _stretch_of(path.stat().st_size)
    with path.open("rb", buffering=_BATCH) as stream, _Digest() as digest:
        while batch := stream.readlines(min(_BATCH, enough)):
            data = b"".join(batch)
            digest.add(data)
            if stretches[-1].size >= enough:
                stretches.append(Stretch(number, offset))
            stretches[-1].add(data, len(batch))
            if not offset and data.startswith(_MARK):
                has_mark, offset = True, len(_MARK)
                batch[0], data = batch[0][len(_MARK) :], data[len(_MARK) :]
            open_lines, sizes = _open_lines(batch), list(map(len, batch))
            stretches[-1].loose.extend(number + at for at in open_lines)
            if max(sizes) <= LONGEST_LINE and _is_plain(batch, open_lines, data):
                _add_plain(positions, sizes, number, offset)
            else:
                blank += _add_careful(positions, refused, batch, number, offset)
            number += len(batch)
            offset += len(data)
    positions.is_dense = not has_mark and len(positions) == number and _fill(positions, offset, data)
    return Survey(digest.value(), offset, number, blank, positions, refused, has_mark, tuple(stretches))


def _stretch_of(size: int) -> int:
    """Return how long the stretches of a file are, so that each of the threads that read them has as many."""
    pairs = max(1, round(size / STRETCH / _LANES))
    return size // (pairs * _LANES) + 1 if size >= LARGE else size + 1


class _Digest:
    """A SHA-256 that is worked out in a thread of its own, a few batches behind at most."""

    def __init__(self) -> None:
        self._digest, self._pool = hashlib.sha256(), ThreadPoolExecutor(1)
        self._waiting: deque[Future[None]] = deque()

    def __enter__(self) -> "_Digest":
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown()

    def add(self, data: bytes) -> None:
        self._waiting.append(self._pool.submit(self._digest.update, data))
        if len(self._waiting) > _AHEAD:
            self._waiting.popleft().result()

    def value(self) -> str:
        """Return the digest of all that was added, once the block is left."""
        return self._digest.hexdigest()


def _fill(positions: Positions, size: int, end: bytes) -> bool:
    """Whether the rows and one line feed after each, but perhaps the last, are all bytes of a file with this end."""
    line_feeds = len(positions) - (0 if end.endswith(b"\n") else 1)
    return sum(positions.lengths) + line_feeds == size


def write_copy(path: Path, survey: Survey, copy: Path) -> None:
    """Write the rows of a file for DuckDB, with an empty object in place of each refused row."""
    with path.open("rb") as source, copy.open("wb") as target:
        for row in range(len(survey.positions)):
            if row in survey.refused:
                target.write(b"{}\n")
            else:
                source.seek(survey.positions.offsets[row])
                target.write(source.read(survey.positions.lengths[row]) + b"\n")


def _open_lines(batch: list[bytes]) -> list[int]:
    """Return which lines don't begin and end as an object does, but for one line feed."""
    begins, ends = map(bytes.startswith, batch, repeat(b"{")), map(bytes.endswith, batch, repeat((b"}\n", b"}")))
    return list(compress(count(), map(not_, map(and_, begins, ends))))


def _is_plain(batch: list[bytes], open_lines: list[int], data: bytes) -> bool:
    """Whether lines have nothing around them but one line feed each, and none is blank."""
    texts = [(batch[at], batch[at].strip(BLANK)) for at in open_lines]
    is_whole = data.endswith(b"\n") and b"\r" not in data
    return is_whole and all(text and len(line) == len(text) + 1 for line, text in texts)


def _add_plain(positions: Positions, sizes: list[int], number: int, offset: int) -> None:
    positions.lines.extend(range(number + 1, number + 1 + len(sizes)))
    positions.offsets.extend(islice(accumulate(sizes, initial=offset), len(sizes)))
    positions.lengths.extend([size - 1 for size in sizes])


def _add_careful(positions: Positions, refused: dict[int, str], batch: list[bytes], number: int, offset: int) -> int:
    blank = 0
    for index, line in enumerate(batch, start=1):
        text = line.strip(BLANK)
        if not text:
            blank += 1
        else:
            if reason := _refusal(text):
                refused[len(positions)] = reason
            positions.add(number + index, offset + len(line) - len(line.lstrip(BLANK)), len(text))
        offset += len(line)
    return blank


def _refusal(text: bytes) -> str | None:
    if len(text) > LONGEST_LINE:
        return f"found a line of {len(text)} bytes, expected at most {LONGEST_LINE}"
    if b"\r" in text:
        at = text.index(b"\r") + 1
        return f"found a bare carriage return at byte {at}, expected one record a line"
    return None
