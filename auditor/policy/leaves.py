"""One line of a selection, `field|modifier: value`, made into a condition."""

import ipaddress
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from auditor.errors import Place
from auditor.policy.columns import NUMBERS, is_extra, known_column
from auditor.policy.conditions import (
    All,
    AnyOf,
    Compare,
    Condition,
    Equals,
    Exists,
    InNetwork,
    Not,
    OneOf,
    Regex,
    SameAs,
    TimePart,
)
from auditor.policy.fields import Problems, kind_of
from auditor.policy.lists import Lists
from auditor.policy.literals import NUMBER_WORDS, exact_number, seconds_of, time_of
from auditor.policy.modifiers import COMPARISONS, TIME_PARTS, FieldTest, field_test_of
from auditor.policy.patterns import PLACEHOLDER
from auditor.policy.regexes import fault_of
from auditor.policy.text_tests import text_leaves
from auditor.policy.yaml import ScalarNode, SequenceNode, YamlNode
from auditor.records.addresses import number_of
from auditor.records.schema import ColumnType
from auditor.records.values import shown

_SAME_AS_POSITIONS = {"": "whole", "startswith": "start", "endswith": "end", "contains": "inside"}
_UNITS = {"seconds": 1, "ms": 1000}


def condition_of_line(key: ScalarNode, value: YamlNode, lists: Lists, problems: Problems) -> Condition | None:
    """Return the condition of one line; None after a problem.

    A list of values is an `or` (with `all` an `and`), `neq` turns the whole around, `null` means that the column
    holds no value.
    """
    test = field_test_of(key, problems)
    if test is None:
        return None
    items = value.items if isinstance(value, SequenceNode) else (value,)
    scalars = [item for item in items if isinstance(item, ScalarNode)]
    if not _is_sound_list(test, value, problems):
        return None
    leaves = [leaf for item in scalars for leaf in _leaves(test, item, lists, problems)]
    if not leaves:
        return None
    whole = _combined(leaves, "all" in test.modifiers)
    return Not(part=whole) if "neq" in test.modifiers else whole


def _is_sound_list(test: FieldTest, value: YamlNode, problems: Problems) -> bool:
    items = value.items if isinstance(value, SequenceNode) else (value,)
    for item in items:
        if not isinstance(item, ScalarNode):
            problems.add(item.place, f"{kind_of(item)} as a value, expected text, a number, true, false or null",
                         "write the values as a flat list")  # fmt: skip
            return False
    if not items:
        problems.add(value.place, "an empty list of values, expected at least one", "add a value or remove the line")
        return False
    if "all" in test.modifiers and len(items) < 2 and "expand" not in test.modifiers:
        problems.add(value.place, "`all` with a single value, expected two or more", "remove `all`, or add values")
        return False
    if isinstance(value, SequenceNode) and test.kind in {"compare", "exists"}:
        problems.add(value.place, f"a list of values under `{test.kind}`, expected one value", "keep one of them")
        return False
    return True


def _combined(leaves: list[Condition], is_all: bool) -> Condition:
    if len(leaves) == 1:
        return leaves[0]
    if is_all:
        return All(parts=tuple(leaves))
    shorter = _with_one_of(leaves)
    return shorter[0] if len(shorter) == 1 else AnyOf(parts=tuple(shorter))


def _with_one_of(leaves: list[Condition]) -> list[Condition]:
    """Join plain equalities of one type, two or more, to a `OneOf` at the place of the first."""
    rest: list[Condition] = []
    for wanted in (str, Decimal):
        equal = [leaf for leaf in leaves if isinstance(leaf, Equals) and type(leaf.value) is wanted]
        if len(equal) > 1:
            values = tuple(dict.fromkeys(leaf.value for leaf in equal))
            rest.append(OneOf(field=equal[0].field, values=values, cased=equal[0].cased))
        else:
            rest.extend(equal)
    return [*rest, *(leaf for leaf in leaves if not isinstance(getattr(leaf, "value", None), str | Decimal))]


