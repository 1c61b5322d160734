"""Rules that went through the loader mean the same to the compiled plan and to the plain evaluator."""

import os

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import auditor.checker.engines.duckdb as engine
from auditor.checker.agreement import differences
from auditor.checker.compile.plan import plan_for
from auditor.checker.evaluator.evaluate import evaluate
from auditor.errors import PolicyError
from auditor.policy.load import load_rule_text
from auditor.policy.rule import Rule, ValueList
from auditor.records.memory import activity_of
from tests.properties.some_records import grids, row_sets
from tests.properties.some_rule_texts import rule_texts
from tests.properties.some_rules import settings_of

EXAMPLES = int(os.environ.get("AUDITOR_EXAMPLES", "0"))
LISTS = (ValueList(name="models", title="Models", values=("gpt", "istanbul")),)


def _loaded(text: str) -> Rule | None:
    try:
        return load_rule_text(text, name="a-rule", lists=LISTS)
    except PolicyError:
        return None


@settings(
    max_examples=EXAMPLES or 80,
    derandomize=not EXAMPLES,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
    phases=[Phase.generate, Phase.shrink] if EXAMPLES else [Phase.generate],
    print_blob=True,
)
@given(data=st.data())
def test_plan_and_evaluator_agree_on_rules_as_written(data: st.DataObject) -> None:
    grid = data.draw(grids())
    rule = _loaded(data.draw(rule_texts()))
    if rule is None:
        return
    activity = activity_of(data.draw(row_sets(grid)))
    circumstances = vars(data.draw(settings_of(grid)))

    result = engine.execute(plan_for([rule], sources=activity.sources, **circumstances), activity)
    judge = evaluate(rule, list(activity.rows()), activity.sources, **circumstances)

    assert dict(result.errors) == {}
    (outcome,) = result.outcomes
    by_number = {
        incident.number: tuple(result.of(rule.name, incident.number))
        for incident in (*outcome.incidents, *outcome.suppressed)
    }
    assert not differences(outcome, judge.outcome, by_number.__getitem__, judge.citations.__getitem__)


def test_most_written_rules_load() -> None:
    texts: list[str] = []

    @settings(max_examples=60, derandomize=True, database=None, phases=[Phase.generate])
    @given(rule_texts())
    def collect(text: str) -> None:
        texts.append(text)

    collect()

    assert sum(_loaded(text) is not None for text in texts) > len(texts) / 2
