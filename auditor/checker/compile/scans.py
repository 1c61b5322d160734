"""Which stretches of time rules can violate in, found for all rules of the same keys in one scan of `base`.

Where `violates` asks for at least c of something that only grows with more records, a window that reaches c lies in a
stretch of time that reaches c, alone or with the stretch before it. So the totals of stretches are taken once for many
rules, and each rule then looks at the records of few. What is found here only leaves out: every window that is looked
at is measured exactly, over all its records. Totals are doubles, a little too large on purpose.

    scan<k>_totals      the keys, `_stretch`, a total for each bound of each rule
    scan<k>_stretches   those in which something may be: `_end<i>` where a window of rule i may end, `_past<i>` where
                        one may begin that ends in the next
    scan<k>_records     the records of these
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlglot import exp

from auditor.checker.compile.columns import extra_number, type_of
from auditor.checker.compile.conditions import TIME
from auditor.checker.compile.flags import BASE
from auditor.checker.compile.incidents import TOLD
from auditor.checker.compile.measures import different_column
from auditor.checker.compile.nodes import (
    ascending,
    choose,
    columns,
    count_where,
    every,
    inner,
    is_known,
    is_true,
    joined_on,
    named,
    over,
    same_keys,
    select,
    some,
)
from auditor.checker.compile.pruning import IS_END, SHORTEST, STRETCH, Bound, growing_bounds
from auditor.checker.compile.rows import MICROS, Shape, calendar_unit, rows_of_records, whole_steps
from auditor.checker.compile.statements import Statement
from auditor.policy.expressions import Aggregate
from auditor.policy.rule import Rule
from auditor.records.schema import ColumnType
from auditor.records.sql import cast, identifier, literal, table

SLACK = Decimal("0.999999")
"""What a total of doubles must reach of a bound: far more than rounding can take away."""

REAL_STEP = Decimal("0.000001")
"""More than rounding a real to 6 digits can add to it."""


@dataclass(frozen=True)
class Scan:
    """Rules whose windows lie in stretches of one length, over the same keys."""

    number: int
    keys: tuple[str, ...]
    seconds: int
    shapes: tuple[Shape, ...]
    documents: tuple[str, ...] = ()

    def table(self, name: str) -> str:
        """Return the name of one of the scan's tables."""
        return f"scan{self.number}_{name}"

    def place(self, shape: Shape) -> int:
        """Return which of the scan's rules one is."""
        return self.shapes.index(shape)

    def rows(self, shape: Shape) -> exp.Select:
        """Return `rows` of one of the rules, from the records that the scan kept."""
        place = self.place(shape)
        ends = [named(identifier(_end(place), BASE), IS_END)] if shape.is_sliding() else []
        near = [identifier(_end(place), BASE), *([identifier(_past(place), BASE)] if ends else [])]
        query = rows_of_records(shape, table(self.table("records"), BASE))
        return query.select(*ends, copy=False).where(some(near), copy=False)

    def statements(self) -> tuple[Statement, ...]:
        """Return the tables of the scan, in their order."""
        totals, stretches = self.table("totals"), self.table("stretches")
        return (
            Statement(totals, _totals(self)),
            Statement(stretches, _stretches(self, totals)),
            Statement(self.table("records"), _records(self, stretches)),
        )


def scans_of(shapes: Sequence[Shape], timezone: str, documents: tuple[str, ...]) -> tuple[Scan, ...]:
    """Return the scans that rules share; counting different values is done in a scan of its own.

    `documents` are the truth columns of the terms, which are told of cited records.
    """
    groups: dict[tuple[object, ...], list[Shape]] = {}
    for place, shape in enumerate(shapes):
        seconds = stretch_of(shape, timezone)
        if seconds:
            alone = place if all(_is_different(bound) for bound in bounds_of(shape.flags.rule)) else -1
            groups.setdefault((shape.keys, seconds, alone), []).append(shape)
    return tuple(
        Scan(number, found[0].keys, stretch_of(found[0], timezone), tuple(found), documents)
        for number, found in enumerate(groups.values())
    )


