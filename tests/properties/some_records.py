"""Random small record sets: few accounts, keys and values, so that ties, nulls and edges happen all the time.

Times lie on a grid whose step is also the unit of every random window, now and then a microsecond beside it. Sources
provide different columns; rows come in no order; some lie on a clock change of Europe/Berlin.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from typing import Any  # a row holds values of every column type

from hypothesis import strategies as st

STEPS = (30, 600, 1800, 43_200)
"""Seconds between grid points."""

STARTS = (
    datetime(2026, 3, 28, 23, 0, tzinfo=UTC),
    datetime(2026, 10, 25, 0, 0, tzinfo=UTC),
    datetime(2025, 12, 31, 21, 59, 30, tzinfo=UTC),
)
"""Just before the clocks of Berlin go forward, while they go back, and where ISO year and year differ."""

WORDS = ("gpt", "GPT", "Straße", "STRASSE", "İstanbul", "istanbul", "ΑΣ", "ας", "ασ", "a_b%c", "a.b", "", "two\nlines")
KEYS = ("k1", "K1", "k2")
REALS = (0.0, -0.0, 0.1, 2.5, 1.0000005, 1.0000015, -3.3333333, 1e21, 48.85, 9.9e19)
DECIMALS = ("0", "0.5", "1.25", "-0.000000001", "999999999.999999999", "-999999999.999999999")
INTEGERS = (0, 1, 2, 5, 429, -1, 4_611_686_018_427_387_904, 2**63 - 1, -(2**63))
EXTRAS: tuple[Mapping[str, object] | None, ...] = (
    None, {}, {"score": 5}, {"score": "5"}, {"score": 5.5}, {"score": "-0.25"}, {"score": "many"}, {"score": None},
    {"score": "999999999999999999.999999999"}, {"score": -999_999_999_999_999_999},
    {"score": True, "word": "GPT"}, {"word": "gpt", "in": {"word": "Straße"}}, {"word": ["gpt"], "in": "flat"},
)  # fmt: skip

VALUES: Mapping[str, tuple[object, ...]] = {
    "account_id": ("a", "a", "a", "a", "A", "b"),
    "organization_id": ("o1", "o2"),
    "api_key_id": KEYS,
    "end_user_id": ("u1", "u2"),
    "session_id": KEYS,
    "device_id": KEYS,
    "plan": ("free", "pro", "Pro"),
    "model": WORDS[:6],
    "prompt": WORDS,
    "country": ("DE", "de", "US"),
    "status": (200, 429, 500),
    "input_tokens": INTEGERS,
    "cost_usd": DECIMALS,
    "latency_ms": REALS,
    "stream": (True, False),
    "client_ip": ("10.0.0.1", "10.0.0.255", "10.0.1.0", "2001:db8::1", "::ffff:10.0.0.1", "elsewhere"),
    "latitude": (0.0, 48.85, -90.0, 52.52),
    "longitude": (0.0, 2.35, 180.0, -180.0),
    "tags": ([], ["gpt"], ["GPT", "x"], [None], [None, "x"]),
    "extra": tuple(extra for extra in EXTRAS if extra is not None),
}
COLUMNS = tuple(VALUES)
EVENTS = ("completion", "completion", "login", "signup", "enforcement")
_FIRST_COLUMN = 5
_NULL = 230
"""Bytes from here on are nulls: one value in ten."""


@dataclass(frozen=True)
class Grid:
    """Where times lie: `start` plus whole steps, `seconds` apart."""

    start: datetime
    seconds: int

    def moments(self) -> st.SearchStrategy[datetime]:
        """Return times on the grid, or a microsecond beside it."""
        beside = st.sampled_from((0, 0, 0, 0, 1, -1))
        return st.builds(self.at, st.integers(0, 9), beside)

    def at(self, steps: int, microseconds: int = 0) -> datetime:
        """Return a grid point."""
        return self.start + timedelta(seconds=steps * self.seconds, microseconds=microseconds)


def grids() -> st.SearchStrategy[Grid]:
    """Return any grid."""
    return st.builds(Grid, st.sampled_from(STARTS), st.sampled_from(STEPS))


@cache
def row_sets(grid: Grid) -> st.SearchStrategy[list[dict[str, Any]]]:
    """Return up to 18 rows of one to three sources, in any order; a row is drawn as bytes, one a column."""
    width = len(COLUMNS) + _FIRST_COLUMN
    one = st.binary(min_size=width, max_size=width)
    rows = st.one_of(*(st.lists(one, min_size=least, max_size=18) for least in (0, 8, 12)))
    gaps = st.lists(st.sets(st.sampled_from(COLUMNS), max_size=4), min_size=3, max_size=3)
    full = st.just([set[str](), set[str](), set[str]()])
    return st.builds(partial(_rows, grid), rows, st.one_of(full, gaps), st.permutations(range(1, 19)))


def _rows(grid: Grid, drawn: list[bytes], gaps: list[set[str]], lines: list[int]) -> list[dict[str, Any]]:
    return [_row(grid, one, line, gaps) for one, line in zip(drawn, lines, strict=False)]


def _row(grid: Grid, drawn: bytes, line: int, gaps: list[set[str]]) -> dict[str, Any]:
    when, beside, origin, event, identity = drawn[:_FIRST_COLUMN]
    source = (0, 0, 0, 0, 1, 2)[origin % 6]
    row: dict[str, Any] = {"source_id": f"source-{source}", "source_line": line}
    row["time"] = grid.at(when % 10, (0, 0, 0, 0, 0, 0, 1, -1)[beside % 8])
    row["event"] = EVENTS[event % len(EVENTS)]
    row["record_id"] = f"{source}:{line}" if identity % 4 else "same"
    for column, byte in zip(COLUMNS, drawn[_FIRST_COLUMN:], strict=True):
        if byte < _NULL and column not in gaps[source]:
            row[column] = VALUES[column][byte % len(VALUES[column])]
    if "extra" in row:
        row["extra"] = json.dumps(row["extra"])
    return row
