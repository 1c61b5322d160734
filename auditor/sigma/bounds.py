"""Whether a measure keeps the bounds of a condition; nothing to measure keeps none."""

import math
import operator
from collections.abc import Callable, Iterable
from fractions import Fraction

from auditor.sigma.conditions import Operator
from auditor.sigma.model import Threshold

_COMPARISONS: dict[Operator, Callable[[int | Fraction, Fraction], bool]] = {
    "=": operator.eq, "<>": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip


def keeps(measure: int | Fraction | None, thresholds: Iterable[Threshold]) -> bool:
    """Say whether a measure lies within all bounds."""
    return measure is not None and all(_COMPARISONS[bound.operator](measure, bound.number) for bound in thresholds)


def least_rules(thresholds: Iterable[Threshold]) -> int | None:
    """Return how many rules a temporal condition asks for at least, None if it names no lower bound."""
    found = [
        math.floor(bound.number) + 1 if bound.operator == ">" else math.ceil(bound.number)
        for bound in thresholds
        if bound.operator in (">", ">=")
    ]
    return max(0, *found) if found else None
