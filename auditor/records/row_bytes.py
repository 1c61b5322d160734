"""The bytes of single rows of a source that is being read."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from auditor.records.survey import Positions


@dataclass(frozen=True)
class RowBytes:
    """The bytes of single rows: of the source (`is_json` or other text), or of rewritten lines if it has no ranges."""

    path: Path
    positions: Positions
    is_json: bool = True

    def of(self, row: int) -> bytes:
        """Return the bytes of a row."""
        return next(self.each([row]))

    def each(self, rows: Iterable[int]) -> Iterator[bytes]:
        """Yield the bytes of some rows, from a file that is opened once."""
        with self.path.open("rb") as stream:
            for row in rows:
                stream.seek(self.positions.offsets[row])
                yield stream.read(self.positions.lengths[row])
