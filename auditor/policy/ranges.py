"""Stretches of numbers or times with open or closed ends: what comparisons leave possible."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any  # numbers and times compare among themselves only, which no type of Python's says

Bound = Decimal | Fraction | float | int | datetime | None
FEW = 1_000


@dataclass(frozen=True)
class Range:
    """All values from `low` to `high`; None is no bound, `has_low` and `has_high` say whether the ends belong to it.

    `is_whole` ranges hold whole numbers only.
    """

    low: Bound = None
    high: Bound = None
    has_low: bool = True
    has_high: bool = True
    is_whole: bool = False

    @classmethod
    def of(cls, operator: str, value: Any) -> "Range":
        """Return what a comparison with a value leaves; `<>` leaves everything."""
        match operator:
            case "<" | "<=":
                return cls(high=value, has_high=operator == "<=")
            case ">" | ">=":
                return cls(low=value, has_low=operator == ">=")
            case "=":
                return cls(low=value, high=value)
            case _:
                return cls()

    def met(self, other: "Range") -> "Range":
        """Return what lies in both."""
        low, has_low = _inner((self.low, self.has_low), (other.low, other.has_low), is_low=True)
        high, has_high = _inner((self.high, self.has_high), (other.high, other.has_high), is_low=False)
        both = Range(low, high, has_low, has_high)
        return both.whole() if self.is_whole or other.is_whole else both

    def joined(self, other: "Range") -> "Range":
        """Return the smallest range that holds both."""
        low, has_low = _outer((self.low, self.has_low), (other.low, other.has_low), is_low=True)
        high, has_high = _outer((self.high, self.has_high), (other.high, other.has_high), is_low=False)
        return Range(low, high, has_low, has_high, self.is_whole and other.is_whole)

    def whole(self) -> "Range":
        """Return the whole numbers of this range, with closed ends."""
        low, high = self.low, self.high
        if isinstance(low, Decimal | Fraction | int):
            low = math.ceil(low) if self.has_low or low != math.ceil(low) else math.ceil(low) + 1
        if isinstance(high, Decimal | Fraction | int):
            high = math.floor(high) if self.has_high or high != math.floor(high) else math.floor(high) - 1
        return Range(low, high, is_whole=True)

    @property
    def is_empty(self) -> bool:
        """Whether nothing lies in it."""
        if self.low is None or self.high is None:
            return False
        low: Any = self.low
        return bool(low > self.high) or (low == self.high and not (self.has_low and self.has_high))

    def holds(self, value: Any) -> bool:
        """Say whether a value lies in it."""
        return not self.met(Range(value, value)).is_empty

    def members(self) -> Iterable[int] | None:
        """Return the whole numbers in it where they are few, else None."""
        if self.is_whole and isinstance(self.low, int) and isinstance(self.high, int) and self.high - self.low < FEW:
            return range(self.low, self.high + 1)
        return None


def _inner(left: tuple[Bound, bool], right: tuple[Bound, bool], *, is_low: bool) -> tuple[Bound, bool]:
    if left[0] is None or right[0] is None:
        return right if left[0] is None else left
    one, other = _ordered(left, right)
    if left[0] == right[0]:
        return left[0], left[1] and right[1]
    return other if is_low else one


def _outer(left: tuple[Bound, bool], right: tuple[Bound, bool], *, is_low: bool) -> tuple[Bound, bool]:
    if left[0] is None or right[0] is None:
        return None, True
    one, other = _ordered(left, right)
    if left[0] == right[0]:
        return left[0], left[1] or right[1]
    return one if is_low else other


def _ordered(left: tuple[Any, bool], right: tuple[Any, bool]) -> tuple[tuple[Any, bool], tuple[Any, bool]]:
    return (left, right) if left[0] <= right[0] else (right, left)
