"""What a run finds is the same bytes, run after run, with one thread and with two."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

import pytest

from auditor.policy.load import load_rule_text
from auditor.policy.rule import Rule
from benchmarks.checker import checked, generate, open_activity_of, rules_by_name

RECORDS = 260_000
"""More than two row groups, so that two threads share each scan."""

RUNS = 12
REALS = """\
id: 00000000-0000-4000-8000-0000000000aa
title: Real numbers of every kind
conduct: automated-access
strength: inferential
family: limits
level: low
when:
  asked: {event: completion}
measure:
  latency: sum(latency_ms)
  mean: avg(latency_ms)
  middle: median(latency_ms)
  slowest: quantile(latency_ms, 0.99)
  warmth: avg(temperature)
  money: sum(cost_usd)
  length: span()
within: {calendar: day}
violates: latency > 1000000 and mean > 0 and middle > 0 and slowest > 0 and warmth > 0 and money > 0 and length > 0
"""
PAIRED = """\
id: 00000000-0000-4000-8000-0000000000bb
title: Another key after a refusal
conduct: limit-circumvention
strength: inferential
family: limits
level: low
when:
  refused: {event: completion, status: 429}
  answered: {event: completion, status: 200}
  condition: refused or answered
sequence: {steps: [refused, answered], within: 600s, where: answered.api_key_id <> refused.api_key_id}
measure:
  hops: count(sequence)
within: 1d
violates: hops >= 3
"""


@pytest.fixture(scope="module")
def rules() -> Mapping[str, Rule]:
    own = {"reals": load_rule_text(REALS, name="reals"), "paired": load_rule_text(PAIRED, name="paired")}
    return rules_by_name("ten") | own


def digest_of(folder: Path, provides: frozenset[str], rules: Mapping[str, Rule], threads: int) -> tuple[int, str]:
    """Return how many incidents a run finds, and a digest of all that it says of them and of all that they cite."""
    result = checked(open_activity_of(folder, RECORDS, provides, threads), dict(rules))
    digest, incidents = hashlib.sha256(), 0
    for outcome in result.outcomes:
        digest.update(outcome.model_dump_json().encode())
        incidents += len(outcome.incidents)
    found = [(outcome.rule, place) for outcome in result.outcomes for place in range(len(outcome.incidents))]
    ids = {item: f"{item[0]}-{item[1]}" for item in found}
    path = folder.parent / "citations.parquet"
    path.unlink(missing_ok=True)
    result.write_citations(path, ids)
    return incidents, digest.hexdigest() + hashlib.sha256(path.read_bytes()).hexdigest()


def test_twelve_runs_say_the_same(tmp_path: Path, rules: Mapping[str, Rule]) -> None:
    folder = tmp_path / "activity"
    folder.mkdir()
    provides = generate(folder, RECORDS)

    runs = [digest_of(folder, provides, rules, threads=1 + number % 2) for number in range(RUNS)]

    assert runs[0][0] > 1000
    assert set(runs) == {runs[0]}
