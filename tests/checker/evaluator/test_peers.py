"""The sentences of docs/evaluation.md, "Baseline of peers", worked out by hand; the plan must give the answers too."""

from decimal import Decimal
from typing import Any  # rows and fields of every kind

import pytest

import auditor.checker.engines.duckdb as engine
from auditor.checker.compile.plan import plan_for
from auditor.checker.findings import RuleOutcome
from auditor.policy.baseline import FEWEST_PEERS, fraction_of
from auditor.policy.expressions import Aggregate, Comparison, Name
from auditor.policy.pack import Context
from auditor.policy.rule import Baseline, Measure, Window
from auditor.records.memory import activity_of
from tests.checker.evaluator.rows import evaluated, row, rule

DAY = 86_400


def calls(account: str, day: int, count: int, plan: str | None = "pro") -> list[dict[str, Any]]:
    return [row(day * DAY + second, account_id=account, plan=plan) for second in range(count)]


def a_crowd(size: int = FEWEST_PEERS, plan: str | None = "pro") -> list[dict[str, Any]]:
    """Return accounts that call once on the first day; on the second, the first of them twice, the next thrice ..."""
    return [
        one for at in range(size) for day, count in ((0, 1), (1, at + 2)) for one in calls(f"p{at}", day, count, plan)
    ]


def outcome_of(rows: list[dict[str, Any]], word: str = "peers_p90", **fields: Any) -> RuleOutcome:
    """Return what the evaluator says of more calls a day than peers made, after asking the plan too."""
    given: dict[str, Any] = {
        "measures": (Measure(name="calls", expression=Aggregate(function="count")),),
        "within": Window(kind="tumbling", seconds=DAY),
        "baseline": Baseline(over=DAY, of="peers", at_least=DAY),
        "violates": Comparison(operator=">", left=Name(name="calls"), right=Name(name="calls", step=word)),
    }
    judged = rule(**(given | fields))
    activity = activity_of(rows)
    outcome = evaluated(judged, rows).outcome
    plan = plan_for([judged], sources=activity.sources, context=Context())
    assert (outcome,) == engine.execute(plan, activity).outcomes
    return outcome


def found_for(outcome: RuleOutcome, account: str = "a") -> list[Any]:
    return [incident.measures[1][1] for incident in outcome.incidents if incident.subject == (account,)]


@pytest.mark.parametrize(("count", "expected"), [(28, []), (29, [28.0])], ids=["as many", "one more"])
def test_a_window_is_held_against_the_quantile_of_what_peers_did_before(count: int, expected: list[float]) -> None:
    assert found_for(outcome_of([*a_crowd(), *calls("a", 2, count)])) == expected


def test_with_fewer_than_thirty_peers_nobody_is_judged() -> None:
    outcome = outcome_of([*a_crowd(FEWEST_PEERS - 1), *calls("a", 2, 60)])

    assert (outcome.incidents, outcome.not_evaluated_subjects) == ((), FEWEST_PEERS)


@pytest.mark.parametrize("plan", ["free", None], ids=["another plan", "no plan"])
def test_only_who_has_the_same_plan_is_a_peer(plan: str | None) -> None:
    assert found_for(outcome_of([*a_crowd(), *calls("a", 2, 60, plan)])) == []


@pytest.mark.parametrize("other", ["free", "team"], ids=["one before the other", "one after it"])
def test_a_window_of_two_plans_has_no_peers(other: str) -> None:
    rows = [*calls("a", 2, 60), *calls("a", 2, 1, other)]

    assert found_for(outcome_of([*a_crowd(), *rows])) == []


def test_who_has_just_come_is_no_peer() -> None:
    newcomers = calls("p0", 0, 1) + [one for at in range(FEWEST_PEERS) for one in calls(f"n{at}", 1, 90)]

    outcome = outcome_of(
        [*a_crowd(), *newcomers, *calls("a", 2, 40)], baseline=Baseline(over=DAY, of="peers", at_least=2 * DAY)
    )

    assert found_for(outcome) == [28.0]


def test_a_past_beyond_the_time_is_forgotten() -> None:
    assert found_for(outcome_of([*a_crowd(), *calls("a", 3, 60)])) == []


@pytest.mark.parametrize(
    ("word", "fraction"),
    [("peers_p99", "0.99"), ("peers_p999", "0.999"), ("peers_p05", "0.05"), ("peers_p5", "0"), ("usual", "0")],
)
def test_a_word_stands_for_a_fraction(word: str, fraction: str) -> None:
    assert fraction_of(word) == Decimal(fraction)
