"""The compiled plan and the plain evaluator give the same, to the last record, over random records and rules.

`AUDITOR_EXAMPLES=5000` soaks: that many fresh random examples. Without it a fixed few hundred run, the same on every
machine, so that a change that breaks nothing can't fail by luck. A failure there is not made smaller, which takes
minutes: repeat it with the printed blob, or soak.
"""

import os
from collections.abc import Sequence

import duckdb
import pytest
from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis import strategies as st

import auditor.checker.engines.duckdb as engine
from auditor.checker.agreement import differences
from auditor.checker.compile.plan import plan_for
from auditor.checker.evaluator.evaluate import evaluate
from auditor.checker.findings import RecordRef
from auditor.policy.rule import Rule
from auditor.records.activity import Activity
from auditor.records.memory import activity_of
from auditor.records.sql import open_connection
from tests.properties.some_derived import links, with_all_derived
from tests.properties.some_records import grids, row_sets
from tests.properties.some_rules import Settings, composites, rules, settings_of

EXAMPLES = int(os.environ.get("AUDITOR_EXAMPLES", "0"))
RULES = 2
"""Rules of one example: they share a plan, as the rules of a pack do."""


@pytest.fixture(scope="module")
def connection() -> duckdb.DuckDBPyConnection:
    return open_connection()


SETTINGS = settings(
    max_examples=EXAMPLES or 150,
    derandomize=not EXAMPLES,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
    phases=[Phase.generate, Phase.shrink] if EXAMPLES else [Phase.generate],
    print_blob=True,
)


@SETTINGS
@given(data=st.data())
def test_plan_and_evaluator_agree_on_every_rule_and_record(
    connection: duckdb.DuckDBPyConnection, data: st.DataObject
) -> None:
    grid = data.draw(grids())
    activity = activity_of(data.draw(row_sets(grid)), connection=connection)
    activity = with_all_derived(activity, data.draw(links(grid)))
    chosen = [data.draw(rules(grid, f"rule-{place}")) for place in range(RULES)]

    _assert_agreed(chosen, activity, data.draw(settings_of(grid)))


@settings(SETTINGS, max_examples=EXAMPLES or 80)
@given(data=st.data())
def test_plan_and_evaluator_agree_on_composites(connection: duckdb.DuckDBPyConnection, data: st.DataObject) -> None:
    grid = data.draw(grids())
    activity = activity_of(data.draw(row_sets(grid)), connection=connection)
    activity = with_all_derived(activity, data.draw(links(grid)))
    composite, others = data.draw(composites(grid))

    _assert_agreed([composite, *others], activity, data.draw(settings_of(grid)))


def _assert_agreed(chosen: Sequence[Rule], activity: Activity, circumstances: Settings) -> None:
    given_with = vars(circumstances)
    rows = list(activity.rows())
    note("\n".join(str({name: value for name, value in row.items() if value is not None}) for row in rows))
    result = engine.execute(plan_for(chosen, sources=activity.sources, **given_with), activity)
    judged = [evaluate(rule, rows, activity.sources, **given_with) for rule in chosen]
    assert dict(result.errors) == {}
    for rule, outcome, judge in zip(chosen, result.outcomes, judged, strict=True):
        cited = [_cited(result, rule.name, incident.number) for incident in (*outcome.incidents, *outcome.suppressed)]
        numbers = [incident.number for incident in (*outcome.incidents, *outcome.suppressed)]
        by_number = dict(zip(numbers, cited, strict=True))
        assert not differences(outcome, judge.outcome, by_number.__getitem__, judge.citations.__getitem__)


def _cited(result: engine.PlanResult, rule: str, number: int) -> tuple[RecordRef, ...]:
    return tuple(result.of(rule, number))
