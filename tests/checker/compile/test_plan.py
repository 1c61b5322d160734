from decimal import Decimal

import sqlglot

from auditor.checker.compile.plan import Plan, plan_for
from auditor.checker.provided import COMPLETE_SOURCE
from auditor.policy.conditions import AnyText, Equals, Matches
from auditor.policy.expressions import Aggregate
from auditor.policy.pack import Context
from auditor.policy.rule import Measure, Novel, Rule, Window
from auditor.records.activity import SourceSummary
from tests.checker.factories import a_rule, counting, reaches, sliding


def several_rules() -> list[Rule]:
    keys = Measure(name="keys", expression=Aggregate(function="count", column="api_key_id", is_distinct=True))
    like = Matches(field="model", parts=("g", AnyText(single=True), "t's"))
    return [
        counting(3, sliding(3600), name="count"),
        a_rule(like, name="plain", by=("plan",)),
        a_rule(name="keys", measures=(keys,), within=sliding(60), violates=reaches("keys", 2)),
        a_rule(name="months", within=Window(kind="calendar", unit="month")),
        a_rule(name="novel", novel=Novel(fields=("country",), history=3600)),
        a_rule(Equals(field="rate_limit", value=Decimal(5)), name="limits"),
    ]


def a_plan(sources: tuple[SourceSummary, ...] = (COMPLETE_SOURCE,)) -> Plan:
    context = Context(requests_per_minute=(("pro", 5),))
    return plan_for(several_rules(), sources=sources, context=context, timezone="Europe/Berlin")


def test_a_plan_prints_for_dialects_that_can_read_it_back() -> None:
    for dialect in ("duckdb", "spark"):
        statements = sqlglot.parse(a_plan().sql(dialect), read=dialect)

        assert len([statement for statement in statements if statement is not None]) > len(several_rules()) * 4


def test_the_same_rules_make_the_same_plan() -> None:
    assert a_plan().digest == a_plan().digest


def test_the_order_of_sources_does_not_matter() -> None:
    other = SourceSummary("another", "another", "canonical", 1, COMPLETE_SOURCE.provides)

    assert a_plan((COMPLETE_SOURCE, other)).digest == a_plan((other, COMPLETE_SOURCE)).digest


def test_only_facts_that_rules_read_are_worked_out() -> None:
    assert [statement.name for statement in a_plan().facts] == ["fact_plan"]


def test_a_rule_that_cannot_be_evaluated_is_named_and_left_alone() -> None:
    bare = SourceSummary("bare", "bare", "canonical", 1, frozenset({"time", "event", "account_id"}))

    text = a_plan((bare,)).sql()

    assert "-- novel: not evaluated" in text
    assert '"rule4_rows"' not in text
