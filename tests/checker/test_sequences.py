"""Whole rules with sequences, by the plan and by the plain evaluator."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from auditor.checker.compile.plan import plan_for
from auditor.checker.engines.duckdb import execute
from auditor.checker.evaluator.evaluate import evaluate
from auditor.policy.pack import Context
from auditor.records.memory import activity_of
from tests.checker.factories import START
from tests.policy.examples import rule_of

CASES = yaml.safe_load((Path(__file__).parent / "sequences.yml").read_text())
WHEN = "when: {{a: {{event: a}}, b: {{event: b}}, c: {{event: c}}{}}}\n"


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_a_sequence_finds_its_occurrences(case: dict[str, Any]) -> None:
    rule = rule_of(WHEN.format(case.get("selections", "")) + case["rule"])
    times = (START + timedelta(seconds=10 * place) for place in range(len(case["records"])))
    rows = [
        {"account_id": "a", "time": time.isoformat()} | row for time, row in zip(times, case["records"], strict=True)
    ]
    activity = activity_of(rows)

    result = execute(plan_for([rule], sources=activity.sources, context=Context()), activity)
    judged = evaluate(rule, activity.rows(), activity.sources, context=Context())

    (outcome,) = result.outcomes
    cited = [[record.source_line - 1 for record in result.of(rule.name, item.number)] for item in outcome.incidents]
    assert case["cited"] == cited
    assert case["cited"] == [[record.source_line - 1 for record in records] for records in judged.citations]
    assert case.get("counts", {}).items() <= outcome.model_dump().items()
    assert outcome == judged.outcome