def _leaves(test: FieldTest, item: ScalarNode, lists: Lists, problems: Problems) -> Iterable[Condition]:
    """Return the leaves of one value (several where an encoding or a list multiplies it)."""
    if item.value is None and test.kind != "exists":
        return _no_value(test, item, problems)
    match test.kind:
        case "exists":
            return _exists(test, item, problems)
        case "re":
            return _regex(test, item, problems)
        case "cidr":
            return _networks(test, item, lists, problems)
        case "fieldref":
            return _same_as(test, item, problems)
        case kind if kind in TIME_PARTS:
            return _time_part(test, item, problems)
        case "compare":
            return _compare(test, item, problems)
        case _:
            return _equals(test, item, lists, problems)


def _no_value(test: FieldTest, item: ScalarNode, problems: Problems) -> list[Condition]:
    if test.modifiers - {"neq"}:
        problems.add(item.place, f"no value under `{test.column.name}` with modifiers, expected a value",
                     "write `field: null` for a column without a value")  # fmt: skip
        return []
    return [Not(part=Exists(field=test.column.name))]


def _exists(test: FieldTest, item: ScalarNode, problems: Problems) -> list[Condition]:
    if not isinstance(item.value, bool):
        problems.add(item.place, f"`exists` is {kind_of(item)}, expected `true` or `false`", "write `true` or `false`")
        return []
    present = Exists(field=test.column.name)
    return [present if item.value else Not(part=present)]


def _regex(test: FieldTest, item: ScalarNode, problems: Problems) -> list[Condition]:
    fault = fault_of(item.text) if item.text else "is empty"
    if fault:
        found = f"regular expression {shown(item.text)} {fault}, expected one in RE2's syntax"
        problems.add(item.place, found, "docs/rules.md lists what a regular expression may use")
        return []
    return [Regex(field=test.column.name, pattern=item.text, flags=test.flags)]


def _networks(test: FieldTest, item: ScalarNode, lists: Lists, problems: Problems) -> list[Condition]:
    texts: Iterable[str] = (item.text,)
    if "expand" in test.modifiers:
        name = PLACEHOLDER.fullmatch(item.text)
        if not name:
            problems.add(item.place, f"`expand` on {shown(item.text)}, expected `%list%`", "name a list in `%` signs")
            return []
        texts = [str(value) for value in lists.values_of(name[1], item.place, problems)]
        if not texts:
            return [OneOf(field=test.column.name, values=())]
    networks = [_network(text, item.place, problems) for text in texts]
    return [network for network in networks if network]


def _network(text: str, place: Place, problems: Problems) -> InNetwork | None:
    try:
        network = ipaddress.ip_network(text)
    except ValueError as error:
        reason = str(error).replace("\n", " ").rstrip(".") if text.isprintable() and len(text) < 60 else "malformed"
        hint = "write the first address of the network and its length"
        problems.add(place, f"{shown(text)} is no network ({reason}), expected one such as `10.0.0.0/8`", hint)
        return None
    first, last = number_of(str(network[0])), number_of(str(network[-1]))
    assert first is not None and last is not None, "a network's addresses are addresses"
    return InNetwork(network=str(network), first=first, last=last)


def _same_as(test: FieldTest, item: ScalarNode, problems: Problems) -> list[Condition]:
    other = known_column(item.text, item.place, problems)
    if other is None:
        return []
    if other.type is not test.column.type:
        found = f"`{other.name}` is of type {other.type}, expected {test.column.type} as `{test.column.name}`"
        problems.add(item.place, found, "compare columns of one type")
        return []
    if other.name == test.column.name:
        problems.add(item.place, f"`{other.name}` compared with itself, expected another column", "name another column")
        return []
    is_cased = test.is_cased or (other.is_identifier and not is_extra(other))
    position = _SAME_AS_POSITIONS[test.position]
    return [SameAs(field=test.column.name, other=other.name, position=position, cased=is_cased)]


def _time_part(test: FieldTest, item: ScalarNode, problems: Problems) -> list[Condition]:
    lowest, highest = TIME_PARTS[test.kind]
    number = item.value if isinstance(item.value, int) and not isinstance(item.value, bool) else None
    if number is None or not lowest <= number <= highest:
        found = f"`{test.kind}` is {kind_of(item)}, expected a whole number from {lowest} to {highest}"
        problems.add(item.place, found, "write the number without quotes")
        return []
    return [TimePart(field=test.column.name, part=test.kind, operator=test.operator, value=number)]


