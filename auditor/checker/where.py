"""What a sequence's `where` says of the records of its steps, made once into a function of them.

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
from auditor.records.schema import is_identifier

EARTH_RADIUS_KM = 6371.0088
EXACT = Context(prec=2000)
FOLDED = "folded "


class Candidate(NamedTuple):
    """A record that the pairing looks at; their order is (time, number).

    `fits` says for each step whether it is a candidate (None: unknown); `divided` is None where a value of
    `sequence.by` is null; `time` is in microseconds since 1970; `values` are the columns that `where` reads.
    """

    time: int
    number: int
    fits: tuple[bool | None, ...]
    is_until: bool | None
    subject: tuple[Any, ...]
    divided: tuple[Any, ...] | None
    values: Mapping[str, Any]


StepsValue = Callable[..., Any]
"""Gives a value, or a truth, of one record a step; None is unknown."""

_COMPARED: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq, "<>": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
_PLAIN: Mapping[str, Callable[[Any, Any], Any]] = {"+": operator.add, "-": operator.sub, "*": operator.mul}
_DECIMAL: Mapping[str, Callable[[Any, Any], Decimal]] = {"+": EXACT.add, "-": EXACT.subtract, "*": EXACT.multiply}


def compiled(expression: Expression, steps: tuple[str, ...]) -> StepsValue:
    """Return the function of a part of `where` that names some of `steps`; it takes records in their order."""
    match expression:
        case Number(value=value) | Text(value=value):
            return lambda *_: value
        case Name(name=name, step=step):
            return _column(name, steps.index(step))
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
    return not is_identifier(*names)


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


def _column(name: str, place: int) -> StepsValue:
    return (lambda *records: records[place].time) if name == "time" else (lambda *records: records[place].values[name])


def _call(call: PairCall, steps: tuple[str, ...]) -> StepsValue:
    one, other = steps.index(call.first), steps.index(call.second)

    def seconds_between(*records: Candidate) -> Decimal:
        return Decimal(records[other].time - records[one].time).scaleb(-6)

    def distance(*records: Candidate) -> float | None:
        here, there = records[one].values, records[other].values
        return distance_km(here["latitude"], here["longitude"], there["latitude"], there["longitude"])

    return seconds_between if call.function == "seconds_between" else distance


def _negative(operand: StepsValue) -> StepsValue:
    def negated(*records: Candidate) -> Any:
        value = operand(*records)
        return None if value is None else EXACT.minus(value) if isinstance(value, Decimal) else -value

    return negated


def _opposite(operand: StepsValue) -> StepsValue:
    def opposite(*records: Candidate) -> bool | None:
        answer = operand(*records)
        return None if answer is None else not answer

    return opposite


def _logic(decides: bool, left: StepsValue, right: StepsValue) -> StepsValue:
    def joined(*records: Candidate) -> bool | None:
        here: bool | None = left(*records)
        if here is decides:
            return decides
        there: bool | None = right(*records)
        if there is decides:
            return decides
        return None if here is None or there is None else not decides

    return joined


def _comparison(comparison: Comparison, steps: tuple[str, ...]) -> StepsValue:
    left, right = compiled(comparison.left, steps), compiled(comparison.right, steps)
    folded = [_folded(side, steps) for side in (comparison.left, comparison.right)]
    is_folding, holds = ignores_case(comparison.left, comparison.right), _COMPARED[comparison.operator]

    def compared(*records: Candidate) -> bool | None:
        here, there = left(*records), right(*records)
        if here is None or there is None:
            return None
        if is_folding and isinstance(here, str):
            here, there = folded[0](*records), folded[1](*records)
        elif isinstance(here, float) != isinstance(there, float):
            here, there = float(here), float(there)
        return holds(here, there)

    return compared


def _folded(side: Expression, steps: tuple[str, ...]) -> StepsValue:
    match side:
        case Name(name=name, step=step) if name != "time":
            return _column(FOLDED + name, steps.index(step))
        case Text(value=value):
            lowered = fold(value)
            return lambda *_: lowered
        case _:
            return compiled(side, steps)


def _calculation(sign: str, left: StepsValue, right: StepsValue) -> StepsValue:
    def calculated(*records: Candidate) -> Any:
        here, there = left(*records), right(*records)
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
