"""The `baseline` of a rule: what the measures of a window are compared with."""

import re
from decimal import Decimal

from auditor.policy.condition_words import words_of_seconds
from auditor.policy.expressions import Expression, Name, walk
from auditor.policy.fields import Fields
from auditor.policy.rule import Baseline, Window
from auditor.policy.yaml import MappingNode, ScalarNode

KEYS = ("over", "of", "at_least")
OF = ("self", "peers")
WORDS = ("usual", "spread")
"""What may stand before a measure in `violates`: `usual.calls`."""

PEERS = "peers_p99"
"""An example of what may stand before a measure with `of: peers`."""

FEWEST_PEERS = 30
MOST_WINDOWS = 10_000
_QUANTILE = re.compile(r"peers_p([0-9]{2,3})")


def words_of_baseline(fields: Fields, violates: Expression) -> tuple[str, ...]:
    """Return what may stand before a measure in `violates`; of the quantiles of peers those that it uses, or one."""
    block = fields.node("baseline")
    if block is None:
        return ()
    kinds = {key.text: value for key, value in block.entries} if isinstance(block, MappingNode) else {}
    of = kinds.get("of")
    if not isinstance(of, ScalarNode) or of.text != "peers":
        return WORDS
    used = {part.step for part in walk(violates) if isinstance(part, Name) and fraction_of(part.step)}
    return tuple(sorted(used)) or (PEERS,)


def fraction_of(word: str) -> Decimal:
    """Return the fraction that a word such as `peers_p99` stands for, 0 for another word."""
    found = _QUANTILE.fullmatch(word)
    return Decimal(f"0.{found[1]}") if found else Decimal(0)


def read_baseline(fields: Fields, window: Window | None) -> Baseline | None:
    """Return the baseline of a rule, None without one; `window` is the rule's `within`."""
    block = fields.map("baseline", "`baseline`")
    if block is None:
        return None
    block.allow(KEYS)
    of = block.choice("of", OF, "self")
    over = block.seconds("over")
    if of == "peers" and not _can_have_peers(fields, block, window):
        return None
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
        word = next(iter(words_of_baseline(fields, violates or Name(name=""))))
        found = f"`baseline` is never used, expected `{word}.NAME` in `violates`"
        fields.problems.add(fields.key_place("baseline"), found, f"write `calls > {word}.calls`, or delete it")


def _can_have_peers(fields: Fields, block: Fields, window: Window | None) -> bool:
    if window is None or window.kind != "tumbling":
        found = "`of` is `peers` without fixed windows, expected `within: {tumbling: 1d}`"
        block.problems.add(block.key_place("of"), found, "peers are compared over the same stretches of time")
        return False
    subject = fields.node("subject")
    if isinstance(subject, ScalarNode) and subject.text == "none":
        found = "`of` is `peers` with `subject: none`, expected a subject that has peers"
        block.problems.add(block.key_place("of"), found, "write `of: self`")
        return False
    return True


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
