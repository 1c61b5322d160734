"""Exact arithmetic and three-valued logic of expressions.

Whole numbers and decimals are exact; a quotient, and whatever meets one, is an IEEE double. None is unknown.
"""

import operator
import re
from collections.abc import Callable
from datetime import datetime
from decimal import ROUND_CEILING, ROUND_HALF_UP, Context, Decimal, Inexact, InvalidOperation

from auditor.checker.evaluator.texts import fold, is_exact
from auditor.policy.expressions import (
    Arithmetic,
    Comparison,
    Expression,
    Logic,
    Name,
    Negation,
    Negative,
    Number,
    Text,
)

Numeric = int | Decimal | float
Value = Numeric | str | bool | datetime | None
Lookup = Callable[[Expression], Value]
"""Gives the value of a name, an aggregate or a call."""

_EXACT = Context(prec=2000, traps=[Inexact, InvalidOperation])
_NUMBER = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,9})?")
_LARGEST_REAL = 1e20
_COMPARISONS: dict[str, Callable[..., bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "=": operator.eq, "<>": operator.ne,
}  # fmt: skip


def number_in(text: str) -> Decimal | None:
    """Return the number that a text of `extra` is, or None."""
    return Decimal(text) if _NUMBER.fullmatch(text) else None


def measurable(value: Value) -> Numeric | None:
    """Return a column's value as aggregates take it: reals as decimals of 6 places, text as the number it is."""
    if isinstance(value, str):
        return number_in(value)
    if isinstance(value, float):
        rounded = Decimal(repr(value)).quantize(Decimal("0.000001"), ROUND_HALF_UP, _wide())
        return rounded if abs(value) < _LARGEST_REAL else None
    assert not isinstance(value, datetime), "the loader refuses aggregates of times"
    return value


def total(values: list[Numeric]) -> Numeric:
    """Return the exact sum."""
    result: Numeric = 0
    for value in values:
        result = combined("+", result, value)
    return result


def combined(sign: str, left: Numeric, right: Numeric) -> Numeric:
    """Return a sum, difference or product, exact unless one side is a double."""
    if isinstance(left, float) or isinstance(right, float):
        doubles: dict[str, Callable[[float, float], float]]
        doubles = {"+": operator.add, "-": operator.sub, "*": operator.mul}
        return doubles[sign](float(left), float(right))
    if isinstance(left, int) and isinstance(right, int):
        whole: dict[str, Callable[[int, int], int]] = {"+": operator.add, "-": operator.sub, "*": operator.mul}
        return whole[sign](left, right)
    exact = {"+": _EXACT.add, "-": _EXACT.subtract, "*": _EXACT.multiply}
    return exact[sign](Decimal(left), Decimal(right))


def quotient(left: Numeric, right: Numeric) -> float | None:
    """Return the double of one number over another, None for a division by zero."""
    return None if right == 0 else float(left) / float(right)


def nearest_rank(values: list[Numeric], fraction: Decimal) -> Numeric:
    """Return the quantile of a sorted, filled list by nearest rank."""
    rank = int(_EXACT.multiply(fraction, Decimal(len(values))).to_integral_value(ROUND_CEILING))
    return values[max(1, rank) - 1]


def truth_of(expression: Expression, lookup: Lookup) -> bool | None:
    """Return whether an expression of truth values holds, None for unknown."""
    match expression:
        case Logic(operator="and"):
            return both(truth_of(expression.left, lookup), truth_of(expression.right, lookup))
        case Logic():
            return either(truth_of(expression.left, lookup), truth_of(expression.right, lookup))
        case Negation():
            return opposite(truth_of(expression.operand, lookup))
        case Comparison():
            return _compared(expression, lookup)
        case _:
            answer = lookup(expression)
            return answer if isinstance(answer, bool) else None


def value_of(expression: Expression, lookup: Lookup) -> Value:
    """Return the value of an expression of numbers, texts and times."""
    match expression:
        case Number() | Text():
            return expression.value
        case Negative():
            operand = value_of(expression.operand, lookup)
            return None if operand is None else combined("-", 0, _numeric(operand))
        case Arithmetic():
            return _calculated(expression, lookup)
        case Comparison() | Logic() | Negation():
            return truth_of(expression, lookup)
        case _:
            return lookup(expression)


def both(left: bool | None, right: bool | None) -> bool | None:
    """Return Kleene's `and`."""
    if left is False or right is False:
        return False
    return None if left is None or right is None else True


def either(left: bool | None, right: bool | None) -> bool | None:
    """Return Kleene's `or`."""
    if left is True or right is True:
        return True
    return None if left is None or right is None else False


def opposite(value: bool | None) -> bool | None:
    """Return Kleene's `not`."""
    return None if value is None else not value


def holds(sign: str, left: Value, right: Value) -> bool:
    """Say whether two known values of one type compare so; where one is a double, both are taken as doubles."""
    if isinstance(left, float) or isinstance(right, float):
        left, right = float(_numeric(left)), float(_numeric(right))
    return _COMPARISONS[sign](left, right)


def _calculated(expression: Arithmetic, lookup: Lookup) -> Value:
    left, right = value_of(expression.left, lookup), value_of(expression.right, lookup)
    if left is None or right is None:
        return None
    if expression.operator == "/":
        return quotient(_numeric(left), _numeric(right))
    return combined(expression.operator, _numeric(left), _numeric(right))


def _compared(expression: Comparison, lookup: Lookup) -> bool | None:
    left, right = value_of(expression.left, lookup), value_of(expression.right, lookup)
    if left is None or right is None:
        return None
    if isinstance(left, str) and isinstance(right, str) and not is_exact(*_columns(expression)):
        left, right = fold(left), fold(right)
    return holds(expression.operator, left, right)


def _columns(expression: Comparison) -> list[str]:
    return [side.name for side in (expression.left, expression.right) if isinstance(side, Name) and side.step]


def _numeric(value: Value) -> Numeric:
    assert isinstance(value, int | Decimal | float), f"the loader lets only numbers come here, found {value!r}"
    return value


def _wide() -> Context:
    return Context(prec=2000)
