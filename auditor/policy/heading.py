"""What every rule file says whatever it detects: its name and weight, whom it is about, what excuses from it."""

import re
from collections.abc import Collection, Iterator
from typing import Any, get_args  # a heading's values are of many types

from auditor.policy.columns import known_column, refuse_repeated
from auditor.policy.fields import Fields, kind_of, nearest
from auditor.policy.measure_phrases import LANGUAGES
from auditor.policy.rule import CONDUCTS, SUBJECT_COLUMNS, EvidenceNote, Family, Level, Span, Status, Strength
from auditor.policy.yaml import MappingNode, ScalarNode, YamlNode
from auditor.records.values import shown

KEYS = (
    "id", "title", "status", "conduct", "strength", "family", "level", "subject", "description", "references",
    "author", "date", "modified", "unless", "evidence", "falsepositives", "effective",
)  # fmt: skip
Heading = dict[str, Any]
"""Fields of `Rule`, by name."""

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def read_heading(fields: Fields, exemptions: Collection[str] | None) -> Heading:
    """Return the fields of `Rule` that its heading gives; `exemptions` as for `read_rule`."""
    return {
        "id": _id(fields),
        "title": " ".join(fields.text("title").split()),
        "status": fields.choice("status", get_args(Status), "experimental"),
        "conducts": _conducts(fields),
        "strength": fields.choice("strength", get_args(Strength)),
        "family": fields.choice("family", get_args(Family)),
        "level": fields.choice("level", list(Level), Level.MEDIUM),
        "subject": fields.choice("subject", tuple(SUBJECT_COLUMNS), "account"),
        "description": fields.text("description", ""),
        "references": fields.texts("references", alone=True),
        "unless": _unless(fields, exemptions),
        "evidence": _evidence(fields),
        "false_positives": fields.texts("falsepositives", alone=True),
        "effective": read_span(fields.map("effective", "`effective`"), "from", "until"),
        "modified": fields.text("modified", ""),
    }


def read_span(fields: Fields | None, start_key: str, until_key: str) -> Span:
    """Return the span of a map with two times, open where one is absent."""
    if fields is None:
        return Span()
    fields.allow((start_key, until_key))
    return span_of(fields, start_key, until_key)


def span_of(fields: Fields, start_key: str, until_key: str) -> Span:
    """Return the span between two keys of a map; that it ends before it starts is a problem."""
    start, until = fields.time(start_key), fields.time(until_key)
    if start is not None and until is not None and until <= start:
        found = f"`{until_key}` is not later than `{start_key}`, expected a later time"
        fields.problems.add(fields.key_place(until_key), found, f"`{until_key}` is excluded, `{start_key}` included")
    return Span(start=start, until=until)


def conduct_of(fields: Fields, node: YamlNode) -> str:
    """Return a conduct; an unknown word is a problem."""
    return fields.choice_of(node, "`conduct`", CONDUCTS, "")


def _id(fields: Fields) -> str:
    text = fields.text("id")
    if text and not _UUID.fullmatch(text.lower()):
        found = f"`id` is {shown(text)}, expected a UUID"
        fields.problems.add(fields.key_place("id"), found, "make one with `python -m uuid`, and never use it again")
    return text.lower()


def _conducts(fields: Fields) -> tuple[str, ...]:
    node = fields.required("conduct")
    if node is None:
        return ()
    items = (node,) if isinstance(node, ScalarNode) else getattr(node, "items", ())
    if not items or isinstance(node, MappingNode):
        found = f"`conduct` is {kind_of(node)}, expected a conduct or a list of them"
        fields.problems.add(node.place, found, f"the conducts are {', '.join(CONDUCTS)}")
        return ()
    conducts = tuple(conduct_of(fields, item) for item in items)
    refuse_repeated(conducts, node.place, "`conduct`", fields.problems)
    return conducts


def _unless(fields: Fields, exemptions: Collection[str] | None) -> tuple[str, ...]:
    names = fields.texts("unless", alone=True)
    for name in names:
        if exemptions is not None and name not in exemptions:
            found = f"unknown exemption {shown(name)}, {_expected(exemptions)}"
            hint = nearest(name, exemptions, f"add a file with `exemption: {name}` to the pack's lists")
            fields.problems.add(fields.key_place("unless"), found, hint)
    refuse_repeated(names, fields.key_place("unless"), "`unless`", fields.problems)
    return names


def _expected(exemptions: Collection[str]) -> str:
    known = ", ".join(sorted(exemptions))
    return f"expected one of {known}" if known else "expected the name of an exemption list, and the pack has none"


def _evidence(fields: Fields) -> EvidenceNote:
    evidence = fields.map("evidence", "`evidence`")
    if evidence is None:
        return EvidenceNote()
    evidence.allow(("columns", "note", "words"))
    columns = evidence.texts("columns")
    for column in columns:
        known_column(column, evidence.key_place("columns"), fields.problems)
    refuse_repeated(columns, evidence.key_place("columns"), "`columns`", fields.problems)
    return EvidenceNote(columns=columns, note=evidence.text("note", ""), words=tuple(_words(evidence, fields)))


def _words(evidence: Fields, fields: Fields) -> Iterator[tuple[str, str, str]]:
    """Yield what measures are in words, a language each."""
    block = fields.map("measure", "`measure`") if fields.node("measure") else None
    measures = block.names() if block else ()
    words = evidence.map("words", "`words`")
    for name in words.names() if words else ():
        assert words is not None
        if name not in measures:
            found = f"{shown(name)} in `words`, expected a measure of the rule"
            fields.problems.add(words.key_place(name), found, nearest(name, measures, "name one of its measures"))
        by_language = words.map(name, f"`words` of {shown(name)}")
        if by_language:
            by_language.allow(LANGUAGES)
            yield from ((name, language, by_language.text(language)) for language in by_language.names())
