"""Chance has the shape of recorded traffic."""

import statistics
from datetime import UTC, datetime
from random import Random

import pytest

from auditor.simulate import chance

START = datetime(2026, 6, 1, tzinfo=UTC)


@pytest.mark.parametrize("use", chance.USES, ids=lambda use: use.name)
def test_tokens_have_the_median_and_tail_of_the_recorded_trace(use: chance.Use) -> None:
    random = Random(1)

    counts = sorted(chance.tokens(random, use.tokens_out) for _ in range(20_000))

    assert statistics.median(counts) == pytest.approx(use.tokens_out[0], rel=0.1)
    assert counts[19_800] == pytest.approx(use.tokens_out[1], rel=0.15)


def test_a_few_users_make_most_calls() -> None:
    random = Random(1)

    calls = sorted(chance.calls_of_a_user(random) for _ in range(20_000))

    assert 2 <= statistics.median(calls) <= 3
    assert 8 <= calls[18_000] <= 18
    assert 40 <= calls[19_800] <= 90


@pytest.mark.parametrize("is_gamma", [True, False], ids=["gamma", "weibull"])
@pytest.mark.parametrize("cv", [1.0, 2.0, 4.0])
def test_gaps_have_mean_one_and_the_burstiness_asked_for(cv: float, is_gamma: bool) -> None:
    random = Random(1)

    gaps = [chance.gap(random, cv, is_gamma=is_gamma) for _ in range(60_000)]

    assert statistics.mean(gaps) == pytest.approx(1, rel=0.1)
    assert statistics.pstdev(gaps) / statistics.mean(gaps) == pytest.approx(cv, rel=0.15)


def test_arrivals_stay_within_their_days_and_come_in_order() -> None:
    cycle = chance.daily_cycle(peak_hour=14, ratio=3)

    times = list(chance.arrivals(Random(1), start=START, days=28, calls=2000, cv=1.2, cycle=cycle))

    assert times == sorted(times)
    assert 1800 <= len(times) <= 2200
    assert all(0 <= (time - START).days < 28 for time in times)


def test_the_busiest_hour_has_about_the_ratio_of_calls_of_the_quietest() -> None:
    cycle = chance.daily_cycle(peak_hour=14, ratio=4)

    times = list(chance.arrivals(Random(1), start=START, days=400, calls=120_000, cv=1, cycle=cycle))
    hours = [sum(time.hour == hour for time in times) for hour in range(24)]

    assert max(hours) / min(hours) == pytest.approx(4, rel=0.15)
    assert hours.index(max(hours)) in (13, 14)
