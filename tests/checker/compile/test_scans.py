from sqlglot import exp

from auditor.checker.compile.plan import plan_for
from auditor.checker.compile.statements import RulePlan
from auditor.checker.provided import COMPLETE_SOURCE
from auditor.policy.expressions import Aggregate
from auditor.policy.pack import Context
from auditor.policy.rule import Measure, Rule
from auditor.records.activity import SourceSummary
from tests.checker.factories import a_rule, counting, reaches, sliding

OTHER_SOURCE = SourceSummary("other", "other source", "canonical", 1, COMPLETE_SOURCE.provides)


def planned(rule: Rule, *sources: SourceSummary) -> RulePlan:
    return plan_for([rule], sources=sources or (COMPLETE_SOURCE,), context=Context()).rules[0]


def reads_of(plan: RulePlan, made: str, name: str) -> int:
    query = next(statement.query for statement in plan.statements if statement.name == plan.shape.table(made))
    return sum(found.name == plan.shape.table(name) for found in query.find_all(exp.Table))


def test_counting_different_values_in_sliding_windows_reads_the_rows_once() -> None:
    keys = Measure(name="keys", expression=Aggregate(function="count", column="api_key_id", is_distinct=True))
    plan = planned(a_rule(measures=(keys,), within=sliding(60), violates=reaches("keys", 2)))

    assert reads_of(plan, "windows", "rows") == 1


def test_records_are_found_by_incident_not_by_window() -> None:
    plan = planned(counting(3, sliding(60)))

    assert reads_of(plan, "members", "windows") == 0
    assert reads_of(plan, "members", "incidents") > 0


def test_incidents_of_one_account_and_source_take_one_query() -> None:
    plan = planned(a_rule())

    assert (plan.account_query, plan.source_query) == (None, None)


def test_what_one_pass_cannot_tell_has_a_query_of_its_own() -> None:
    plan = planned(a_rule(subject="none"), COMPLETE_SOURCE, OTHER_SOURCE)

    assert plan.account_query is not None
    assert plan.source_query is not None
