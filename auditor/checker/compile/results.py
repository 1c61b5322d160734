"""The queries that read one rule's incidents out of its tables.

Accounts and sources come with the incidents where one pass over their records tells them; `account_query` and
`source_query` are for the others.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlglot import exp

from auditor.checker.compile.codes import ACCOUNT, CODE, CODED, text_in, with_text
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
from auditor.checker.compile.seen import NUMBER, source_of
from auditor.checker.compile.told import told_id, with_told
from auditor.checker.compile.windows import EXEMPT, NOT_EXEMPT
from auditor.policy.terms import Terms, TermsVersion
from auditor.records.sql import identifier, literal, table

_PLACE = (TIME, NUMBER, ACCOUNT)
"""The place of a record in the order of records, and what else is told of the first one."""


@dataclass(frozen=True)
class TermsColumn:
    """One version of one document, and the truth column of `base` that tells whether the document applies."""

    terms: Terms
    version: TermsVersion
    column: str


def incident_query(shape: Shape, found: str, members: str, versions: Sequence[TermsColumn] = ()) -> exp.Select:
    """Return the incidents in the order of docs/evaluation.md ("Merge").

    Columns: number in the rule's tables, exemption, windows, start, end, records, `record_id` and `account_id` of the
    first record, its `_n`, how many records of a known account the finding is about, the lowest and highest source;
    then the subject and `by` as text, then the measures, then for each version of the terms how many of the records
    that the finding is about it applied to.
    """
    rule = shape.flags.rule
    subject, by = _texts(rule.subject_columns), _texts(rule.by)
    applied = tuple(f"_applied{place}" for place in range(len(versions)))
    items = [
        *columns((INCIDENT, EXEMPT, "_windows"), "incident"),
        *columns(("_start", "_end", "_records"), "ends"),
        told_id(),
        text_in(_owner_of_first(shape)),
        *columns(("_first", "_about", "_low_source", "_high_source"), "ends"),
        *(sql.copy() for sql in (*subject, *by)),
        *columns(measure_columns(shape), "incident"),
        *columns(applied, "ends"),
    ]
    ends = inner(_ends(members, versions, applied), "ends")
    query = joined_on(select(items, table(found, "incident")), ends, every(same_keys((INCIDENT,), "incident", "ends")))
    query = with_told(query, identifier("_first", "ends"))
    for name in _coded(shape):
        query = with_text(query, name, "incident", _text_of(name))
    if not is_of_its_account(shape):
        query = with_text(query, "account_id", "ends", _owner_of_first(shape))
    order = [*subject, *by, identifier("_start", "ends"), _exemption_order(shape), identifier("_first", "ends")]
    return query.order_by(*(exp.Ordered(this=sql, desc=False) for sql in order), copy=False)


def _texts(names: Sequence[str]) -> list[exp.Expression]:
    return [text_in(_text_of(name)) if name in CODED else as_text(name, "incident") for name in names]


def _coded(shape: Shape) -> list[str]:
    return [key.removeprefix(CODE) for key in shape.keys if key.startswith(CODE)]


def _text_of(name: str) -> str:
    return f"text {name}"


def _owner_of_first(shape: Shape) -> str:
    """Return the alias under which the account of an incident's first record is joined."""
    return _text_of("account_id") if is_of_its_account(shape) else "owner"


def _exemption_order(shape: Shape) -> exp.Expression:
    """Return a number that puts incidents that are not suppressed first, then the others by their exemption's name."""
    ranks = {name: rank for rank, name in enumerate(sorted(shape.exemption_names))}
    ifs = [
        exp.If(this=exp.EQ(this=identifier(EXEMPT, "incident"), expression=literal(place)), true=literal(ranks[name]))
        for place, name in enumerate(shape.exemption_names)
    ]
    return exp.Case(ifs=ifs, default=literal(NOT_EXEMPT)) if ifs else identifier(EXEMPT, "incident")


def _ends(members: str, versions: Sequence[TermsColumn], applied: Sequence[str]) -> exp.Select:
    """Return what one pass over the records tells of each incident; `code account_id` is that of its first record."""
    about = identifier(IS_AGAINST)
    covers = [every([about.copy(), identifier(item.column), *covered(item.version.span)]) for item in versions]
    items = [
        named(exp.Min(this=identifier(TIME)), "_start"),
        named(exp.Max(this=identifier(TIME)), "_end"),
        named(_of_first(NUMBER), "_first"),
        named(_of_first(ACCOUNT), ACCOUNT),
        named(exp.Count(this=exp.Star()), "_records"),
        named(count_where(every([about, is_known(identifier(ACCOUNT))])), "_about"),
        named(exp.Min(this=source_of()), "_low_source"),
        named(exp.Max(this=source_of()), "_high_source"),
        *(named(count_where(test), name) for test, name in zip(covers, applied, strict=True)),
    ]
    return select([identifier(INCIDENT), *items], table(members)).group_by(identifier(INCIDENT), copy=False)


def _of_first(name: str) -> exp.Expression:
    """Return a column of the first record, in the order of (time, `_n`)."""
    parts = [exp.PropertyEQ(this=exp.to_identifier(part, quoted=True), expression=identifier(part)) for part in _PLACE]
    return exp.StructExtract(this=exp.Min(this=exp.Struct(expressions=parts)), expression=literal(name))


def is_of_its_account(shape: Shape) -> bool:
    """Say whether every record of an incident has the account that its subject names."""
    return "account_id" in shape.flags.rule.subject_columns


def account_query(members: str) -> exp.Select:
    """Return (`_incident`, account, records) of the records that a finding is about, in that order."""
    keys = (INCIDENT, ACCOUNT)
    about = every([identifier(IS_AGAINST), is_known(identifier(ACCOUNT))])
    counted = select([*columns(keys), named(exp.Count(this=exp.Star()), "_records")], table(members))
    counted = counted.where(about, copy=False).group_by(*columns(keys), copy=False)
    query = select(
        [identifier(INCIDENT, "counted"), text_in("owner"), identifier("_records", "counted")],
        inner(counted, "counted"),
    )
    query = with_text(query, "account_id", "counted", "owner")
    # codes sort as their texts do
    return query.order_by(*(exp.Ordered(this=key, desc=False) for key in columns(keys, "counted")), copy=False)


def source_query(members: str) -> exp.Select:
    """Return (`_incident`, `_source`), each pair once."""
    query = select([identifier(INCIDENT), named(source_of(), "_source")], table(members), distinct=True)
    return query.order_by(*ascending(INCIDENT, "_source"), copy=False)
