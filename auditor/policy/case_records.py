"""Records of a rule case: a map a record, or one map that stands for many.

`repeat: 20` with `every: 5m` stands for twenty records, each five minutes after the one before, so that thresholds of a
thousand stay readable. In their texts `{n}` is the number of the record counted from 1, `{n%10}` one that goes round
from 1 to 10, and `{n/10}` one that counts tens from 1.
"""

import re
from datetime import timedelta
from typing import Any  # values of a record are of any column's type

from auditor.digests import rfc3339
from auditor.policy.fields import Fields, kind_of, nearest
from auditor.policy.literals import time_of
from auditor.policy.yaml import MappingNode, ScalarNode, SequenceNode, YamlNode
from auditor.records.schema import COLUMNS, PROVENANCE_COLUMNS
from auditor.records.values import shown

MOST_REPEATS = 20_000
KEYS = (*COLUMNS, *PROVENANCE_COLUMNS)
_NUMBER = re.compile(r"\{n(?:([%/])([1-9][0-9]{0,5}))?\}")


def rows_of(fields: Fields, key: str) -> tuple[dict[str, Any], ...]:
    """Return the records under a key of a case, none when it is absent; problems are collected."""
    node = fields.node(key)
    if node is None:
        return ()
    if not isinstance(node, SequenceNode):
        found = f"`{key}` is {kind_of(node)}, expected a list of records"
        fields.problems.add(node.place, found, "start each with `- `")
        return ()
    return tuple(row for item in node.items for row in _rows(Fields(item, "a record", fields.problems)))


def _rows(record: Fields) -> list[dict[str, Any]]:
    for name in record.names():
        if name not in {*KEYS, "repeat", "every"}:
            hint = nearest(name, KEYS, "put fields without a column into `extra: {…}`")
            place = record.key_place(name)
            record.problems.add(place, f"unknown column {shown(name)} in a record, expected a column", hint)
    nodes = {name: record.node(name) for name in record.names() if name not in {"repeat", "every"}}
    row = {name: None if node is None else plain(node) for name, node in nodes.items()}
    if record.node("repeat") is None:
        if record.node("every") is not None:
            record.problems.add(record.key_place("every"), "`every` without `repeat`, expected both", "add `repeat`")
        return [row]
    return _repeated(record, row)


def _repeated(record: Fields, row: dict[str, Any]) -> list[dict[str, Any]]:
    count, every = record.whole_number("repeat"), record.seconds("every", 0)
    if not 1 <= count <= MOST_REPEATS:
        found = f"`repeat` is {count}, expected a number from 1 to {MOST_REPEATS}"
        record.problems.add(record.key_place("repeat"), found, "a case is a small set of records")
        return []
    start = time_of(row["time"]) if isinstance(row.get("time"), str) else None
    if every and start is None:
        found = "`every` without a `time` to count from, expected a time with its zone"
        record.problems.add(record.key_place("every"), found, 'write `time: "2026-01-31T08:00:00Z"`')
    rows = []
    for number in range(1, count + 1):
        copy = {name: numbered(value, number) for name, value in row.items()}
        if start is not None:
            copy["time"] = rfc3339(start + timedelta(seconds=every * (number - 1)))
        rows.append(copy)
    return rows


def numbered(value: Any, number: int) -> Any:
    """Return a value with `{n}`, `{n%10}` and `{n/10}` in its texts filled in."""
    match value:
        case str():
            return _NUMBER.sub(lambda match: str(_derived(match[1], match[2], number)), value)
        case list():
            return [numbered(item, number) for item in value]
        case dict():
            return {key: numbered(item, number) for key, item in value.items()}
        case _:
            return value


def _derived(operator: str | None, operand: str, number: int) -> int:
    if operator is None:
        return number
    return 1 + ((number - 1) % int(operand) if operator == "%" else (number - 1) // int(operand))


def plain(node: YamlNode) -> Any:
    """Return a tree as Python values."""
    match node:
        case ScalarNode(value=value):
            return value
        case SequenceNode(items=items):
            return [plain(item) for item in items]
        case MappingNode(entries=entries):
            return {key.text: plain(value) for key, value in entries}
