"""The query that lists every cited record of a run, from the tables of its rules."""

from collections.abc import Iterator, Mapping

import duckdb
from sqlglot import exp

from auditor.checker.compile.codes import account_text, with_account
from auditor.checker.compile.conditions import TIME
from auditor.checker.compile.incidents import INCIDENT, IS_AGAINST
from auditor.checker.compile.nodes import ascending, columns, joined_on, named, select, union_all
from auditor.checker.compile.plan import Plan
from auditor.checker.compile.seen import LINES, NUMBER, source_of
from auditor.checker.compile.statements import RulePlan
from auditor.checker.compile.told import told_id, with_told
from auditor.checker.engines.incidents import FoundIncident
from auditor.checker.engines.tables import fill
from auditor.records.sql import call, cast, identifier, literal, table

IDS = "finding_ids"
ID_TYPES = {"rule": "BIGINT", "incident": "BIGINT", "finding_id": "VARCHAR"}
CITED_TYPES = {
    "finding_id": "VARCHAR",
    "time": "TIMESTAMP",
    "source_id": "VARCHAR",
    "source_line": "BIGINT",
    "record_id": "VARCHAR",
    "account_id": "VARCHAR",
    "is_against": "BOOLEAN",
}
"""Columns of the citations file and their DuckDB types; rows are sorted by the first four."""


def citations_of(
    plan: Plan,
    found: Mapping[str, tuple[FoundIncident, ...]],
    ids: Mapping[tuple[str, int], str],
    connection: duckdb.DuckDBPyConnection,
) -> exp.Select:
    """Return the query of all cited records of the incidents named in `ids`, by (rule, number)."""
    cited = [item for item in plan.rules if item.rule.name in found]
    places = {item.rule.name: place for place, item in enumerate(cited)}
    rows = [(places[rule], found[rule][number].key, finding) for (rule, number), finding in sorted(ids.items())]
    fill(connection, IDS, ID_TYPES, rows)
    parts = [_cited(plan, place, item) for place, item in enumerate(cited)] or [_nothing()]
    everything = union_all(parts).subquery(exp.to_identifier("cited"), copy=False)
    names = tuple(CITED_TYPES)
    return select(columns(names), everything).order_by(*ascending(*names[:4]), copy=False)


def _cited(plan: Plan, place: int, item: RulePlan) -> exp.Select:
    line = exp.Mod(this=identifier(NUMBER, "member"), expression=literal(LINES))
    sources = exp.Array(expressions=[literal(source) for source in plan.scope.source_ids])
    source_place = exp.Add(this=source_of("member"), expression=literal(1))
    items = [
        identifier("finding_id", "id"),
        named(exp.UnixToTime(this=identifier(TIME, "member"), scale=exp.UnixToTime.MICROS), "time"),
        named(call("LIST_EXTRACT", sources, source_place), "source_id"),
        named(exp.Paren(this=line), "source_line"),
        told_id(),
        account_text(),
        named(identifier(IS_AGAINST, "member"), "is_against"),
    ]
    same = exp.EQ(this=identifier("incident", "id"), expression=identifier(INCIDENT, "member"))
    query = joined_on(select(items, table(item.members, "member")), table(IDS, "id"), same)
    query = with_account(with_told(query, identifier(NUMBER, "member")), "member")
    return query.where(exp.EQ(this=identifier("rule", "id"), expression=literal(place)), copy=False)


def _nothing() -> exp.Select:
    items: Iterator[exp.Expression] = (named(cast(exp.null(), kind), name) for name, kind in CITED_TYPES.items())
    return exp.Select(expressions=list(items)).where(exp.false(), copy=False)
