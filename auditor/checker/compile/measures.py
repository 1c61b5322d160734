"""Measures and `violates` into exact SQL (docs/evaluation.md, "Numbers").

Counts and sums stay integers or decimals of at most 38 digits, and what outgrows them is null; only a quotient is a
double, made from the nearest doubles of its exact operands. Aggregates are taken either over a group or over a sliding
window of the same rows.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal

from sqlglot import exp

from auditor.checker.compile.columns import SCALE_OF_SECONDS, comparison, scale_of_column
from auditor.checker.compile.conditions import TIME
from auditor.checker.compile.nodes import choose, count_where, negated
from auditor.checker.compile.seen import seconds
from auditor.checker.exact import MOST_DIGITS, literal_of, scale_of
from auditor.policy.expressions import (
    Aggregate,
    Arithmetic,
    Comparison,
    Expression,
    Logic,
    Name,
    Negation,
    Negative,
    Number,
    aggregates_in,
    walk,
)
from auditor.policy.rule import Rule
from auditor.records.sql import cast, identifier, literal

UNIT = "_unit"
"""Column of `rows` in a sequence rule: true on the last record of an occurrence, which stands for it."""

HOUR = "_hour"
"""Column of `rows` where hours are counted: the clock hour of the record's own time."""

SCALE_OF_QUOTIENTS = 9
"""Digits after the point that a double keeps where exact numbers are needed."""

Kind = Literal["count", "exact", "double", "truth"]


@dataclass(frozen=True)
class Typed:
    """An SQL value and what it is: a count, another exact number, a double or a truth value.

    `scale` is the number of digits after the point of an exact number; with none it is a whole number.
    """

    sql: exp.Expression
    kind: Kind
    scale: int = 0


Wrap = Callable[[exp.Expression], exp.Expression]


def aggregates_of(rule: Rule) -> tuple[Aggregate, ...]:
    """Return every different aggregate of a rule's measures, in order."""
    roots = [measure.expression for measure in rule.measures] + ([rule.violates] if rule.violates else [])
    found = [node for root in roots for node in walk(root) if isinstance(node, Aggregate)]
    return tuple(dict.fromkeys(found))


def every_aggregate_of(rule: Rule) -> tuple[Aggregate, ...]:
    """Return every different aggregate of a rule's measures, also those inside `per`."""
    found = [node for measure in rule.measures for node in aggregates_in(measure.expression)]
    return tuple(dict.fromkeys(found))


def counted_column(name: str) -> str:
    """Return the name under which `rows` keeps a column that is counted: in a sequence, `by` has another value."""
    return f"counted {name}"


def number_column(name: str) -> str:
    """Return the name under which `rows` keeps a column as an exact number."""
    return f"number {name}"


def share_column(selection: str) -> str:
    """Return the name under which `rows` keeps whether a selection holds."""
    return f"share {selection}"


def different_column(node: Aggregate) -> str:
    """Return the column of `rows` whose different values an aggregate counts, empty if it counts none."""
    if node.function == "active_hours":
        return HOUR
    return counted_column(node.column) if node.is_distinct and node.column else ""


def aggregate_sql(node: Aggregate, *, is_sequence: bool, wrap: Wrap) -> Typed:
    """Return an aggregate over `rows`; `wrap` turns each plain aggregate into one over a window, or leaves it."""
    if node.function == "count":
        return Typed(wrap(_count(node, is_sequence)), "count")
    if node.function == "active_hours":
        return Typed(wrap(exp.Count(this=exp.Distinct(expressions=[identifier(HOUR)]))), "count")
    if node.function == "share":
        holding = Typed(wrap(count_where(identifier(share_column(node.selection)))), "count")
        return quotient(holding, Typed(wrap(exp.Count(this=exp.Star())), "count"))
    if node.function == "span":
        first, last = wrap(exp.Min(this=identifier(TIME))), wrap(exp.Max(this=identifier(TIME)))
        return Typed(seconds(exp.Paren(this=exp.Sub(this=last, expression=first))), "exact", SCALE_OF_SECONDS)
    assert node.column is not None
    return of_numbers(node, Typed(identifier(number_column(node.column)), "exact", scale_of_column(node.column)), wrap)


