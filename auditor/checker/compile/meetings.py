"""Where enough of a composite's parts meet: the stretches that violate, and the pieces that each incident holds."""

from collections.abc import Sequence

from sqlglot import exp

from auditor.checker.compile.incidents import INCIDENT
from auditor.checker.compile.measures import Typed, measure_sql
from auditor.checker.compile.nodes import (
    ascending,
    choose,
    columns,
    every,
    inner,
    is_known,
    named,
    over,
    select,
    union_all,
)
from auditor.checker.compile.rows import MICROS, Shape
from auditor.checker.compile.statements import RulePlan
from auditor.checker.compile.windows import EXEMPT, HIGH, LOW, NOT_EXEMPT, measure_column
from auditor.policy.expressions import Expression, Name
from auditor.policy.rule import Composite
from auditor.records.sql import identifier, literal, table

PART, OF, AT, REACH, RECORDS = "_part", "_of", "_at", "_reach", "_records"


def open_column(place: int) -> str:
    """Return the column of how many records of a piece an exemption does not cover."""
    return f"_open{place}"


def violating(shape: Shape, composite: Composite, parts: Sequence[RulePlan]) -> exp.Select:
    """Return the stretches that violate: what touches one is what begins before its end and reaches its start."""
    words: dict[str, list[int]] = {}
    for part in parts:
        words.setdefault(composite.counted(part.rule), []).append(part.shape.flags.number)

    def reach(test: exp.Expression | None) -> exp.Expression:
        end = identifier(HIGH) if test is None else choose(test, identifier(HIGH))
        return over(exp.Max(this=end), shape.keys, ascending(LOW), frame="RANGE")

    def of(numbers: list[int]) -> exp.Expression:
        return exp.In(this=identifier(PART), expressions=[literal(number) for number in numbers])

    items = [named(identifier(LOW), AT), named(reach(None), REACH)]
    items += [named(reach(of(numbers)), f"_word{place}") for place, numbers in enumerate(words.values())]
    items += [
        named(reach(exp.GT(this=identifier(open_column(place)), expression=literal(0))), open_column(place))
        for place, _ in enumerate(shape.exemptions)
    ]
    reached = select([*columns(shape.keys), *items], table(shape.table("pieces")), distinct=True)
    touched = [
        choose(_reaches(composite, identifier(f"_word{place}")), literal(1), literal(0)) for place in range(len(words))
    ]
    count = named(total_of(touched), measure_column(0))
    kept = [*columns((*shape.keys, AT, REACH)), count, named(_exempt(shape, composite), EXEMPT)]
    counted = select(kept, inner(reached, "reached"))
    violates = shape.flags.rule.violates
    assert violates is not None
    known: dict[Expression, Typed] = {Name(name=composite.measure): Typed(identifier(measure_column(0)), "count")}
    verdict = measure_sql(violates, known).sql
    return select([exp.Star()], inner(counted, "counted")).where(verdict, copy=False)


def _reaches(composite: Composite, end: exp.Expression) -> exp.Expression:
    """Return the test that what ends there reaches into the stretch that ends at `_at`."""
    start = exp.Sub(this=identifier(AT), expression=literal(composite.within * MICROS))
    return exp.GTE(this=end, expression=start)


def total_of(parts: Sequence[exp.Expression]) -> exp.Expression:
    """Return the sum of some values."""
    total = parts[0]
    for part in parts[1:]:
        total = exp.Add(this=total, expression=part)
    return exp.Paren(this=total)


def _exempt(shape: Shape, composite: Composite) -> exp.Expression:
    """Return the place of the first exemption that leaves nothing open in the stretch."""
    ifs = [
        exp.If(this=exp.Not(this=exp.Coalesce(this=_reaches(composite, identifier(open_column(place))),
                                              expressions=[exp.false()])), true=literal(place))
        for place, _ in enumerate(shape.exemptions)
    ]  # fmt: skip
    return exp.Case(ifs=ifs, default=literal(NOT_EXEMPT)) if ifs else literal(NOT_EXEMPT)


def numbered(shape: Shape, stretches: exp.Select, composite: Composite) -> exp.Select:
    """Return the violating stretches with the number of their incident: those that share a piece have the same."""
    before = over(exp.Lag(this=identifier(REACH)), (*shape.keys, EXEMPT), ascending(AT))
    starts = select([exp.Star(), named(before, "_before")], inner(stretches, "violating"))
    is_new = choose(_reaches(composite, identifier("_before")), literal(0), literal(1))
    number = over(exp.Sum(this=is_new), (), ascending(*shape.keys, EXEMPT, AT), frame="ROWS")
    items = [*columns((*shape.keys, AT, EXEMPT, measure_column(0))), named(number, INCIDENT)]
    return select(items, inner(starts, "starts"))


def held(shape: Shape, composite: Composite) -> exp.Query:
    """Return the pieces of each incident. Of each class (not exempt, or by one exemption) a piece belongs to the first
    stretch that ends after it began, unless that begins after it ended.
    """
    return union_all([_held_in(shape, composite, place) for place in range(NOT_EXEMPT, len(shape.exemptions))])


def _held_in(shape: Shape, composite: Composite, place: int) -> exp.Select:
    what = (PART, OF, LOW, HIGH, RECORDS)
    nothing = [named(exp.null(), name) for name in ("_next", INCIDENT)]
    own = select(
        [*columns(shape.keys), *columns(what), named(identifier(LOW), AT), *nothing], table(shape.table("pieces"))
    )
    no_piece = [named(exp.null(), name) for name in what]
    stretch = [identifier(AT), named(identifier(AT), "_next"), identifier(INCIDENT)]
    ends = select([*columns(shape.keys), *no_piece, *stretch], table(shape.table("windows")))
    ends = ends.where(exp.EQ(this=identifier(EXEMPT), expression=literal(place)), copy=False)

    def first(name: str) -> exp.Expression:
        return named(over(exp.Min(this=identifier(name)), shape.keys, ascending(AT), frame="RANGE", ahead=True), name)

    lines = select(
        [*columns((*shape.keys, *what)), first("_next"), first(INCIDENT)], inner(union_all([own, ends]), "line")
    )
    reach = exp.Add(this=identifier(HIGH), expression=literal(composite.within * MICROS))
    touches = exp.LTE(this=identifier("_next"), expression=reach)
    query = select([*columns((*shape.keys, *what, INCIDENT))], inner(lines, "lines"))
    return query.where(every([is_known(identifier(PART)), touches]), copy=False)
