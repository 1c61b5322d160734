"""Which columns of a cited record a reader is shown, and each value as text."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any  # a row holds values of every column type

from auditor.digests import rfc3339

COLUMNS_SHOWN = 6
CHARACTERS_SHOWN = 66
"""How many columns, and how many characters of them, fit on a page beside a record's time, account and place."""

WIDEST = 24
"""A longer value breaks (or is a digest, which is shown shortened), so it takes no more than this."""

CERTAIN = 3
"""The first columns are shown however wide they are."""

ALWAYS_SHOWN = frozenset({"time", "account_id", "record_id", "source_id", "source_line"})
"""Columns that the case file shows of every record anyway."""

USUAL = ("event", "model", "endpoint", "status", "output_tokens", "api_key_id", "client_ip", "country", "user_agent")
"""What is shown when the rule and the finding name too few columns."""


def columns_shown(preferred: Iterable[str], rows: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """Return the columns to show: the preferred ones first, and only those that some row has a value for."""
    names = dict.fromkeys((*preferred, *USUAL))
    shown: list[str] = []
    room = CHARACTERS_SHOWN
    for name in names:
        width = max((len(cell_of(row, name)) for row in rows), default=0)
        if name in ALWAYS_SHOWN or not width or len(shown) == COLUMNS_SHOWN:
            continue
        taken = max(len(name), min(width, WIDEST)) + 2
        if taken <= room or len(shown) < CERTAIN:
            shown.append(name)
            room -= taken
    return tuple(shown)


def cell_of(row: Mapping[str, Any], column: str) -> str:
    """Return a value of a row as text, empty when it has none; `extra.x` reads the field `x` that has no column."""
    if column.startswith("extra."):
        extra = json.loads(row.get("extra") or "{}")
        return text_of(extra.get(column.removeprefix("extra."))) if isinstance(extra, dict) else ""
    return text_of(row.get(column))


def text_of(value: Any) -> str:
    """Return a value as a reader knows it; exact, and the same on every machine."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case datetime():
            return rfc3339(value)
        case Decimal():
            return format(value.normalize(), "f")
        case list() | tuple():
            return ", ".join(text_of(item) for item in value)
        case dict():
            return json.dumps(value, ensure_ascii=False, sort_keys=True)
        case _:
            return str(value)
