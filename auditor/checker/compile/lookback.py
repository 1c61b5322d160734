"""What a finding needs besides its own records to come out the same again (docs/concepts.md, "Context record").

A *reach* is the stretch of a subject's time in which records may bear on a finding: as far as windows, the past of a
baseline and repetition look back, and as far ahead as `absent` looks. Novelty and sequences depend on every selected
record before, so their reach has no beginning. Relations of one rule:

    reaches     finding_id, the keys, `_scope` (a number a group), `_edge`, `_until`, `_start`
    spans       the keys and `_scope`, from the earliest `_edge` to the latest `_until`
"""

from dataclasses import dataclass

from sqlglot import exp

from auditor.checker.compile.codes import ACCOUNT, WHO, account_text, coded, text_in, with_account
from auditor.checker.compile.conditions import TIME
from auditor.checker.compile.flags import BASE
from auditor.checker.compile.incidents import INCIDENT
from auditor.checker.compile.nodes import (
    ascending,
    columns,
    every,
    inner,
    is_known,
    is_null,
    joined_on,
    named,
    over,
    same_keys,
    select,
    some,
    union_all,
)
from auditor.checker.compile.rows import BUCKET, MICROS, Shape
from auditor.checker.compile.seen import NUMBER
from auditor.checker.compile.windows import HIGH, LOW, measure_column
from auditor.policy.rule import Rule
from auditor.records.sql import cast, identifier, literal, table

SCOPE, EDGE, UNTIL, START = "_scope", "_edge", "_until", "_start"
BEGINNING = -(1 << 62)
"""Before any time, in microseconds."""


@dataclass(frozen=True)
class Reach:
    """How far before and after an incident records may bear on it, in seconds; `back` None: from the beginning."""

    back: int | None
    ahead: int
    has_first: bool = False
    """Whether the first record of the group counts too, however old it is."""


def reach_of(rule: Rule) -> Reach:
    """Return the reach of a rule's incidents."""
    ahead = rule.absent.within if rule.absent else 0
    if rule.novel or rule.sequence:
        return Reach(None, ahead)
    back = rule.within.seconds if rule.within and rule.within.kind == "sliding" else 0
    is_of_self = rule.baseline is not None and rule.baseline.of == "self"
    if is_of_self and rule.baseline and rule.within:
        back = rule.baseline.over + rule.within.seconds
    back += rule.repeat.within if rule.repeat else 0
    return Reach(back, ahead, has_first=is_of_self)


def keys_of(rule: Rule) -> tuple[str, ...]:
    """Return the columns whose values an incident's context shares: fewer than those that divide its windows where
    novelty, a sequence or `absent` looks beyond `by`.
    """
    subject = rule.subject_columns
    if rule.novel or rule.absent:
        return coded(subject)
    by = [name for name in rule.by if name in rule.sequence.by] if rule.sequence else rule.by
    return coded((*subject, *by))


def reaches_of(shape: Shape, place: int, ids: str) -> exp.Select:
    """Return `reaches`; `ids` is the table of (rule, incident, finding_id), in which the rule has this place."""
    rule = shape.flags.rule
    reach, keys = reach_of(rule), keys_of(rule)
    start = identifier(LOW, "incident")
    edge = literal(BEGINNING) if reach.back is None else exp.Sub(this=start, expression=literal(reach.back * MICROS))
    until = exp.Add(this=identifier(HIGH, "incident"), expression=literal(reach.ahead * MICROS))
    number = over(exp.DenseRank(), (), ascending(*keys)) if keys else literal(1)
    for column in number.find_all(exp.Column):
        column.set("table", exp.to_identifier("incident", quoted=True))
    items = [
        identifier("finding_id", "id"),
        *columns(keys, "incident"),
        named(cast(number, "BIGINT"), SCOPE),
        named(cast(edge, "BIGINT"), EDGE),
        named(cast(until, "BIGINT"), UNTIL),
        named(start.copy(), START),
    ]
    same = exp.EQ(this=identifier("incident", "id"), expression=identifier(INCIDENT, "incident"))
    query = joined_on(select(items, table(shape.table("incidents"), "incident")), table(ids, "id"), same)
    return query.where(exp.EQ(this=identifier("rule", "id"), expression=literal(place)), copy=False)


def spans_of(shape: Shape, reaches: str) -> exp.Select:
    """Return `spans` over the table of reaches."""
    keys = (*keys_of(shape.flags.rule), SCOPE)
    ends = [named(exp.Min(this=identifier(EDGE)), EDGE), named(exp.Max(this=identifier(UNTIL)), UNTIL)]
    return select([*columns(keys), *ends], table(reaches)).group_by(*columns(keys), copy=False)


