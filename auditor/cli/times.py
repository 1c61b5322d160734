"""Times and dates as people type them on the command line, read without guessing a zone."""

import re
from datetime import UTC, datetime

from auditor.errors import UsageError

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_TIME = re.compile(r"(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?)([Zz]|[+-]\d{2}:\d{2})")
_HINT = "write a date (`2026-01-31`, midnight UTC) or RFC 3339 with its zone (`2026-01-31T13:00:00Z`)"


def time_of(text: str | None, option: str) -> datetime | None:
    """Read a time given to an option; None when the option was not given.

    A plain date is midnight UTC. Raises UsageError, naming the option, for a time without a zone and for anything else.
    """
    if text is None:
        return None
    matched = _TIME.fullmatch(text)
    try:
        if matched:
            zone = "+00:00" if matched[3] in "Zz" else matched[3]
            return datetime.fromisoformat(f"{matched[1]}T{matched[2]}{zone}").astimezone(UTC)
        if _DATE.fullmatch(text):
            return datetime.fromisoformat(text).replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise UsageError.at(option, f"found `{_short(text)}`, which no calendar or clock has", _HINT) from None
    raise UsageError.at(option, f"found `{_short(text)}`, expected a date or a time with its zone", _HINT)


def check_order(since: datetime | None, until: datetime | None) -> None:
    """Raise UsageError when the stretch of time from `--since` to `--until` is empty."""
    if since is not None and until is not None and since >= until:
        message = "`--until` is not later than `--since`, expected a stretch of time"
        raise UsageError.at("--until", message, "`--since` is included, `--until` is not")


def _short(text: str) -> str:
    return " ".join(text.split())[:60]
