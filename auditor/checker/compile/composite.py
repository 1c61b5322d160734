"""The plan of a composite rule: incidents of other rules that meet on one subject (docs/evaluation.md, "Composite").

cited       the records of its parts' incidents, suppressed ones left out: `_part` (the part's number in the plan),
            `_of` (the incident's), the keys, what is told of each record
pieces      what each of these incidents has of each subject: from `_lo` to `_hi`
windows     the violating stretches, each ending where a piece begins (`_at`), with the number of its incident
held        the pieces of each incident
incidents   as other rules have them
members     likewise
"""

from collections.abc import Sequence

from sqlglot import exp

from auditor.checker.compile.codes import ACCOUNT, is_coded
from auditor.checker.compile.conditions import TIME
from auditor.checker.compile.flags import BASE, covered
from auditor.checker.compile.incidents import INCIDENT, IS_AGAINST, ends_in
from auditor.checker.compile.meetings import (
    OF,
    PART,
    RECORDS,
    held,
    numbered,
    open_column,
    total_of,
    violating,
)
from auditor.checker.compile.nodes import (
    ascending,
    choose,
    columns,
    count_where,
    every,
    inner,
    is_known,
    is_null,
    joined_on,
    named,
    same_keys,
    select,
    some,
    union_all,
)
from auditor.checker.compile.on_records import Range
from auditor.checker.compile.results import (
    TermsColumn,
    account_query,
    incident_query,
    is_of_its_account,
    source_query,
)
from auditor.checker.compile.rows import Shape
from auditor.checker.compile.seen import NUMBER, same_record, source_of
from auditor.checker.compile.statements import RulePlan, Statement
from auditor.checker.compile.windows import EXEMPT, HIGH, LOW, NOT_EXEMPT, peaks
from auditor.policy.rule import Composite
from auditor.records.sql import identifier, literal, table


def plan_of_composite(
    shape: Shape, versions: Sequence[TermsColumn], told: Range, plans: Sequence[RulePlan]
) -> RulePlan:
    """Return the plan of a composite; `plans` are those of all rules that look at records, its parts among them."""
    rule, coverage = shape.flags.rule, shape.flags.coverage
    composite = rule.composite
    assert composite is not None
    parts = tuple(plan for plan in plans if plan.rule in composite.parts and plan.coverage.is_evaluable)
    if not coverage.is_evaluable:
        return RulePlan(rule, coverage, shape)
    found, cited = shape.table("incidents"), shape.table("members")
    lacking = _subjects_of_too_few(shape, composite, parts)
    return RulePlan(
        rule=rule,
        coverage=coverage,
        shape=shape,
        counts=(("not_evaluated_subjects", lacking),) if lacking is not None else (),
        statements=(
            Statement(shape.table("cited"), _cited(shape, parts)),
            Statement(shape.table("pieces"), _pieces(shape)),
            Statement(shape.table("windows"), numbered(shape, violating(shape, composite, parts), composite)),
            Statement(shape.table("held"), held(shape, composite)),
            Statement(found, _incidents(shape, told)),
            Statement(cited, _members(shape)),
        ),
        late_counts=_counts(shape),
        parts=parts,
        part_query=_part_query(shape),
        incident_query=incident_query(shape, found, cited, versions),
        account_query=None if is_of_its_account(shape) else account_query(cited),
        source_query=source_query(cited) if len(shape.flags.scope.sources) > 1 else None,
    )


def _cited(shape: Shape, parts: Sequence[RulePlan]) -> exp.Select:
    everything = union_all([_cited_by(part) for part in parts])
    items = [*columns((PART, OF, NUMBER, IS_AGAINST), "cited"), identifier(TIME, "record")]
    items += columns((*shape.keys, *shape.exemptions), "record")
    return joined_on(
        select(items, inner(everything, "cited")),
        table(BASE, "record"),
        _same_record("cited"),
    )


def _cited_by(part: RulePlan) -> exp.Select:
    items = [
        named(literal(part.shape.flags.number), PART),
        named(identifier(INCIDENT, "member"), OF),
        *columns((NUMBER, IS_AGAINST), "member"),
    ]
    query = joined_on(
        select(items, table(part.every_member, "member")),
        table(part.every_incident, "incident"),
        _same((INCIDENT,), "member", "incident"),
    )
    return query.where(exp.EQ(this=identifier(EXEMPT, "incident"), expression=literal(NOT_EXEMPT)), copy=False)


def _pieces(shape: Shape) -> exp.Select:
    first, last = exp.Min(this=identifier(TIME)), exp.Max(this=identifier(TIME))
    keys = (*shape.keys, PART, OF)
    items = [named(first, LOW), named(last, HIGH), named(exp.Count(this=exp.Star()), RECORDS)]
    items += [
        named(exp.Count(this=choose(identifier(name), exp.null(), literal(1))), open_column(place))
        for place, name in enumerate(shape.exemptions)
    ]
    query = select([*columns(keys), *items], table(shape.table("cited")))
    query = query.where(every([is_known(column) for column in columns(shape.keys)]), copy=False)
    about = exp.GT(this=count_where(identifier(IS_AGAINST)), expression=literal(0))
    return query.group_by(*columns(keys), copy=False).having(every([about, *_in_force(shape)]), copy=False)


