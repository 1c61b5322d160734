"""Durations, times and numbers as policies write them, within bounds that every engine keeps exactly."""

import re
from datetime import UTC, datetime
from decimal import Decimal

from auditor.records.values import TIME_PATTERN

DURATION_PATTERN = r"[0-9]{1,9}[smhdw]"
DATE_PATTERN = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
LONGEST_DURATION = 36_525 * 86_400
"""A hundred years, in seconds."""
LARGEST_NUMBER = Decimal(10) ** 18
MOST_DECIMALS = 12
NUMBER_WORDS = f"a number below 10^18 with at most {MOST_DECIMALS} decimals"
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


def seconds_of(text: str) -> int | None:
    """Return the seconds of a duration such as `30m`, or None; months and years have no fixed length.

    A hundred years is the longest.
    """
    if not re.fullmatch(DURATION_PATTERN, text):
        return None
    seconds = int(text[:-1]) * _SECONDS[text[-1]]
    return seconds if seconds <= LONGEST_DURATION else None


def exact_number(value: int | Decimal) -> Decimal | None:
    """Return a number written without exponent, or None if it is out of bounds (`NUMBER_WORDS`)."""
    number = Decimal(value)
    if abs(number) >= LARGEST_NUMBER:
        return None
    plain = Decimal(format(number, "f"))
    decimals = plain.as_tuple().exponent
    return plain if isinstance(decimals, int) and -decimals <= MOST_DECIMALS else None


def time_of(text: str) -> datetime | None:
    """Return an aware UTC time from RFC 3339, or from a date (midnight UTC); None if there is no such time."""
    is_date = re.fullmatch(DATE_PATTERN, text)
    if not is_date and not re.fullmatch(TIME_PATTERN, text):
        return None
    whole = f"{text}T00:00:00Z" if is_date else re.sub(r"(\.[0-9]{6})[0-9]+", r"\1", text.upper().replace(" ", "T"))
    try:
        return datetime.fromisoformat(whole).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
