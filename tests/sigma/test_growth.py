"""Correlations cost one pass: ten times the log takes about ten times the work, never a hundred times.

What is counted is calls of Python functions, which no machine makes faster or slower.
"""

import sys
from types import FrameType
from typing import Any

import pytest

from auditor.sigma.events import Event
from auditor.sigma.load import rules_of
from auditor.sigma.run import evaluate

BASE = """\
{title: A, name: a, logsource: {category: c}, detection: {s: {k: [0, 1]}, condition: s}}
---
{title: B, name: b, logsource: {category: c}, detection: {s: {k: 2}, condition: s}}
---
"""
CORRELATIONS = {
    "event_count": "type: event_count, rules: [a], condition: {gte: 20}",
    "value_count": "type: value_count, rules: [a], condition: {gte: 20, field: v}",
    "value_sum": "type: value_sum, rules: [a], condition: {gte: 20, field: v}",
    "value_percentile": "type: value_percentile, rules: [a], condition: {gte: 20, field: v, percentile: 90}",
    "temporal": "type: temporal, rules: [a, b]",
    "temporal_ordered": "type: temporal_ordered, rules: [a, b]",
    "extended": "type: temporal, rules: [a, b], condition: a and not b",
}


def calls_for(text: str, records: int) -> int:
    """Return how many calls evaluating takes; all records fall into one window and one group."""
    rules = rules_of(text)
    assert rules.refused == ()
    log = [Event(n, "log", n + 1, {"k": n % 3, "v": n, "u": n % 2}, n) for n in range(records)]
    calls = 0

    def count(_frame: FrameType, event: str, _argument: Any) -> None:
        nonlocal calls
        calls += event == "call"

    sys.setprofile(count)
    try:
        evaluate(rules, log)
    finally:
        sys.setprofile(None)
    return calls


@pytest.mark.parametrize("kind", CORRELATIONS)
def test_ten_times_the_log_takes_about_ten_times_the_work(kind: str) -> None:
    text = f"{BASE}{{title: T, correlation: {{{CORRELATIONS[kind]}, timespan: 1d}}}}"

    assert calls_for(text, 3000) < 15 * calls_for(text, 300)


def test_a_chain_takes_about_ten_times_the_work_too() -> None:
    text = (
        f"{BASE}{{title: T, name: t, correlation: {{{CORRELATIONS['event_count']}, timespan: 1d}}}}\n---\n"
        "{title: U, correlation: {type: temporal_ordered, rules: [t, b], group-by: [u], timespan: 1d}}"
    )

    assert calls_for(text, 3000) < 15 * calls_for(text, 300)