def _in_force(shape: Shape) -> list[exp.Expression]:
    """Return the tests that a whole piece lies in the rule's effective span."""

    def at(end: type[exp.Min] | type[exp.Max]) -> list[exp.Expression]:
        tests = covered(shape.flags.rule.effective)
        return [test.transform(lambda node: end(this=node) if isinstance(node, exp.Column) else node) for test in tests]

    return [*at(exp.Min), *at(exp.Max)]


def _incidents(shape: Shape, told: Range) -> exp.Select:
    ends = [named(exp.Min(this=identifier(LOW)), LOW), named(exp.Max(this=identifier(HIGH)), HIGH)]
    spans = select([identifier(INCIDENT), *ends], table(shape.table("held"))).group_by(identifier(INCIDENT), copy=False)
    keys = [*columns((INCIDENT, *shape.keys, EXEMPT), "window"), *columns((LOW, HIGH), "span")]
    count = named(exp.Count(this=exp.Star()), "_windows")
    query = select([*keys, count, *peaks(shape)], table(shape.table("windows"), "window"))
    query = joined_on(query, inner(spans, "span"), _same((INCIDENT,), "window", "span"))
    tests = ends_in(identifier(HIGH, "span"), told.since, told.until)
    query = query.where(every(tests), copy=False) if tests else query
    return query.group_by(*(key.copy() for key in keys), copy=False)


def _members(shape: Shape) -> exp.Select:
    is_told = joined_on(
        select([*columns((INCIDENT, PART, OF, *shape.keys), "held")], table(shape.table("held"), "held")),
        table(shape.table("incidents"), "incident"),
        _same((INCIDENT,), "held", "incident"),
    )
    against = exp.Max(this=choose(identifier(IS_AGAINST, "cited"), literal(1), literal(0)))
    items = [identifier(INCIDENT, "held"), identifier(NUMBER, "cited"), named(against, IS_AGAINST)]
    records = select(items, inner(is_told, "held"))
    records = joined_on(records, table(shape.table("cited"), "cited"), _same((PART, OF, *shape.keys), "held", "cited"))
    records = records.group_by(identifier(INCIDENT, "held"), identifier(NUMBER, "cited"), copy=False)
    kept = [
        identifier(INCIDENT, "own"),
        *columns((NUMBER, TIME, ACCOUNT), "record"),
        named(exp.EQ(this=identifier(IS_AGAINST, "own"), expression=literal(1)), IS_AGAINST),
        *columns(shape.documents, "record"),
    ]
    return joined_on(
        select(kept, inner(records, "own")),
        table(BASE, "record"),
        _same_record("own"),
    )


def _part_query(shape: Shape) -> exp.Select:
    """Return (`_incident`, part, start, end, records) of what met in each incident."""
    query = select(columns((INCIDENT, PART, LOW, HIGH, RECORDS), "held"), table(shape.table("held"), "held"))
    query = joined_on(query, table(shape.table("incidents"), "incident"), _same((INCIDENT,), "held", "incident"))
    order = [exp.Ordered(this=column, desc=False) for column in columns((INCIDENT, LOW, HIGH, PART, RECORDS), "held")]
    return query.order_by(*order, copy=False)


def piece_query(shape: Shape, subject: Sequence[str]) -> exp.Select:
    """Return (part, start, end, records) of what the parts have of one subject."""
    query = select(columns((PART, LOW, HIGH, RECORDS)), table(shape.table("pieces")))
    keys = zip(shape.keys, subject, strict=True)
    is_it = every([is_coded(key, value) for key, value in keys])
    return query.where(is_it, copy=False).order_by(*ascending(LOW, HIGH, PART), copy=False)


def _counts(shape: Shape) -> tuple[tuple[str, exp.Select], ...]:
    cited = table(shape.table("cited"))
    different = exp.Count(this=exp.Distinct(expressions=[identifier(NUMBER)]))
    homeless = some([is_null(column) for column in columns(shape.keys)])
    return (
        ("selected", select([different], cited)),
        ("without_subject", select([different.copy()], cited.copy()).where(homeless, copy=False)),
    )


def _subjects_of_too_few(shape: Shape, composite: Composite, parts: Sequence[RulePlan]) -> exp.Select | None:
    """Return the count of subjects whose records too few of the parts can use, None where enough use every source."""
    scope = shape.flags.scope
    used: dict[str, set[str]] = {}
    for part in parts:
        used.setdefault(composite.counted(part.rule), set()).update(part.coverage.sources_used)
    if all(sum(source in ids for ids in used.values()) >= composite.at_least for source in scope.source_ids):
        return None

    def has_one(ids: set[str]) -> exp.Expression:
        numbers = [literal(scope.number_of(source)) for source in sorted(ids)]
        return exp.Max(this=choose(exp.In(this=source_of(), expressions=numbers), literal(1), literal(0)))

    judged = [*covered(shape.flags.rule.effective), *(is_known(column) for column in columns(shape.keys))]
    subjects = select([named(total_of([has_one(ids) for ids in used.values()]), "words")], table(BASE))
    subjects = subjects.where(every(judged), copy=False).group_by(*columns(shape.keys), copy=False)
    few = exp.LT(this=identifier("words"), expression=literal(composite.at_least))
    return select([exp.Count(this=exp.Star())], inner(subjects, "subjects")).where(few, copy=False)


def _same_record(of: str) -> exp.Expression:
    return same_record(identifier(NUMBER, of), identifier(NUMBER, "record"))


def _same(names: Sequence[str], left: str, right: str) -> exp.Expression:
    return every(same_keys(names, left, right))
