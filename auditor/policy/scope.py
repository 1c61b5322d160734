"""What is known of the selected records of a rule before any log is read: fixed values, bounds, columns left empty."""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeVar

from auditor.policy.alternatives import Alternative, fulfillable
from auditor.policy.columns import column_named, is_extra
from auditor.policy.conditions import Exists
from auditor.policy.domains import Test, fixed_values, number_range
from auditor.policy.ranges import Range
from auditor.policy.rule import Rule
from auditor.records.schema import ColumnType

Found = TypeVar("Found")
_DAY = 86_400
_HOUR = 3_600
_LONGEST = {  # of a calendar unit in seconds, with the hour that a clock is put back by
    "hour": 2 * _HOUR, "day": _DAY + _HOUR, "week": 7 * _DAY + _HOUR, "month": 31 * _DAY + _HOUR,
    "year": 366 * _DAY + _HOUR,
}  # fmt: skip


@dataclass(frozen=True)
class Scope:
    """The selected records of a rule; `alternatives` are the ways to be selected, None when they are too many."""

    rule: Rule
    alternatives: tuple[Alternative, ...] | None

    def is_empty_column(self, column: str) -> bool:
        """Say whether every selected record lacks a value in a column."""
        return self._everywhere(column, lambda tests: True if _asks_for_null(tests) else None) is not None

    def values_of(self, column: str) -> int | None:
        """Return how many different values of a column one window may hold, None when nothing limits them."""
        rule = self.rule
        if column in rule.subject_columns or (column in rule.by and not rule.sequence):
            return 1
        known = column_named(column)
        if known is not None and known.type is ColumnType.BOOLEAN:
            return 2
        found = self._everywhere(column, fixed_values)
        return None if found is None else len(frozenset().union(*found))

    def numbers_of(self, column: str) -> Range:
        """Return between which numbers the values of a column lie."""
        known = column_named(column)
        if known is None:
            return Range()

        def bounds(tests: list[Test]) -> Range:
            asked = [item for item in tests if item[0].kind == "compare"] if is_extra(known) else tests
            return number_range(asked, known)

        ranges = self._everywhere(column, bounds)
        if not ranges:
            return Range()
        whole = ranges[0]
        for other in ranges[1:]:
            whole = whole.joined(other)
        return _in_fractions(whole, is_real=known.type is ColumnType.REAL)

    def longest(self) -> Fraction | None:
        """Return the most seconds from the first to the last record of a window, None when there is no bound."""
        window = self.rule.within
        before = self.rule.sequence.within if self.rule.sequence else 0
        match window.kind if window else "":
            case "sliding" | "tumbling":
                return Fraction(window.seconds + before) if window else None
            case "calendar":
                return Fraction(_LONGEST[window.unit] + before) if window else None
            case _:
                return None

    def _everywhere(self, column: str, read: Callable[[list[Test]], Found | None]) -> list[Found] | None:
        """Return what each way to be selected says of a column, None when one of them says nothing."""
        if not self.alternatives:
            return None
        found = []
        for alternative in self.alternatives:
            tests = [(item.leaf, item.is_true) for item in alternative if getattr(item.leaf, "field", "") == column]
            said = read(tests)
            if said is None:
                return None
            found.append(said)
        return found


def scope_of(rule: Rule) -> Scope:
    """Return what is known of the records that a rule selects."""
    return Scope(rule, fulfillable(rule.selected(), is_missing_counted=rule.is_missing_counted))


def _asks_for_null(tests: list[Test]) -> bool:
    return any(isinstance(leaf, Exists) and not wanted for leaf, wanted in tests)


def _in_fractions(numbers: Range, *, is_real: bool) -> Range:
    """Return a range for exact arithmetic; reals are rounded to six digits when they are measured."""
    slack = Fraction(1, 10**5) if is_real else 0
    low = None if numbers.low is None else Fraction(numbers.low) - slack  # type: ignore[arg-type]  # times are never measured
    high = None if numbers.high is None else Fraction(numbers.high) + slack  # type: ignore[arg-type]  # as above
    return Range(low, high, numbers.has_low or is_real, numbers.has_high or is_real)
