"""Numbers as people read them: grouped, with their unit, a share in per cent, a length of time in its largest units.

One place for all that is written in English; notices in other languages take `per_cent` from here. Every digit of an
exact number is kept.
"""

from decimal import Decimal, InvalidOperation

from auditor.policy.condition_words import counted
from auditor.policy.measure_words import is_share, per_cent

UNITS = (("day", 86_400), ("hour", 3600), ("minute", 60), ("second", 1))


def number_of(text: str) -> Decimal | None:
    """Return the number that a text is, or None."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def figure(text: str) -> str:
    """Return an exact number with its thousands grouped; anything else as it is."""
    number = number_of(text)
    return text if number is None else f"{number:,f}"


def duration(seconds: float) -> str:
    """Return a length of time in its two largest units: `2 days 3 hours`."""
    rest = int(seconds)
    parts = []
    for unit, size in UNITS:
        number, rest = divmod(rest, size)
        if number:
            parts.append(counted(number, unit))
    return " ".join(parts[:2]) or "less than a second"


def amount(text: str, unit: str) -> str:
    """Return an exact number with its unit; a long time in seconds is told in its largest units beside it."""
    number = number_of(text)
    exact = f"{figure(text)} {unit}" if unit else figure(text)
    is_long = unit == "seconds" and number is not None and number >= UNITS[-2][1]
    return f"{exact} ({duration(float(number or 0))})" if is_long else exact


def amount_of(text: str, expression: str, unit: str) -> str:
    """Return a value of what an expression measures: a share in per cent, anything else with its unit."""
    number = number_of(text)
    if number is None or not is_share(expression):
        return amount(text, unit)
    return f"{per_cent(number)} %"
