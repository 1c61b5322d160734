"""Sigma's detection block: named selections, made of maps (all lines hold) and lists of maps (one of them holds)."""

import re
from collections.abc import Collection

from auditor.policy.condition_parser import RESERVED
from auditor.policy.conditions import All, AnyOf, Condition, columns_of
from auditor.policy.fields import Problems, kind_of
from auditor.policy.leaves import condition_of_line
from auditor.policy.lists import Lists
from auditor.policy.yaml import MappingNode, ScalarNode, SequenceNode, YamlNode
from auditor.records.values import shown

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")


def read_selections(block: MappingNode, lists: Lists, problems: Problems) -> dict[str, Condition]:
    """Return the selections of a `when` block by name; those with problems are left out."""
    selections: dict[str, Condition] = {}
    for key, value in block.entries:
        if key.text == "condition":
            continue
        if not _NAME.fullmatch(key.text) or key.text in RESERVED:
            found = f"selection name {shown(key.text)}, expected letters, digits, `_` and `-`"
            problems.add(key.place, found, f"these words are taken: {', '.join(sorted(RESERVED))}")
        condition = read_selection(value, f"selection {shown(key.text)}", lists, problems)
        if condition is not None:
            selections[key.text] = condition
    return selections


def read_selection(
    node: YamlNode, what: str, lists: Lists, problems: Problems, allowed: Collection[str] | None = None
) -> Condition | None:
    """Return the condition of one selection; `allowed` limits the columns that it may read."""
    match node:
        case MappingNode():
            parts = _lines(node, lists, problems, allowed)
            if not node.entries:
                problems.add(node.place, f"{what} is empty, expected at least one `field: value`", "add a line")
            return _joined(parts, is_all=True)
        case SequenceNode(items=items) if items and all(isinstance(item, MappingNode) for item in items):
            read = [read_selection(item, what, lists, problems, allowed) for item in items]
            return _joined([condition for condition in read if condition is not None], is_all=False)
        case SequenceNode() | ScalarNode():
            found = f"{what} is {_keywords(node)}, expected `field: value` lines"
            problems.add(node.place, found, "keyword search over whole records is not supported; name the column")
    return None


def _keywords(node: YamlNode) -> str:
    if isinstance(node, SequenceNode) and any(isinstance(item, ScalarNode) for item in node.items):
        return "a list of keywords"
    return kind_of(node)


def _joined(parts: list[Condition], *, is_all: bool) -> Condition | None:
    if not parts:
        return None
    if len(parts) == 1:
        return parts[0]
    return All(parts=tuple(parts)) if is_all else AnyOf(parts=tuple(parts))


def _lines(node: MappingNode, lists: Lists, problems: Problems, allowed: Collection[str] | None) -> list[Condition]:
    parts = []
    for key, value in node.entries:
        condition = condition_of_line(key, value, lists, problems)
        if condition is None:
            continue
        parts.append(condition)
        for column in sorted(columns_of(condition) - set(allowed or columns_of(condition))):
            found = f"column `{column}` here, expected one of {', '.join(sorted(allowed or ()))}"
            problems.add(key.place, found, "terms apply by what is known of the account and the call")
    return parts
