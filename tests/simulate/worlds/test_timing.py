"""When calls happen."""

from itertools import pairwise
from random import Random

import pytest

from auditor.simulate.worlds.ground import DAY
from auditor.simulate.worlds.timing import FLAT, day_of_people, in_bursts, sessions


@pytest.mark.parametrize("cv", [0.5, 1.0, 3.0], ids=["even", "by chance", "bursty"])
def test_about_as_many_calls_as_asked_for_lie_within_the_stretch(cv: float) -> None:
    random = Random(1)

    times = list(in_bursts(random, 2.5 * DAY, 22.5 * DAY, 4000, FLAT, cv))

    assert 3500 <= len(times) <= 4500
    assert all(2.5 * DAY <= time < 23 * DAY for time in times)


def test_people_sleep() -> None:
    random = Random(1)
    cycle = day_of_people(random, 14)

    hours = [int(time % DAY // 3600) for time in in_bursts(random, 0, 200 * DAY, 20_000, cycle, 1.0)]

    assert hours.count(14) > 5 * hours.count(2)


def test_sessions_do_not_overlap() -> None:
    starts = sessions(Random(1), 0.0, 20 * DAY, 3, 10_000)

    assert len(starts) > 20
    assert all(later - earlier >= 10_000 for earlier, later in pairwise(starts))
