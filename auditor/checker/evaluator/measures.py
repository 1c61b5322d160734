"""Measures of one window, and whether they violate."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from auditor.checker.evaluator.facts import seconds_between
from auditor.checker.evaluator.numbers import (
    Numeric,
    Value,
    measurable,
    nearest_rank,
    quotient,
    total,
    truth_of,
    value_of,
)
from auditor.checker.evaluator.occurrence import Occurrence, records_in
from auditor.checker.evaluator.record import Record
from auditor.checker.findings import MeasureValue
from auditor.policy.expressions import Aggregate, Comparison, Expression, Name, walk
from auditor.policy.rule import Measure, Rule

Measures = dict[str, MeasureValue | None]


def measures_of(rule: Rule, window: Sequence[Occurrence]) -> Measures:
    """Return every measure of a window by name, None where it has no value."""
    return {measure.name: _measured(measure, window) for measure in rule.measures}


def is_violating(rule: Rule, measures: Measures) -> bool:
    """Say whether the measures violate; a rule without `violates` is violated by every window."""
    if rule.violates is None:
        return True
    return verdict_on(rule.violates, measures) is True


def verdict_on(violates: Expression, measures: Measures) -> bool | None:
    """Return whether the measures violate, None where that is unknown."""
    return truth_of(violates, lambda expression: _named(expression, measures), is_bounded=True)


def peak_of(rule: Rule, name: str, values: Sequence[MeasureValue | None]) -> MeasureValue | None:
    """Return the value furthest into the violation: the greatest, or the least where little is what violates."""
    known = [value for value in values if value is not None]
    if not known:
        return None
    return min(known) if _is_low_side(rule.violates, name) else max(known)


def _measured(measure: Measure, window: Sequence[Occurrence]) -> MeasureValue | None:
    value = value_of(measure.expression, lambda expression: _aggregated(expression, window), is_bounded=True)
    assert value is None or isinstance(value, int | Decimal | float), "a measure is a number"
    return value


def _named(expression: Expression, measures: Measures) -> Value:
    assert isinstance(expression, Name), f"the loader lets only names come here: {expression!r}"
    return measures[expression.full]


def _aggregated(expression: Expression, window: Sequence[Occurrence]) -> Value:
    assert isinstance(expression, Aggregate), f"the loader lets only aggregates come here: {expression!r}"
    records = records_in(window)
    if expression.function == "span":
        return seconds_between(records[0].time, records[-1].time)
    if expression.column is None:
        return len(window)
    return _of_column(expression, expression.column, records)


def _of_column(aggregate: Aggregate, column: str, records: Sequence[Record]) -> Value:
    values = [record.value(column) for record in records if record.value(column) is not None]
    if aggregate.function == "count":
        return len(_distinct(values)) if aggregate.is_distinct else len(values)
    numbers = sorted(number for number in map(measurable, values) if number is not None)
    return _of_numbers(aggregate, numbers) if numbers else None


def _of_numbers(aggregate: Aggregate, numbers: list[Numeric]) -> Value:
    size = len(numbers)
    match aggregate.function:
        case "sum":
            return total(numbers)
        case "avg":
            return quotient(total(numbers), size)
        case "min":
            return numbers[0]
        case "max":
            return numbers[-1]
        case "median":
            return quotient(total([numbers[(size - 1) // 2], numbers[size // 2]]), 2)
        case "quantile":
            assert aggregate.fraction is not None, "the loader asks for the fraction"
            return nearest_rank(numbers, aggregate.fraction)
        case _:
            raise AssertionError(f"no aggregate of a column: {aggregate.function}")


def _distinct(values: Sequence[str | int | float | Decimal | bool | datetime]) -> set[object]:
    return set(values)


def _is_low_side(violates: Expression | None, name: str) -> bool:
    if violates is None:
        return False
    sides = []
    for node in walk(violates):
        if isinstance(node, Comparison):
            sides += [node.operator in ("<", "<=") for _ in _mentions(node.left, name)]
            sides += [node.operator in (">", ">=") for _ in _mentions(node.right, name)]
    return bool(sides) and all(sides)


def _mentions(expression: Expression, name: str) -> list[Name]:
    return [node for node in walk(expression) if isinstance(node, Name) and node.full == name]
