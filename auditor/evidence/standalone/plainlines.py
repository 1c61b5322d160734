"""Read the lines of plain records without a parser: what most lines of a bundle look like.

A *form* is made from a line that was read and found sound the strict way. It knows the columns of that line and finds
their values in others by one pattern, which only fits JSON in its canonical form; so the values as they stand there are
what is committed to. A line that no form fits says nothing: it is read the strict way. A test holds the two together.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Any, NamedTuple

from auditor.evidence.standalone.columns import INTEGERS, REALS, TEXTS
from auditor.evidence.standalone.disclosure import (
    BYTES,
    DERIVED_FIELD,
    GROUPS,
    KEY_DIGITS,
    PAIRS,
    REST,
    canonical,
    group_of,
)
from auditor.evidence.standalone.frames import HOLE, Frame

LETTERS = rb'(?:[^"\\\x00-\x1f]++|\\(?:["\\bfnrt]|u00(?:0[0-7bef]|1[0-9a-f])))++'
"""What stands in a text that isn't empty, with its escapes in the one form in which they are written."""
TEXT_VALUE = b'"(' + LETTERS + b')"'
LIST_VALUE = b'(\\["' + LETTERS + b'"(?:,"' + LETTERS + b'")*+\\])'
WHOLE_VALUE = rb"(0|-?[1-9][0-9]{0,17})"
TIME_VALUE = rb'"(\d{4}-\d\d-\d\dT(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{6})?Z)"'
REAL_VALUE = rb'"(-?(?:0|[1-9]\d{0,15})\.\d{1,17})"'
COST_VALUE = rb'"((?:0|[1-9]\d{0,8})(?:\.\d{1,9})?)"'
FINDINGS_VALUE = rb"(\[[^\]\x00-\x1f]*+\])"
VALUES = {
    **dict.fromkeys(TEXTS | {"extra"}, TEXT_VALUE),
    **dict.fromkeys(INTEGERS, WHOLE_VALUE),
    **dict.fromkeys(REALS, REAL_VALUE),
    **dict.fromkeys(("logit_bias", "stream"), rb"(true|false)"),
    "cost_usd": COST_VALUE,
    "tags": LIST_VALUE,
    "time": TIME_VALUE,
}
"""How the value of each column is written."""
PLACE_VALUES = {"id": rb'"([0-9a-f]{64})"', "name": TEXT_VALUE}
PLACE_KEYS = {"id", "length", "line", "name", "offset"}
LINE_END = b'"}}\n'
CONTROLS = bytes(range(0x20))
"""Bytes that no JSON text holds as they are."""
PLAIN_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}", re.ASCII)
"""What a value that was worked out may be called in a line that others are read like: the name is the bundle's own."""
MOST_DERIVED = 32
"""Such values in a line; the program works out a handful."""
BETWEEN = b"\0"
"""Stands between what the groups say; no JSON has it as it is."""

Half = tuple[int, int, bytes]
"""Where what a group says stands, which half of its pair's digest is its salt, and the group's number."""


class PlainLine(NamedTuple):
    """What a form finds in a line: the values of its fields, and what each group but the bytes says.

    What is `quoted` is the line up to the end of its last text, without control bytes: it has still to be shown that
    this is one text.
    """

    text: bytes
    values: Mapping[str, bytes]
    said: list[bytes]
    quoted: bytes


