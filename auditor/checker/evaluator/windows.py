"""Windows: over which occurrences of one group measures are taken."""

from bisect import bisect_left, bisect_right
from collections.abc import Hashable, Sequence
from datetime import UTC, datetime, timedelta, tzinfo

from auditor.checker.evaluator.occurrence import Occurrence
from auditor.policy.rule import Window

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Occurrences = tuple[Occurrence, ...]


def windows_of(window: Window | None, occurrences: Sequence[Occurrence], zone: tzinfo) -> list[Occurrences]:
    """Return the windows of one group in order of their end; the occurrences come in record order."""
    if window is None:
        return [tuple(occurrences)]
    match window.kind:
        case "sliding":
            return _sliding(occurrences, timedelta(seconds=window.seconds))
        case "session":
            return _sessions(occurrences, timedelta(seconds=window.seconds))
        case "tumbling":
            length = timedelta(seconds=window.seconds)
            return _buckets(occurrences, [(occurrence.time - _EPOCH) // length for occurrence in occurrences])
        case "calendar":
            return _buckets(occurrences, [calendar_key(item.time, window.unit, zone) for item in occurrences])


def _sliding(occurrences: Sequence[Occurrence], length: timedelta) -> list[Occurrences]:
    times = [occurrence.time for occurrence in occurrences]
    return [
        tuple(occurrences[bisect_left(times, end - length) : bisect_right(times, end)]) for end in sorted(set(times))
    ]


def _sessions(occurrences: Sequence[Occurrence], gap: timedelta) -> list[Occurrences]:
    sessions: list[list[Occurrence]] = []
    for occurrence in occurrences:
        if sessions and occurrence.time - sessions[-1][-1].time <= gap:
            sessions[-1].append(occurrence)
        else:
            sessions.append([occurrence])
    return [tuple(session) for session in sessions]


def _buckets(occurrences: Sequence[Occurrence], keys: Sequence[Hashable]) -> list[Occurrences]:
    buckets: dict[Hashable, list[Occurrence]] = {}
    for occurrence, key in zip(occurrences, keys, strict=True):
        buckets.setdefault(key, []).append(occurrence)
    return [tuple(bucket) for bucket in buckets.values()]


def clock_hour(time: datetime, zone: tzinfo) -> Hashable:
    """Return the clock hour of a time: the window of `{calendar: hour}` that it lies in."""
    return calendar_key(time, "hour", zone)


def calendar_key(time: datetime, unit: str, zone: tzinfo) -> tuple[int, ...]:
    """Return which hour, day, ISO week, month or year of a zone's clock a time lies in."""
    local = time.astimezone(zone)
    parts = (local.year, local.month, local.day, local.hour)
    lengths = {"year": 1, "month": 2, "day": 3, "hour": 4}
    return tuple(local.isocalendar())[:2] if unit == "week" else parts[: lengths[unit]]
