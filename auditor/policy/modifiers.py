"""The key of a test, `field|modifier|modifier`: which modifiers go together, and what they ask of the column.

A wrong combination is refused with its reason; nothing is silently ignored.
"""

import re
from dataclasses import dataclass

from auditor.errors import Place
from auditor.policy.columns import NUMBERS, TEXTS, is_exact, is_extra, known_column
from auditor.policy.fields import Problems, nearest
from auditor.policy.yaml import ScalarNode
from auditor.records.schema import Column, ColumnType

POSITIONS = ("contains", "startswith", "endswith")
ENCODINGS = ("wide", "base64", "base64offset", "windash")
COMPARISONS = {"lt": "<", "lte": "<=", "gt": ">", "gte": ">="}
TIME_PARTS = {"hour": (0, 23), "day": (1, 31), "week": (1, 53), "month": (1, 12), "year": (1, 9999)}
FLAGS = ("i", "m", "s")
MODIFIERS = (
    *POSITIONS, "all", "cased", "re", *FLAGS, "cidr", "exists", *COMPARISONS, "neq", "fieldref", "expand",
    *ENCODINGS, *TIME_PARTS,
)  # fmt: skip

_TESTS = {
    "re": {*FLAGS, "all", "neq"},
    "cidr": {"neq", "expand"},
    "exists": set[str](),
    "fieldref": {*POSITIONS, "neq", "cased", "all"},
}
_TIME_PART_ALLOWS = {*COMPARISONS, "neq"}
_EQUALS_ALLOWS = {*POSITIONS, *ENCODINGS, "all", "cased", "neq", "expand"}


@dataclass(frozen=True)
class FieldTest:
    """A key, taken apart. `kind` is equals, re, cidr, exists, fieldref, compare or a part of a time."""

    place: Place
    column: Column
    kind: str
    modifiers: frozenset[str]

    @property
    def is_cased(self) -> bool:
        """Whether text compares exactly."""
        return "cased" in self.modifiers or is_exact(self.column)

    @property
    def position(self) -> str:
        """Where in the text the value stands: contains, startswith, endswith or nothing for the whole."""
        return next((name for name in POSITIONS if name in self.modifiers), "")

    @property
    def operator(self) -> str:
        """The comparison, `=` without one."""
        return next((sign for name, sign in COMPARISONS.items() if name in self.modifiers), "=")

    @property
    def flags(self) -> str:
        """The flags of a regular expression."""
        return "".join(flag for flag in FLAGS if flag in self.modifiers)


def field_test_of(key: ScalarNode, problems: Problems) -> FieldTest | None:
    """Take a key apart; None after a problem."""
    name, *modifiers = key.text.split("|")
    column = known_column(name, key.place, problems)
    if not _are_known(modifiers, key.place, problems) or column is None:
        return None
    test = FieldTest(key.place, column, _kind_of(modifiers), frozenset(modifiers))
    fault = _fault_of_combination(test, modifiers) or _fault_of_column(test)
    if fault is None:
        return test
    problems.add(key.place, *fault)
    return None


def _are_known(modifiers: list[str], place: Place, problems: Problems) -> bool:
    for name in modifiers:
        if name not in MODIFIERS:
            found = f"unknown modifier `{_printable(name)}`, expected one of {', '.join(MODIFIERS)}"
            hint = "this version has no such modifier" if name in {"minute", "utf16", "utf16le", "utf16be"} else ""
            problems.add(place, found, hint or nearest(name, MODIFIERS, "choose one of them"))
        elif modifiers.count(name) > 1:
            problems.add(place, f"modifier `{name}` twice, expected each once", "remove one of them")
    return set(modifiers) <= set(MODIFIERS) and len(set(modifiers)) == len(modifiers)


def _printable(name: str) -> str:
    return re.sub(r"[^\x20-\x7e]", "?", name[:40])


def _kind_of(modifiers: list[str]) -> str:
    for name in (*_TESTS, *TIME_PARTS):
        if name in modifiers:
            return name
    return "compare" if set(modifiers) & set(COMPARISONS) else "equals"


