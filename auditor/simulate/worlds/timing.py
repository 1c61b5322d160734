"""When calls happen: in bursts, by day and week, or in step."""

import math
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import accumulate
from random import Random

from auditor.simulate import chance
from auditor.simulate.recorded import burstiness, figures, hours_of_day
from auditor.simulate.worlds.ground import DAY, HOUR

Cycle = tuple[float, ...]
"""The share of a day's calls up to the end of each hour."""

FLAT: Cycle = tuple((hour + 1) / 24 for hour in range(24))


def day_of_people(random: Random, peak: float) -> Cycle:
    """Return the day of people who live by one clock: almost nobody calls in the night."""
    depth = random.uniform(0.75, 0.97)
    return _shares([1 + depth * math.cos((hour + 0.5 - peak) * math.pi / 12) for hour in range(24)])


def day_of_a_service(random: Random) -> Cycle:
    """Return the day of a service: the hours of a recorded model, moved to where its users live."""
    hours = hours_of_day(random.choice(("m-small", "m-small", "deepseek-r1")))
    moved = random.randrange(24)
    return _shares([hours[(hour - moved) % 24] for hour in range(24)])


def in_bursts(
    random: Random, start: float, end: float, calls: float, cycle: Cycle, cv: float | None = None
) -> Iterator[float]:
    """Yield about `calls` moments between two moments, bursty as recorded clients are and following the day."""
    spread = burstiness(random) if cv is None else cv
    is_gamma = random.random() < figures()["clients"]["share_gamma"] or spread < 1
    length = (end - start) / DAY
    step = length / max(calls, 1)
    clock = random.random() * step
    first = start / DAY
    shape, scale = 1 / spread**2, spread**2
    while clock < length:
        moment = _moment(first + clock, cycle)
        if moment >= start:  # the hours of the first day may lie before it
            yield moment
        gap = random.gammavariate(shape, scale) if is_gamma else chance.gap(random, spread, is_gamma=False)
        clock += gap * step


def anywhere(random: Random, start: float, end: float, calls: int) -> list[float]:
    """Return moments by chance, in order."""
    return sorted(random.uniform(start, end) for _ in range(calls))


def sessions(random: Random, start: float, end: float, per_day: float, length: float) -> list[float]:
    """Return when a group starts work together: some moments a day, at least `length` apart."""
    found: list[float] = []
    moment = start + random.expovariate(per_day) * DAY
    while moment < end - length:
        found.append(moment)
        moment += length + random.expovariate(per_day) * DAY
    return found


def _moment(clock: float, cycle: Cycle) -> float:
    """Turn even time (in days) into time that runs fast in quiet hours and slowly in busy ones."""
    day = math.floor(clock)
    share = clock - day
    hour = min(23, bisect_left(cycle, share))
    before = cycle[hour - 1] if hour else 0.0
    part = (share - before) / max(1e-9, cycle[hour] - before)
    return day * DAY + (hour + min(1.0, max(0.0, part))) * HOUR


def _shares(weights: Sequence[float]) -> Cycle:
    total = sum(weights)
    return tuple(accumulate(weight / total for weight in weights))
