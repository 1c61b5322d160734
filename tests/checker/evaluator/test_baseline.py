"""The sentences of docs/evaluation.md, "Baseline", with answers worked out by hand; the plan must give them too."""

from decimal import Decimal
from typing import Any  # rows and fields of every kind

import pytest

import auditor.checker.engines.duckdb as engine
from auditor.checker.compile.plan import plan_for
from auditor.checker.findings import MeasureValue, RuleOutcome
from auditor.policy.expressions import Aggregate, Comparison, Expression, Logic, Name, Number
from auditor.policy.pack import Context
from auditor.policy.rule import Baseline, Measure, Window
from auditor.records.memory import activity_of
from tests.checker.evaluator.rows import evaluated, row, rule

DAY = 86_400
CALLS = Name(name="calls")
USUAL = Name(name="calls", step="usual")
SPREAD = Name(name="calls", step="spread")


def above(left: Expression, right: Expression | int) -> Expression:
    limit = Number(value=Decimal(right)) if isinstance(right, int) else right
    return Comparison(operator=">", left=left, right=limit)


def calls_on(**days: int) -> list[dict[str, Any]]:
    """Return so many calls a day, at noon and the seconds after; `d3=2` are two on the third day after START."""
    return [row((int(day[1:]) + 0.5) * DAY + second) for day, count in days.items() for second in range(count)]


def outcome_of(rows: list[dict[str, Any]], violates: Expression, **fields: Any) -> RuleOutcome:
    """Return what the evaluator says of a rule that counts calls, after seeing that the plan says the same."""
    given: dict[str, Any] = {
        "measures": (Measure(name="calls", expression=Aggregate(function="count")),),
        "within": Window(kind="tumbling", seconds=DAY),
        "baseline": Baseline(over=5 * DAY, at_least=DAY),
        "violates": violates,
    }
    judged = rule(**(given | fields))
    activity = activity_of(rows)
    result = engine.execute(plan_for([judged], sources=activity.sources, context=Context()), activity)
    outcome = evaluated(judged, rows).outcome
    assert (outcome,) == result.outcomes
    return outcome


def usual_of(outcome: RuleOutcome) -> list[MeasureValue | None]:
    return [value for incident in outcome.incidents for name, value in incident.measures if name == "usual.calls"]


def test_usual_is_the_median_of_the_windows_before() -> None:
    rows = calls_on(d0=2, d1=4, d2=3, d3=9, d4=1, d5=20)

    outcome = outcome_of(rows, Logic(operator="and", left=above(CALLS, 10), right=above(CALLS, USUAL)))

    assert usual_of(outcome) == [3.0]


def test_of_an_even_number_of_windows_it_is_the_mean_of_the_middle_two() -> None:
    outcome = outcome_of(calls_on(d0=2, d1=5, d2=6), above(CALLS, USUAL))

    assert usual_of(outcome) == [3.5]


def test_empty_windows_count_as_nothing_from_the_first_record_on() -> None:
    outcome = outcome_of(calls_on(d0=6, d1=6, d4=7), above(CALLS, USUAL))

    assert usual_of(outcome) == [3.0]


def test_windows_before_over_are_forgotten() -> None:
    rows = calls_on(d0=50, d1=50, d2=50, d3=1, d4=1, d5=1, d6=3)

    outcome = outcome_of(rows, above(CALLS, USUAL), baseline=Baseline(over=3 * DAY, at_least=DAY))

    assert usual_of(outcome) == [1.0]


def test_a_usual_of_nothing_is_not_evaluated() -> None:
    outcome = outcome_of(calls_on(d0=1, d9=5), above(CALLS, USUAL))

    assert (outcome.incidents, outcome.not_evaluated_subjects) == ((), 1)


@pytest.mark.parametrize(("days", "expected"), [(2, 1), (1, 0)], ids=["exactly enough", "a day short"])
def test_a_subject_with_too_little_history_is_not_evaluated(days: int, expected: int) -> None:
    rows = [row(0), row(DAY), row(days * DAY), row(days * DAY + 1)]

    outcome = outcome_of(rows, above(CALLS, USUAL), baseline=Baseline(over=5 * DAY, at_least=2 * DAY))

    assert (expected, 1 - expected) == (len(outcome.incidents), outcome.not_evaluated_subjects)


def test_a_subject_that_stays_below_a_fixed_floor_is_judged_without_any_past() -> None:
    both = Logic(operator="and", left=above(CALLS, USUAL), right=above(CALLS, 100))

    outcome = outcome_of(calls_on(d0=3), both)

    assert (outcome.incidents, outcome.not_evaluated_subjects) == ((), 0)


def test_the_spread_is_the_median_distance_from_what_is_usual() -> None:
    rows = calls_on(d0=2, d1=4, d2=3, d3=9, d4=1, d5=20)
    far = Logic(operator="and", left=above(CALLS, SPREAD), right=above(CALLS, 10))

    (incident,) = outcome_of(rows, far).incidents

    assert incident.measures[-1] == ("spread.calls", 1.0)


def test_a_sliding_window_does_not_share_its_first_moment_with_the_past() -> None:
    rows = [row(0), row(60), row(60), row(120)]
    sliding = Window(kind="sliding", seconds=60)

    outcome = outcome_of(rows, above(CALLS, USUAL), within=sliding, baseline=Baseline(over=120, at_least=60))

    assert [incident.measures for incident in outcome.incidents] == [(("calls", 3), ("usual.calls", 1.0))]


def test_each_value_of_by_has_a_past_of_its_own() -> None:
    rows = [*calls_on(d0=1, d1=1), *[one | {"model": "m"} for one in calls_on(d2=9)]]
    rows = [{"model": "usual", **one} for one in rows]

    outcome = outcome_of(rows, above(CALLS, USUAL), by=("model",))

    assert outcome.incidents == ()
