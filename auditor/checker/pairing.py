"""Pair the records of a sequence's two steps: earliest first, each record in at most one occurrence.

The walk that docs/evaluation.md, "Sequence", describes. It is sequential by nature (whether a record is still free
depends on every pair before it), so it is plain Python over the few records that could be paired at all.
"""

import math
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Context, Decimal
from typing import Any  # a record's values are of any column type

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
from auditor.policy.rule import Sequence
from auditor.records.schema import COLUMNS

EARTH_RADIUS_KM = 6371.0088
EXACT = Context(prec=2000)
MICROS = 1_000_000
FOLDED = "folded "


@dataclass(frozen=True, slots=True)
class Candidate:
    """A record that the walk looks at. `divided` is None where a value of `sequence.by` is null; `time` is in
    microseconds since 1970; `values` are the columns that `where` reads.
    """

    number: int
    time: int
    is_first: bool
    is_second: bool
    is_until: bool
    subject: tuple[Any, ...]
    divided: tuple[Any, ...] | None
    values: Mapping[str, Any]


@dataclass
class _Open:
    """Step-one records that wait for a partner, by subject and group, in record order."""

    groups: dict[tuple[Any, ...], dict[tuple[Any, ...], deque[Candidate]]] = field(default_factory=dict)

    def waiting(self, candidate: Candidate) -> deque[Candidate]:
        """Return those of the candidate's group."""
        assert candidate.divided is not None
        return self.groups.setdefault(candidate.subject, {}).setdefault(candidate.divided, deque())

    def close(self, candidate: Candidate) -> None:
        """Drop those that an `until` record ends: its group's, or all of the subject's."""
        if candidate.divided is None:
            self.groups.pop(candidate.subject, None)
        else:
            self.waiting(candidate).clear()


def paired(sequence: Sequence, candidates: Iterable[Candidate]) -> Iterator[tuple[int, int]]:
    """Yield the numbers of the first and last record of each occurrence; candidates come in record order."""
    opened = _Open()
    for candidate in candidates:
        if candidate.is_until:
            opened.close(candidate)
        if candidate.divided is None:
            continue
        first = _partner(sequence, opened.waiting(candidate), candidate) if candidate.is_second else None
        if first is not None:
            yield first.number, candidate.number
        elif candidate.is_first:
            opened.waiting(candidate).append(candidate)


def _partner(sequence: Sequence, waiting: deque[Candidate], second: Candidate) -> Candidate | None:
    while waiting and second.time - waiting[0].time > sequence.within * MICROS:
        waiting.popleft()
    for place, first in enumerate(waiting):
        if sequence.where is None or _Pair(sequence.steps, first, second).truth(sequence.where) is True:
            del waiting[place]
            return first
    return None


@dataclass(frozen=True, slots=True)
class _Pair:
    """Two records, and what `where` says of them; None is unknown."""

    steps: tuple[str, ...]
    first: Candidate
    second: Candidate

    def step(self, name: str) -> Candidate:
        return self.first if name == self.steps[0] else self.second

    def truth(self, expression: Expression) -> bool | None:
        match expression:
            case Logic(operator=operator):
                left, right = self.truth(expression.left), self.truth(expression.right)
                decides = operator == "or"
                if left is decides or right is decides:
                    return decides
                return None if left is None or right is None else not decides
            case Negation(operand=operand):
                answer = self.truth(operand)
                return None if answer is None else not answer
            case Comparison():
                return self._compared(expression)
            case _:
                value = self.value(expression)
                return value if isinstance(value, bool) else None

    def value(self, expression: Expression) -> Any:
        match expression:
            case Number(value=value):
                return value
            case Text(value=value):
                return value
            case Name(name=name, step=step):
                return self.step(step).time if name == "time" else self.step(step).values[name]
            case PairCall():
                return self._called(expression)
            case Negative(operand=operand):
                value = self.value(operand)
                return None if value is None else EXACT.minus(value) if isinstance(value, Decimal) else -value
            case Arithmetic():
                return _calculated(expression.operator, self.value(expression.left), self.value(expression.right))
            case _:
                return self.truth(expression)

    def _called(self, call: PairCall) -> Decimal | float | None:
        first, second = self.step(call.first), self.step(call.second)
        if call.function == "seconds_between":
            return Decimal(second.time - first.time).scaleb(-6)
        return distance_km(
            first.values["latitude"], first.values["longitude"], second.values["latitude"], second.values["longitude"]
        )

    def _compared(self, comparison: Comparison) -> bool | None:
        left, right = self.value(comparison.left), self.value(comparison.right)
        if isinstance(left, str) and isinstance(right, str) and not _is_exact(comparison):
            left, right = self._folded(comparison.left), self._folded(comparison.right)
        if left is None or right is None:
            return None
        if isinstance(left, float) != isinstance(right, float):
            left, right = float(left), float(right)
        outcomes: Mapping[str, bool] = {"=": left == right, "<>": left != right}
        if comparison.operator in outcomes:
            return outcomes[comparison.operator]
        return _ordered(comparison.operator, left, right)

    def _folded(self, expression: Expression) -> Any:
        if isinstance(expression, Name):
            return self.step(expression.step).values[FOLDED + expression.name]
        return fold(self.value(expression))


def _ordered(operator: str, left: Any, right: Any) -> bool:
    match operator:
        case "<":
            return bool(left < right)
        case "<=":
            return bool(left <= right)
        case ">":
            return bool(left > right)
        case _:
            return bool(left >= right)


def _is_exact(comparison: Comparison) -> bool:
    names = [side.name for side in (comparison.left, comparison.right) if isinstance(side, Name)]
    return any(name in COLUMNS and COLUMNS[name].is_identifier for name in names)


def _calculated(operator: str, left: Any, right: Any) -> Any:
    if left is None or right is None:
        return None
    if operator == "/":
        return None if right == 0 else float(left) / float(right)
    if isinstance(left, float) or isinstance(right, float):
        left, right = float(left), float(right)
    if isinstance(left, Decimal) or isinstance(right, Decimal):
        exact = {"+": EXACT.add, "-": EXACT.subtract, "*": EXACT.multiply}
        return exact[operator](Decimal(left), Decimal(right))
    return left + right if operator == "+" else left - right if operator == "-" else left * right


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
    angles = [math.radians(degrees) for degrees in (latitude, longitude, other_latitude, other_longitude)]
    across = math.sin((angles[2] - angles[0]) / 2) ** 2
    along = math.sin((angles[3] - angles[1]) / 2) ** 2
    chord = across + math.cos(angles[0]) * math.cos(angles[2]) * along
    return 2 * EARTH_RADIUS_KM * math.asin(min(1.0, math.sqrt(chord)))
