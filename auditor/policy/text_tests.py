"""Tests of text columns: wildcards, `expand`, encodings and positions made into `Equals` and `Matches`."""

import base64
import itertools
from collections.abc import Iterator
from decimal import Decimal

from auditor.policy.conditions import Condition, Equals, Matches, OneOf
from auditor.policy.fields import Problems, kind_of
from auditor.policy.lists import Lists
from auditor.policy.modifiers import FieldTest
from auditor.policy.patterns import (
    MOST_DASHES,
    PLACEHOLDER,
    Pattern,
    base64_at_offsets,
    dash_variants,
    joined,
    literal_of,
    pattern_of,
    placed,
)
from auditor.policy.yaml import ScalarNode
from auditor.records.values import shown

MOST_VARIANTS = 100_000


def text_leaves(test: FieldTest, item: ScalarNode, lists: Lists, problems: Problems) -> list[Condition]:
    """Return the leaves of one value of a text column; none after a problem."""
    if not isinstance(item.value, str):
        found = f"`{test.column.name}` is {kind_of(item)}, expected text"
        problems.add(item.place, found, "put the value in quotes")
        return []
    patterns = _expanded(test, item, lists, problems)
    if patterns is None:
        return []
    if not patterns:
        return [OneOf(field=test.column.name, values=(), cased=test.is_cased)]
    encoded = [variant for pattern in patterns for variant in _encoded(test, pattern, item, problems)]
    return [_leaf(test, pattern) for pattern in encoded if _is_sound(test, pattern, item, problems)]


def _leaf(test: FieldTest, pattern: Pattern) -> Condition:
    whole = placed(pattern, test.position)
    literal = literal_of(whole)
    if literal is not None:
        return Equals(field=test.column.name, value=literal, cased=test.is_cased)
    return Matches(field=test.column.name, parts=whole, cased=test.is_cased)


def _is_sound(test: FieldTest, pattern: Pattern, item: ScalarNode, problems: Problems) -> bool:
    whole = placed(pattern, test.position)
    is_everything = len(whole) == 1 and literal_of(whole) is None and not getattr(whole[0], "single", False)
    if is_everything:
        found = f"{shown(item.text)} fits every text of `{test.column.name}`, expected a narrower value"
        problems.add(item.place, found, f"write `{test.column.name}|exists: true` if any value will do")
    return not is_everything


def _expanded(test: FieldTest, item: ScalarNode, lists: Lists, problems: Problems) -> list[Pattern] | None:
    """Return the patterns that a text stands for: one, or one for each value of the lists it names."""
    names = PLACEHOLDER.findall(item.text)
    if "expand" not in test.modifiers:
        if len(names) == 1 and PLACEHOLDER.fullmatch(item.text) and lists.knows(names[0]):
            hint = f"write `{test.column.name}|expand`, or a regular expression for the text itself"
            problems.add(item.place, f"{shown(item.text)} without `expand`, expected a plain value", hint)
            return None
        return [pattern_of(item.text)]
    if not names:
        problems.add(item.place, f"`expand` on {shown(item.text)}, expected `%list%`", "name a list in `%` signs")
        return None
    values: list[tuple[str | Decimal, ...]] = [lists.values_of(name, item.place, problems) for name in names]
    literals = [pattern_of(text.replace("\\%", "%")) for text in PLACEHOLDER.split(item.text)[::2]]
    if _size(values) > MOST_VARIANTS:
        problems.add(item.place, f"{_size(values)} combinations of list values, expected at most {MOST_VARIANTS}",
                     "use one list a value")  # fmt: skip
        return None
    return [_filled(literals, chosen) for chosen in itertools.product(*values)]


def _size(values: list[tuple[str | Decimal, ...]]) -> int:
    size = 1
    for choices in values:
        size *= len(choices)
    return size


def _filled(literals: list[Pattern], chosen: tuple[str | Decimal, ...]) -> Pattern:
    """Put list values between the pieces of a text; they are taken literally, wildcards too."""
    fillings = [format(value, "f") if isinstance(value, Decimal) else value for value in chosen]
    pieces = itertools.chain(*((*literal, filling) for literal, filling in zip(literals, (*fillings, ""), strict=True)))
    return joined(list(pieces))


def _encoded(test: FieldTest, pattern: Pattern, item: ScalarNode, problems: Problems) -> Iterator[Pattern]:
    encodings = test.modifiers & {"wide", "base64", "base64offset", "windash"}
    literal = literal_of(pattern)
    if not encodings:
        yield pattern
    elif literal is None or not literal:
        found = f"{shown(item.text)} under `{min(encodings)}`, expected text without wildcards"
        problems.add(item.place, found, "escape `*` and `?` with a backslash, or use `contains`")
    else:
        variants = dash_variants(literal) if "windash" in encodings else (literal,)
        if variants is None:
            found = f"{shown(item.text)} has too many dashes, expected at most {MOST_DASHES}"
            problems.add(item.place, found, "shorten the value")
        for variant in variants or ():
            yield from ((text,) for text in _in_base64(variant, encodings))


def _in_base64(text: str, encodings: frozenset[str]) -> tuple[str, ...]:
    data = text.encode("utf-16-le" if "wide" in encodings else "utf-8")
    if "base64" in encodings:
        return (base64.b64encode(data).decode(),)
    return base64_at_offsets(data) if "base64offset" in encodings else (text,)
