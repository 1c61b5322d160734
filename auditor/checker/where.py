"""What a sequence's `where` says of two records, made once into a function of the two.

The words are those of docs/evaluation.md, "Sequence" and "Numbers": three-valued, exact unless a double takes part.
"""

import math
import operator
from collections.abc import Callable, Mapping
from decimal import Context, Decimal
from functools import lru_cache
from typing import Any, NamedTuple  # a record's values are of any column type

from auditor.policy.expressions import (
    Arithmetic,
    Comparison,
    Expression,
    Logic,
    Name,
    Negation,
    Negative,
    Number,
    PairCall,
    Text,
)
from auditor.records.schema import COLUMNS

EARTH_RADIUS_KM = 6371.0088
EXACT = Context(prec=2000)
FOLDED = "folded "


class Candidate(NamedTuple):
    """A record that the pairing looks at; their order is (time, number).

    `divided` is None where a value of `sequence.by` is null; `time` is in microseconds since 1970; `values` are the
    columns that `where` reads.
    """

    time: int
    number: int
    is_first: bool
    is_second: bool
    is_until: bool
    subject: tuple[Any, ...]
    divided: tuple[Any, ...] | None
    values: Mapping[str, Any]


PairValue = Callable[[Candidate, Candidate], Any]
"""Gives a value, or a truth, of the record of the first step and that of the second; None is unknown."""

_COMPARED: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq, "<>": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
_PLAIN: Mapping[str, Callable[[Any, Any], Any]] = {"+": operator.add, "-": operator.sub, "*": operator.mul}
_DECIMAL: Mapping[str, Callable[[Any, Any], Decimal]] = {"+": EXACT.add, "-": EXACT.subtract, "*": EXACT.multiply}


def compiled(expression: Expression, steps: tuple[str, ...]) -> PairValue:
    """Return the function of a part of `where`; its records are given in the order of `steps`."""
    match expression:
        case Number(value=value) | Text(value=value):
            return lambda *_: value
        case Name(name=name, step=step):
            return _column(name, is_first=step == steps[0])
        case PairCall():
            return _call(expression, steps)
        case Negative(operand=operand):
            return _negative(compiled(operand, steps))
        case Negation(operand=operand):
            return _opposite(compiled(operand, steps))
        case Comparison():
            return _comparison(expression, steps)
        case Arithmetic():
            return _calculation(expression.operator, *(compiled(e, steps) for e in (expression.left, expression.right)))
        case Logic():
            return _logic(
                expression.operator == "or", *(compiled(e, steps) for e in (expression.left, expression.right))
            )
        case _:
            raise AssertionError(f"the loader keeps measures out of `where`: {expression!r}")


def ignores_case(*sides: Expression) -> bool:
    """Say whether text on these sides of a comparison is compared folded: no side is an identifier."""
    names = [side.name for side in sides if isinstance(side, Name)]
    return not any(name in COLUMNS and COLUMNS[name].is_identifier for name in names)


def fold(text: str) -> str:
    """Return text in lower case, one code point for one (what DuckDB's LOWER does to a literal)."""
    # only capital I with a dot has a lower case of two code points; its simple one is the first of them
    return "".join(char.lower()[0] for char in text)


def distance_km(
    latitude: float | None, longitude: float | None, other_latitude: float | None, other_longitude: float | None
) -> float | None:
    """Return the great-circle distance of two points in degrees, by the haversine formula; None if one is unknown."""
    if latitude is None or longitude is None or other_latitude is None or other_longitude is None:
        return None
    here, cosine = _angle(latitude)
    there, other_cosine = _angle(other_latitude)
    across = math.sin((there - here) / 2) ** 2
    along = math.sin((math.radians(other_longitude) - math.radians(longitude)) / 2) ** 2
    chord = across + cosine * other_cosine * along
    return 2 * EARTH_RADIUS_KM * math.asin(min(1.0, math.sqrt(chord)))


@lru_cache(maxsize=4096)
def _angle(degrees: float) -> tuple[float, float]:
    radians = math.radians(degrees)
    return radians, math.cos(radians)


def _column(name: str, *, is_first: bool) -> PairValue:
    place = 0 if is_first else 1
    return (lambda *pair: pair[place].time) if name == "time" else (lambda *pair: pair[place].values[name])


def _call(call: PairCall, steps: tuple[str, ...]) -> PairValue:
    places = [0 if step == steps[0] else 1 for step in (call.first, call.second)]

    def seconds_between(*pair: Candidate) -> Decimal:
        return Decimal(pair[places[1]].time - pair[places[0]].time).scaleb(-6)

    def distance(*pair: Candidate) -> float | None:
        here, there = pair[places[0]].values, pair[places[1]].values
        return distance_km(here["latitude"], here["longitude"], there["latitude"], there["longitude"])

    return seconds_between if call.function == "seconds_between" else distance


def _negative(operand: PairValue) -> PairValue:
    def negated(first: Candidate, second: Candidate) -> Any:
        value = operand(first, second)
        return None if value is None else EXACT.minus(value) if isinstance(value, Decimal) else -value

    return negated


def _opposite(operand: PairValue) -> PairValue:
    def opposite(first: Candidate, second: Candidate) -> bool | None:
        answer = operand(first, second)
        return None if answer is None else not answer

    return opposite


def _logic(decides: bool, left: PairValue, right: PairValue) -> PairValue:
    def joined(first: Candidate, second: Candidate) -> bool | None:
        here: bool | None = left(first, second)
        if here is decides:
            return decides
        there: bool | None = right(first, second)
        if there is decides:
            return decides
        return None if here is None or there is None else not decides

    return joined


def _comparison(comparison: Comparison, steps: tuple[str, ...]) -> PairValue:
    left, right = compiled(comparison.left, steps), compiled(comparison.right, steps)
    folded = [_folded(side, steps) for side in (comparison.left, comparison.right)]
    is_folding, holds = ignores_case(comparison.left, comparison.right), _COMPARED[comparison.operator]

    def compared(first: Candidate, second: Candidate) -> bool | None:
        here, there = left(first, second), right(first, second)
        if here is None or there is None:
            return None
        if is_folding and isinstance(here, str):
            here, there = folded[0](first, second), folded[1](first, second)
        elif isinstance(here, float) != isinstance(there, float):
            here, there = float(here), float(there)
        return holds(here, there)

    return compared


def _folded(side: Expression, steps: tuple[str, ...]) -> PairValue:
    match side:
        case Name(name=name, step=step) if name != "time":
            return _column(FOLDED + name, is_first=step == steps[0])
        case Text(value=value):
            lowered = fold(value)
            return lambda *_: lowered
        case _:
            return compiled(side, steps)


def _calculation(sign: str, left: PairValue, right: PairValue) -> PairValue:
    def calculated(first: Candidate, second: Candidate) -> Any:
        here, there = left(first, second), right(first, second)
        if here is None or there is None:
            return None
        if sign == "/":
            return None if there == 0 else float(here) / float(there)
        if isinstance(here, float) or isinstance(there, float):
            return _PLAIN[sign](float(here), float(there))
        if isinstance(here, Decimal) or isinstance(there, Decimal):
            return _DECIMAL[sign](Decimal(here), Decimal(there))
        return _PLAIN[sign](here, there)

    return calculated