def stretch_of(shape: Shape, timezone: str) -> int:
    """Return how long the stretches are in which a rule's windows are looked for, 0 where that can't be done."""
    rule = shape.flags.rule
    is_plain = not (rule.sequence or rule.novel or rule.absent or rule.baseline or rule.composite)
    if not is_plain or rule.within is None or not shape.flags.coverage.is_evaluable or not bounds_of(rule):
        return 0
    match rule.within.kind:
        case "sliding":
            return max(rule.within.seconds, SHORTEST)
        case "tumbling" if rule.within.seconds >= SHORTEST:
            return rule.within.seconds
        case "tumbling":
            # shorter ones lie in one day each only if they divide it
            return 0 if SHORTEST % rule.within.seconds else SHORTEST
        case "calendar":
            return SHORTEST if timezone == "UTC" and rule.within.unit in ("hour", "day") else 0
        case _:
            return 0


def bounds_of(rule: Rule) -> tuple[Bound, ...]:
    """Return the bounds that are looked at: counting different values only where there is nothing cheaper."""
    bounds = growing_bounds(rule)
    return tuple(bound for bound in bounds if not _is_different(bound)) or bounds


def _is_different(bound: Bound) -> bool:
    return bool(different_column(bound[0]))


def _total(rule: int, place: int) -> str:
    return f"_total{rule}_{place}"


def _end(rule: int) -> str:
    return f"_end{rule}"


def _past(rule: int) -> str:
    return f"_past{rule}"


def _totals(scan: Scan) -> exp.Select:
    sums = [
        named(_upper(shape, bound[0]), _total(rule, place))
        for rule, shape in enumerate(scan.shapes)
        for place, bound in enumerate(bounds_of(shape.flags.rule))
    ]
    placed = select([exp.Star(), named(_stretch(scan), STRETCH)], table(BASE)).where(_relevant(scan), copy=False)
    keys = columns((*scan.keys, STRETCH))
    return select([*keys, *sums], inner(placed, "placed")).group_by(*columns((*scan.keys, STRETCH)), copy=False)


def _stretch(scan: Scan) -> exp.Expression:
    return whole_steps(TIME, scan.seconds * MICROS)


def _relevant(scan: Scan) -> exp.Expression:
    steps = [identifier(shape.flags.steps[0]) for shape in scan.shapes]
    return every([some(steps), *(is_known(column) for column in columns(scan.keys))])


def _upper(shape: Shape, aggregate: Aggregate) -> exp.Expression:
    """Return at least what an aggregate comes to over any of the records."""
    step = identifier(shape.flags.steps[0])
    if aggregate.function == "sum":
        assert aggregate.column is not None
        return exp.Sum(
            this=choose(every([step, _is_positive(aggregate.column)]), _number(aggregate.column), literal(0))
        )
    if aggregate.function == "active_hours":
        hour = calendar_unit(identifier(TIME), "hour", shape.flags.scope.timezone)
        return exp.Count(this=exp.Distinct(expressions=[choose(step, hour)]))
    if aggregate.is_distinct:
        assert aggregate.column is not None
        return exp.Count(this=exp.Distinct(expressions=[choose(step, identifier(aggregate.column))]))
    known = [is_known(identifier(aggregate.column))] if aggregate.column else []
    return count_where(every([step, *known]))


def _is_positive(column: str) -> exp.Expression:
    return exp.GT(this=_plain(column), expression=literal(0))


def _number(column: str) -> exp.Expression:
    number = cast(_plain(column), "DOUBLE")
    is_real = not column.startswith("extra.") and type_of(column) is ColumnType.REAL
    return exp.Add(this=number, expression=literal(REAL_STEP)) if is_real else number


def _plain(column: str) -> exp.Expression:
    return extra_number(identifier(column)) if column.startswith("extra.") else identifier(column)


