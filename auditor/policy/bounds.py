"""Between which numbers a measure must lie, whatever the records; and whether `violates` can ever hold.

Arithmetic on ranges: each part is taken to vary by itself, so a range may be too wide and never too narrow. A
comparison is refused only when no number fits.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

from auditor.policy.condition_words import words_of_expression
from auditor.policy.domains import OPPOSITE
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
    PairCall,
)
from auditor.policy.ranges import Range
from auditor.policy.scope import Scope

MOST_ALTERNATIVES = 2_000
_SLACK = Fraction(1, 10**9)
"""A quotient is a double: its range is taken this much wider, in proportion."""

_HALF_ROUND_KM = Fraction(20_016)
"""Half the way round the earth, rounded up: no two places lie further apart."""

_RATIO = Range(Fraction(0), Fraction(1))
_FUNCTIONS = {
    "share": _RATIO,
    "top_share": _RATIO,
    "evenness": _RATIO,
    "entropy": Range(low=Fraction(0)),
    "active_hours": Range(low=Fraction(0)),
}
Held = tuple[str, Expression, Expression]
"""Operator, left side, right side: a comparison that must be true."""


@dataclass(frozen=True)
class Bounds:
    """The ranges of a rule's measures by name."""

    scope: Scope
    measures: Mapping[str, Expression]

    def of(self, expression: Expression, known: Mapping[Expression, Range]) -> Range:
        """Return the range of an expression; `known` are narrower ranges of some of its parts."""
        own = self._of(expression, known)
        return own.met(known[expression]) if expression in known else own

    def _of(self, expression: Expression, known: Mapping[Expression, Range]) -> Range:
        match expression:
            case Number(value=value):
                return Range(Fraction(value), Fraction(value))
            case Name(name=name, step="") if name in self.measures:
                return self.of(self.measures[name], {})
            case Negative(operand=operand):
                return _minus(self.of(operand, known))
            case Arithmetic():
                return self._calculated(expression, known)
            case Aggregate():
                return self._aggregated(expression)
            case PairCall():
                return self._between(expression)
            case _:
                return Range()

    def _aggregated(self, call: Aggregate) -> Range:
        if call.function in _FUNCTIONS:
            return _FUNCTIONS[call.function]
        if call.function == "span":
            return Range(Fraction(0), self.scope.longest())
        if call.column is None:
            return Range(low=Fraction(1)).whole() if call.function == "count" else Range()
        if call.function == "count":
            most = self.scope.values_of(call.column) if call.is_distinct else None
            return Range(Fraction(0), None if most is None else Fraction(most)).whole()
        numbers = self.scope.numbers_of(call.column)
        if call.function == "sum":
            low = numbers.low if isinstance(numbers.low, Fraction) and numbers.low >= 0 else None
            high = numbers.high if isinstance(numbers.high, Fraction) and numbers.high <= 0 else None
            return Range(low, high)
        return _widened(numbers) if call.function in {"avg", "median"} else numbers

    def _between(self, call: PairCall) -> Range:
        sequence = self.scope.rule.sequence
        if call.function == "distance_km" or sequence is None:
            return Range(Fraction(0), _HALF_ROUND_KM)
        longest = Fraction(sequence.within * (len(sequence.steps) - 1))
        return Range(-longest, longest)

    def _calculated(self, expression: Arithmetic, known: Mapping[Expression, Range]) -> Range:
        left, right = self.of(expression.left, known), self.of(expression.right, known)
        match expression.operator:
            case "+":
                return _plus(left, right)
            case "-":
                return _plus(left, _minus(right))
            case "*":
                return _times(left, right)
            case "/":
                if self._is_part_of_whole(expression):
                    return _widened(_RATIO)
                return _widened(_divided(left, right))

    def _is_part_of_whole(self, quotient: Arithmetic) -> bool:
        """Say whether a count is divided by a count of at least as many, as in `count(x) / count()`."""
        part, whole = self._named(quotient.left), self._named(quotient.right)
        if not (isinstance(part, Aggregate) and isinstance(whole, Aggregate)) or self.scope.rule.sequence:
            return False
        if part.function != "count" or whole.function != "count" or whole.is_distinct:
            return False
        return whole.column is None or whole.column == part.column

    def _named(self, expression: Expression) -> Expression:
        is_measure = isinstance(expression, Name) and not expression.step
        return self.measures.get(expression.name, expression) if is_measure else expression  # type: ignore[union-attr]  # it is a Name