def _allowed_with(kind: str) -> set[str]:
    if kind in TIME_PARTS:
        return _TIME_PART_ALLOWS
    if kind == "compare":
        return set(COMPARISONS)
    return _TESTS.get(kind, _EQUALS_ALLOWS)


def _fault_of_combination(test: FieldTest, modifiers: list[str]) -> tuple[str, str] | None:
    others = [name for name in modifiers if name != test.kind]
    for name in others:
        if name not in _allowed_with(test.kind):
            with_whom = f"`{test.kind}`" if test.kind not in {"equals", "compare"} else "a plain value"
            if test.kind == "compare":
                with_whom = f"`{next(other for other in modifiers if other in COMPARISONS)}`"
            return (f"`{name}` together with {with_whom}, expected one or the other", "split it into two selections")
    for group in (POSITIONS, tuple(COMPARISONS)):
        both = [name for name in others if name in group]
        if len(both) > 1:
            return (f"`{both[0]}` together with `{both[1]}`, expected one of them", "write two lines of the same map")
    if "neq" in others and (test.operator != "=" or "all" in others):
        return ("`neq` together with another comparison or `all`, expected one of them", "use `not` in the condition")
    return _fault_of_encoding(modifiers)


def _fault_of_encoding(modifiers: list[str]) -> tuple[str, str] | None:
    encodings = [name for name in modifiers if name in ENCODINGS]
    if {"base64", "base64offset"} <= set(encodings):
        return ("`base64` together with `base64offset`, expected one of them", "use `base64offset|contains` for a part")
    if "wide" in encodings and not {"base64", "base64offset"} & set(encodings):
        return ("`wide` alone, expected a Base64 modifier after it", "write `wide|base64offset|contains`")
    order = sorted(encodings, key=("windash", "wide", "base64", "base64offset").index)
    if encodings != order:
        return (f"`{'|'.join(encodings)}`, expected `{'|'.join(order)}`", "each applies to what stands before it")
    position = next((index for index, name in enumerate(modifiers) if name in POSITIONS), len(modifiers))
    if any(name in ENCODINGS and name != "windash" for name in modifiers[position:]):
        return (f"an encoding after `{modifiers[position]}`, expected it before", "write `base64offset|contains`")
    return None


def _fault_of_column(test: FieldTest) -> tuple[str, str] | None:
    column, kind = test.column, test.kind
    what = f"`{column.name}` is a column of type {column.type}"
    if column.type is ColumnType.JSON and kind != "exists":
        return (f"{what}, expected one of its keys", "write `extra.NAME`")
    if kind == "cidr" and column.type is not ColumnType.ADDRESS:
        return (f"`cidr` on `{column.name}`, expected an address column", "use `client_ip|cidr`")
    if kind in TIME_PARTS and column.type is not ColumnType.TIMESTAMP:
        return (f"`{kind}` on `{column.name}`, expected a time column", f"use `time|{kind}`")
    if kind == "compare" and not (column.type in {*NUMBERS, ColumnType.TIMESTAMP} or is_extra(column)):
        return (
            f"a comparison on `{column.name}`, a column of type {column.type}, expected number or time",
            "test for values",
        )
    if kind == "fieldref" and column.type is ColumnType.TEXT_LIST:
        return (f"`fieldref` on a {column.type}, expected a column with a single value", "choose another column")
    needs_text = kind == "re" or test.modifiers & {*POSITIONS, *ENCODINGS, "cased", "all"}
    if needs_text and column.type not in TEXTS:
        name = next(iter(sorted(test.modifiers & {*POSITIONS, *ENCODINGS, "cased", "all", "re"})))
        return (
            f"`{name}` on `{column.name}`, a column of type {column.type}, expected a text column",
            "remove the modifier",
        )
    if kind == "equals" and "expand" in test.modifiers and column.type not in {*TEXTS, *NUMBERS}:
        return (
            f"`expand` on `{column.name}`, a column of type {column.type}, expected text or number",
            "list the values",
        )
    return None
