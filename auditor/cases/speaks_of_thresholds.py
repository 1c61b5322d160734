"""Thresholds that a finding passed by little: facts that speak for whom it is about."""

from collections.abc import Iterator
from decimal import Decimal

from auditor.checker.findings import Finding, Measured, Threshold
from auditor.policy.amounts import amount_of, number_of
from auditor.policy.measure_words import is_at_most_one, operator_words, words_of_measure

SHIFT = Decimal("0.2")
"""How far a threshold is moved, to the account's favour, to see whether the finding hangs on it."""


def facts_of_thresholds(finding: Finding) -> Iterator[str]:
    """Yield the thresholds of a finding that, a fifth harder to reach, would not have been reached."""
    measures = {measure.name: measure for measure in finding.measures}
    for threshold in finding.thresholds:
        measure = measures.get(threshold.measure)
        moved = _moved(threshold, measure) if measure else None
        peak = number_of(measure.value) if measure else None
        if measure and moved is not None and peak is not None and not _holds(peak, threshold.operator, moved):
            way = "higher" if threshold.operator in (">", ">=") else "lower"
            what = words_of_measure(measure.name, measure.expression, own=measure.words)
            value, asked = (
                amount_of(text, measure.expression, measure.unit) for text in (measure.value, threshold.value)
            )
            yield (
                f"{finding.title}: a threshold 20 % {way} would not have been reached "
                f"({what}: {value} at the peak, the rule asks for {operator_words(threshold.operator)} {asked})"
            )


def _moved(threshold: Threshold, measure: Measured) -> Decimal | None:
    """Return the threshold a fifth harder to reach, or None where that has no meaning.

    It has none where nothing could reach it, nor for small whole numbers, of which a fifth is no further one: at
    least 2 is not nearly missed by 2.
    """
    value, peak = number_of(threshold.value), number_of(measure.value)
    if value is None or peak is None or threshold.operator not in (">", ">=", "<", "<="):
        return None
    is_lower_bound, shift = threshold.operator in (">", ">="), abs(value) * SHIFT
    moved = value + shift if is_lower_bound else value - shift
    is_whole = value == value.to_integral_value() and peak == peak.to_integral_value()
    best = Decimal(1 if is_lower_bound else 0)
    can_be_reached = not is_at_most_one(measure.expression) or _holds(best, threshold.operator, moved)
    return moved if can_be_reached and not (is_whole and shift < 1) else None


def _holds(peak: Decimal, operator: str, value: Decimal) -> bool:
    return {">": peak > value, ">=": peak >= value, "<": peak < value, "<=": peak <= value}[operator]