class Form:
    """The lines with the same fields as one that was read; raises KeyError where that isn't plain."""

    def __init__(self, line: Mapping[str, Any]) -> None:
        """Make the form of a line."""
        source = line["source"]
        self.columns = frozenset(line["record"])
        self.has_bytes = source.keys() == {*PLACE_KEYS, "text"}
        if not (self.has_bytes or source.keys() == {*PLACE_KEYS, "without_bytes"}):
            raise KeyError("source")
        derived = dict.fromkeys(_plain_names(line.get("derived", {})), TEXT_VALUE)
        record = {name: VALUES[name] for name in sorted(self.columns)}
        place = {name: _place_value(name, source[name]) for name in sorted(PLACE_KEYS)}
        ending = b'"text":"' if self.has_bytes else b'"without_bytes":' + TEXT_VALUE + rb"\}\}\n\Z"
        self._pattern = re.compile(
            (rb'\{"derived":' + _object_pattern(derived) + b"," if derived else rb"\{")
            + b'"findings":' + FINDINGS_VALUE + b',"record":' + _object_pattern(record)
            + b',"source":' + _object_pattern(place)[:-2] + b"," + ending
        )  # fmt: skip
        given = {f"source.{name}": value for name, value in place.items() if value != NOTHING}
        derived = {DERIVED_FIELD + name: value for name, value in derived.items()}
        self._fields = derived | {"findings": FINDINGS_VALUE} | record | given
        self._names = (*self._fields, *(() if self.has_bytes else ("without_bytes",)))
        self._lay_out()

    def _lay_out(self) -> None:
        """Lay out what the groups say, and how it is hashed."""
        members: dict[str, list[str]] = {group: [] for group in GROUPS}
        for name in sorted(self._fields.keys() - {"source.name"}):
            members[REST if name.startswith("source.") else group_of(name)].append(name)
        groups = [group for group in GROUPS if members[group]]
        said = (b",".join(_member(name, _hole(self._fields[name])) for name in members[group]) for group in groups)
        self._said = Frame(BETWEEN.join(b"{" + fields + b"}" for fields in said))
        self._picked = itemgetter(*(self._names.index(name) for group in groups for name in members[group]))
        hashed = [*groups, BYTES] if self.has_bytes else groups
        self.pairs = tuple(
            (b"%d" % number, tuple(_half(group, pair, hashed) for group in pair if group in hashed))
            for number, pair in enumerate(PAIRS)
            if not set(pair).isdisjoint(hashed)
        )

    def read(self, text: bytes) -> PlainLine | None:
        """Return what a line says, None where this is not its form; raises UnicodeDecodeError for no UTF-8."""
        found = self._pattern.match(text)
        if found is None:
            return None
        quoted = text[found.end() : -len(LINE_END)]
        if self.has_bytes and (not text.endswith(LINE_END, found.end()) or quoted != quoted.translate(None, CONTROLS)):
            return None
        if not text.isascii():
            text.decode()
        values = found.groups()
        said = self._said.filled(self._picked(values)).split(BETWEEN)
        return PlainLine(text, dict(zip(self._names, values, strict=True)), said, quoted)

    def leaf(self, key: bytes, said: Sequence[bytes]) -> bytes:
        """Return the leaf of a record from its key and what its groups say, the bytes last: `disclosure.own_leaf`."""
        made, found = hashlib.sha256, [b"\0"]
        for number, halves in self.pairs:
            salts = made(key + number).hexdigest().encode()
            for at, half, group in halves:
                found += (group, made(salts[half : half + KEY_DIGITS] + said[at]).digest())
        return made(b"".join(found)).digest()


def form_of(line: Mapping[str, Any], text: bytes) -> Form | None:
    """Return the form of a sound line, None where it isn't plain or not canonical."""
    try:
        form = Form(line)
    except KeyError:
        return None
    return form if canonical(line) + b"\n" == text and form.read(text) is not None else None


NOTHING = b"null"


def _place_value(name: str, value: Any) -> bytes:
    """Return how a part of a record's place is written; where it lies is always said."""
    if value is None and name in PLACE_VALUES:
        raise KeyError(name)
    return NOTHING if value is None else PLACE_VALUES.get(name, WHOLE_VALUE)


def _plain_names(derived: Any) -> list[str]:
    """Return the names of what was worked out, sorted; raises KeyError where they are not few and plain."""
    if not isinstance(derived, dict) or len(derived) > MOST_DERIVED or not all(map(PLAIN_NAME.fullmatch, derived)):
        raise KeyError("derived")
    return sorted(derived)


def _object_pattern(fields: Mapping[str, bytes]) -> bytes:
    """Return the pattern of a JSON object."""
    return rb"\{" + b",".join(_member(re.escape(name), value) for name, value in fields.items()) + rb"\}"


def _member(name: str, value: bytes) -> bytes:
    return b'"' + name.encode() + b'":' + value


def _hole(pattern: bytes) -> bytes:
    return b'"' + HOLE + b'"' if pattern.startswith(b'"') else HOLE


def _half(group: str, pair: Sequence[str], hashed: Sequence[str]) -> Half:
    return hashed.index(group), KEY_DIGITS * pair.index(group), bytes((GROUPS.index(group),))
