"""Numbers, amounts, measures and dates as a language writes them."""

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal

from auditor.checker.findings import Measured
from auditor.checker.thresholds import EXACT, number_text
from auditor.policy.amounts import number_of
from auditor.policy.measure_words import is_share, per_cent, words_of_measure
from auditor.report.phrases.model import Phrases
from auditor.report.statement import StatedMeasure

FOUR_PLACES = Decimal("0.0001")
LONGER = (("days", 86_400), ("hours", 3_600), ("minutes", 60), ("seconds", 1))
"""Units for lengths of time, in seconds."""

LONG = 3_600
"""Seconds from which a length of time is told in larger units."""


def measured_in_words(measured: StatedMeasure, words: Phrases) -> str:
    """Return a sentence on a measure: what it is, its value, and what the rule asks for."""
    measure = measured.measure
    said = words_of_measure(measure.name, measure.expression, words.measures, measure.words)
    value, threshold = (_amount(text, measure, words) for text in (_rounded(measured), measured.threshold))
    operator = words.operators.get(measured.operator, measured.operator)
    told = words.measured.format(measure=said, value=value, operator=operator, threshold=threshold)
    return told[:1].upper() + told[1:]


def _rounded(measured: StatedMeasure) -> str:
    """Return a value to four decimals, or exactly where that would move it onto the other side of the threshold."""
    value, threshold = number_of(measured.measure.value), number_of(measured.threshold)
    if value is None or threshold is None or value == value.to_integral_value():
        return measured.measure.value
    brief = value.quantize(FOUR_PLACES, context=EXACT)
    is_on_its_side = (brief > threshold, brief < threshold) == (value > threshold, value < threshold)
    return number_text(brief) if is_on_its_side else measured.measure.value


def _amount(text: str, measure: Measured, words: Phrases) -> str:
    """Return a value of a measure: a share in per cent, anything else with its unit."""
    number = number_of(text)
    if number is None or not is_share(measure.expression):
        return quantity(text, measure.unit, words)
    return words.per_cent.format(number=figure(per_cent(number), words))


def quantity(text: str, unit: str, words: Phrases) -> str:
    """Return a number with its unit; an hour or more in seconds is told in days, hours, minutes and seconds."""
    number = number_of(text)
    if unit == "seconds" and number and number >= LONG:
        return " ".join(_in_units(number, words))
    return _with_unit(text, unit, words)


def _in_units(seconds: Decimal, words: Phrases) -> Iterator[str]:
    """Yield a length of time part by part, nothing left out: rounded, it could seem to keep to a threshold."""
    for name, size in LONGER:
        whole = seconds // size if size > 1 else seconds
        seconds -= whole * size
        if whole:
            yield _with_unit(number_text(whole), name, words)


def _with_unit(text: str, unit: str, words: Phrases) -> str:
    of_one = words.units_of_one if number_of(text) == 1 else words.units
    return f"{figure(text, words)} {of_one.get(unit) or words.units.get(unit, unit)}" if unit else figure(text, words)


def records(number: int, words: Phrases) -> str:
    """Return a number of records: `1 record`, `1,204 records`."""
    return words.record if number == 1 else words.records.format(number=figure(str(number), words))


def figure(text: str, words: Phrases) -> str:
    """Return a number with its thousands grouped; anything else as it is."""
    number = number_of(text)
    if number is None:
        return text
    return f"{number:,f}".translate({ord(","): words.thousands, ord("."): words.decimal})


def moment(time: datetime, words: Phrases) -> str:
    """Return a time to the minute in UTC."""
    return f"{day(time, words)} {time:%H:%M}\N{NO-BREAK SPACE}UTC"


def day(on: date, words: Phrases) -> str:
    """Return a date with its month in words."""
    number = words.first_day if on.day == 1 else str(on.day)
    told = words.day.format(day=number, month=words.months[on.month - 1], year=on.year)
    return told.replace(" ", "\N{NO-BREAK SPACE}")


def day_of(text: str, words: Phrases) -> str:
    """Return the date that a text begins with in words, or the text."""
    try:
        return day(date.fromisoformat(text[:10]), words)
    except ValueError:
        return text
