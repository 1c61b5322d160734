"""The `composite` of a rule: which other rules, or families of rules, must find something on one subject.

What it says by itself is read with the rule (`read_composite`); the rules that it names are found when all rules of a
pack are read (`with_parts`).
"""

from collections.abc import Collection, Iterable, Sequence
from decimal import Decimal
from typing import get_args

from auditor.policy.columns import refuse_repeated
from auditor.policy.expressions import Comparison, Name, Number
from auditor.policy.fields import Fields, Problems, nearest
from auditor.policy.rule import Composite, Family, Rule
from auditor.policy.yaml import SequenceNode, YamlNode
from auditor.records.values import shown

KEYS = ("of", "families", "at_least", "within")
SUBJECTS = ("account", "cluster")
LEAST = 2
ALONE = ("account", "api_key", "end_user")
"""Subjects whose findings rest on what one account did."""

OTHERS = (
    "by", "when", "missing", "measure", "within", "violates", "novel", "sequence", "absent", "baseline", "repeat",
    "against",
)  # fmt: skip
"""Keys of rules that look at records: beside `composite` they would be ignored, so they are refused."""


def read_composite(fields: Fields) -> Composite | None:
    """Return the composite of a rule without the rules that it names, None without one."""
    block = fields.map("composite", "`composite`")
    if block is None:
        return None
    block.allow(KEYS)
    for key in OTHERS:
        if fields.node(key) is not None:
            found = f"`{key}` beside `composite`, expected none: a composite looks at findings of other rules"
            fields.problems.add(fields.key_place(key), found, f"write `{key}` into the rules that it names")
    subject = fields.text("subject", "account")
    if subject not in SUBJECTS:
        found = f"`subject` is {shown(subject)} with `composite`, expected one of {', '.join(SUBJECTS)}"
        fields.problems.add(fields.key_place("subject"), found, "choose one of them")
    return Composite(
        of=_names(block, "of"),
        families=tuple(block.choice_of(node, "`families`", get_args(Family), "limits") for node in _families(block)),
        at_least=_at_least(block),
        within=block.seconds("within"),
    )


def verdict_of(composite: Composite) -> Comparison:
    """Return what a composite asks as the `violates` of its rule: `rules >= N` or `families >= N`."""
    return Comparison(operator=">=", left=Name(name=composite.measure), right=Number(value=Decimal(composite.at_least)))


def with_parts(
    rule: Rule, node: YamlNode, rules: Sequence[Rule], *, known: Collection[str], problems: Problems
) -> Rule:
    """Return a composite rule with the rules that it names, found among `rules`; other rules as they are.

    `known` are the names of all rules there are, those among them that could not be read.
    """
    if rule.composite is None:
        return rule
    fields = Fields(node, "the rule", problems)
    block = fields.map("composite", "`composite`")
    assert block is not None, "the rule was read from this node"
    others = {other.name: other for other in rules if other.name != rule.name}
    if rule.composite.of:
        parts = _named_parts(rule, block, others, known)
        is_complete = {part.name for part in parts} >= set(rule.composite.of)
    else:
        is_whole = {*others, rule.name} >= set(known)
        parts = _parts_of_families(rule.composite, block, others.values(), is_whole=is_whole)
        is_complete = {part.family for part in parts} >= set(rule.composite.families)
    composite = rule.composite.model_copy(update={"parts": tuple(sorted(parts, key=lambda part: part.name))})
    if is_complete:
        _refuse_unreachable(rule, composite, block)
    _refuse_weak_parts(rule, parts, fields)
    return rule.model_copy(update={"composite": composite})


def all_with_parts(
    rules: Sequence[tuple[Rule, YamlNode]], *, known: Collection[str], problems: Problems
) -> tuple[Rule, ...]:
    """Return the rules of a pack, composites with the rules that they name."""
    plain = [rule for rule, _ in rules]
    return tuple(with_parts(rule, node, plain, known=known, problems=problems) for rule, node in rules)


def _names(block: Fields, key: str) -> tuple[str, ...]:
    names = block.texts(key)
    refuse_repeated(names, block.key_place(key), f"`{key}`", block.problems)
    has_neither = block.node("of") is None and block.node("families") is None
    if key == "of" and block.names() and (has_neither or (block.node("families") is not None and names)):
        many = "neither `of` nor `families`" if has_neither else "`of` and `families`"
        found = f"`composite` with {many}, expected one of them"
        block.problems.add(block.place, found, "write `of: [rule-name, other-rule]` or `families: [content, limits]`")
    elif block.node(key) is not None and not names:
        block.problems.add(block.key_place(key), f"`{key}` is empty, expected two or more", "name what must meet")
    return names


def _families(block: Fields) -> tuple[YamlNode, ...]:
    node = block.node("families")
    _names(block, "families")
    return node.items if isinstance(node, SequenceNode) else ()


def _at_least(block: Fields) -> int:
    at_least = block.whole_number("at_least")
    if block.node("at_least") is not None and at_least < LEAST:
        found = f"`at_least` is {at_least}, expected {LEAST} or more"
        block.problems.add(block.key_place("at_least"), found, "one finding is what the rule that it names says itself")
    return at_least


def _named_parts(rule: Rule, block: Fields, others: dict[str, Rule], known: Collection[str]) -> list[Rule]:
    place = block.key_place("of")
    found = []
    for name in rule.composite.of if rule.composite else ():
        part = others.get(name)
        if name == rule.name:
            block.problems.add(place, "`of` names the rule itself, expected other rules", "remove it")
        elif part is None and name not in known:
            hint = nearest(name, sorted({*others, *known} - {rule.name}), "name rules by their files, without `.yml`")
            block.problems.add(place, f"unknown rule {shown(name)} in `of`, expected a rule of the pack", hint)
        elif part is not None and part.composite is not None:
            message = f"`of` names {shown(name)}, which is a composite, expected a rule that looks at records"
            block.problems.add(place, message, "name the rules that it is made of")
        elif part is not None:
            found.append(part)
    return found


def _parts_of_families(composite: Composite, block: Fields, others: Iterable[Rule], *, is_whole: bool) -> list[Rule]:
    parts = [part for part in others if part.family in composite.families and part.composite is None]
    for family in composite.families if is_whole else ():
        if all(part.family != family for part in parts):
            found = f"`families` names {family}, expected a family of which the pack has a rule"
            block.problems.add(block.key_place("families"), found, "remove it, or add a rule of this family")
    return parts


def _refuse_unreachable(rule: Rule, composite: Composite, block: Fields) -> None:
    """Note that more must meet than can: parts that are never in force with the rule can't."""
    can = {composite.counted(part) for part in composite.parts if rule.effective.meets(part.effective)}
    if composite.at_least > max(len(can), LEAST - 1) and block.node("at_least") is not None:
        found = f"`at_least` is {composite.at_least}, expected at most {len(can)}: no more {composite.measure} can meet"
        block.problems.add(block.key_place("at_least"), found, "lower it, or name more")


def _refuse_weak_parts(rule: Rule, parts: Iterable[Rule], fields: Fields) -> None:
    """Note a claim that the records show the conduct itself, of findings that don't."""
    if rule.strength != "bright-line":
        return
    for part in parts:
        if part.strength != "bright-line" or (rule.subject == "account" and part.subject not in ALONE):
            why = "is inferential" if part.strength != "bright-line" else f"measures the subject {part.subject}"
            found = f"`strength` is bright-line, expected inferential: {part.name} {why}"
            fields.problems.add(fields.key_place("strength"), found, "write `strength: inferential`")
            return
