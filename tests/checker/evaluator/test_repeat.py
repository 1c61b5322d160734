"""The sentences of docs/evaluation.md, "Repeat", with answers worked out by hand; the plan must give them too."""

from decimal import Decimal
from typing import Any  # rows and fields of every kind

import pytest

import auditor.checker.engines.duckdb as engine
from auditor.checker.compile.plan import plan_for
from auditor.checker.findings import RuleOutcome
from auditor.policy.expressions import Aggregate, Comparison, Name, Number
from auditor.policy.pack import Context
from auditor.policy.rule import Exemption, ExemptionEntry, Measure, Repeat, Window
from auditor.records.memory import activity_of
from tests.checker.evaluator.rows import evaluated, row, rule

HOUR, DAY = 3_600, 86_400
CALENDAR_DAY, SLIDING_HOUR = Window(kind="calendar", unit="day"), Window(kind="sliding", seconds=HOUR)
AGREED = Exemption(
    name="agreed", owner="o", reason="r", entries=(ExemptionEntry(match=(("country", "DE"),), reason="r"),)
)


def bursts(*days: float, **values: Any) -> list[dict[str, Any]]:
    """Return two calls, a minute apart, at noon of each day after START."""
    return [row((day + 0.5) * DAY + second, **values) for day in days for second in (0, 60)]


def outcome_of(rows: list[dict[str, Any]], within: Window = CALENDAR_DAY, **fields: Any) -> RuleOutcome:
    """Return what the evaluator says of two calls on three days of a week, after asking the plan too."""
    given: dict[str, Any] = {
        "measures": (Measure(name="calls", expression=Aggregate(function="count")),),
        "within": within,
        "violates": Comparison(operator=">=", left=Name(name="calls"), right=Number(value=Decimal(2))),
        "repeat": Repeat(at_least=3, within=7 * DAY),
        "unless": ("agreed",),
    }
    judged = rule(**(given | fields))
    activity = activity_of(rows)
    plan = plan_for([judged], sources=activity.sources, context=Context(), exemptions=(AGREED,))
    outcome = evaluated(judged, rows, exemptions=(AGREED,)).outcome
    assert (outcome,) == engine.execute(plan, activity).outcomes
    return outcome


def extents(outcome: RuleOutcome) -> list[tuple[int, int]]:
    """Return windows and records of every incident."""
    return [(incident.windows, incident.records) for incident in outcome.incidents]


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        ((0, 1), []),
        ((0, 3, 7), [(3, 6)]),
        ((0, 3, 7.1), []),
        ((0, 3, 7, 14), [(3, 6)]),
        ((0, 3, 7, 10), [(4, 8)]),
        ((0, 1, 2, 20, 21, 22), [(3, 6), (3, 6)]),
        ((0, 0.1, 0.2), []),
    ],
    ids=["two days", "on the edge", "beyond it", "and one more", "stretches overlap", "twice", "one day"],
)
def test_a_finding_needs_enough_days_and_holds_them_all(days: tuple[float, ...], expected: list[Any]) -> None:
    assert extents(outcome_of(bursts(*days))) == expected


def test_records_between_sliding_windows_are_not_the_incidents() -> None:
    rows = [*bursts(0, 1, 2), row(1.2 * DAY)]

    assert extents(outcome_of(rows, SLIDING_HOUR)) == [(3, 6)]


def test_windows_themselves_may_be_what_is_counted() -> None:
    rows = [row(hour * HOUR + second) for hour in (0, 1, 2) for second in (0, 1)]
    hourly = Window(kind="tumbling", seconds=HOUR)

    outcome = outcome_of(rows, hourly, repeat=Repeat(at_least=3, distinct="window", within=2 * HOUR))

    assert extents(outcome) == [(3, 6)]


def test_what_is_exempt_repeats_nothing_and_is_reported() -> None:
    outcome = outcome_of([*bursts(0, 1), *bursts(2, country="DE")])

    assert extents(outcome) == []
    assert [(item.windows, item.records) for item in outcome.suppressed] == [(1, 2)]


def test_what_is_exempt_takes_nothing_from_days_that_repeat_without_it() -> None:
    outcome = outcome_of([*bursts(0, 1, 3), *bursts(2, country="DE")])

    assert extents(outcome) == [(3, 6)]