def _stretches(scan: Scan, totals: str) -> exp.Select:
    """Return the stretches in which a window of some rule may lie."""
    keys = (*scan.keys, STRETCH)
    near: exp.Expression = table(totals)
    if any(shape.is_sliding() for shape in scan.shapes):
        same = every(same_keys(keys, "other", "total"))
        is_near = exp.Exists(this=select([literal(1)], inner(_around(scan, totals), "other")).where(same, copy=False))
        near = inner(select([exp.Star()], table(totals, "total")).where(is_near, copy=False), "near")
    reached = [named(_reached(scan, rule), _end(rule)) for rule in range(len(scan.shapes))]
    ends = select([*columns(keys), *reached], near)
    follows = exp.EQ(this=_next(scan, STRETCH), expression=exp.Add(this=identifier(STRETCH), expression=literal(1)))
    pasts = [
        named(is_true(every([follows.copy(), _next(scan, _end(rule))])), _past(rule))
        for rule, shape in enumerate(scan.shapes)
        if shape.is_sliding()
    ]
    flags = [_end(rule) for rule in range(len(scan.shapes))]
    known = select([*columns((*keys, *flags)), *pasts], inner(ends, "ends"))
    flags += [past.alias for past in pasts]
    return select(columns((*keys, *flags)), inner(known, "known")).where(some(columns(flags)), copy=False)


def _around(scan: Scan, totals: str) -> exp.Select:
    """Return the stretches that hold half a bound, and those beside them: of any two that reach it, one holds half."""
    halves = [_passes(scan, rule, 0, half=True) for rule in range(len(scan.shapes))]
    heavy = select(columns((*scan.keys, STRETCH)), table(totals)).where(some(halves), copy=False)
    moved = exp.Add(this=identifier(STRETCH, "heavy"), expression=exp.column("step", table="steps"))
    items = [*columns(scan.keys, "heavy"), named(exp.Paren(this=moved), STRETCH)]
    steps = exp.values([(-1,), (0,), (1,)], alias="steps", columns=["step"])
    return joined_on(select(items, inner(heavy, "heavy")), steps, exp.true())


def _passes(
    scan: Scan, rule: int, place: int, *, half: bool = False, value: exp.Expression | None = None
) -> exp.Expression:
    """Return the test that a total, or another value, reaches a bound of a rule, or half of it."""
    shape = scan.shapes[rule]
    limit = bounds_of(shape.flags.rule)[place][2] * SLACK / (2 if half and shape.is_sliding() else 1)
    total = value or identifier(_total(rule, place))
    return exp.GTE(this=total, expression=cast(literal(repr(float(limit))), "DOUBLE"))


def _reached(scan: Scan, rule: int) -> exp.Expression:
    shape = scan.shapes[rule]
    places = range(len(bounds_of(shape.flags.rule)))
    if not shape.is_sliding():
        return is_true(every([_passes(scan, rule, place) for place in places]))
    both = [
        exp.Paren(this=exp.Add(this=identifier(_total(rule, place)), expression=_before(scan, _total(rule, place))))
        for place in places
    ]
    return is_true(every([_passes(scan, rule, place, value=value) for place, value in zip(places, both, strict=True)]))


def _before(scan: Scan, name: str) -> exp.Expression:
    earlier = over(exp.Lag(this=identifier(STRETCH)), scan.keys, ascending(STRETCH))
    value = over(exp.Lag(this=identifier(name)), scan.keys, ascending(STRETCH))
    is_adjacent = exp.EQ(this=earlier, expression=exp.Sub(this=identifier(STRETCH), expression=literal(1)))
    return choose(is_adjacent, value, literal(0))


def _next(scan: Scan, name: str) -> exp.Expression:
    return over(exp.Lead(this=identifier(name)), scan.keys, ascending(STRETCH))


def _records(scan: Scan, stretches: str) -> exp.Select:
    """Return what the rules read of the records in the stretches, with the marks of these."""
    reading = {column.name for shape in scan.shapes for column in _columns_of_rows(shape)} | {*TOLD, *scan.documents}
    reading |= {shape.flags.against for shape in scan.shapes if shape.flags.against}
    marks = [_end(rule) for rule in range(len(scan.shapes))]
    marks += [_past(rule) for rule, shape in enumerate(scan.shapes) if shape.is_sliding()]
    placed = select([*columns(sorted(reading)), named(_stretch(scan), STRETCH)], table(BASE))
    placed = placed.where(_relevant(scan), copy=False)
    items = [*columns(sorted(reading), "placed"), *columns(marks, "near")]
    same = every(same_keys((*scan.keys, STRETCH), "placed", "near"))
    return joined_on(select(items, inner(placed, "placed")), table(stretches, "near"), same)


def _columns_of_rows(shape: Shape) -> list[exp.Column]:
    return [column for column in rows_of_records(shape).find_all(exp.Column) if column.table == BASE]
