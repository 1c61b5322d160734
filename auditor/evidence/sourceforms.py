"""How a source writes its lines, so that the engine can write them again from the columns.

A guess from the beginning of a file: nothing rests on it. A line that the engine wrote is compared with the exact bytes
in the file; where the two are the same byte for byte, the record says what its line says, and nothing needs parsing.
"""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from auditor.evidence.standalone.columns import COLUMNS, TEXTS

BEGINNING = 1 << 18
"""Bytes of a source that are looked at."""
MOST_FIELDS = 128
"""Fields of a form; a line that has others beyond these says nothing of its source's form."""
MOST_DECIMALS = 9
_KEY = re.compile(r'([ \t]*"([^"\\\x00-\x1f]+)"[ \t]*:[ \t]*)')
_VALUE = re.compile(r'("(?:[^"\\\x00-\x1f]|\\.)*"|[^\s",{}\[\]]+|\[[^\]{}]*\])([ \t]*[,}])')
_PLAIN_NAME = re.compile(r"[A-Za-z0-9_.-]+")
"""Of a field that is no column: a path into `extra` can name it."""
_TIME = re.compile(r'"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.(\d{1,6}))?(Z|\+00:00)"')
_NOTHING = ("null", '""')


class Member(NamedTuple):
    """A field of a line: what stands before its value, and how that is written."""

    lead: str
    name: str
    is_text: bool = True
    """Whether the value stands between quotation marks."""
    decimals: int | None = None
    """Decimals of an amount or a second, None for as many as there are."""
    zone: str = "Z"
    nothing: str | None = None
    """What is written for no value, None where the field is left out."""


class SourceForm(NamedTuple):
    """The fields of a source's lines in their order, and what stands behind the last."""

    members: tuple[Member, ...]
    end: str


class _Seen(NamedTuple):
    lead: str
    values: list[str]


def form_of_source(beginning: bytes) -> SourceForm | None:
    """Return how the lines of a source are written, None where they aren't plain objects of JSON."""
    order, seen, ends = list[str](), dict[str, _Seen](), list[str]()
    for line in beginning.decode("utf-8", "replace").split("\n")[:-1]:
        before = ""
        fields = list(_fields(line))
        if len(seen.keys() | {name for _, name, _ in fields[:-1]}) > MOST_FIELDS:
            continue
        for lead, name, value in fields[:-1]:
            if name not in seen:
                order.insert(order.index(before) + 1 if before else 0, name)
                seen[name] = _Seen(lead, [])
            seen[name].values.append(value)
            before = name
        ends += [fields[-1][0]] if fields else []
    if not all(name in COLUMNS or _PLAIN_NAME.fullmatch(name) for name in order):
        return None
    if not order or any(lead.startswith(",") == (name == order[0]) for name, (lead, _) in seen.items()):
        return None
    return SourceForm(tuple(_member(name, seen[name]) for name in order), ends[0])


def _fields(line: str) -> Iterator[tuple[str, str, str]]:
    """Yield what stands before each value of a line, its name and it, then what stands at the end; all or nothing."""
    found, at, before = list[tuple[str, str, str]](), 1, ""
    while line.startswith("{"):
        key = _KEY.match(line, at)
        value = _VALUE.match(line, key.end()) if key else None
        if key is None or value is None:
            return
        found.append((before + key[1], key[2], value[1]))
        before, at = value[2], value.end()
        if before.endswith("}"):
            yield from (*found, (before + line[at:], "", ""))
            return


def _member(name: str, seen: _Seen) -> Member:
    values = [value for value in seen.values if value not in _NOTHING]
    nothing = next((value for value in seen.values if value == "null" or (value == '""' and _is_none(name))), None)
    plain = Member(seen.lead, name, nothing=nothing, is_text=not values or values[0].startswith('"'))
    if name == "time":
        return _time(plain, values)
    if name == "cost_usd":
        digits = {len(value.strip('"').partition(".")[2]) for value in values}
        is_fixed = len(digits) == 1 and any(value.strip('"').endswith("0") for value in values)
        return plain._replace(decimals=digits.pop()) if is_fixed and max(digits) <= MOST_DECIMALS else plain
    return plain


def _is_none(name: str) -> bool:
    """Say whether an empty text in a column is no value: docs/records.md."""
    return name not in TEXTS or name == "client_ip" or name.endswith(("_id", "_fingerprint", "_digest"))


def _time(plain: Member, values: Iterable[str]) -> Member:
    found = [match for match in map(_TIME.fullmatch, values) if match]
    if not found:
        return plain
    digits = {len(match[1] or "") for match in found}
    return plain._replace(decimals=digits.pop() if len(digits) == 1 and max(digits) else None, zone=found[0][2])