def context_of(shape: Shape, spans: str, accounts: exp.Select | None) -> exp.Select:
    """Return (`_scope`, `_n`, `_t`, `account_id`) of the records of `base` that lie in a span and bear on it.

    `accounts` (`_scope`, `account_id`), where given, says whose records may be among them.
    """
    keys = keys_of(shape.flags.rule)
    items = [identifier(SCOPE, "span"), *columns((NUMBER, TIME), "record"), account_text()]
    same = [*same_keys(keys, "record", "span"), *_within_span()]
    query = joined_on(select(items, table(BASE, "record")), table(spans, "span"), every(same))
    query = with_account(query, "record")
    if accounts is not None:
        query = joined_on(query, inner(accounts, "cited"), _is_cited())
    return query.where(bears_on(shape), copy=False)


def first_of(shape: Shape, spans: str) -> exp.Select:
    """Return the first record of each span's group, as `context_of` gives records."""
    keys = keys_of(shape.flags.rule)
    place = over(exp.RowNumber(), keys, ascending(TIME, NUMBER))
    kept = columns(dict.fromkeys((*keys, NUMBER, TIME, ACCOUNT)))
    own = select([*kept, named(place, "_place")], table(BASE, "record"))
    ranked = inner(own.where(bears_on(shape), copy=False), "record")
    items = [identifier(SCOPE, "span"), *columns((NUMBER, TIME), "record"), account_text()]
    query = joined_on(select(items, ranked), table(spans, "span"), every(same_keys(keys, "record", "span")))
    query = with_account(query, "record")
    return query.where(exp.EQ(this=identifier("_place", "record"), expression=literal(1)), copy=False)


def bears_on(shape: Shape) -> exp.Expression:
    """Return the test over `base`, called `record`, that a rule looks at a record for its findings."""
    flags = shape.flags
    looked_at = [*flags.steps, *((flags.until,) if flags.until else ())]
    tests = columns(looked_at, "record")
    if flags.absent:
        tests += [identifier(flags.absent, "record"), is_null(identifier(flags.absent, "record"))]
    return exp.Paren(this=some(tests))


def strangers_of(shape: Shape, reaches: str, accounts: exp.Select) -> exp.Select:
    """Return (finding_id, records) of what bears on a finding but is of accounts whose records it doesn't cite."""
    keys = keys_of(shape.flags.rule)
    items = [identifier("finding_id", "span"), named(exp.Count(this=exp.Star()), "records")]
    same = [*same_keys(keys, "record", "span"), *_within_span()]
    query = joined_on(select(items, table(BASE, "record")), table(reaches, "span"), every(same))
    query = with_account(query, "record")
    query = joined_on(query, inner(accounts, "cited"), _is_cited(), "LEFT")
    query = query.where(every([bears_on(shape), is_null(identifier("account_id", "cited"))]), copy=False)
    return query.group_by(identifier("finding_id", "span"), copy=False)


def peers_of(shape: Shape, place: int, ids: str) -> exp.Select:
    """Return (finding_id, bucket, name, value) of what the windows of incidents were compared with: others' figures."""
    rule = shape.flags.rule
    first = len(rule.measures)
    parts = []
    for number, name in enumerate(rule.compared, first):
        items = [
            identifier("finding_id", "id"),
            named(identifier(BUCKET, "window"), "bucket"),
            named(literal(name.full), "name"),
            named(cast(identifier(measure_column(number), "window"), "DOUBLE"), "value"),
        ]
        same = exp.EQ(this=identifier("incident", "id"), expression=identifier(INCIDENT, "window"))
        query = joined_on(select(items, table(shape.table("windows"), "window")), table(ids, "id"), same)
        parts.append(query.where(exp.EQ(this=identifier("rule", "id"), expression=literal(place)), copy=False))
    return select([exp.Star()], inner(union_all(parts), "peers"))


def accounts_of(shape: Shape, reaches: str, ids: str, place: int) -> exp.Select:
    """Return (`_scope`, `account_id`) of the accounts whose records the incidents of a scope cite."""
    member = joined_on(
        select([identifier(SCOPE, "reach"), account_text()], table(shape.table("members"), "member")),
        table(ids, "id"),
        exp.EQ(this=identifier("incident", "id"), expression=identifier(INCIDENT, "member")),
    )
    member = joined_on(member, table(reaches, "reach"), every(same_keys(("finding_id",), "id", "reach")))
    is_own = exp.EQ(this=identifier("rule", "id"), expression=literal(place))
    member = with_account(member, "member")
    return member.where(every([is_own, is_known(identifier(ACCOUNT, "member"))]), copy=False).distinct(copy=False)


def _is_cited() -> exp.Expression:
    own = exp.EQ(this=text_in(WHO), expression=identifier("account_id", "cited"))
    return every([*same_keys((SCOPE,), "span", "cited"), own])


def _within_span() -> list[exp.Expression]:
    return [
        exp.GTE(this=identifier(TIME, "record"), expression=identifier(EDGE, "span")),
        exp.LTE(this=identifier(TIME, "record"), expression=identifier(UNTIL, "span")),
    ]
