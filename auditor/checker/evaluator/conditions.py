"""Conditions over one record, three-valued: True, False, or None for unknown."""

from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from typing import Any  # a column's value is of the column's type

from auditor.checker.evaluator.numbers import both, either, holds, number_in, opposite
from auditor.checker.evaluator.record import Record
from auditor.checker.evaluator.texts import fits, fold, is_exact, is_found
from auditor.policy.conditions import (
    All,
    AnyOf,
    AnyText,
    Compare,
    Condition,
    Equals,
    Exists,
    InNetwork,
    Matches,
    Not,
    OneOf,
    Regex,
    SameAs,
    SelectionRef,
    TimePart,
)

Leaf = Equals | OneOf | Matches | Regex | InNetwork | Compare | SameAs | TimePart


@dataclass(frozen=True)
class Reading:
    """How conditions are read: whether an unknown leaf is false (`missing: counts`), and the pack's time zone."""

    is_missing_counted: bool = False
    zone: tzinfo = UTC


def truth(condition: Condition, record: Record, reading: Reading) -> bool | None:
    """Return whether a condition without references to selections holds for a record, None for unknown."""
    match condition:
        case All():
            result: bool | None = True
            for part in condition.parts:
                result = both(result, truth(part, record, reading))
            return result
        case AnyOf():
            result = False
            for part in condition.parts:
                result = either(result, truth(part, record, reading))
            return result
        case Not():
            return opposite(truth(condition.part, record, reading))
        case Exists():
            return record.value(condition.field) is not None
        case SelectionRef():
            raise AssertionError(f"selection {condition.name!r} was not replaced")
        case _:
            answer = _leaf(condition, record, reading)
            return False if answer is None and reading.is_missing_counted else answer


def _leaf(leaf: Leaf, record: Record, reading: Reading) -> bool | None:
    value = record.value(leaf.field)
    if isinstance(value, list):
        return any(_test(leaf, element, record, reading) for element in value if element is not None)
    return None if value is None else _test(leaf, value, record, reading)


def _test(leaf: Leaf, value: Any, record: Record, reading: Reading) -> bool | None:
    match leaf:
        case Equals():
            return _is_equal(leaf.field, value, leaf.value, leaf.cased)
        case OneOf():
            return _is_any(leaf, value)
        case Matches():
            return _matches(leaf, value)
        case Regex():
            return is_found(leaf.pattern, leaf.flags, value)
        case InNetwork():
            number = record.value("client_ip_number")
            return None if number is None else leaf.first <= number <= leaf.last
        case Compare():
            return _compares(leaf, value)
        case SameAs():
            return _is_same(leaf, value, record.value(leaf.other))
        case TimePart():
            return holds(leaf.operator, part_of(value, leaf.part, reading.zone), leaf.value)


def part_of(time: datetime, part: str, zone: tzinfo) -> int:
    """Return the hour, day of month, ISO week, month or year on the wall clock of a zone."""
    local = time.astimezone(zone)
    return local.isocalendar().week if part == "week" else int(getattr(local, part))


def _is_any(leaf: OneOf, value: Any) -> bool | None:
    answer: bool | None = False
    for wanted in leaf.values:
        answer = either(answer, _is_equal(leaf.field, value, wanted, leaf.cased))
    return answer


def _is_equal(field: str, value: Any, wanted: str | bool | Decimal | datetime, cased: bool) -> bool | None:
    if isinstance(value, str) and isinstance(wanted, Decimal):
        number = number_in(value)
        return None if number is None else number == wanted
    if isinstance(value, str) and isinstance(wanted, str) and not (cased or is_exact(field)):
        return fold(value) == fold(wanted)
    return holds("=", value, wanted)


def _matches(leaf: Matches, text: str) -> bool:
    if leaf.cased or is_exact(leaf.field):
        return fits(text, leaf.parts)
    return fits(fold(text), tuple(part if isinstance(part, AnyText) else fold(part) for part in leaf.parts))


def _compares(leaf: Compare, value: Any) -> bool | None:
    known = number_in(value) if isinstance(value, str) else value
    return None if known is None else holds(leaf.operator, known, leaf.value)


def _is_same(leaf: SameAs, value: Any, other: Any) -> bool | None:
    if other is None:
        return None
    if isinstance(value, str) and not (leaf.cased or is_exact(leaf.field, leaf.other)):
        value, other = fold(value), fold(other)
    match leaf.position:
        case "whole":
            return holds("=", value, other)
        case "start":
            return bool(value.startswith(other))
        case "end":
            return bool(value.endswith(other))
        case "inside":
            return other in value