def of_numbers(node: Aggregate, number: Typed, wrap: Wrap) -> Typed:
    """Return an aggregate of exact numbers, one a row."""

    def exact(function: type[exp.Sum] | type[exp.Min] | type[exp.Max]) -> Typed:
        return Typed(wrap(function(this=number.sql.copy())), "exact", number.scale)

    match node.function:
        case "sum":
            return exact(exp.Sum)
        case "min":
            return exact(exp.Min)
        case "max":
            return exact(exp.Max)
        case "avg":
            return quotient(exact(exp.Sum), Typed(wrap(exp.Count(this=number.sql.copy())), "count"))
        case "median":
            return _median(number, wrap)
        case "quantile":
            assert node.fraction is not None
            return Typed(wrap(_ranked(number.sql, node.fraction)), "exact", number.scale)
    raise AssertionError(node.function)


def exactly(value: Typed) -> Typed:
    """Return a value as an exact number: a double with 9 digits after the point, NULL if it is too long then."""
    if value.kind != "double":
        return replace(value, kind="exact")
    kept = cast(cast(value.sql, "VARCHAR"), f"DECIMAL({MOST_DIGITS}, {SCALE_OF_QUOTIENTS})", attempt=True)
    return Typed(kept, "exact", SCALE_OF_QUOTIENTS)


def _count(node: Aggregate, is_sequence: bool) -> exp.Expression:
    if node.column is None:
        return count_where(identifier(UNIT)) if is_sequence else exp.Count(this=exp.Star())
    column = identifier(counted_column(node.column))
    return exp.Count(this=exp.Distinct(expressions=[column]) if node.is_distinct else column)


def _ranked(value: exp.Expression, fraction: Decimal) -> exp.Expression:
    return exp.PercentileDisc(this=value, expression=literal(fraction))


def times(left: Typed, right: Typed, made: type[exp.Add] | type[exp.Mul]) -> Typed:
    """Return the product or sum of two exact numbers that are known to fit; a product keeps the digits of both."""
    scales = (left.scale, right.scale) if made is exp.Mul else (max(left.scale, right.scale),) * 2
    sides = [_wide(replace(side, scale=scale)) for side, scale in zip((left, right), scales, strict=True)]
    return Typed(made(this=sides[0], expression=sides[1]), "exact", sum(scales) if made is exp.Mul else scales[0])


def _median(value: Typed, wrap: Wrap) -> Typed:
    # the value at (n-1)//2 is the nearest rank of 1/2; the one at n//2 is the same seen from the other end
    low = _wide(replace(value, sql=wrap(_ranked(value.sql.copy(), Decimal("0.5")))))
    high = exp.Neg(this=exp.Paren(this=wrap(_ranked(exp.Neg(this=_wide(value)), Decimal("0.5")))))
    total = exp.Paren(this=exp.Add(this=low, expression=high))
    return quotient(replace(value, sql=total), Typed(literal(2), "count"))


def _wide(value: Typed) -> exp.Expression:
    """Return an exact number in its widest type: the least BIGINT, say, has no negative among its own."""
    return cast(value.sql.copy(), "HUGEINT" if value.scale == 0 else f"DECIMAL({MOST_DIGITS}, {value.scale})")


