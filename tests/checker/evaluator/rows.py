"""Small factories: a test shows only the fields it is about."""

from datetime import UTC, datetime, timedelta
from typing import Any  # a row holds values of every column type

from auditor.checker.evaluator.evaluate import evaluate
from auditor.checker.evaluator.shown import Evaluation
from auditor.policy.conditions import Condition, Exists
from auditor.policy.pack import Context
from auditor.policy.rule import Rule
from auditor.records.memory import activity_of

START = datetime(2026, 6, 1, tzinfo=UTC)


def row(seconds: float = 0, **values: object) -> dict[str, Any]:
    """Return a record of account `a`, so many seconds after START."""
    return {"time": START + timedelta(seconds=seconds), "event": "completion", "account_id": "a", **values}


def rule(*, condition: Condition | None = None, **values: object) -> Rule:
    """Return a rule over accounts that selects every record unless told otherwise."""
    test = condition or Exists(field="event")
    given = {
        "id": "0", "name": "a-rule", "digest": "0", "title": "A rule", "status": "test", "conducts": ("resale",),
        "strength": "inferential", "family": "limits", "level": "low", "subject": "account",
        "selections": (("all", test),), "condition": test,
    }  # fmt: skip
    return Rule.model_validate(given | values)


def evaluated(rule: Rule, rows: list[dict[str, Any]], **circumstances: Any) -> Evaluation:
    """Return what the evaluator says about rows."""
    activity = activity_of(rows)
    return evaluate(rule, list(activity.rows()), activity.sources, **{"context": Context(), **circumstances})
