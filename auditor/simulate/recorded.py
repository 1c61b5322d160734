"""Chance drawn from figures that were fitted from recorded traffic (`recorded.json`).

A distribution is given by its percentiles; a draw interpolates between two of them, on a logarithmic scale. The
file names where the traces come from and under which licences; `benchmarks/refit.py` makes it anew. Calls a user are
not in those traces: they follow the published quantiles of a LoRA serving trace (2 at the median over 23 days, 11 at
the 90th percentile, 65 at the 99th, 1,207 at most).
"""

import json
import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from random import Random
from typing import Any  # JSON values have no closed type

FITTED = Path(__file__).with_name("recorded.json")
USES = ("chat", "code", "small", "long", "reason")
"""What calls are made for; token counts of each use were fitted from a trace of its own."""

MOST_TOKENS = 200_000


class Distribution:
    """A distribution of positive numbers, given by the percentiles of the file."""

    def __init__(self, percentiles: Sequence[float], values: Sequence[float]) -> None:
        """Keep the percentiles as shares, and logarithms of the values (of 0, as of a half)."""
        self._shares = [step / 100 for step in percentiles]
        self._logs = [math.log(max(value, 0.5)) for value in values]

    def at(self, share: float) -> float:
        """Return the value below which this share of all lies."""
        place = min(bisect_right(self._shares, share), len(self._shares) - 1)
        low, high = self._shares[place - 1], self._shares[place]
        part = (share - low) / (high - low)
        return math.exp(self._logs[place - 1] * (1 - part) + self._logs[place] * part)

    def draw(self, random: Random) -> float:
        """Return one value by chance."""
        return self.at(random.random())


@cache
def figures() -> Mapping[str, Any]:
    """Return the committed figures."""
    read: Mapping[str, Any] = json.loads(FITTED.read_text(encoding="utf-8"))
    return read


@cache
def distribution(*names: str) -> Distribution:
    """Return a distribution by its path in the file, such as `tokens`, `chat`, `in`."""
    values: Any = figures()
    for name in names:
        values = values[name]
    return Distribution(figures()["percentiles"], values)


def tokens_in(random: Random, use: str) -> int:
    """Return how many tokens a prompt has."""
    return min(MOST_TOKENS, max(1, int(distribution("tokens", use, "in").draw(random))))


def tokens_out(random: Random, use: str) -> int:
    """Return how many tokens an answer has."""
    return max(1, int(distribution("tokens", use, "out").draw(random)))


def burstiness(random: Random) -> float:
    """Return the coefficient of variation of the gaps between a client's calls."""
    return min(6.5, max(0.3, distribution("clients", "burstiness").draw(random)))


def hours_of_day(name: str) -> tuple[float, ...]:
    """Return the share of a day's calls in each hour, of the clients of one recorded model."""
    return tuple(figures()["hours"][name])
