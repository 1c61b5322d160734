"""Differences that random rules once found between plan and evaluator, and what counts as a difference."""

from decimal import Decimal
from typing import Any  # rows of every kind

import auditor.checker.engines.duckdb as engine
from auditor.checker.agreement import differences
from auditor.checker.compile.plan import plan_for
from auditor.checker.evaluator.evaluate import evaluate
from auditor.checker.findings import RuleOutcome
from auditor.policy.conditions import Compare, Equals
from auditor.policy.expressions import Aggregate
from auditor.policy.pack import Context
from auditor.policy.rule import Measure, Rule, Sequence
from auditor.records.memory import activity_of
from tests.checker.evaluator.rows import row, rule

KINDS = Measure(name="kinds", expression=Aggregate(function="count", column="model", is_distinct=True))


def both(judged: Rule, rows: list[dict[str, Any]]) -> tuple[RuleOutcome, RuleOutcome]:
    activity = activity_of(rows)
    plan = plan_for(
        [judged], sources=activity.sources, context=Context(), terms=(), exemptions=(), timezone="UTC",
        as_of=None, since=None, until=None,
    )  # fmt: skip
    (outcome,) = engine.execute(plan, activity).outcomes
    return outcome, evaluate(judged, list(activity.rows()), activity.sources, context=Context()).outcome


def test_a_sequence_counts_each_records_own_value_of_a_column_that_divides_it() -> None:
    judged = rule(
        by=("model",),
        selections=(
            ("refused", Equals(field="status", value=Decimal(429))),
            ("answered", Equals(field="status", value=Decimal(200))),
        ),
        measures=(KINDS,),
        sequence=Sequence(steps=("refused", "answered"), within=60),
    )

    plan, judge = both(judged, [row(0, status=429, model="m"), row(1, status=200, model="n")])

    assert plan.incidents[0].measures == judge.incidents[0].measures == (("kinds", 2),)


def test_a_time_that_divides_is_kept_as_rfc_3339() -> None:
    plan, judge = both(rule(by=("time",)), [row(0), row(0.5)])

    texts = [("2026-06-01T00:00:00.500000Z",), ("2026-06-01T00:00:00Z",)]
    assert [incident.by for incident in plan.incidents] == texts
    assert [incident.by for incident in judge.incidents] == texts


def test_every_count_and_measure_is_compared() -> None:
    judged = rule(condition=Compare(field="status", operator=">", value=Decimal(1)), measures=(KINDS,))
    plan, judge = both(judged, [row(0, status=2, model="m")])
    (incident,) = judge.incidents
    as_double = incident.model_copy(update={"measures": (("kinds", 1.0),)})

    found = differences(
        plan,
        judge.model_copy(update={"selected": 9, "incidents": (as_double,)}),
        lambda _: (),
        lambda _: (incident.first,),
    )

    assert [text.split(":")[0] for text in found] == ["selected", "measures of incident 0", "records of incident 0"]
