"""Can tests of one column all come out as wanted for one value? Only a sure no is a no.

Tests are true or false as three-valued logic says: a test that is false had a value to look at, unless the rule reads
missing values as false.
"""

import itertools
import re
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from functools import partial

from auditor.policy.columns import NUMBERS, column_named, is_extra
from auditor.policy.conditions import Compare, Condition, Equals, Exists, InNetwork, Matches, OneOf, TimePart
from auditor.policy.modifiers import TIME_PARTS
from auditor.policy.ranges import Range
from auditor.records.addresses import number_of
from auditor.records.schema import Column, ColumnType

Test = tuple[Condition, bool]
Scalar = Decimal | float | datetime | int

ALWAYS_THERE = frozenset({"time", "event"})
OPPOSITE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "=": "<>", "<>": "="}
_DOTTED_CAPITAL_I = "\u0130"


def can_all_be(tests: Sequence[Test], field: str, *, is_missing_counted: bool) -> bool:
    """Say whether a value (or no value) of a column may make every test come out as wanted."""
    if any((leaf, not wanted) in tests for leaf, wanted in tests):
        return False
    column = column_named(field)
    must_be_null = any(isinstance(leaf, Exists) and not wanted for leaf, wanted in tests)
    needs_value = any(wanted or not (is_missing_counted or isinstance(leaf, Exists)) for leaf, wanted in tests)
    if must_be_null:
        return not needs_value and field not in ALWAYS_THERE
    if column is None or column.type in {ColumnType.TEXT_LIST, ColumnType.JSON} or not needs_value:
        return True
    return _has_value(tests, column)


def number_range(tests: Iterable[Test], column: Column) -> Range:
    """Return the stretch of numbers or times in which comparisons and values leave a column."""
    found = Range()
    for leaf, wanted in tests:
        match leaf:
            case Compare(operator=operator, value=value):
                sign = operator if wanted else OPPOSITE[operator]
                found = found.met(Range.of(sign, _scalar(value, column)))
            case Equals(value=Decimal() | datetime() as value) if wanted:
                found = found.met(Range.of("=", _scalar(value, column)))
            case OneOf(values=values) if wanted and values and isinstance(values[0], Decimal):
                numbers = [_scalar(value, column) for value in values if isinstance(value, Decimal)]
                found = found.met(Range(low=min(numbers), high=max(numbers)))
    return found.whole() if column.type is ColumnType.INTEGER else found


def fixed_values(tests: Iterable[Test]) -> frozenset[str | bool | Decimal | datetime] | None:
    """Return the values of which a column must have one, as they are written; None when nothing fixes them."""
    found: frozenset[str | bool | Decimal | datetime] | None = None
    for leaf, wanted in tests:
        values: tuple[str | bool | Decimal | datetime, ...] = ()
        if wanted and isinstance(leaf, Equals):
            values = (leaf.value,)
        elif wanted and isinstance(leaf, OneOf):
            values = leaf.values
        if values and (found is None or len(values) < len(found)):
            found = frozenset(values)
    return found


def _has_value(tests: Sequence[Test], column: Column) -> bool:
    if is_extra(column):
        return not number_range([item for item in tests if isinstance(item[0], Compare)], column).is_empty
    if column.type in NUMBERS:
        return _has_number(tests, column)
    if column.type is ColumnType.TIMESTAMP:
        return not number_range(tests, column).is_empty and _has_time_parts(tests)
    if column.type is ColumnType.BOOLEAN:
        return any(_fits_all(tests, partial(_is_value, value)) for value in (True, False))
    return _has_text(tests, column)


def _has_number(tests: Sequence[Test], column: Column) -> bool:
    left = number_range(tests, column)
    candidates: Iterable[Scalar] | None = left.members()
    if candidates is None:
        fixed = fixed_values(tests)
        candidates = None if fixed is None else [_scalar(v, column) for v in fixed if isinstance(v, Decimal)]
    if candidates is None:
        return not left.is_empty
    return any(_fits_all(tests, partial(_is_number, number, column)) for number in candidates)