def impossible_in(violates: Expression, bounds: Bounds) -> tuple[str, ...] | None:
    """Return why no window can violate, in words, one reason an alternative; None when one might."""
    reasons = []
    for number, alternative in enumerate(_alternatives(violates, True)):
        reason = _contradiction(alternative, bounds)
        if reason is None or number >= MOST_ALTERNATIVES:
            return None
        reasons.append(reason)
    return tuple(dict.fromkeys(reasons))


def _alternatives(expression: Expression, is_true: bool) -> Iterator[tuple[Held, ...]]:
    match expression:
        case Negation(operand=operand):
            yield from _alternatives(operand, not is_true)
        case Logic(operator=operator, left=left, right=right) if (operator == "and") == is_true:
            for one in _alternatives(left, is_true):
                for other in _alternatives(right, is_true):
                    yield (*one, *other)
        case Logic(left=left, right=right):
            yield from _alternatives(left, is_true)
            yield from _alternatives(right, is_true)
        case Comparison(operator=operator, left=left, right=right):
            yield ((operator if is_true else OPPOSITE[operator], left, right),)
        case _:
            yield ()


def _contradiction(alternative: tuple[Held, ...], bounds: Bounds) -> str | None:
    known: dict[Expression, Range] = {}
    for operator, left, right in alternative:
        for sign, side, other in ((operator, left, right), (_turned(operator), right, left)):
            limit = bounds.of(other, {})
            if limit.low is None or limit.low != limit.high:
                continue
            before = bounds.of(side, known)
            known[side] = before.met(Range.of(sign, limit.low))
            if known[side].is_empty or (sign == "<>" and before.low == before.high == limit.low):
                return f"{_words(side)} is {_range_words(before)}"
    for operator, left, right in alternative:
        distance = _plus(bounds.of(left, known), _minus(bounds.of(right, known)))
        if distance.met(Range.of(operator, Fraction(0))).is_empty:
            return f"{_words(left)} is {_range_words(bounds.of(left, known))}"
    return None


def _turned(operator: str) -> str:
    return {"<": ">", "<=": ">=", ">": "<", ">=": "<="}.get(operator, operator)


def _words(expression: Expression) -> str:
    return f"`{expression.name}`" if isinstance(expression, Name) else words_of_expression(expression)


def _range_words(found: Range) -> str:
    low = "" if found.low is None else f"{'at least' if found.has_low else 'more than'} {_number(found.low)}"
    high = "" if found.high is None else f"{'at most' if found.has_high else 'less than'} {_number(found.high)}"
    if low and found.low == found.high:
        return f"always {_number(found.low)}"
    return " and ".join(part for part in (low, high) if part) or "no number"


def _number(value: object) -> str:
    assert isinstance(value, Fraction | int), "ranges of measures are exact"
    return str(value) if Fraction(value).denominator == 1 else f"{float(value):.6g}"


def _exact(value: object) -> Fraction | None:
    return Fraction(value) if isinstance(value, Fraction | int) else None


def _minus(one: Range) -> Range:
    low, high = _exact(one.low), _exact(one.high)
    return Range(
        None if high is None else -high, None if low is None else -low, one.has_high, one.has_low, one.is_whole
    )


def _plus(one: Range, other: Range) -> Range:
    low, high = (_exact(one.low), _exact(other.low)), (_exact(one.high), _exact(other.high))
    return Range(
        None if low[0] is None or low[1] is None else low[0] + low[1],
        None if high[0] is None or high[1] is None else high[0] + high[1],
        one.has_low and other.has_low,
        one.has_high and other.has_high,
    )


def _times(one: Range, other: Range) -> Range:
    ends = (one.low, one.high, other.low, other.high)
    if None in ends:
        is_positive = all(end is not None and end >= 0 for end in (_exact(one.low), _exact(other.low)))
        return Range(low=Fraction(0)) if is_positive else Range()
    corners = [
        a * b
        for a in (_exact(one.low), _exact(one.high))
        for b in (_exact(other.low), _exact(other.high))
        if a is not None and b is not None
    ]
    return Range(min(corners), max(corners))


def _divided(one: Range, other: Range) -> Range:
    """Return the range of a quotient; a division by zero gives no number."""
    low, high = _exact(other.low), _exact(other.high)
    if low is None or low < 0 or (low == 0 and other.has_low):
        positive = low is not None and low >= 0 and _exact(one.low) is not None and (_exact(one.low) or 0) >= 0
        return Range(low=Fraction(0)) if positive else Range()
    inverse = Range(Fraction(0) if high is None else 1 / high, None if low == 0 else 1 / low)
    return _times(one, inverse)


def _widened(one: Range) -> Range:
    low, high = _exact(one.low), _exact(one.high)
    return Range(None if low is None else low - abs(low) * _SLACK, None if high is None else high + abs(high) * _SLACK)
