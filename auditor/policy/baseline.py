"""The `baseline` of a rule: what the measures of a window are compared with."""

from auditor.policy.condition_words import words_of_seconds
from auditor.policy.expressions import Expression, Name, walk
from auditor.policy.fields import Fields
from auditor.policy.rule import Baseline, Window

KEYS = ("over", "of", "at_least")
OF = ("self",)
WORDS = ("usual", "spread")
"""What may stand before a measure in `violates`: `usual.calls`."""

MOST_WINDOWS = 10_000


def read_baseline(fields: Fields, window: Window | None) -> Baseline | None:
    """Return the baseline of a rule, None without one; `window` is the rule's `within`."""
    block = fields.map("baseline", "`baseline`")
    if block is None:
        return None
    block.allow(KEYS)
    of = block.choice("of", OF, "self")
    over = block.seconds("over")
    if window is None or window.kind not in ("sliding", "tumbling"):
        found = "`baseline` without windows of one length, expected `within: 24h` or `within: {tumbling: 1d}`"
        fields.problems.add(fields.key_place("baseline"), found, "the past is cut into windows of the same length")
        return None
    _check_over(block, over, window.seconds)
    return Baseline(over=over, of=of, at_least=_at_least(block, window.seconds))


def refuse_unused_baseline(fields: Fields, violates: Expression | None) -> None:
    """Note a baseline that nothing is compared with; a `violates` that could not be read says nothing of it."""
    if fields.node("baseline") is None or (violates is None and fields.node("violates") is not None):
        return
    if violates is None or not any(isinstance(part, Name) and part.step for part in walk(violates)):
        found = "`baseline` is never used, expected `usual.NAME` in `violates`"
        fields.problems.add(fields.key_place("baseline"), found, "write `calls >= 5 * usual.calls`, or delete it")


def _check_over(block: Fields, over: int, length: int) -> None:
    node = block.node("over")
    if node is None:
        return
    words = words_of_seconds(length)
    if over % length:
        found = f"`over` is {words_of_seconds(over)}, expected a whole number of windows of {words}"
        block.problems.add(node.place, found, f"write a multiple of {words}, the length under `within`")
    elif over // length > MOST_WINDOWS:
        found = f"`over` is {over // length:,} windows of {words}, expected at most {MOST_WINDOWS:,}"
        block.problems.add(node.place, found, "shorten `over` or lengthen `within`")


def _at_least(block: Fields, length: int) -> int:
    seconds = block.seconds("at_least", length)
    node = block.node("at_least")
    if node is not None and seconds < length:
        found = f"`at_least` is {words_of_seconds(seconds)}, expected a window of {words_of_seconds(length)} or more"
        block.problems.add(node.place, found, "one whole window is the least history there is")
    return seconds
