"""Files of the lists folder: value lists (`list: NAME`) and exemptions (`exemption: NAME`)."""

import re
from decimal import Decimal

from auditor.policy.columns import INEXACT, known_column
from auditor.policy.fields import Fields, Problems, kind_of
from auditor.policy.heading import span_of
from auditor.policy.literals import NUMBER_WORDS, exact_number
from auditor.policy.rule import Exemption, ExemptionEntry, ValueList
from auditor.policy.yaml import MappingNode, ScalarNode, SequenceNode, YamlNode
from auditor.records.schema import ColumnType
from auditor.records.values import shown

LIST_KEYS = ("list", "title", "source", "values")
EXEMPTION_KEYS = ("exemption", "owner", "reason", "entries")
_UNMATCHED = INEXACT | {ColumnType.TIMESTAMP}
LIST_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


def read_list_file(node: YamlNode, problems: Problems) -> ValueList | Exemption | None:
    """Return the list or exemption that a file describes, None after problems."""
    before = len(problems.found)
    fields = Fields(node, "the list file", problems)
    is_exemption = "exemption" in fields.names()
    if isinstance(node, MappingNode) and not is_exemption and "list" not in fields.names():
        problems.add(node.place, "neither `list` nor `exemption`, expected one of them", "start with `list: NAME`")
        return None
    read = _exemption(fields) if is_exemption else _value_list(fields)
    return read if len(problems.found) == before else None


def _value_list(fields: Fields) -> ValueList:
    fields.allow(LIST_KEYS)
    name = _name(fields, "list")
    node = fields.required("values")
    values = values_of(node, fields.problems) if node is not None else ()
    return ValueList(name=name, title=fields.text("title", ""), values=values, source=fields.text("source", ""))


def _name(fields: Fields, key: str) -> str:
    name = fields.text(key)
    if name and not LIST_NAME.fullmatch(name):
        found = f"`{key}` is {shown(name)}, expected letters, digits, `_` and `-`"
        fields.problems.add(fields.key_place(key), found, "rules refer to the name: choose a short one")
    return name


def values_of(node: YamlNode, problems: Problems) -> tuple[str, ...] | tuple[Decimal, ...]:
    """Return the values of a list: all texts, or all numbers; repeated ones once."""
    if not isinstance(node, SequenceNode):
        problems.add(node.place, f"`values` is {kind_of(node)}, expected a list", "write `[one, two]`")
        return ()
    numbers: list[Decimal] = []
    texts: list[str] = []
    for item in node.items:
        value = item.value if isinstance(item, ScalarNode) else None
        if isinstance(value, str) and value:
            texts.append(value)
        elif isinstance(value, int | Decimal) and not isinstance(value, bool):
            numbers.append(_number(value, item, problems))
        else:
            problems.add(item.place, f"{kind_of(item)} in a list, expected text or a number", "quote a text")
    if texts and numbers:
        found = f"{len(texts)} texts and {len(numbers)} numbers in one list, expected values of one type"
        problems.add(node.place, found, "quote the numbers if they are text")
    return tuple(dict.fromkeys(texts)) if texts else tuple(dict.fromkeys(numbers))


def _number(value: int | Decimal, node: YamlNode, problems: Problems) -> Decimal:
    number = exact_number(value)
    if number is None:
        problems.add(node.place, f"{kind_of(node)} in a list, expected {NUMBER_WORDS}", "quote it if it is text")
    return number or Decimal(0)


def _exemption(fields: Fields) -> Exemption:
    fields.allow(EXEMPTION_KEYS)
    fields.required("owner")
    entries = tuple(_entry(entry) for entry in fields.maps("entries", "an entry"))
    return Exemption(
        name=_name(fields, "exemption"), owner=fields.text("owner", ""), reason=fields.text("reason"), entries=entries
    )


def _entry(fields: Fields) -> ExemptionEntry:
    columns = [name for name in fields.names() if name not in {"reason", "from", "expires"}]
    if not columns:
        found = "an entry that matches nothing, expected a column such as `account_id`"
        fields.problems.add(fields.place, found, "name whom the exemption covers")
    match = tuple((name, _exact_text(fields, name)) for name in columns)
    if fields.node("expires") is None:
        found = "an entry without `expires`, expected a date"
        fields.problems.add(fields.place, found, "every exemption ends: write `expires: 2027-01-31`")
    return ExemptionEntry(match=match, reason=fields.text("reason"), span=span_of(fields, "from", "expires"))


def _exact_text(fields: Fields, name: str) -> str:
    column = known_column(name, fields.key_place(name), fields.problems)
    if column is not None and column.type in _UNMATCHED:
        found = f"`{name}` is of type {column.type}, expected one with exact single values"
        fields.problems.add(fields.key_place(name), found, "match an identifier instead")
    node = fields.required(name)
    return fields.text_of(node, f"`{name}`") if node is not None else ""
