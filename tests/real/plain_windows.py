"""Windows in plain Python, for the plain scripts: no use of the program's code.

Everything works on (time, key) pairs in order; `key` is whatever tells one line from another. An incident is the
tuple of the keys of its lines.
"""

from collections.abc import Callable, Hashable, Iterable
from datetime import datetime, timedelta
from typing import TypeVar

Key = TypeVar("Key", bound=Hashable)
Line = tuple[datetime, Key]


def sliding(lines: list[Line[Key]], length: timedelta, enough: int) -> list[tuple[Key, ...]]:
    """Return the incidents of `enough` lines within `length`, windows that share a line made one."""
    incidents: list[list[Line[Key]]] = []
    for end in sorted({time for time, _ in lines}):
        window = [line for line in lines if end - length <= line[0] <= end]
        if len(window) < enough:
            continue
        if incidents and window[0][0] <= incidents[-1][-1][0]:
            incidents[-1] += [line for line in window if line not in incidents[-1]]
        else:
            incidents.append(window)
    return [tuple(key for _, key in incident) for incident in incidents]


def bucketed(
    lines: list[Line[Key]],
    bucket_of: Callable[[datetime], Hashable],
    distinct: Callable[[Key], Hashable],
    enough: int,
) -> list[tuple[Key, ...]]:
    """Return the buckets with `enough` different values."""
    buckets: dict[Hashable, list[Key]] = {}
    for time, key in lines:
        buckets.setdefault(bucket_of(time), []).append(key)
    return [tuple(keys) for keys in buckets.values() if len({distinct(key) for key in keys}) >= enough]


def pairs(lines: Iterable[tuple[datetime, Key, bool, bool]], within: timedelta) -> list[tuple[Line[Key], Line[Key]]]:
    """Return the pairs of a first and a later second line, earliest first, each line in at most one."""
    waiting: list[Line[Key]] = []
    found = []
    for time, key, is_first, is_second in lines:
        fitting = [line for line in waiting if time - line[0] <= within] if is_second else []
        if fitting:
            waiting.remove(fitting[0])
            found.append((fitting[0], (time, key)))
        elif is_first:
            waiting.append((time, key))
    return found


def sliding_pairs(found: list[tuple[Line[Key], Line[Key]]], length: timedelta, enough: int) -> list[tuple[Key, ...]]:
    """Return the incidents of `enough` pairs within `length`, by the time of the second line of a pair."""
    by_second = {second[1]: first for first, second in found}
    times = {key: time for pair in found for time, key in pair}
    incidents = sliding([second for _, second in found], length, enough)
    both = [[key for second in incident for key in (by_second[second][1], second)] for incident in incidents]
    return [tuple(sorted(keys, key=lambda key: (times[key], key))) for keys in both]
