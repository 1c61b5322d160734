"""Exact arithmetic and three-valued logic of expressions.

Whole numbers and decimals are exact, in measures within the bounds of `checker/exact.py`; a quotient, and whatever
meets one, is an IEEE double. None is unknown.
"""

import operator
import re
from collections.abc import Callable
from datetime import datetime
from decimal import ROUND_CEILING, ROUND_HALF_UP, Context, Decimal, Inexact, InvalidOperation

from auditor.checker.evaluator.texts import fold, is_exact
from auditor.checker.exact import are_comparable, calculated, fits, literal_of
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
_NINE_PLACES = Decimal("0.000000001")
_COMPARISONS: dict[str, Callable[..., bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "=": operator.eq, "<>": operator.ne,
}  # fmt: skip


def number_in(text: str) -> Decimal | None:
    """Return the number that a text of `extra` is, or None."""
    return Decimal(text) if _NUMBER.fullmatch(text) else None


def measurable(value: Value) -> Numeric | None:
    """Return a column's value as aggregates take it: reals as decimals of 6 places, numbers in text as ones of 9."""
    if isinstance(value, str):
        number = number_in(value)
        return None if number is None else number.quantize(_NINE_PLACES, context=_wide())
    if isinstance(value, float):
        rounded = Decimal(repr(value)).quantize(Decimal("0.000001"), ROUND_HALF_UP, _wide())
        return rounded if abs(value) < _LARGEST_REAL else None
    assert not isinstance(value, datetime), "the loader refuses aggregates of times"
    return value


def exactly(value: Value) -> Numeric | None:
    """Return a number as an exact one: a double as a decimal of 9 places, None if it is too long then."""
    if not isinstance(value, float):
        assert value is None or isinstance(value, int | Decimal), f"an aggregate is a number, found {value!r}"
        return value
    rounded = Decimal(repr(value)).quantize(_NINE_PLACES, ROUND_HALF_UP, _wide()) + 0
    return rounded if fits(rounded, 9) else None


def total(values: list[Numeric]) -> Numeric:
    """Return the exact sum of what aggregates take; no log is so long that it could outgrow the bounds."""
    result = Decimal(0)
    for value in values:
        result = _EXACT.add(result, Decimal(value))
    return int(result) if all(isinstance(value, int) for value in values) else result


def combined(sign: str, left: Numeric, right: Numeric, *, is_bounded: bool = False) -> Numeric | None:
    """Return a sum, difference or product, exact unless one side is a double; None if it is out of bounds."""
    if isinstance(left, float) or isinstance(right, float):
        doubles: dict[str, Callable[[float, float], float]]
        doubles = {"+": operator.add, "-": operator.sub, "*": operator.mul}
        return doubles[sign](float(left), float(right))
    if is_bounded:
        return calculated(sign, left, right)
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


def truth_of(expression: Expression, lookup: Lookup, *, is_bounded: bool = False) -> bool | None:
    """Return whether an expression of truth values holds, None for unknown; measures are bounded, `where` is not."""

    def of(part: Expression) -> bool | None:
        return truth_of(part, lookup, is_bounded=is_bounded)

    match expression:
        case Logic(operator="and"):
            return both(of(expression.left), of(expression.right))
        case Logic():
            return either(of(expression.left), of(expression.right))
        case Negation():
            return opposite(of(expression.operand))
        case Comparison():
            return _compared(expression, lookup, is_bounded)
        case _:
            answer = lookup(expression)
            return answer if isinstance(answer, bool) else None


def value_of(expression: Expression, lookup: Lookup, *, is_bounded: bool = False) -> Value:
    """Return the value of an expression of numbers, texts and times."""
    match expression:
        case Number():
            return literal_of(expression.value)
        case Text():
            return expression.value
        case Negative():
            operand = value_of(expression.operand, lookup, is_bounded=is_bounded)
            return None if operand is None else combined("-", 0, _numeric(operand), is_bounded=is_bounded)
        case Arithmetic():
            return _calculated(expression, lookup, is_bounded)
        case Comparison() | Logic() | Negation():
            return truth_of(expression, lookup, is_bounded=is_bounded)
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


def _calculated(expression: Arithmetic, lookup: Lookup, is_bounded: bool) -> Value:
    left, right = (value_of(side, lookup, is_bounded=is_bounded) for side in (expression.left, expression.right))
    if left is None or right is None:
        return None
    if expression.operator == "/":
        return quotient(_numeric(left), _numeric(right))
    return combined(expression.operator, _numeric(left), _numeric(right), is_bounded=is_bounded)


def _compared(expression: Comparison, lookup: Lookup, is_bounded: bool) -> bool | None:
    left, right = (value_of(side, lookup, is_bounded=is_bounded) for side in (expression.left, expression.right))
    if left is None or right is None:
        return None
    if isinstance(left, str) and isinstance(right, str) and not is_exact(*_columns(expression)):
        left, right = fold(left), fold(right)
    if is_bounded and not _are_comparable(left, right):
        return None
    return holds(expression.operator, left, right)


def _are_comparable(left: Value, right: Value) -> bool:
    if isinstance(left, int | Decimal) and isinstance(right, int | Decimal):
        return are_comparable(left, right)
    return True


def _columns(expression: Comparison) -> list[str]:
    return [side.name for side in (expression.left, expression.right) if isinstance(side, Name) and side.step]


def _numeric(value: Value) -> Numeric:
    assert isinstance(value, int | Decimal | float), f"the loader lets only numbers come here, found {value!r}"
    return value


def _wide() -> Context:
    return Context(prec=2000)
