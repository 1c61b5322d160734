"""Why a line is no record, in words: a second, strict look at single lines in plain Python."""

import json
import re
from collections.abc import Mapping

from auditor.records.faults import EXPRESSION, NOT_A_RECORD
from auditor.records.schema import COLUMNS, ColumnType
from auditor.records.values import CONTENT, EXPECTED, NAIVE_TIME_PATTERN, shown

DEEPEST = 64
_ESCAPED_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")
"""Behind an even number of backslashes; else it is text that shows such an escape, as a prompt about JSON may."""


def reason_for(data: bytes, fault: str, found: str | None, *, is_json: bool) -> str:
    """Say why a line is no record, given the fault that staging found: a column, or that it is no JSON object.

    A line of a CSV file or a text log (`is_json` false) is only held against what any text must be.
    """
    if fault == NOT_A_RECORD:
        what = "found a line that is no JSON object, expected one record a line" if is_json else "found no readable row"
        return line_fault(data, is_json=is_json) or what
    if fault.startswith(EXPRESSION):
        column = fault.removeprefix(EXPRESSION)
        return (
            line_fault(data, is_json=is_json)
            or f"the profile's expression for `{column}` fails on the values of this line"
        )
    if fault in ("time", "event") and not found:
        return line_fault(data, is_json=is_json) or f"`{fault}` is missing, expected a value"
    if fault == "time" and found and _is_naive(found):
        return f"`time` is {shown(found)}, without a zone, expected {EXPECTED[ColumnType.TIMESTAMP]}"
    return f"`{fault}` is {shown(found)}, expected {EXPECTED[COLUMNS[fault].type]}"


def line_fault(data: bytes, columns: tuple[str, ...] = (), *, is_json: bool) -> str | None:
    """Return what is wrong with a line of its kind, None when it is sound.

    JSON is held against RFC 8259 and the limits of a record; `columns` are those whose values must not be nested. In
    other text a bracket or `nan` is text like any other: nobody gets a line of a CSV file or a log out of sight by it.
    """
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        return f"found a byte that is no UTF-8 at byte {error.start + 1}, expected UTF-8 text"
    if "\0" in text:
        return f"found a NUL byte at byte {data.index(0) + 1}, expected text"
    return _json_fault(text, columns) if is_json else None


def _json_fault(text: str, columns: tuple[str, ...]) -> str | None:
    keys = _KeysOfObject()
    try:
        record = json.loads(text, object_pairs_hook=keys, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        return f"found broken JSON at byte {error.pos + 1}: {error.msg[:1].lower()}{error.msg[1:].rstrip('.')}"
    except RecursionError:
        return f"found values nested too deeply, expected at most {DEEPEST} levels"
    except ValueError as error:
        return str(error)
    if not isinstance(record, dict):
        return f"found {_kind(record)}, expected a JSON object"
    if keys.repeated is not None:
        return f"found the key {shown(keys.repeated)} twice, expected it once"
    return _content_fault(record, columns)


def _content_fault(record: Mapping[str, object], columns: tuple[str, ...]) -> str | None:
    if _ESCAPED_NUL.search(json.dumps(record)):
        return "found an escaped NUL character, expected text"
    if _depth(record) > DEEPEST:
        return f"found values nested {_depth(record)} levels deep, expected at most {DEEPEST}"
    for name in columns:
        column = COLUMNS[name]
        is_plain = column.type in (ColumnType.TEXT, ColumnType.ADDRESS) and name not in CONTENT
        if is_plain and isinstance(record.get(name), dict | list):
            return f"`{name}` is {_kind(record[name])}, expected {EXPECTED[column.type]}"
    return None if record else "`time` is missing, expected a value"


class _KeysOfObject:
    """The repeated key of the object that was closed last: of the record itself, when decoding is done."""

    repeated: str | None = None

    def __call__(self, pairs: list[tuple[str, object]]) -> dict[str, object]:
        seen: set[str] = set()
        self.repeated = None
        for name, _ in pairs:
            if name in seen:
                self.repeated = name
            seen.add(name)
        return dict(pairs)


def _no_constant(word: str) -> object:
    raise ValueError(f"found `{word}`, expected a finite number")


def _kind(value: object) -> str:
    kinds = {list: "a list", dict: "an object", str: "a text", bool: "a truth value", type(None): "null"}
    return kinds.get(type(value), "a number")


def _is_naive(text: str) -> bool:
    return re.fullmatch(NAIVE_TIME_PATTERN, text) is not None


def _depth(value: object) -> int:
    deepest, level = 0, [value]
    while level:
        deepest += 1
        level = [
            item
            for one in level
            if isinstance(one, dict | list)
            for item in (one.values() if isinstance(one, dict) else one)
        ]
    return deepest - 1