def measure_sql(expression: Expression, known: Mapping[Expression, Typed]) -> Typed:
    """Return an expression; `known` gives the SQL of its aggregates and of the names of measures."""
    found = known.get(expression)
    if found is not None:
        return replace(found, sql=found.sql.copy())
    match expression:
        case Number(value=value):
            return Typed(literal(literal_of(value)), "exact", scale_of(literal_of(value)))
        case Negative(operand=operand):
            inside = measure_sql(operand, known)
            if inside.kind == "double":
                return Typed(exp.Neg(this=exp.Paren(this=inside.sql)), "double")
            return Typed(exp.Neg(this=exp.Paren(this=_wide(inside))), "exact", inside.scale)
        case Negation(operand=operand):
            return Typed(negated(measure_sql(operand, known).sql), "truth")
        case Logic(operator=operator):
            left, right = measure_sql(expression.left, known), measure_sql(expression.right, known)
            joined = exp.And if operator == "and" else exp.Or
            return Typed(exp.Paren(this=joined(this=left.sql, expression=right.sql)), "truth")
        case Comparison(operator=operator):
            left, right = _alike(measure_sql(expression.left, known), measure_sql(expression.right, known))
            return Typed(comparison(operator, left.sql, right.sql), "truth")
        case Arithmetic():
            return _arithmetic(expression, known)
        case _:
            raise AssertionError(f"{expression.kind} has no place in a measure")


def _arithmetic(node: Arithmetic, known: Mapping[Expression, Typed]) -> Typed:
    left, right = measure_sql(node.left, known), measure_sql(node.right, known)
    if node.operator == "/":
        return quotient(left, right)
    made = {"+": exp.Add, "-": exp.Sub, "*": exp.Mul}[node.operator]
    scale = left.scale + right.scale if node.operator == "*" else max(left.scale, right.scale)
    if "double" in (left.kind, right.kind) or scale > MOST_DIGITS:
        return Typed(exp.Paren(this=made(this=_double(left), expression=_double(right))), "double")
    scales = (left.scale, right.scale) if node.operator == "*" else (scale, scale)
    operands = [_decimal(side, of) for side, of in zip((left, right), scales, strict=True)]
    result: exp.Expression = exp.Try(this=made(this=operands[0], expression=operands[1]))
    return Typed(cast(result, "HUGEINT") if scale == 0 else result, "exact", scale)


def _decimal(value: Typed, scale: int) -> exp.Expression:
    """Return an exact number with so many digits after the point, NULL if it then has too many."""
    return cast(value.sql, f"DECIMAL({MOST_DIGITS}, {scale})", attempt=True)


def _is_whole_literal(sql: exp.Expression) -> bool:
    return isinstance(sql, exp.Literal) and sql.is_int


def _alike(left: Typed, right: Typed) -> tuple[Typed, Typed]:
    if "double" in (left.kind, right.kind):
        return Typed(_double(left), "double"), Typed(_double(right), "double")
    scale = max(left.scale, right.scale)
    sides = [side if side.scale == scale else Typed(_decimal(side, scale), "exact", scale) for side in (left, right)]
    return sides[0], sides[1]


def quotient(left: Typed, right: Typed) -> Typed:
    """Return the double of one number over another, NULL for a division by 0."""
    divisor = _double(right)
    division = exp.Div(this=_double(left), expression=divisor, typed=False, safe=False)
    is_zero = exp.EQ(this=divisor.copy(), expression=literal(0))
    return Typed(choose(exp.Not(this=exp.Paren(this=is_zero)), division), "double")


def as_double(value: Typed) -> exp.Expression:
    """Return the nearest double of a number."""
    return _double(value)


def _double(value: Typed) -> exp.Expression:
    if value.kind == "double":
        return value.sql
    # through text: a direct cast of a wide decimal rounds twice
    exact = value.sql if value.kind == "count" or _is_whole_literal(value.sql) else cast(value.sql, "VARCHAR")
    return cast(exact, "DOUBLE")


def is_lower_peak(name: str, violates: Expression | None) -> bool:
    """Say whether a measure's peak is its minimum: it occurs in `violates` on the small side only."""
    if violates is None:
        return False
    small, large = 0, 0
    for node in walk(violates):
        if isinstance(node, Comparison):
            left, right = _mentions(name, node.left), _mentions(name, node.right)
            is_less, is_more = node.operator in ("<", "<="), node.operator in (">", ">=")
            small += (left if is_less else 0) + (right if is_more else 0)
            large += (0 if is_less else left) + (0 if is_more else right)
    return small > 0 and large == 0


def _mentions(name: str, expression: Expression) -> int:
    return sum(1 for node in walk(expression) if isinstance(node, Name) and node.full == name)
