"""Figures with intervals, or the reason why something is unmeasured.

Shares of campaigns are resampled by whole units (a campaign stands or falls together), with a seed that is given.
Where all units agree, resampling would promise certainty: then the exact interval of so many units is told
(Clopper and Pearson 1934). Counts of innocent accounts have Wilson's interval. All intervals are of 95 %.
"""

import math
from collections.abc import Mapping, Sequence
from random import Random
from statistics import median
from typing import Self

from auditor.policy.conditions import Node

Z = 1.959963984540054
ALPHA = 0.05
RESAMPLES = 1000
FEWEST_ACCOUNTS = 5
FEWEST_UNITS = 2
MOST_RESAMPLED = 1500
"""Units; beyond, the interval comes from the linearised variance of the ratio, which resampling approaches."""


class Figure(Node):
    """A share with its interval, or why there is none: `hits` of `of` accounts; `units` stand or fall together."""

    value: float | None = None
    low: float | None = None
    high: float | None = None
    hits: int = 0
    of: int = 0
    units: int = 0
    unmeasured: str = ""

    @classmethod
    def without(cls, reason: str, *, hits: int = 0, of: int = 0, units: int = 0) -> Self:
        """Return a figure that isn't there."""
        return cls(hits=hits, of=of, units=units, unmeasured=reason)


class Quantity(Node):
    """A median with its quartiles, over `of` campaigns, or why there is none."""

    median: float | None = None
    low: float | None = None
    high: float | None = None
    of: int = 0
    unmeasured: str = ""


Units = Mapping[str, tuple[int, int]]
"""Hits and accounts of each unit."""


def share(units: Units, *, seed: int, what: str = "labels") -> Figure:
    """Return the share of hits over all units, with an interval that resamples whole units."""
    counts = [pair for pair in units.values() if pair[1]]
    hits, of = sum(pair[0] for pair in counts), sum(pair[1] for pair in counts)
    if not of:
        return Figure.without(f"no {what}")
    if of < FEWEST_ACCOUNTS and len(counts) < FEWEST_ACCOUNTS:
        return Figure.without(f"too few {what}", hits=hits, of=of, units=len(counts))
    low, high = _interval(counts, hits, of, seed)
    return Figure(value=_round(hits / of), low=_round(low), high=_round(high), hits=hits, of=of, units=len(counts))


def rate(hits: int, of: int, units: int, *, what: str = "labels") -> Figure:
    """Return the share of single accounts that are hit, with Wilson's interval."""
    if of < FEWEST_ACCOUNTS:
        return Figure.without(f"too few {what}" if of else f"no {what}", hits=hits, of=of, units=units)
    low, high = wilson(hits, of)
    return Figure(value=_round(hits / of), low=_round(low), high=_round(high), hits=hits, of=of, units=units)


def at_prevalence(recall: Figure, false_positives: Figure, prevalence: float) -> Figure:
    """Return the precision if only this share of all accounts were abusive; its interval joins the worst of both."""
    found, wrong = recall, false_positives
    if found.value is None or wrong.value is None or found.low is None or wrong.low is None:
        return Figure.without(found.unmeasured or wrong.unmeasured)
    if not found.value and not wrong.value:
        return Figure.without("nothing proposed")
    assert found.high is not None and wrong.high is not None
    made = [
        _precision(hit, miss, prevalence)
        for hit, miss in ((found.value, wrong.value), (found.low, wrong.high), (found.high, wrong.low))
    ]
    return Figure(
        value=made[0], low=made[1], high=made[2], hits=found.hits, of=found.hits + wrong.hits, units=found.units
    )


def median_of(values: Sequence[float], *, what: str) -> Quantity:
    """Return the median of some values (the mean of the two in the middle) and their quartiles (by nearest rank)."""
    ordered, count = sorted(values), len(values)
    if not ordered:
        return Quantity(unmeasured=f"no {what}")
    low, high = (ordered[math.ceil(part * count) - 1] for part in (0.25, 0.75))
    return Quantity(median=_round(median(ordered)), low=_round(low), high=_round(high), of=count)


def wilson(hits: int, of: int) -> tuple[float, float]:
    """Return Wilson's score interval (1927) of a share."""
    part = hits / of
    middle = part + Z * Z / (2 * of)
    spread = Z * math.sqrt(part * (1 - part) / of + Z * Z / (4 * of * of))
    below = 1 + Z * Z / of
    return (0.0 if hits == 0 else max(0.0, (middle - spread) / below)), min(1.0, (middle + spread) / below)


def _interval(counts: Sequence[tuple[int, int]], hits: int, of: int, seed: int) -> tuple[float, float]:
    count = len(counts)
    if hits in (0, of):  # all agree: exact, of as many units
        edge = (ALPHA / 2) ** (1 / count)
        return (edge, 1.0) if hits else (0.0, 1 - edge)
    if count < FEWEST_UNITS:
        return wilson(hits, of)  # a single unit can't be resampled: its accounts, as if they were independent
    if count > MOST_RESAMPLED:
        return _linearised(counts, hits / of, of)
    random = Random(seed)
    found = []
    for _ in range(RESAMPLES):
        drawn = random.choices(counts, k=count)
        found.append(sum(pair[0] for pair in drawn) / sum(pair[1] for pair in drawn))
    found.sort()
    return found[round(ALPHA / 2 * (RESAMPLES - 1))], found[round((1 - ALPHA / 2) * (RESAMPLES - 1))]


def _linearised(counts: Sequence[tuple[int, int]], ratio: float, of: int) -> tuple[float, float]:
    count = len(counts)
    spread = sum((hit - ratio * size) ** 2 for hit, size in counts) * count / (count - 1)
    error = Z * math.sqrt(spread) / of
    return max(0.0, ratio - error), min(1.0, ratio + error)


def _precision(recall: float, wrong: float, prevalence: float) -> float:
    right = recall * prevalence
    all_found = right + wrong * (1 - prevalence)
    return _round(right / all_found) if all_found else 0.0


def _round(value: float) -> float:
    return round(value, 6)
