"""Shares, their intervals, and what is unmeasured."""

import pytest

from auditor.measure.figures import at_prevalence, median_of, rate, share, wilson


def test_wilson_is_the_published_interval() -> None:
    low, high = wilson(10, 100)

    assert (round(low, 4), round(high, 4)) == (0.0552, 0.1744)


def test_no_hit_in_ten_thousand_still_has_an_upper_bound() -> None:
    figure = rate(0, 10_000, 10_000)

    assert (figure.value, figure.low) == (0.0, 0.0)
    assert figure.high == pytest.approx(3.84e-4, rel=0.01)


def test_resampling_whole_campaigns_is_wider_than_resampling_accounts() -> None:
    campaigns = {f"c{number}": (100 * (number % 2), 100) for number in range(10)}
    accounts = {f"a{number}": (number % 2, 1) for number in range(1000)}

    by_campaign, by_account = share(campaigns, seed=1), share(accounts, seed=1)

    assert by_campaign.value == by_account.value == 0.5
    assert _width(by_campaign) > 5 * _width(by_account)


def test_many_units_have_about_the_resampled_interval() -> None:
    few = {f"a{number}": (number % 4 == 0, 1) for number in range(1400)}
    many = {f"a{number}": (number % 4 == 0, 1) for number in range(1600)}

    resampled, linearised = share(few, seed=1), share(many, seed=1)

    assert _width(linearised) == pytest.approx(_width(resampled), rel=0.15)


def test_units_that_all_agree_have_the_exact_interval_of_so_many_units() -> None:
    figure = share({"one": (50, 50), "two": (30, 30), "three": (9, 9)}, seed=1)

    assert figure.value == figure.high == 1.0
    assert figure.low == pytest.approx(0.025 ** (1 / 3), abs=1e-6)


def test_a_seed_gives_the_same_interval() -> None:
    units = {f"c{number}": (number, 20) for number in range(12)}

    assert share(units, seed=3) == share(units, seed=3)
    assert share(units, seed=3) != share(units, seed=4)


@pytest.mark.parametrize(
    ("units", "reason"),
    [({}, "no labels"), ({"a": (0, 0)}, "no labels"), ({"a": (1, 2), "b": (0, 2)}, "too few labels")],
    ids=["nobody", "a unit without accounts", "four accounts"],
)
def test_too_few_labels_are_said_to_be_unmeasured(units: dict[str, tuple[int, int]], reason: str) -> None:
    figure = share(units, seed=1)

    assert (None, reason) == (figure.value, figure.unmeasured)


def test_precision_at_a_prevalence_is_that_of_the_rates() -> None:
    recall = share({f"c{number}": (9, 10) for number in range(10)}, seed=1)
    false_positives = rate(30, 10_000, 10_000)

    figure = at_prevalence(recall, false_positives, 0.005)

    assert figure.value == pytest.approx(0.9 * 0.005 / (0.9 * 0.005 + 0.003 * 0.995), abs=1e-6)
    assert figure.low is not None and figure.high is not None and figure.value is not None
    assert figure.low < figure.value < figure.high


def test_precision_at_a_prevalence_needs_both_rates() -> None:
    assert at_prevalence(share({}, seed=1), rate(0, 100, 100), 0.005).unmeasured == "no labels"


@pytest.mark.parametrize(
    ("values", "quartiles"),
    [
        ([7], (7, 7, 7)),
        ([2, 1], (1, 1.5, 2)),
        ([4, 1, 3, 2], (1, 2.5, 3)),
        ([5, 4, 3, 2, 1], (2, 3, 4)),
    ],
    ids=["one value", "two values", "an even number of values", "an odd number of values"],
)
def test_a_median_lies_in_the_middle(values: list[float], quartiles: tuple[float, float, float]) -> None:
    found = median_of(values, what="campaign found")

    assert quartiles == (found.low, found.median, found.high)


def test_a_median_of_nothing_is_unmeasured() -> None:
    assert median_of([], what="campaign found").unmeasured == "no campaign found"


def _width(figure: object) -> float:
    low, high = (getattr(figure, name) for name in ("low", "high"))
    return float(high - low)
