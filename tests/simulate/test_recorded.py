"""Draws follow the committed figures, and these are those of the traces."""

import json
from pathlib import Path
from random import Random

import pytest

from auditor.simulate.recorded import FITTED, USES, Distribution, burstiness, figures, tokens_in, tokens_out
from benchmarks.refit import differences, fitted

TRACES = Path(__file__).parents[3] / "shared" / "data" / "traces"


@pytest.mark.parametrize("use", USES)
def test_token_counts_have_the_fitted_middle(use: str) -> None:
    random = Random(1)
    counts = sorted(tokens_out(random, use) for _ in range(4000))

    middle = figures()["tokens"][use]["out"][7]

    assert counts[2000] == pytest.approx(middle, rel=0.15, abs=1.5)
    assert min(tokens_in(random, use) for _ in range(100)) >= 1


def test_a_draw_lies_between_two_percentiles() -> None:
    distribution = Distribution([0, 50, 100], [1, 10, 1000])

    assert [distribution.at(0.5), distribution.at(0.75)] == pytest.approx([10, 100])


def test_clients_are_bursty_as_recorded_ones() -> None:
    random = Random(2)

    drawn = sorted(burstiness(random) for _ in range(4000))

    assert 1.0 <= drawn[2000] <= 1.4
    assert 4.0 <= drawn[3600] <= 5.6


@pytest.mark.skipif(not TRACES.is_dir(), reason="the recorded traces are not here")
def test_committed_figures_are_those_of_the_traces() -> None:
    assert differences(json.loads(FITTED.read_text(encoding="utf-8")), fitted(TRACES)) == []
