"""How near the measures of a window come to violating: each comparison with both sides, and how far it fails.

Follows `violates` as the evaluator reads it: three-valued, exact, a `not` turned into the opposite comparisons.
"""

import math
from collections.abc import Iterator, Mapping
from decimal import Decimal

from auditor.checker.evaluator.numbers import Value, truth_of, value_of
from auditor.checker.findings import MeasureValue
from auditor.checker.thresholds import EXACT, number_text
from auditor.policy.condition_words import words_of_expression
from auditor.policy.conditions import Node
from auditor.policy.domains import OPPOSITE
from auditor.policy.expressions import Comparison, Expression, Logic, Name, Negation

_ALMOST = 1e-12
"""A comparison that fails on its very number is nearer than any other failure, and further than none."""


class ComparisonSeen(Node):
    """One comparison that must hold: its sides in words and as numbers (None: unknown).

    `distance` is how far the left side lies from the right one, `holds` None when a side is unknown.
    """

    words: str
    left: str | None
    operator: str
    right: str | None
    holds: bool | None
    distance: str | None


def comparisons_of(violates: Expression, measures: Mapping[str, MeasureValue | None]) -> tuple[ComparisonSeen, ...]:
    """Return every comparison of `violates`, in its order, as the measures of a window answer it."""
    return tuple(dict.fromkeys(_seen(item, measures) for item in _comparisons(violates, True)))


def nearest_way(violates: Expression, measures: Mapping[str, MeasureValue | None]) -> tuple[ComparisonSeen, ...]:
    """Return the comparisons that fail on the shortest way to violating: of an `or`, those of its nearest side."""
    return tuple(dict.fromkeys(_seen(item, measures) for item in _way(violates, True, measures)))


def shortfall(violates: Expression, measures: Mapping[str, MeasureValue | None]) -> float:
    """Return how far the measures are from violating: 0 when they do, else larger the further, infinite if unknown."""
    return _gap(violates, True, measures)


def _comparisons(expression: Expression, is_true: bool) -> Iterator[Comparison]:
    match expression:
        case Negation(operand=operand):
            yield from _comparisons(operand, not is_true)
        case Logic(left=left, right=right):
            yield from _comparisons(left, is_true)
            yield from _comparisons(right, is_true)
        case Comparison() if is_true:
            yield expression
        case Comparison(operator=operator):
            yield expression.model_copy(update={"operator": OPPOSITE[operator]})


def _way(expression: Expression, is_true: bool, measures: Mapping[str, MeasureValue | None]) -> list[Comparison]:
    match expression:
        case Negation(operand=operand):
            return _way(operand, not is_true, measures)
        case Logic(operator=operator, left=left, right=right) if (operator == "and") == is_true:
            return [*_way(left, is_true, measures), *_way(right, is_true, measures)]
        case Logic(left=left, right=right):
            is_left = _gap(left, is_true, measures) <= _gap(right, is_true, measures)
            return _way(left if is_left else right, is_true, measures)
        case _:
            return [item for item in _comparisons(expression, is_true) if _holds(item, measures) is not True]


def _gap(expression: Expression, is_true: bool, measures: Mapping[str, MeasureValue | None]) -> float:
    match expression:
        case Negation(operand=operand):
            return _gap(operand, not is_true, measures)
        case Logic(operator=operator, left=left, right=right):
            gaps = (_gap(left, is_true, measures), _gap(right, is_true, measures))
            return sum(gaps) if (operator == "and") == is_true else min(gaps)
        case _:
            return sum(_gap_of(item, measures) for item in _comparisons(expression, is_true))


def _gap_of(comparison: Comparison, measures: Mapping[str, MeasureValue | None]) -> float:
    if _holds(comparison, measures):
        return 0.0
    left, right = _sides(comparison, measures)
    if left is None or right is None or _holds(comparison, measures) is None:
        return math.inf
    distance = abs(EXACT.subtract(_decimal(left), _decimal(right)))
    return float(distance / max(Decimal(1), abs(_decimal(right)))) + _ALMOST


def _seen(comparison: Comparison, measures: Mapping[str, MeasureValue | None]) -> ComparisonSeen:
    left, right = _sides(comparison, measures)
    is_known = left is not None and right is not None
    distance = abs(EXACT.subtract(_decimal(left), _decimal(right))) if is_known else None
    return ComparisonSeen(
        words=words_of_expression(comparison),
        left=None if left is None else number_text(_number(left)),
        operator=comparison.operator,
        right=None if right is None else number_text(_number(right)),
        holds=_holds(comparison, measures),
        distance=None if distance is None else number_text(_rounded(distance)),
    )


def _holds(comparison: Comparison, measures: Mapping[str, MeasureValue | None]) -> bool | None:
    return truth_of(comparison, lambda part: _looked_up(part, measures), is_bounded=True)


def _sides(comparison: Comparison, measures: Mapping[str, MeasureValue | None]) -> tuple[Value, Value]:
    left, right = (
        value_of(side, lambda part: _looked_up(part, measures), is_bounded=True)
        for side in (comparison.left, comparison.right)
    )
    return left, right


def _looked_up(part: Expression, measures: Mapping[str, MeasureValue | None]) -> Value:
    assert isinstance(part, Name), f"the loader lets only names come here: {part!r}"
    return measures.get(f"{part.step}.{part.name}" if part.step else part.name)


def _number(value: Value) -> MeasureValue:
    assert isinstance(value, int | Decimal | float), f"measures are numbers, found {value!r}"
    return value


def _decimal(value: Value) -> Decimal:
    number = _number(value)
    return Decimal(repr(number)) if isinstance(number, float) else Decimal(number)


def _rounded(value: Decimal) -> Decimal:
    return value if value.as_tuple().exponent >= -9 else round(value, 9)  # type: ignore[operator]  # a measure is finite
