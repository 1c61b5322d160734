"""What a value must look like to be kept in a column: the definition, in plain Python.

Ingest applies the same rules in SQL (mapping.py); tests compare the two over random records. Numbers written as text
are numbers, since CSV has nothing else; what isn't exactly the column's type is refused, never rounded or guessed.
"""

import json
import math
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any  # a value of a record is of any column's type

from auditor.records.schema import Column, ColumnType

INTEGER_PATTERN = r"[+-]?[0-9]{1,19}"
NUMBER_PATTERN = r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]{1,3})?"
_CLOCK = r"([01][0-9]|2[0-3]):[0-5][0-9]"
NAIVE_TIME_PATTERN = rf"[12][0-9]{{3}}-[0-9]{{2}}-[0-9]{{2}}[T ]{_CLOCK}:[0-5][0-9](\.[0-9]+)?"
TIME_PATTERN = NAIVE_TIME_PATTERN + r"(Z|[+-]([01][0-9]|2[0-3])(:?[0-5][0-9])?)"
"""RFC 3339 section 5.6 in upper case, years 1000 to 2999; also as databases write it, with a blank for `T`."""

EXPECTED: dict[ColumnType, str] = {
    ColumnType.TEXT: "text",
    ColumnType.ADDRESS: "text",
    ColumnType.TIMESTAMP: "a time with a zone such as `2026-01-31T08:00:00Z`",
    ColumnType.INTEGER: "a whole number between -9223372036854775808 and 9223372036854775807",
    ColumnType.REAL: "a finite number",
    ColumnType.DECIMAL: "a number with at most 9 digits before the point",
    ColumnType.BOOLEAN: "`true` or `false`",
    ColumnType.TEXT_LIST: "a list of text",
    ColumnType.JSON: "a JSON object",
}
"""What each type wants, in the words of a message."""

CONTENT = ("prompt", "system_prompt", "response")
"""Columns that may hold nested values, kept as JSON text."""

_LARGEST_INTEGER = 2**63 - 1
_LARGEST_DECIMAL = Decimal("999999999.999999999")
_NANO = Decimal("0.000000001")


class BadValueError(Exception):
    """A value doesn't fit its column; the text says what was found and what was expected."""


def value_for(column: Column, value: object) -> Any:
    """Return a value as its column keeps it, or None for no value; times are naive UTC.

    Raises BadValueError.
    """
    if value is None or (value == "" and (column.is_identifier or column.type is not ColumnType.TEXT)):
        return None
    if column.name in CONTENT and isinstance(value, dict | list):
        return json_text(value)
    try:
        return _CONVERTERS[column.type](value)
    except (ValueError, OverflowError, ArithmeticError, TypeError):
        raise BadValueError(f"`{column.name}` is {shown(value)}, expected {EXPECTED[column.type]}") from None


def shown(value: object) -> str:
    """Return a short, single-line form of a hostile value for a message."""
    text = value if isinstance(value, str) else str(value)
    safe = "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text[:60])
    return f"`{safe}…`" if len(text) > 60 else f"`{safe}`"


def json_text(value: object) -> str:
    """Return the text under which nested values are kept: in their own order, without white space."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str | int | float | Decimal):
        raise ValueError
    text = str(value)
    if "\0" in text:
        raise ValueError
    text.encode()
    return text


def _time(value: object) -> datetime:
    if isinstance(value, str) and re.fullmatch(TIME_PATTERN, value):
        text = re.sub(r"(\.[0-9]{6})[0-9]+", r"\1", value.replace(" ", "T"))
        value = datetime.fromisoformat(text)
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise ValueError
    return value.astimezone(UTC).replace(tzinfo=None)


def _integer(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ValueError
    if isinstance(value, str) and not re.fullmatch(INTEGER_PATTERN, value):
        raise ValueError
    number = int(value)
    if not -_LARGEST_INTEGER - 1 <= number <= _LARGEST_INTEGER:
        raise ValueError
    return number


def _real(value: object) -> float:
    number = float(_number(value))
    if not math.isfinite(number):
        raise ValueError
    return number


def _decimal(value: object) -> Decimal:
    number = Decimal(str(_number(value)))
    rounded = number.quantize(_NANO, rounding=ROUND_HALF_UP)
    if abs(rounded) > _LARGEST_DECIMAL:
        raise ValueError
    return rounded


def _number(value: object) -> str | int | float | Decimal:
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        raise ValueError
    if isinstance(value, str) and not re.fullmatch(NUMBER_PATTERN, value):
        raise ValueError
    return value


def _boolean(value: object) -> bool:
    words = {"true": True, "false": False}
    if isinstance(value, bool):
        return value
    if not isinstance(value, str) or value.lower() not in words:
        raise ValueError
    return words[value.lower()]


def _texts(value: object) -> list[str | None]:
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise ValueError
    return [None if item is None else _text(item) for item in value]


def _object(value: object) -> str:
    content = json.loads(value) if isinstance(value, str) else value
    if not isinstance(content, dict):
        raise ValueError
    return json_text(content)


_CONVERTERS = {
    ColumnType.TEXT: _text,
    ColumnType.ADDRESS: _text,
    ColumnType.TIMESTAMP: _time,
    ColumnType.INTEGER: _integer,
    ColumnType.REAL: _real,
    ColumnType.DECIMAL: _decimal,
    ColumnType.BOOLEAN: _boolean,
    ColumnType.TEXT_LIST: _texts,
    ColumnType.JSON: _object,
}
