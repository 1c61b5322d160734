"""Rules and records for tests of the checker: small functions that show only the fields a test is about."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any  # fields of a rule are of many types

from auditor.policy.conditions import Condition, Equals, SelectionRef
from auditor.policy.expressions import Aggregate, Comparison, Expression, Name, Number
from auditor.policy.rule import Measure, Rule, Window

START = datetime(2026, 1, 1, tzinfo=UTC)
COMPLETION = Equals(field="event", value="completion")


def a_rule(when: Condition = COMPLETION, **fields: Any) -> Rule:
    """Return a rule on accounts that selects by one condition."""
    given: dict[str, Any] = {
        "id": "11111111-1111-4111-8111-111111111111",
        "name": "rule",
        "digest": "0" * 64,
        "title": "Rule",
        "status": "test",
        "conducts": ("resale",),
        "strength": "inferential",
        "family": "limits",
        "level": "medium",
        "subject": "account",
        "selections": (("chosen", when),),
        "condition": SelectionRef(name="chosen"),
    }
    return Rule(**(given | fields))


def counting(at_least: int, within: Window | None = None, **fields: Any) -> Rule:
    """Return a rule that wants a number of completions in a window."""
    measure = Measure(name="requests", expression=Aggregate(function="count"))
    return a_rule(measures=(measure,), within=within, violates=reaches("requests", at_least), **fields)


def reaches(measure: str, value: int | str) -> Expression:
    """Return `measure >= value`."""
    return Comparison(operator=">=", left=Name(name=measure), right=Number(value=Decimal(value)))


def sliding(seconds: int) -> Window:
    """Return a sliding window."""
    return Window(kind="sliding", seconds=seconds)


def a_record(seconds: float = 0, account: str | None = "a", **fields: Any) -> dict[str, Any]:
    """Return a completion some seconds after `START`."""
    time = (START + timedelta(seconds=seconds)).isoformat()
    return {"time": time, "event": "completion", "account_id": account} | fields
