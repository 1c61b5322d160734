"""Sliding windows over one group: a measure at every time at which something matched, in one pass.

Each match enters and leaves its windows once; a percentile costs the logarithm of the number of values besides.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Protocol

from auditor.sigma.model import Correlation
from auditor.sigma.series import Series, key_of
from auditor.sigma.values import Scalar, exact_of, number_of

Number = int | Fraction
Row = tuple[int, Scalar | None]
"""The time of a match and its value."""


class Measure(Protocol):
    """A measure of the rows that are in the window at present."""

    def change(self, value: Scalar | None, by: int) -> None:
        """Let a row in (`by` 1) or out (`by` -1)."""

    def result(self) -> Number | None:
        """Return the measure, None where there is nothing to measure."""


class Count:
    """How many rows there are."""

    def __init__(self) -> None:
        """Start with an empty window."""
        self._rows = 0

    def change(self, value: Scalar | None, by: int) -> None:
        """Count a row in or out."""
        del value
        self._rows += by

    def result(self) -> Number | None:
        """Return the count."""
        return self._rows


class Distinct:
    """How many different values there are, ignoring case; rows without a value don't count."""

    def __init__(self) -> None:
        """Start with an empty window."""
        self._values: Counter[str] = Counter()

    def change(self, value: Scalar | None, by: int) -> None:
        """Let a value in or out."""
        if value is not None:
            key = key_of(value)
            self._values[key] += by
            if not self._values[key]:
                del self._values[key]

    def result(self) -> Number | None:
        """Return the number of values."""
        return len(self._values)


class Sum:
    """The exact sum of the numbers, or their average; None without any."""

    def __init__(self, is_average: bool) -> None:
        """Start with an empty window."""
        self._is_average = is_average
        self._sum: Number = 0
        self._numbers = 0

    def change(self, value: Scalar | None, by: int) -> None:
        """Add or take away a number."""
        number = number_of(value)
        if number is not None:
            self._sum += exact_of(number) * by
            self._numbers += by

    def result(self) -> Number | None:
        """Return the sum or the average."""
        if not self._numbers:
            return None
        return Fraction(self._sum) / self._numbers if self._is_average else self._sum


class Percentile:
    """The p-th percentile: between the two values next to rank (n - 1) * p / 100, in proportion; exact.

    A Fenwick tree counts the values in the window by rank among all values of the group.
    """

    def __init__(self, percentile: Fraction, values: Iterable[Scalar | None]) -> None:
        """Rank all values that will ever come."""
        numbers = {exact_of(number) for value in values if (number := number_of(value)) is not None}
        self._sorted = sorted(numbers)
        self._counts = [0] * (len(self._sorted) + 1)
        self._rows = 0
        self._share = percentile / 100

    def change(self, value: Scalar | None, by: int) -> None:
        """Let a number in or out."""
        number = number_of(value)
        if number is None:
            return
        self._rows += by
        place = bisect_left(self._sorted, exact_of(number)) + 1
        while place < len(self._counts):
            self._counts[place] += by
            place += place & -place

    def result(self) -> Number | None:
        """Return the percentile."""
        if not self._rows:
            return None
        position = (self._rows - 1) * self._share
        below = position.numerator // position.denominator
        low = self._at(below)
        rest = position - below
        return low if not rest else low + (self._at(below + 1) - low) * rest

    def _at(self, rank: int) -> Number:
        place, left = 0, rank
        step = 1 << len(self._sorted).bit_length()
        while step:
            if place + step < len(self._counts) and self._counts[place + step] <= left:
                place += step
                left -= self._counts[place]
            step >>= 1
        return self._sorted[place]


def measured(correlation: Correlation, series: Series) -> Iterable[tuple[int, Number | None]]:
    """Yield each time of a group with the measure of the window that ends there, both ends included."""
    rows = _rows(correlation, series)
    measure = _measure(correlation, rows)
    into = out = 0
    for moment in series.moments:
        while into < len(rows) and rows[into][0] <= moment:
            measure.change(rows[into][1], 1)
            into += 1
        while rows[out][0] < moment - correlation.span:
            measure.change(rows[out][1], -1)
            out += 1
        yield moment, measure.result()


def _measure(correlation: Correlation, rows: Sequence[Row]) -> Measure:
    match correlation.kind:
        case "event_count":
            return Count()
        case "value_count":
            return Distinct()
        case "value_sum" | "value_avg":
            return Sum(is_average=correlation.kind == "value_avg")
        case _:
            return Percentile(correlation.percentile, (value for _, value in rows))


def _rows(correlation: Correlation, series: Series) -> list[Row]:
    """Return what is measured: a match counts once, even when it matches several of the rules."""
    is_count = correlation.kind == "event_count"
    rows = {(entry.id, None if is_count else entry.value): entry.time for entry in series.entries}
    return [(time, value) for (_, value), time in rows.items()]
