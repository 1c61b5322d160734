"""B-cubed against its definition, pair by pair."""

from random import Random

import pytest

from auditor.measure.groups import b_cubed


def plainly(pairs: list[tuple[str, str]]) -> tuple[float, float]:
    """Return precision and recall by looking at every pair of accounts."""
    precision = recall = 0.0
    for group, truth in pairs:
        together = [other for other in pairs if other[0] == group]
        belonging = [other for other in pairs if other[1] == truth]
        both = [other for other in together if other[1] == truth]
        precision += len(both) / len(together)
        recall += len(both) / len(belonging)
    return precision / len(pairs), recall / len(pairs)


@pytest.mark.parametrize("seed", range(5))
def test_counting_by_table_equals_counting_by_pairs(seed: int) -> None:
    random = Random(seed)
    pairs = [(str(random.randrange(6)), str(random.randrange(4))) for _ in range(60)]

    found = b_cubed(pairs)

    assert (found.precision.value, found.recall.value) == pytest.approx(plainly(pairs), abs=1e-6)


def test_a_campaign_cut_in_two_loses_recall_and_no_precision() -> None:
    found = b_cubed([("A", "c")] * 5 + [("B", "c")] * 5)

    assert (found.precision.value, found.recall.value) == (1.0, 0.5)


def test_two_campaigns_in_one_case_lose_precision_and_no_recall() -> None:
    found = b_cubed([("A", "c")] * 5 + [("A", "d")] * 5)

    assert (found.precision.value, found.recall.value) == (0.5, 1.0)


def test_nobody_is_unmeasured() -> None:
    assert b_cubed([]).f is None
