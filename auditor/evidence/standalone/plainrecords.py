"""Say quickly that a record of a full bundle is sound; where that can't be said, nothing is said.

Every claim of `recordcheck` about a single record is made here in another way, for records that look like others which
were found sound the strict way. A test holds the outcome to the strict one.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from auditor.evidence.standalone.disclosure import canonical
from auditor.evidence.standalone.ownbytes import differences, record_in
from auditor.evidence.standalone.ownforms import OwnForm, own_form_of
from auditor.evidence.standalone.plainlines import Form, PlainLine, form_of
from auditor.evidence.standalone.reading import time_order
from auditor.evidence.standalone.sources import SOURCE_ID

MOST_FORMS = 24
"""Forms that are tried; the line of a source that has more is rarely like one of them."""
MOST_FINDINGS = 4096
MOST_LOOKS = 64
"""Own lines that are looked at for their form."""


class PlainRecord(NamedTuple):
    """A record of which nothing is wrong by itself."""

    form: Form
    order: tuple[str, str, int]
    said: list[bytes]
    is_object: bool | None
    """Whether its own bytes are a JSON object, None where that doesn't matter."""
    without: str
    """Why no bytes of it are quoted, empty where they are."""
    findings: Any
    values: Mapping[str, bytes]

    def text(self, column: str) -> str | None:
        """Return the text of a column."""
        value = self.values.get(column)
        return None if value is None else text_in(value)


class PlainRecords:
    """Reads records that look like those it was shown."""

    def __init__(self, profiles: Mapping[str, Any], names: Mapping[str, Any]) -> None:
        """Know the profile and the name of each source, by its id; one with an odd id is left to the strict way."""
        ids = {source: source.encode() for source in names if SOURCE_ID.fullmatch(source)}
        self._canonical = {data for source, data in ids.items() if profiles.get(source) == "canonical"}
        self._names = {ids[source]: canonical(names[source])[1:-1] for source in ids if isinstance(names[source], str)}
        self._known = list[_Known]()
        self._looked_at = 0
        self._findings = dict[bytes, Any]()

    def learn(self, line: Mapping[str, Any], text: bytes) -> None:
        """Look at a record that was found sound: others may look like it."""
        if len(self._findings) < MOST_FINDINGS:
            self._findings.setdefault(canonical(line["findings"]), line["findings"])
        is_known = any(_plain_in(item.form, text) for item in self._known)
        if not is_known and len(self._known) < MOST_FORMS and (form := form_of(line, text)):
            self._known.append(_Known(form, []))

    def read(self, text: bytes) -> PlainRecord | None:
        """Return a record of which everything that can be seen in it alone is sound, None where that isn't known."""
        for place, known in enumerate(self._known):
            plain = _plain_in(known.form, text)
            if plain is not None:
                _to_the_front(self._known, place)
                return self._judged(known, plain)
        return None

    def _judged(self, known: "_Known", plain: PlainLine) -> PlainRecord | None:
        form, values = known.form, plain.values
        source = values["source.id"]
        findings = self._findings.get(values["findings"])
        if findings is None or self._names.get(source) != values["source.name"]:
            return None
        order = (time_order(values["time"].decode()), source.decode(), int(values["source.line"]))
        if not form.has_bytes:
            return PlainRecord(form, order, plain.said, None, text_in(values["without_bytes"]), findings, values)
        is_canonical = source in self._canonical
        data = self._own_bytes(known, plain, order) if is_canonical else plain_bytes(plain.quoted)
        if data is None or b"%d" % len(data) != values.get("source.length"):
            return None
        plain.said.append(data)
        return PlainRecord(form, order, plain.said, True if is_canonical else None, "", findings, values)

    def _own_bytes(self, known: "_Known", plain: PlainLine, order: tuple[str, str, int]) -> bytes | None:
        """Return the exact bytes of a record, None where they don't say what the record says."""
        for place, own in enumerate(known.own):
            data = own.written(plain.values)
            if data is not None and quoted(data) == plain.quoted:
                _to_the_front(known.own, place)
                return data if all(_is_as_made(name, plain.values) for name in own.made) else None
        data = _text_bytes(plain.quoted)
        if data is None:
            return None
        line = json.loads(plain.text)
        said = record_in(data)
        if said is None or differences(line["record"], said, f"{order[1]}:{order[2]}"):
            return None
        if self._looked_at < MOST_LOOKS and (made := own_form_of(data, plain.values, known.form.columns)):
            known.own.append(made)
        self._looked_at += 1
        return data


class _Known(NamedTuple):
    """A form, and those of the own lines of its records."""

    form: Form
    own: list[OwnForm]


def _to_the_front(items: list[Any], place: int) -> None:
    """What fitted last is tried first."""
    if place:
        items.insert(0, items.pop(place))


def _plain_in(form: Form, text: bytes) -> PlainLine | None:
    try:
        return form.read(text)
    except UnicodeDecodeError:
        return None


def _is_as_made(column: str, values: Mapping[str, bytes]) -> bool:
    """Say whether a column that the line doesn't have holds what is made for it."""
    if column == "record_id":
        return values[column] == values["source.id"] + b":" + values["source.line"]
    prompt = values.get("prompt")
    return prompt is not None and hashlib.sha256(text_in(prompt).encode()).hexdigest().encode() == values[column]


def quoted(data: bytes) -> bytes:
    """Return what has no control bytes as it stands in a text of JSON."""
    return data.replace(b"\\", b"\\\\").replace(b'"', b'\\"')


def _text_bytes(text: bytes) -> bytes | None:
    """Return what a text of JSON stands for, None where it is none in its canonical form."""
    try:
        found = json.loads(b'"' + text + b'"')
    except ValueError:
        return None
    return str(found).encode() if canonical(found) == b'"' + text + b'"' else None


def plain_bytes(text: bytes) -> bytes | None:
    """Return what a text of JSON without control bytes stands for, None where that isn't plain to see."""
    quotes = text.count(b'\\"')
    if text.count(b"\\") != quotes or text.count(b'"') != quotes:
        return None
    return text.replace(b'\\"', b'"')


def text_in(value: bytes) -> str:
    """Return the text that stands between quotation marks in JSON."""
    return value.decode() if b"\\" not in value else str(json.loads(b'"' + value + b'"'))
