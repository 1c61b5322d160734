"""A terms file's map, read into `Terms`: whom a document applies to, and its dated versions and clauses."""

from itertools import pairwise
from typing import get_args

from auditor.policy.conditions import Condition
from auditor.policy.fields import Fields, Problems
from auditor.policy.heading import span_of
from auditor.policy.lists import Lists
from auditor.policy.rule import CONDUCTS
from auditor.policy.selections import read_selection
from auditor.policy.terms import Clause, Stance, Terms, TermsVersion
from auditor.policy.yaml import SequenceNode, YamlNode
from auditor.records.values import shown

KEYS = ("terms", "title", "publisher", "url", "applies", "versions")
VERSION_KEYS = ("version", "effective", "until", "source_digest", "clauses")
CLAUSE_KEYS = ("id", "text", "conduct", "stance", "limit", "exceptions")
APPLIES_TO = (
    "plan", "pathway", "endpoint", "country", "programme", "model", "event", "service", "device_owner",
    "data_category",
)  # fmt: skip
"""Columns by which a document may choose the records it applies to."""


def read_terms(node: YamlNode, *, digest: str, lists: Lists, problems: Problems) -> Terms | None:
    """Return the document that a terms file describes, None after problems."""
    before = len(problems.found)
    fields = Fields(node, "the terms file", problems)
    fields.allow(KEYS)
    terms = Terms(
        id=fields.text("terms"),
        title=fields.text("title"),
        publisher=fields.text("publisher"),
        url=fields.text("url", ""),
        applies=_applies(fields, lists),
        versions=_versions(fields),
        digest=digest,
    )
    return terms if len(problems.found) == before else None


def _applies(fields: Fields, lists: Lists) -> Condition | None:
    node = fields.node("applies")
    if node is None:
        return None
    own = lists.for_one_rule()
    condition = read_selection(node, "`applies`", own, fields.problems, APPLIES_TO)
    for name in sorted(own.missing):
        found = f"`%{name}%` in `applies`, expected a list of the pack"
        fields.problems.add(node.place, found, "whom terms apply to can't depend on the audit's context")
    return condition


def _versions(fields: Fields) -> tuple[TermsVersion, ...]:
    fields.required("versions")
    read = [(_version(version), version) for version in fields.maps("versions", "a version")]
    if not read and isinstance(fields.node("versions"), SequenceNode):
        fields.problems.add(fields.key_place("versions"), "no version, expected at least one", "add one")
    read.sort(key=lambda pair: pair[0].span.start.isoformat() if pair[0].span.start else "")
    for (earlier, _), (later, place) in pairwise(read):
        if earlier.version == later.version:
            found = f"version {shown(later.version)} a second time, expected it once"
            fields.problems.add(place.place, found, "give each version its own name")
        if earlier.span.until is None or (later.span.start is not None and later.span.start < earlier.span.until):
            found = f"version {shown(later.version)} overlaps {shown(earlier.version)}, expected one at a time"
            fields.problems.add(place.place, found, "end the earlier one: `until: DATE` of the later one's `effective`")
    return tuple(version for version, _ in read)


def _version(fields: Fields) -> TermsVersion:
    fields.allow(VERSION_KEYS)
    fields.required("effective")
    version = TermsVersion(
        version=fields.text("version"),
        span=span_of(fields, "effective", "until"),
        source_digest=fields.text("source_digest", ""),
        clauses=_clauses(fields),
    )
    if version.source_digest and not _is_digest(version.source_digest):
        found = f"`source_digest` is {shown(version.source_digest)}, expected 64 hexadecimal digits"
        fields.problems.add(fields.key_place("source_digest"), found, "use the SHA-256 of the recorded text")
    return version


def _is_digest(text: str) -> bool:
    return len(text) == 64 and set(text) <= set("0123456789abcdef")


def _clauses(fields: Fields) -> tuple[Clause, ...]:
    fields.required("clauses")
    clauses: list[Clause] = []
    for entry in fields.maps("clauses", "a clause"):
        clause = _clause(entry)
        if any(clause.id == other.id and clause.conduct == other.conduct for other in clauses):
            found = f"clause {shown(clause.id)} a second time for `{clause.conduct}`, expected it once"
            fields.problems.add(entry.place, found, "merge the two entries")
        clauses.append(clause)
    return tuple(clauses)


def _clause(fields: Fields) -> Clause:
    fields.allow(CLAUSE_KEYS)
    return Clause(
        id=fields.text("id"),
        text=fields.text("text"),
        conduct=fields.choice("conduct", CONDUCTS),
        stance=fields.choice("stance", get_args(Stance)),
        limit=fields.text("limit", ""),
        exceptions=fields.texts("exceptions", alone=True),
    )
