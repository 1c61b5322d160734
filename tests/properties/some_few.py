"""Records of a few subjects who do one thing over and over, at times on a grid that is the unit of every length.

Rules over these are written as their authors write them, and find something more often than not.
"""

from datetime import UTC, datetime, timedelta
from typing import Any  # rows hold values of every column type

from hypothesis import strategies as st

import auditor.checker.engines.duckdb as engine
from auditor.checker.agreement import differences
from auditor.checker.compile.plan import plan_for
from auditor.checker.evaluator.evaluate import evaluate
from auditor.checker.evaluator.shown import Evaluation
from auditor.errors import PolicyError
from auditor.policy.load import load_rule_text
from auditor.policy.pack import Context
from auditor.policy.rule import Exemption, ExemptionEntry, Rule
from auditor.records.activity import Activity
from tests.properties.some_rule_texts import HEAD

START = datetime(2026, 3, 28, 20, tzinfo=UTC)
BEFORE_1970 = datetime(1969, 12, 31, 2, tzinfo=UTC)
AGREED = (
    Exemption(
        name="agreed",
        owner="legal",
        reason="agreed",
        entries=(ExemptionEntry(match=(("country", "DE"),), reason="agreed"),),
    ),
)
USUAL: dict[str, Any] = {"context": Context(), "exemptions": AGREED, "timezone": "Europe/Berlin"}


@st.composite
def rows_of_a_few(draw: st.DrawFn, start: datetime = START) -> list[dict[str, Any]]:
    """Return up to forty records on an hourly grid, a microsecond beside it now and then."""
    one = st.binary(min_size=6, max_size=6)
    drawn = draw(st.one_of(st.lists(one, min_size=1, max_size=40), st.lists(one, min_size=16, max_size=40)))
    return [row_of(start, line, *found) for line, found in enumerate(drawn, 1)]


def row_of(
    start: datetime, line: int, hour: int, beside: int, account: int, tokens: int, model: int, event: int
) -> dict[str, Any]:
    """Return a record made of small numbers; of three, one lies close to a midnight."""
    hours = hour % 48 if hour < 170 else 2 + hour % 5
    moment = start + timedelta(hours=hours, microseconds=(0, 0, 0, 0, 0, 0, -1, 1)[beside % 8])
    return {
        "source_id": "s", "source_line": line, "record_id": str(line), "time": moment,
        "account_id": (None, "b", "a", "a", "a", "a", "a")[account % 7],
        "input_tokens": (None, 0, -2, 1, 1, 5, 9)[tokens % 7],
        "model": (None, "x", "y", "z")[model % 4],
        "event": ("completion", "completion", "completion", "login")[event % 4],
        "country": ("DE", None, "FR")[event % 3],
    }  # fmt: skip


def loaded(text: str, name: str = "a-rule") -> Rule:
    """Return the rule of a text that the loader must take."""
    try:
        return load_rule_text(HEAD + text, name=name)
    except PolicyError as error:
        raise AssertionError(f"{text}\n{error}") from error


def judged(rule: Rule, activity: Activity, **settings: Any) -> Evaluation:
    """Return what the evaluator says, in the circumstances that are usual here."""
    return evaluate(rule, list(activity.rows()), activity.sources, **{**USUAL, **settings})


def differing(rules: list[Rule], activity: Activity, **settings: Any) -> tuple[str, ...]:
    """Return what one plan of all rules and the evaluator differ on."""
    circumstances = {**USUAL, **settings}
    result = engine.execute(plan_for(rules, sources=activity.sources, **circumstances), activity)
    assert dict(result.errors) == {}
    found: list[str] = []
    for rule, outcome in zip(rules, result.outcomes, strict=True):
        judge = judged(rule, activity, **settings)
        cited = {
            incident.number: tuple(result.of(outcome.rule, incident.number))
            for incident in (*outcome.incidents, *outcome.suppressed)
        }
        found += differences(outcome, judge.outcome, cited.__getitem__, judge.citations.__getitem__)
    return tuple(found)