def _compare(test: FieldTest, item: ScalarNode, problems: Problems) -> list[Condition]:
    value = _literal(test, item, problems)
    operator = COMPARISONS[next(name for name in COMPARISONS if name in test.modifiers)]
    return [] if value is None else [Compare(field=test.column.name, operator=operator, value=value)]


def _equals(test: FieldTest, item: ScalarNode, lists: Lists, problems: Problems) -> Iterable[Condition]:
    column = test.column
    if column.type in NUMBERS and "expand" in test.modifiers:
        return _expanded_numbers(test, item, lists, problems)
    if column.type in NUMBERS or column.type is ColumnType.TIMESTAMP:
        value = _literal(test, item, problems)
        return [] if value is None else [Equals(field=column.name, value=value)]
    if column.type is ColumnType.BOOLEAN:
        if isinstance(item.value, bool):
            return [Equals(field=column.name, value=item.value)]
        problems.add(item.place, f"`{column.name}` is {kind_of(item)}, expected `true` or `false`", "remove the quotes")
        return []
    if is_extra(column) and not isinstance(item.value, str):
        return _equals_extra(test, item, problems)
    return text_leaves(test, item, lists, problems)


def _equals_extra(test: FieldTest, item: ScalarNode, problems: Problems) -> list[Condition]:
    """`extra.x` is text: true and false are these words; a number compares as a number, however it is written."""
    if isinstance(item.value, bool):
        return [Equals(field=test.column.name, value=str(item.value).lower())]
    if test.modifiers - {"neq"}:
        problems.add(item.place, f"{kind_of(item)} with a text modifier, expected text", "put the value in quotes")
        return []
    number = _literal(test, item, problems)
    if number is None:
        return []
    bounds = (Compare(field=test.column.name, operator=sign, value=number) for sign in ("<=", ">="))
    return [All(parts=tuple(bounds))]


def _expanded_numbers(test: FieldTest, item: ScalarNode, lists: Lists, problems: Problems) -> list[Condition]:
    name = PLACEHOLDER.fullmatch(item.text)
    if not name:
        problems.add(item.place, f"`expand` on {shown(item.text)}, expected `%list%`", "name a list in `%` signs")
        return []
    values = lists.values_of(name[1], item.place, problems)
    numbers = tuple(value for value in values if isinstance(value, Decimal))
    if len(numbers) < len(values):
        found = f"list `%{name[1]}%` holds text, expected numbers for `{test.column.name}`"
        problems.add(item.place, found, "write the numbers of the list without quotes")
    return [OneOf(field=test.column.name, values=numbers)]


def _literal(test: FieldTest, item: ScalarNode, problems: Problems) -> Decimal | datetime | None:
    """Return the number or time of a scalar that fits the column."""
    column = test.column
    if column.type is ColumnType.TIMESTAMP:
        time = time_of(item.text)
        if time is None:
            problems.add(item.place, f"`{column.name}` is {kind_of(item)}, expected a time with its zone",
                         "write `2026-01-31T08:00:00Z` or a date")  # fmt: skip
        return time
    if column.unit in _UNITS and (seconds := seconds_of(item.text)) is not None:
        return Decimal(seconds * _UNITS[column.unit])
    if isinstance(item.value, bool) or not isinstance(item.value, int | Decimal):
        hint = "write the number without quotes" if isinstance(item.value, str) else "write a number"
        problems.add(item.place, f"`{column.name}` is {kind_of(item)}, expected a number", hint)
        return None
    number = exact_number(item.value)
    if number is None:
        problems.add(item.place, f"`{column.name}` is {shown(item.text)}, expected {NUMBER_WORDS}", "round the number")
        return None
    if test.kind == "equals" and column.type is ColumnType.INTEGER and number != number.to_integral_value():
        problems.add(item.place, f"`{column.name}` is {item.text}, expected a whole number", "the column is integer")
        return None
    return number
