"""The relation `told`: the ids of the records that the incidents of a run cite.

They are looked up once at the end: carried along from `base` on, a text for every record would cost more than half as
much again as all else that base holds.
"""

from collections.abc import Sequence

from sqlglot import exp

from auditor.checker.compile.nodes import columns, inner, joined_on, named, select, union_all
from auditor.checker.compile.seen import NUMBER, Scope, same_record, seen
from auditor.checker.compile.statements import RulePlan, Statement
from auditor.records.activity import STORED
from auditor.records.sql import identifier, literal, table

TOLD = "told"
RECORD_ID = "record_id"


def told_of(rules: Sequence[RulePlan], scope: Scope) -> Statement:
    """Return `told` for the tables of some rules: `_n` and `record_id` of every record that they cite."""
    cited = [select([identifier(NUMBER)], table(rule.members)) for rule in rules]
    nothing = exp.Select(expressions=[named(literal(0), NUMBER)]).where(exp.false(), copy=False)
    numbers = inner(select([identifier(NUMBER)], inner(union_all(cited or [nothing]), "cited"), distinct=True), "cited")
    query = select(columns((NUMBER, RECORD_ID), "seen"), inner(seen([NUMBER, RECORD_ID], scope, STORED), "seen"))
    return Statement(
        TOLD, joined_on(query, numbers, same_record(*columns((NUMBER,), "seen"), *columns((NUMBER,), "cited")))
    )


def with_told(query: exp.Select, number: exp.Expression) -> exp.Select:
    """Return a query with the ids of the records that a number stands for."""
    return joined_on(query, table(TOLD, TOLD), same_record(number, identifier(NUMBER, TOLD)))


def told_id() -> exp.Expression:
    """Return the record's id, where `with_told` joined it."""
    return identifier(RECORD_ID, TOLD)