def _is_number(number: Scalar, column: Column, leaf: Condition) -> bool | None:
    match leaf:
        case Equals(value=Decimal() as value):
            return number == _scalar(value, column)
        case OneOf(values=values) if values:
            return any(number == _scalar(value, column) for value in values if isinstance(value, Decimal))
        case Compare(operator=operator, value=value):
            return Range.of(operator, _scalar(value, column)).holds(number)
        case _:
            return None


def _scalar(value: Decimal | datetime, column: Column) -> Scalar:
    """Return a literal as it is compared: against a real column as the nearest double."""
    return float(value) if column.type is ColumnType.REAL and isinstance(value, Decimal) else value


def _has_time_parts(tests: Sequence[Test]) -> bool:
    for part, (lowest, highest) in TIME_PARTS.items():
        asked = [(leaf, wanted) for leaf, wanted in tests if isinstance(leaf, TimePart) and leaf.part == part]
        if asked and not any(
            all(Range.of(leaf.operator, leaf.value).holds(number) == wanted for leaf, wanted in asked)
            for number in range(lowest, highest + 1)
        ):
            return False
    return True


def _has_text(tests: Sequence[Test], column: Column) -> bool:
    cased = fixed_values(item for item in tests if _is_cased(item[0], column))
    fixed = fixed_values(tests) if cased is None else cased
    if fixed is not None:
        texts = [value for value in fixed if isinstance(value, str)]
        return any(_fits_all(tests, partial(_is_text, text, column, cased is None)) for text in texts)
    return _have_common_edge(tests) and _have_common_network(tests)


def _is_text(text: str, column: Column, is_loose: bool, leaf: Condition) -> bool | None:
    """Return what a test says of a text, None when that hangs on more than the text; `is_loose`: in any case."""
    cased = _is_cased(leaf, column)
    if cased and is_loose:
        return None
    match leaf:
        case Equals(value=str() as value):
            return value == text if cased else folded(value) == folded(text)
        case OneOf(values=values) if values:
            return any(text == v if cased else folded(str(v)) == folded(text) for v in values)
        case Matches():
            pattern = "".join(
                re.escape(part if cased else folded(part)) if isinstance(part, str) else "." if part.single else ".*"
                for part in leaf.parts
            )
            return re.fullmatch(pattern, text if cased else folded(text), re.DOTALL) is not None
        case InNetwork(first=first, last=last):
            number = number_of(text)
            return None if number is None else first <= number <= last
        case _:
            return None


def _have_common_edge(tests: Sequence[Test]) -> bool:
    """Say whether the texts with which the value must begin, and those with which it must end, go together."""
    patterns = [leaf for leaf, wanted in tests if wanted and isinstance(leaf, Matches)]
    starts = [folded(leaf.parts[0]) for leaf in patterns if isinstance(leaf.parts[0], str)]
    ends = [folded(leaf.parts[-1])[::-1] for leaf in patterns if isinstance(leaf.parts[-1], str)]
    return all(_is_chain(edges) for edges in (starts, ends))


def _is_chain(texts: list[str]) -> bool:
    ordered = sorted(texts, key=len)
    return all(later.startswith(earlier) for earlier, later in itertools.pairwise(ordered))


def _have_common_network(tests: Sequence[Test]) -> bool:
    networks = [(leaf, wanted) for leaf, wanted in tests if isinstance(leaf, InNetwork)]
    first = max((leaf.first for leaf, wanted in networks if wanted), default=0)
    last = min((leaf.last for leaf, wanted in networks if wanted), default=(1 << 128) - 1)
    is_swallowed = any(leaf.first <= first and last <= leaf.last for leaf, wanted in networks if not wanted)
    return first <= last and not is_swallowed


def _is_cased(leaf: Condition, column: Column) -> bool:
    return bool(getattr(leaf, "cased", False)) or column.is_identifier


def _is_value(value: bool, leaf: Condition) -> bool | None:
    return leaf.value == value if isinstance(leaf, Equals) else None


def _fits_all(tests: Sequence[Test], said: Callable[[Condition], bool | None]) -> bool:
    return all(said(leaf) in (None, wanted) for leaf, wanted in tests)


def folded(text: str) -> str:
    """Return a text in simple lower case, one code point for one, as rules compare texts."""
    return "".join("i" if char == _DOTTED_CAPITAL_I else char.lower() for char in text)
