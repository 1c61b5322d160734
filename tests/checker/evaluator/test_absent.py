"""The sentences of docs/evaluation.md, "Absent", with answers worked out by hand; the plan must give them too."""

from datetime import timedelta
from typing import Any  # rows and circumstances of every kind

import pytest

import auditor.checker.engines.duckdb as engine
from auditor.checker.compile.plan import plan_for
from auditor.checker.findings import RuleOutcome
from auditor.policy.conditions import All, Equals, SelectionRef
from auditor.policy.pack import Context
from auditor.policy.rule import Absent, Span
from auditor.records.memory import activity_of
from tests.checker.evaluator.rows import START, evaluated, row, rule

HOUR = 3_600
USED, RENEWED = Equals(field="event", value="completion"), Equals(field="event", value="payment_added")
IN_DE = All(parts=(RENEWED, Equals(field="country", value="DE")))


def renewal(seconds: float, **values: Any) -> dict[str, Any]:
    return row(seconds, event="payment_added", **values)


def outcome_of(rows: list[dict[str, Any]], renewed: Any = RENEWED, **fields: Any) -> RuleOutcome:
    """Return what the evaluator says of use that no renewal follows within an hour, after asking the plan too."""
    circumstances: dict[str, Any] = {"context": Context()}
    circumstances |= {name: fields.pop(name) for name in ("context", "as_of") if name in fields}
    given: dict[str, Any] = {
        "selections": (("used", USED), ("renewed", renewed)),
        "condition": SelectionRef(name="used"),
        "absent": Absent(selection="renewed", within=HOUR),
    }
    judged = rule(**(given | fields))
    activity = activity_of(rows)
    plan = plan_for([judged], sources=activity.sources, **circumstances)
    outcome = evaluated(judged, rows, **circumstances).outcome
    assert (outcome,) == engine.execute(plan, activity).outcomes
    return outcome


def summary(outcome: RuleOutcome) -> tuple[int, int, int]:
    """Return how many records are cited, undetermined, and how many subjects aren't evaluated."""
    return sum(one.records for one in outcome.incidents), outcome.undetermined, outcome.not_evaluated_subjects


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([row(0), row(0, account_id="b"), row(HOUR, account_id="b", event="login")], (2, 0, 0)),
        ([row(0), renewal(HOUR)], (0, 0, 0)),
        ([row(0), renewal(HOUR + 0.000001)], (1, 0, 0)),
        ([row(0), renewal(10, account_id="b"), row(HOUR, event="login")], (1, 0, 0)),
        ([renewal(0), row(0), row(HOUR, event="login")], (1, 0, 0)),
        ([row(0), renewal(0), row(HOUR, event="login")], (0, 0, 0)),
    ],
    ids=["nothing follows", "on the edge", "beyond it", "another account's", "the same time but before", "and after"],
)
def test_a_record_is_kept_if_nothing_of_the_selection_follows(
    rows: list[dict[str, Any]], expected: tuple[int, int, int]
) -> None:
    assert summary(outcome_of(rows)) == expected


def test_where_the_log_ends_too_early_nothing_is_said() -> None:
    assert summary(outcome_of([row(0), row(HOUR - 1, event="login")])) == (0, 1, 1)


def test_the_context_may_say_that_the_log_went_on() -> None:
    context = Context(window=Span(until=START + timedelta(seconds=HOUR, microseconds=1)))

    assert summary(outcome_of([row(0)], context=context)) == (1, 0, 0)
    assert summary(outcome_of([row(0)], context=context, as_of=START + timedelta(seconds=HOUR - 1))) == (0, 1, 1)


def test_a_record_that_may_be_of_the_selection_leaves_it_undetermined() -> None:
    rows = [row(0), renewal(5, country=None), renewal(HOUR + 1, country="DE")]

    assert summary(outcome_of(rows, IN_DE)) == (0, 1, 1)
    assert summary(outcome_of([*rows, renewal(6, country="DE")], IN_DE)) == (0, 0, 0)


def test_what_a_left_out_source_says_still_speaks_for_the_account() -> None:
    rows = [row(0, status=200, source_id="calls"), row(HOUR, status=200, source_id="calls"),
            renewal(10, source_id="billing"), renewal(HOUR + 10, source_id="billing"),
            row(9 * HOUR, event="login", source_id="billing")]  # fmt: skip
    used = All(parts=(USED, Equals(field="status", value=200)))

    outcome = outcome_of(rows, selections=(("used", used), ("renewed", RENEWED)))

    assert summary(outcome) == (0, 0, 0)
    assert outcome.selected == 2


def test_silence_is_the_absence_of_what_was_selected_itself() -> None:
    rows = [row(0), row(1800), row(6_000), row(99_999, event="login")]

    outcome = outcome_of(rows, absent=Absent(selection="used", within=HOUR), selections=(("used", USED),))

    assert summary(outcome) == (2, 0, 0)
