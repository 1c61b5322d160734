"""Baselines over many past windows: what is left out before they are made, and what is made in slices."""

from dataclasses import replace
from random import Random

import pytest

from auditor.checker.agreement import differences
from auditor.checker.compile.nodes import columns, select
from auditor.checker.compile.plan import Plan, plan_for
from auditor.checker.compile.statements import Sliced, Statement
from auditor.checker.engines.duckdb import PlanResult, execute
from auditor.checker.engines.tables import rows_of
from auditor.checker.evaluator.evaluate import evaluate
from auditor.checker.findings import RecordRef
from auditor.policy.expressions import Arithmetic, Comparison, Name, Number
from auditor.policy.pack import Context
from auditor.policy.rule import Baseline, Rule, Window
from auditor.records.activity import Activity
from auditor.records.memory import activity_of
from auditor.records.sql import literal, table
from tests.checker.factories import a_record, counting

MINUTE = 60
OVER = 120 * MINUTE
KINDS = ("sliding", "tumbling")


def a_burst_rule(kind: str, word: str = "usual") -> Rule:
    """Return a rule that compares a minute with the 120 before it."""
    usual = Arithmetic(operator="*", left=Number(value=2), right=Name(name="requests", step=word))
    verdict = Comparison(operator=">=", left=Name(name="requests"), right=usual)
    within = Window(kind=kind, seconds=MINUTE)
    return counting(1, within).model_copy(
        update={"violates": verdict, "baseline": Baseline(over=OVER, at_least=OVER, of="self")}
    )


def some_activity() -> Activity:
    """Return accounts of which some are active in more than half of all minutes, some in fewer, one in just half."""
    draw = Random(7)
    rows = []
    for account, share in (("busy", 0.8), ("rare", 0.3), ("near", 0.5), ("close", 0.52)):
        for minute in range(150):
            for _ in range((draw.random() < share) + 4 * (minute > 140 and account != "close")):
                rows.append(a_record(minute * MINUTE + draw.randrange(MINUTE), account))
    rows += [a_record(minute * MINUTE, "half") for minute in range(0, 122, 2)]
    rows += [a_record(121 * MINUTE + second, "half") for second in range(4)]
    return activity_of(rows)


def agreed(plan: Plan, rule: Rule, activity: Activity) -> PlanResult:
    """Run a plan of one rule and hold it to the plain evaluator."""
    result = execute(plan, activity)
    judged = evaluate(rule, list(activity.rows()), activity.sources, context=Context())

    def cited(number: int) -> tuple[RecordRef, ...]:
        return tuple(result.of(rule.name, number))

    assert differences(result.outcomes[0], judged.outcome, cited, judged.citations.__getitem__) == ()
    return result


@pytest.mark.parametrize("word", ["usual", "spread"])
@pytest.mark.parametrize("kind", KINDS)
def test_windows_that_are_left_out_have_no_usual_value(kind: str, word: str) -> None:
    activity, rule = some_activity(), a_burst_rule(kind, word)

    result = agreed(plan_for([rule], sources=activity.sources, context=Context()), rule, activity)

    opened, known = (
        {key for (key,) in rows_of(activity.connection, select(columns(("_open",)), table(f"rule0_{name}")))}
        for name in ("open", "known")
    )
    assert result.outcomes[0].incidents
    assert known < opened


@pytest.mark.parametrize("word", ["usual", "spread"])
@pytest.mark.parametrize("kind", KINDS)
def test_slices_come_to_the_same_as_the_whole(kind: str, word: str) -> None:
    activity, rule = some_activity(), a_burst_rule(kind, word)
    whole = plan_for([rule], sources=activity.sources, context=Context())
    much = select([literal(30_000_000)], table("rule0_known"))

    def in_slices(statement: Statement) -> Statement:
        return replace(statement, size=much) if isinstance(statement, Sliced) else statement

    (own,) = whole.rules
    sliced = replace(whole, rules=(replace(own, statements=tuple(map(in_slices, own.statements))),))

    assert agreed(sliced, rule, activity).outcomes == agreed(whole, rule, activity).outcomes
