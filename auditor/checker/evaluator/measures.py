"""Measures of one window, and whether they violate."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from auditor.checker.evaluator.conditions import Reading, truth
from auditor.checker.evaluator.facts import seconds_between
from auditor.checker.evaluator.numbers import (
    Numeric,
    Value,
    exactly,
    measurable,
    nearest_rank,
    quotient,
    total,
    truth_of,
    value_of,
)
from auditor.checker.evaluator.occurrence import Occurrence, records_in
from auditor.checker.evaluator.record import Record
from auditor.checker.evaluator.spreads import spread_of
from auditor.checker.evaluator.windows import clock_hour
from auditor.checker.findings import MeasureValue
from auditor.policy.expressions import SPREADS, Aggregate, Comparison, Expression, Name, Per, walk
from auditor.policy.rule import Measure, Rule

Measures = dict[str, MeasureValue | None]


def measures_of(rule: Rule, window: Sequence[Occurrence], reading: Reading) -> Measures:
    """Return every measure of a window by name, None where it has no value."""
    return {measure.name: _measured(measure, _Window(rule, tuple(window), reading)) for measure in rule.measures}


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


@dataclass(frozen=True)
class _Window:
    """What aggregates look at: occurrences of a rule, with how its conditions are read."""

    rule: Rule
    occurrences: tuple[Occurrence, ...]
    reading: Reading

    @property
    def records(self) -> tuple[Record, ...]:
        return records_in(self.occurrences)

    def divided(self, column: str) -> list["_Window"]:
        """Return one window for each value of a column; an occurrence has that of its last record."""
        groups: dict[object, list[Occurrence]] = {}
        for occurrence in self.occurrences:
            if occurrence.last.value(column) is not None:
                groups.setdefault(occurrence.last.value(column), []).append(occurrence)
        return [replace(self, occurrences=tuple(group)) for group in groups.values()]


def _measured(measure: Measure, window: _Window) -> MeasureValue | None:
    value = value_of(measure.expression, lambda expression: _aggregated(expression, window), is_bounded=True)
    assert value is None or isinstance(value, int | Decimal | float), "a measure is a number"
    return value


def _named(expression: Expression, measures: Measures) -> Value:
    assert isinstance(expression, Name), f"the loader lets only names come here: {expression!r}"
    return measures[expression.full]


def _aggregated(expression: Expression, window: _Window) -> Value:
    assert isinstance(expression, Aggregate), f"the loader lets only aggregates come here: {expression!r}"
    records = window.records
    if expression.per is not None:
        return _over_values(expression, expression.per, window)
    if expression.function == "span":
        return seconds_between(records[0].time, records[-1].time)
    if expression.function == "active_hours":
        return len({clock_hour(record.time, window.reading.zone) for record in records})
    if expression.function == "share":
        condition = window.rule.selection(expression.selection)
        return quotient(sum(truth(condition, record, window.reading) is True for record in records), len(records))
    if expression.column is None:
        return len(window.occurrences)
    return _of_column(expression, expression.column, records)


def _over_values(aggregate: Aggregate, per: Per, window: _Window) -> Value:
    found = [_aggregated(per.aggregate, part) for part in window.divided(per.column)]
    numbers = sorted(number for number in map(exactly, found) if number is not None)
    if aggregate.function == "count":
        return len(numbers)
    return _of_numbers(aggregate, numbers) if numbers else None


def _of_column(aggregate: Aggregate, column: str, records: Sequence[Record]) -> Value:
    values = [record.value(column) for record in records if record.value(column) is not None]
    if aggregate.function == "count":
        return len(_distinct(values)) if aggregate.is_distinct else len(values)
    if aggregate.function in SPREADS:
        return spread_of(aggregate, list(Counter(values).values()), len(records))
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
