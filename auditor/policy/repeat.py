"""The `repeat` of a rule: how often a violation must come again before it is a finding."""

from auditor.policy.condition_words import words_of_seconds
from auditor.policy.fields import Fields
from auditor.policy.rule import Repeat, Window

KEYS = ("at_least", "distinct", "within")
DISTINCT = ("hour", "day", "week", "month", "year", "window")
LEAST = 2
_SHORTEST = {
    "hour": 3600, "day": 23 * 3600, "week": 167 * 3600, "month": (28 * 24 - 1) * 3600, "year": (365 * 24 - 1) * 3600,
}  # fmt: skip
"""Seconds of the shortest one: clocks go forward."""


def read_repeat(fields: Fields, window: Window | None) -> Repeat | None:
    """Return the repetition of a rule, None without one; `window` is the rule's `within`."""
    block = fields.map("repeat", "`repeat`")
    if block is None:
        return None
    block.allow(KEYS)
    repeat = Repeat(
        at_least=block.whole_number("at_least"),
        distinct=block.choice("distinct", DISTINCT, "day"),
        within=block.seconds("within"),
    )
    if window is None:
        if fields.node("within") is None:
            found = "`repeat` without `within`, expected windows that can violate again"
            fields.problems.add(fields.key_place("repeat"), found, "add `within: {calendar: day}`")
        return None
    if repeat.distinct == "window" and window.kind == "sliding":
        found = "`distinct` is `window` while windows slide, expected windows that share no records"
        block.problems.add(block.key_place("distinct"), found, "write `distinct: day`, or `within: {calendar: day}`")
    elif block.node("at_least") is not None and block.node("within") is not None:
        _check_reach(block, repeat, window)
    return repeat


def _check_reach(block: Fields, repeat: Repeat, window: Window) -> None:
    if repeat.at_least < LEAST:
        found = f"`at_least` is {repeat.at_least}, expected {LEAST} or more"
        block.problems.add(block.key_place("at_least"), found, "once is what a rule without `repeat` finds")
        return
    most = most_within(repeat, window)
    if most is not None and repeat.at_least > most:
        found = f"`at_least` is {repeat.at_least}, expected at most {most}: no more fit into the {_length(repeat)}"
        block.problems.add(block.key_place("at_least"), found, "lengthen `within` of `repeat`")


def most_within(repeat: Repeat, window: Window) -> int | None:
    """Return how many distinct ones can lie within the time of a repetition, None where nothing bounds them."""
    if repeat.distinct != "window":
        return repeat.within // _SHORTEST[repeat.distinct] + 2
    if window.kind == "calendar":
        return repeat.within // _SHORTEST[window.unit] + 2
    return None if window.kind == "session" else repeat.within // window.seconds + 2


def _length(repeat: Repeat) -> str:
    return f"{words_of_seconds(repeat.within)} of `within`"
