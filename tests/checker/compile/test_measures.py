"""Measures at the ends of what a column can hold: the plan agrees with the evaluator and never fails."""

from decimal import Decimal
from itertools import product
from typing import Any  # rows of every kind

import pytest

import auditor.checker.engines.duckdb as engine
from auditor.checker.agreement import differences
from auditor.checker.compile.plan import plan_for
from auditor.checker.evaluator.evaluate import evaluate
from auditor.checker.findings import RuleOutcome
from auditor.policy.expressions import Aggregate, Arithmetic, Comparison, Expression, Name, Negative, Number
from auditor.policy.pack import Context
from auditor.policy.rule import Measure, Rule
from auditor.records.memory import activity_of
from tests.checker.evaluator.rows import row, rule

MOST, LEAST = 2**63 - 1, -(2**63)
EXTREMES = (
    row(0, input_tokens=MOST, cost_usd="999999999.999999999", latency_ms=9.9e19,
        extra={"score": "999999999999999999.999999999"}),
    row(1, input_tokens=LEAST, cost_usd="-999999999.999999999", latency_ms=-9.9e19,
        extra={"score": "-999999999999999999.999999999"}),
    row(2, input_tokens=MOST, cost_usd="1", latency_ms=1.0, extra={"score": "5"}),
)  # fmt: skip
COLUMNS = ("input_tokens", "cost_usd", "latency_ms", "extra.score")
HALF = Number(value=Decimal("0.5"))


def of(function: str, column: str | None = None) -> Expression:
    return Aggregate.model_validate({"function": function, "column": column})


def calculated(operator: str, left: Expression, right: Expression) -> Expression:
    return Arithmetic.model_validate({"operator": operator, "left": left, "right": right})


def expressions(column: str) -> list[Expression]:
    plain = [of(function, column) for function in ("sum", "avg", "min", "max", "median")]
    others = (of("max", column), of("sum", "input_tokens"), HALF, of("count"))
    binary = [calculated(sign, left, right) for sign, left, right in product("+-*/", plain, others)]
    square = calculated("*", of("max", column), of("max", column))
    powers = [calculated("*", square, square), calculated("*", calculated("*", square, square), of("min", column))]
    return [*plain, *(Negative(operand=item) for item in plain), *binary, *powers]


def with_measure(expression: Expression, violates: Expression | None = None, name: str = "a-rule") -> Rule:
    return rule(measures=(Measure(name="m", expression=expression),), violates=violates, name=name)


def agreed(judged: list[Rule], rows: list[dict[str, Any]]) -> tuple[RuleOutcome, ...]:
    """Return what the plan says of rules, having asked the evaluator too."""
    activity = activity_of(rows)
    result = engine.execute(plan_for(judged, sources=activity.sources, context=Context()), activity)
    assert dict(result.errors) == {}
    for one, outcome in zip(judged, result.outcomes, strict=True):
        judge = evaluate(one, list(activity.rows()), activity.sources, context=Context())
        cited = {item.number: tuple(result.of(one.name, item.number)) for item in outcome.incidents}
        assert not differences(outcome, judge.outcome, cited.__getitem__, judge.citations.__getitem__)
    return result.outcomes


@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.parametrize("violates", [None, Comparison(operator=">", left=Name(name="m"), right=HALF)])
def test_no_number_a_column_can_hold_stops_a_rule(column: str, violates: Expression | None) -> None:
    judged = [
        with_measure(expression, name=f"rule-{place}", violates=violates)
        for place, expression in enumerate(expressions(column))
    ]

    agreed(judged, list(EXTREMES))


def test_one_accounts_absurd_number_takes_no_finding_from_the_others() -> None:
    most = of("max", "input_tokens")
    squared = calculated("*", calculated("*", most, most), most)
    absurd = Comparison(operator=">", left=Name(name="m"), right=Number(value=Decimal(100)))
    rows = [row(0, input_tokens=MOST), row(0, account_id="b", input_tokens=10)]

    (outcome,) = agreed([with_measure(squared, violates=absurd)], rows)

    assert [(item.subject, item.measures) for item in outcome.incidents] == [(("b",), (("m", 1000),))]
