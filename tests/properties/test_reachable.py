"""What the loader calls unreachable is never reached: no record is selected, no window violates."""

import os
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditor.checker.evaluator.conditions import Reading, truth
from auditor.checker.evaluator.evaluate import evaluate
from auditor.checker.evaluator.facts import records_of
from auditor.policy.alternatives import fulfillable
from auditor.policy.bounds import Bounds, impossible_in
from auditor.policy.columns import column_named, is_exact
from auditor.policy.expressions import Aggregate, walk
from auditor.policy.pack import Context
from auditor.policy.rule import Rule
from auditor.policy.scope import scope_of
from auditor.records.memory import activity_of
from tests.properties.some_conditions import leaves, trees
from tests.properties.some_records import grids, row_sets
from tests.properties.some_rules import rules, settings_of

EXAMPLES = int(os.environ.get("AUDITOR_EXAMPLES", "0"))
MANY = settings(
    max_examples=EXAMPLES or 150,
    derandomize=not EXAMPLES,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)


@MANY
@given(data=st.data())
def test_no_record_fulfils_a_condition_called_unreachable(data: st.DataObject) -> None:
    grid = data.draw(grids())
    condition = data.draw(trees(leaves(grid), 6))
    reading = Reading(data.draw(st.booleans()), ZoneInfo("Europe/Berlin"))
    alternatives = fulfillable(condition, is_missing_counted=reading.is_missing_counted)
    if alternatives != ():
        return

    records = records_of(activity_of(data.draw(row_sets(grid))).rows(), Context(), None)

    assert not any(truth(condition, record, reading) for record in records)


@MANY
@given(data=st.data())
def test_no_window_reaches_a_threshold_called_unreachable(data: st.DataObject) -> None:
    grid = data.draw(grids())
    rule = data.draw(rules(grid))
    if rule.violates is None or _counts_spellings(rule):
        return
    measures = {measure.name: measure.expression for measure in rule.measures}
    if impossible_in(rule.violates, Bounds(scope_of(rule), measures)) is None:
        return

    activity, given_with = activity_of(data.draw(row_sets(grid))), data.draw(settings_of(grid))
    evaluation = evaluate(
        rule, activity.rows(), activity.sources, context=given_with.context, timezone=given_with.timezone
    )

    assert (*evaluation.outcome.incidents, *evaluation.outcome.suppressed) == ()


def _counts_spellings(rule: Rule) -> bool:
    """Say whether a rule counts different values of a text that it selects in any spelling."""
    counted = [node for measure in rule.measures for node in walk(measure.expression) if isinstance(node, Aggregate)]
    columns = [column_named(node.column) for node in counted if node.is_distinct and node.column]
    return any(column is not None and not is_exact(column) for column in columns)
