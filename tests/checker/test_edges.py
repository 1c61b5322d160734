"""Whole rules exactly at their edges, by the plan and by the plain evaluator."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from auditor.checker.compile.plan import plan_for
from auditor.checker.engines.duckdb import execute
from auditor.checker.evaluator.evaluate import evaluate
from auditor.policy.pack import Context
from auditor.policy.rule import Exemption, ExemptionEntry
from auditor.records.memory import activity_of
from tests.policy.examples import rule_of

EXEMPTIONS = tuple(
    Exemption(name=name, owner="legal", reason="agreed", entries=(ExemptionEntry(match=(match,), reason="agreed"),))
    for name, match in (("partners", ("plan", "pro")), ("approved", ("country", "DE")))
)
CASES = yaml.safe_load((Path(__file__).parent / "edges.yml").read_text())


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_a_rule_holds_exactly_as_far_as_it_says(case: dict[str, Any]) -> None:
    rule = rule_of(case["rule"] + "\n")
    rows = [
        {"account_id": "x", "event": event, "time": f"2026-{time}Z", **(more[0] if more else {})}
        for event, time, *more in case["records"]
    ]
    activity = activity_of(rows)
    context = Context(requests_per_minute=tuple(case.get("requests_per_minute", {}).items()))
    given: dict[str, Any] = {"context": context, "exemptions": EXEMPTIONS}

    result = execute(plan_for([rule], sources=activity.sources, **given), activity)
    judged = evaluate(rule, activity.rows(), activity.sources, **given)

    (outcome,) = result.outcomes
    numbers = range(len(outcome.incidents) + len(outcome.suppressed))
    cited = [[record.source_line - 1 for record in result.of(rule.name, number)] for number in numbers]
    assert cited == case["cited"]
    assert [[record.source_line - 1 for record in records] for records in judged.citations] == case["cited"]
    assert outcome == judged.outcome
