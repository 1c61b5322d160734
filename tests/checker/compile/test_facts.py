"""Stretches of account facts, made in haste and made exactly."""

import duckdb

from auditor.checker.compile.facts import fact_statement
from auditor.checker.compile.nodes import columns, select
from auditor.checker.compile.plan import Plan, plan_for
from auditor.checker.engines.duckdb import execute
from auditor.checker.engines.tables import rows_of
from auditor.policy.conditions import Equals
from auditor.policy.pack import Context
from auditor.records.memory import activity_of
from auditor.records.sql import identifier, table
from tests.checker.factories import a_record, a_rule


def facts_after(*records: dict[str, object]) -> tuple[list[tuple[object, ...]], Plan, duckdb.DuckDBPyConnection]:
    """Return the stretches of `plan` that a run made, as (valid_from since the first, value)."""
    activity = activity_of(records)
    plan = plan_for([a_rule(Equals(field="plan", value="pro"))], sources=activity.sources, context=Context())
    execute(plan, activity)
    order = identifier("valid_from")
    query = select(columns(("valid_from", "value", "folded")), table("fact_plan")).order_by(order, copy=False)
    rows = rows_of(activity.connection, query)
    return [(start - rows[0][0], *values) for start, *values in rows], plan, activity.connection


def test_of_two_facts_of_one_time_the_later_line_counts() -> None:
    for first, second in (("Pro", "free"), ("free", "Pro")):
        found, _, _ = facts_after(a_record(plan=first), a_record(plan=second), a_record(1, plan=second))

        assert found == [(0, second, second.lower())]


def test_a_doubt_is_kept_where_what_haste_takes_is_no_change() -> None:
    found, _, _ = facts_after(a_record(plan="pro"), a_record(1, plan="pro"), a_record(1, plan="free"))

    assert found == [(0, "pro", "pro"), (1_000_000, "free", "free")]


def test_haste_makes_the_same_stretches_where_it_has_no_doubt() -> None:
    rows = [a_record(at, account, plan=plan) for at, account, plan in (
        (0, "a", "pro"), (1, "a", "pro"), (2, "a", "free"), (3, "a", None), (1, "b", "Pro"), (9, "a", "pro"),
        (1, None, "x"),
    )]  # fmt: skip
    _, plan, connection = facts_after(*rows)
    statement = fact_statement("plan", plan.scope)
    names = columns(("code account_id", "valid_from", "valid_until", "value", "folded"))

    def made(text: str) -> list[tuple[object, ...]]:
        connection.execute(text)
        return sorted(rows_of(connection, select(names, table("fact_plan"))))

    assert made(statement.text) == made(statement.hastily.text)
    assert rows_of(connection, statement.doubts) == [(0,)]
