"""Chance shaped like real traffic: bursty arrivals, a daily cycle, heavy tails, token counts.

Figures (all of recorded production traffic): inter-arrival times of one client are Gamma in three of four cases and
Weibull else, with a coefficient of variation of 1.0 to 1.4 at the median and 4 to 5.5 at the 90th percentile
(ServeGen); the busiest hour has 1.4 to 4.9 times the calls of the quietest (ServeGen); calls a user over 23 days are
2 at the median, 11 at the 90th and 65 at the 99th percentile (a LoRA serving trace); token counts by use in `USES`.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import accumulate
from random import Random

P99 = 2.3263
"""Standard deviations between the median and the 99th percentile of a normal distribution."""


@dataclass(frozen=True)
class Use:
    """What calls are made for: tokens in and out, each as (median, 99th percentile)."""

    name: str
    tokens_in: tuple[int, int]
    tokens_out: tuple[int, int]


CHAT = Use("chat", (1020, 4142), (129, 601))  # Azure conversation trace
CODE = Use("code", (1469, 7436), (13, 252))  # Azure code trace
SMALL = Use("small", (228, 9270), (22, 656))  # ServeGen, small language model
LONG = Use("long", (6909, 85401), (350, 1120))  # Mooncake conversation trace
USES = (CHAT, CODE, SMALL, LONG)


def tokens(random: Random, median_and_p99: tuple[int, int]) -> int:
    """Return a token count, at least 1, from the log-normal distribution with this median and 99th percentile."""
    median, p99 = median_and_p99
    return max(1, round(random.lognormvariate(math.log(median), math.log(p99 / median) / P99)))


def calls_of_a_user(random: Random) -> int:
    """Return how many calls an ordinary user makes in a month: a few, rarely a thousand."""
    return min(1207, max(1, round(random.lognormvariate(math.log(2.4), 1.42))))


def burstiness(random: Random) -> float:
    """Return a coefficient of variation of inter-arrival times as clients have: 1 to 5, mostly low."""
    return min(5.0, max(1.0, random.lognormvariate(math.log(1.3), 0.9)))


def gap(random: Random, cv: float, *, is_gamma: bool) -> float:
    """Return one inter-arrival time of mean 1 with this coefficient of variation."""
    if is_gamma:
        return random.gammavariate(1 / cv**2, cv**2)
    shape = _weibull_shape(cv)
    return random.weibullvariate(1 / math.gamma(1 + 1 / shape), shape)


def daily_cycle(peak_hour: float, ratio: float) -> tuple[float, ...]:
    """Return the share of a day's calls up to the end of each hour; the peak is an hour of UTC, `ratio` peak/trough."""
    depth = (ratio - 1) / (ratio + 1)
    weights = [1 + depth * math.cos((hour + 0.5 - peak_hour) * math.pi / 12) for hour in range(24)]
    return tuple(accumulate(weight / sum(weights) for weight in weights))


def arrivals(
    random: Random, *, start: datetime, days: int, calls: float, cv: float, cycle: tuple[float, ...]
) -> Iterator[datetime]:
    """Yield times within the days, about `calls` of them, bursty by `cv` and following the day's cycle."""
    is_gamma = random.random() < 0.75
    clock = random.random() * days / max(calls, 1)
    while clock < days:
        yield start + timedelta(seconds=round(_warped(clock, cycle) * 86400, 3))
        clock += gap(random, cv, is_gamma=is_gamma) * days / calls


def _warped(clock: float, cycle: tuple[float, ...]) -> float:
    """Turn even time (in days) into time that runs fast in quiet hours and slowly in busy ones."""
    day, share = divmod(clock, 1)
    hour = next((number for number, upto in enumerate(cycle) if share < upto), 23)
    before = cycle[hour - 1] if hour else 0.0
    return day + (hour + min(1.0, (share - before) / (cycle[hour] - before))) / 24


@lru_cache(maxsize=64)
def _weibull_shape(cv: float) -> float:
    """Find the shape whose coefficient of variation is `cv`, by halving; it falls as the shape grows."""
    low, high = 0.2, 5.0
    for _ in range(40):
        middle = (low + high) / 2
        spread = math.gamma(1 + 2 / middle) / math.gamma(1 + 1 / middle) ** 2 - 1
        low, high = (middle, high) if math.sqrt(spread) > cv else (low, middle)
    return (low + high) / 2
