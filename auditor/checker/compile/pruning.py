"""Which rows a sliding window can matter for: an exact shortcut before the costly window functions.

Where `violates` asks for at least c of something that only grows with more records, no window can reach c unless the
stretch of time it ends in and the stretch before it together do. Stretches are at least as long as the window, so two
always hold it. Rows of other stretches are dropped; rows that are kept only as the past of others end no window.
"""

from collections.abc import Iterator
from decimal import Decimal

from sqlglot import exp

from auditor.checker.compile.columns import comparison
from auditor.checker.compile.measures import UNIT, counted_column, different_column, number_column
from auditor.checker.compile.nodes import (
    ascending,
    choose,
    columns,
    count_where,
    every,
    inner,
    is_true,
    joined_on,
    named,
    over,
    same_keys,
    select,
    some,
)
from auditor.checker.compile.rows import AT, MICROS, Shape, whole_steps
from auditor.policy.expressions import Aggregate, Comparison, Expression, Logic, Name, Number
from auditor.policy.rule import Rule
from auditor.records.sql import identifier, literal, table

IS_END = "_is_end"
"""Column of the rows that are kept: whether a violating window may end at the row."""

STRETCH = "_stretch"
GROWING = ("count", "sum", "active_hours")

SHORTEST = 86_400
"""Seconds: shorter stretches would be as many as the rows, and cost more than they save."""


Bound = tuple[Aggregate, str, Decimal]
"""An aggregate that must reach a number: `>` or `>=`."""


def growing_bounds(rule: Rule) -> tuple[Bound, ...]:
    """Return the parts of `violates`, all needed, that ask a growing aggregate to reach a positive number."""
    if rule.violates is None:
        return ()
    measures = {measure.name: measure.expression for measure in rule.measures}
    found = [_bound(part, measures) for part in conjuncts(rule.violates)]
    return tuple(dict.fromkeys(item for item in found if item is not None))


def conjuncts(expression: Expression) -> Iterator[Expression]:
    """Yield the parts of an expression that must all hold."""
    if isinstance(expression, Logic) and expression.operator == "and":
        yield from conjuncts(expression.left)
        yield from conjuncts(expression.right)
    else:
        yield expression


def _bound(part: Expression, measures: dict[str, Expression]) -> Bound | None:
    if not isinstance(part, Comparison):
        return None
    left, right, operator = part.left, part.right, part.operator
    if isinstance(left, Number):
        left, right, operator = right, left, {"<": ">", "<=": ">="}.get(operator, "")  # type: ignore[assignment]  # "" is refused below
    measured = measures.get(left.full) if isinstance(left, Name) else None
    if not isinstance(measured, Aggregate) or measured.function not in GROWING or measured.per:
        return None
    if operator not in (">", ">=") or not isinstance(right, Number) or right.value <= 0:
        return None
    return measured, operator, right.value


def near_rows(shape: Shape, rows: str) -> exp.Select:
    """Return the rows that matter for some window that may violate, with `_is_end`."""
    within = shape.flags.rule.within
    assert within is not None
    stretch = whole_steps(AT, max(within.seconds, SHORTEST) * MICROS)
    placed = select([exp.Star(), named(stretch, STRETCH)], table(rows))
    near = inner(_near_stretches(shape, inner(placed, "placed")), "near")
    items = [exp.Column(this=exp.Star(), table=exp.to_identifier("placed", quoted=True)), identifier(IS_END, "near")]
    same = every(same_keys((*shape.keys, STRETCH), "placed", "near"))
    return joined_on(select(items, inner(placed.copy(), "placed")), near, same)


def _near_stretches(shape: Shape, placed: exp.Expression) -> exp.Select:
    bounds = growing_bounds(shape.flags.rule)
    keys = (*shape.keys, STRETCH)
    sums = [named(_upper(shape, aggregate), f"_sum{place}") for place, (aggregate, _, _) in enumerate(bounds)]
    grouped = select([*columns(keys), *sums], placed).group_by(*columns(keys), copy=False)
    reached = []
    for place, (_, operator, value) in enumerate(bounds):
        both = exp.Add(this=identifier(f"_sum{place}"), expression=_before(shape, f"_sum{place}"))
        limit = literal(int(value)) if value == value.to_integral_value() else literal(value)
        reached.append(comparison(operator, exp.Paren(this=both), limit))
    ends = select([*columns(keys), named(is_true(every(reached)), IS_END)], inner(grouped, "grouped"))
    # a stretch is the past of the next one only if that one follows directly
    follows = exp.EQ(this=_next(shape, STRETCH), expression=exp.Add(this=identifier(STRETCH), expression=literal(1)))
    is_past = is_true(every([follows, _next(shape, IS_END)]))
    known = select([*columns((*keys, IS_END)), named(is_past, "_is_past")], inner(ends, "ends"))
    return select(columns((*keys, IS_END)), inner(known, "known")).where(
        some(columns((IS_END, "_is_past"))), copy=False
    )


def _upper(shape: Shape, aggregate: Aggregate) -> exp.Expression:
    if aggregate.function == "sum":
        assert aggregate.column is not None
        number = identifier(number_column(aggregate.column))
        positive = choose(exp.GT(this=number, expression=literal(0)), number.copy(), literal(0))
        return exp.Sum(this=positive)
    if different := different_column(aggregate):
        return exp.Count(this=exp.Distinct(expressions=[identifier(different)]))
    if aggregate.column is None:
        return count_where(identifier(UNIT)) if shape.flags.rule.sequence else exp.Count(this=exp.Star())
    return exp.Count(this=identifier(counted_column(aggregate.column)))


def _before(shape: Shape, name: str) -> exp.Expression:
    earlier = over(exp.Lag(this=identifier(STRETCH)), shape.keys, ascending(STRETCH))
    value = over(exp.Lag(this=identifier(name)), shape.keys, ascending(STRETCH))
    is_adjacent = exp.EQ(this=earlier, expression=exp.Sub(this=identifier(STRETCH), expression=literal(1)))
    return choose(is_adjacent, value, literal(0))


def _next(shape: Shape, name: str) -> exp.Expression:
    return over(exp.Lead(this=identifier(name)), shape.keys, ascending(STRETCH))
