"""The queries that read one rule's incidents out of its tables.

Every query is in order of `_incident`; the engine puts incidents into the order of docs/evaluation.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlglot import exp

from auditor.checker.compile.conditions import TIME
from auditor.checker.compile.flags import as_text, covered
from auditor.checker.compile.incidents import INCIDENT, IS_AGAINST, measure_columns
from auditor.checker.compile.nodes import (
    ascending,
    columns,
    count_where,
    every,
    inner,
    is_known,
    joined_on,
    named,
    same_keys,
    select,
)
from auditor.checker.compile.rows import Shape
from auditor.checker.compile.seen import NUMBER, SOURCE
from auditor.checker.compile.windows import EXEMPT
from auditor.policy.terms import Terms, TermsVersion
from auditor.records.sql import identifier, table


@dataclass(frozen=True)
class TermsColumn:
    """One version of one document, and the truth column of `base` that tells whether the document applies."""

    terms: Terms
    version: TermsVersion
    column: str


def incident_query(shape: Shape, found: str, members: str) -> exp.Select:
    """Return the incidents: number, exemption, windows, start, end, records, first and last `_n`, then the subject and
    `by` as text, then the measures.
    """
    rule = shape.flags.rule
    first, last = exp.Min(this=identifier(TIME)), exp.Max(this=identifier(TIME))
    records = named(exp.Count(this=exp.Star()), "_records")
    extent = select([identifier(INCIDENT), named(first, "_start"), named(last, "_end"), records], table(members))
    extent = extent.group_by(identifier(INCIDENT), copy=False)
    place = inner(_ends(extent, members), "extent")
    texts = [as_text(name, "incident") for name in (*rule.subject_columns, *rule.by)]
    items = [
        *columns((INCIDENT, EXEMPT, "_windows"), "incident"),
        *columns(("_start", "_end", "_records", "_first", "_last"), "extent"),
        *texts,
        *columns(measure_columns(shape), "incident"),
    ]
    same = every(same_keys((INCIDENT,), "incident", "extent"))
    query = joined_on(select(items, table(found, "incident")), place, same)
    return query.order_by(exp.Ordered(this=identifier(INCIDENT, "incident"), desc=False), copy=False)


def _ends(extent: exp.Select, members: str) -> exp.Select:
    def at(end: str, choice: type[exp.Min] | type[exp.Max], name: str) -> exp.Expression:
        is_there = exp.EQ(this=identifier(TIME, "member"), expression=identifier(end, "extent"))
        return named(choice(this=exp.Case(ifs=[exp.If(this=is_there, true=identifier(NUMBER, "member"))])), name)

    kept = columns((INCIDENT, "_start", "_end", "_records"), "extent")
    query = select([*kept, at("_start", exp.Min, "_first"), at("_end", exp.Max, "_last")], inner(extent, "extent"))
    query = joined_on(query, table(members, "member"), every(same_keys((INCIDENT,), "extent", "member")))
    return query.group_by(*columns((INCIDENT, "_start", "_end", "_records"), "extent"), copy=False)


def account_query(members: str) -> exp.Select:
    """Return (`_incident`, account, records) of the records that a finding is about."""
    keys = columns((INCIDENT, "account_id"))
    about = every([identifier(IS_AGAINST), is_known(identifier("account_id"))])
    query = select([*keys, exp.Count(this=exp.Star())], table(members)).where(about, copy=False)
    return query.group_by(*columns((INCIDENT, "account_id")), copy=False).order_by(
        *ascending(INCIDENT, "account_id"), copy=False
    )


def source_query(members: str) -> exp.Select:
    """Return (`_incident`, `_source`), each pair once."""
    query = select(columns((INCIDENT, SOURCE)), table(members), distinct=True)
    return query.order_by(*ascending(INCIDENT, SOURCE), copy=False)


def terms_query(members: str, versions: Sequence[TermsColumn]) -> exp.Select:
    """Return `_incident` and, for each version of the terms, how many records it applied to."""
    counts = [count_where(every([identifier(item.column), *covered(item.version.span)])) for item in versions]
    about = identifier(IS_AGAINST)
    query = select([identifier(INCIDENT), *counts], table(members)).where(about, copy=False)
    return query.group_by(identifier(INCIDENT), copy=False).order_by(*ascending(INCIDENT), copy=False)
