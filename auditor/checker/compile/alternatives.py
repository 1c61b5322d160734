"""Alternatives that are one search: the regular expressions of an `or` on one column, joined into one.

A rule lists wordings one by one, so that a reader can tell them apart; looking for them one by one would read every
text as often as there are wordings. RE2 finds any of them in the time that it takes to find one.
"""

from collections.abc import Iterable, Sequence

from auditor.policy.conditions import Condition, Regex
from auditor.policy.regexes import LONGEST


def joined_alternatives(parts: Sequence[Condition]) -> tuple[Condition, ...]:
    """Return the parts of an `or`, with its expressions on one column with equal flags joined while they are short."""
    others = [part for part in parts if not isinstance(part, Regex)]
    searches: dict[tuple[str, str], list[Regex]] = {}
    for part in parts:
        if isinstance(part, Regex):
            searches.setdefault((part.field, part.flags), []).append(part)
    return (*others, *(one for alike in searches.values() for one in _joined(alike)))


def _joined(alike: Iterable[Regex]) -> list[Regex]:
    rooms: list[list[Regex]] = []
    for regex in alike:
        if rooms and sum(len(one.pattern) + len("(?:)|") for one in [*rooms[-1], regex]) <= LONGEST:
            rooms[-1].append(regex)
        else:
            rooms.append([regex])
    return [room[0] if len(room) == 1 else _one_of(room) for room in rooms]


def _one_of(room: list[Regex]) -> Regex:
    pattern = "|".join(f"(?:{regex.pattern})" for regex in room)
    return room[0].model_copy(update={"pattern": f"(?:{pattern})"})
