"""A rule file's map, read into a `Rule`: heading, what is selected, what is measured, who it is about."""

import re
from collections.abc import Collection
from typing import get_args

from auditor.policy.baseline import read_baseline, refuse_unused_baseline
from auditor.policy.columns import grouping_columns, known_column, refuse_repeated
from auditor.policy.fields import Fields, Problems, kind_of, nearest
from auditor.policy.lists import Lists
from auditor.policy.measures import read_measures, read_violates
from auditor.policy.reachable import refuse_unreachable
from auditor.policy.repeat import read_repeat
from auditor.policy.rule import (
    CONDUCTS,
    SUBJECT_COLUMNS,
    Absent,
    EvidenceNote,
    Family,
    Level,
    Novel,
    Rule,
    Span,
    Status,
    Strength,
    Window,
)
from auditor.policy.steps import read_sequence
from auditor.policy.when import When, read_when
from auditor.policy.yaml import MappingNode, ScalarNode, YamlNode
from auditor.records.values import shown

KEYS = (
    "id", "title", "status", "conduct", "strength", "family", "level", "subject", "by", "description", "references",
    "author", "date", "modified", "when", "missing", "measure", "within", "violates", "novel", "sequence", "absent",
    "baseline", "repeat", "against", "unless", "evidence", "falsepositives", "effective",
)  # fmt: skip
LATER_KEYS = {
    "composite": "write one rule a file; the ladder weighs families together",
}
ABSENT_KEYS = ("selection", "within")
CALENDAR_UNITS = ("hour", "day", "week", "month", "year")
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def read_rule(
    node: YamlNode, *, name: str, digest: str, lists: Lists, exemptions: Collection[str] | None, problems: Problems
) -> Rule | None:
    """Return the rule that a document describes, None after problems.

    `exemptions` are the names that `unless` may use; None leaves them unchecked.
    """
    before = len(problems.found)
    fields = Fields(node, "the rule", problems)
    fields.allow(KEYS, LATER_KEYS)
    own_lists = lists.for_one_rule()
    when = read_when(fields, own_lists)
    measures = read_measures(fields, when)
    sequence = read_sequence(fields, when)
    window = _window(fields)
    rule = Rule(
        id=_id(fields),
        name=name,
        digest=digest,
        title=" ".join(fields.text("title").split()),
        status=fields.choice("status", get_args(Status), "experimental"),
        conducts=_conducts(fields),
        strength=fields.choice("strength", get_args(Strength)),
        family=fields.choice("family", get_args(Family)),
        level=fields.choice("level", list(Level), Level.MEDIUM),
        subject=fields.choice("subject", tuple(SUBJECT_COLUMNS), "account"),
        by=_columns(fields, "by"),
        description=fields.text("description", ""),
        references=fields.texts("references", alone=True),
        selections=tuple(when.selections.items()),
        condition=when.condition,
        is_missing_counted=fields.choice("missing", ("undetermined", "counts"), "undetermined") == "counts",
        measures=measures,
        within=window,
        violates=read_violates(fields, when, measures),
        novel=_novel(fields),
        sequence=sequence,
        absent=_absent(fields, when),
        baseline=read_baseline(fields, window),
        repeat=read_repeat(fields, window),
        against=_selection_named(fields, "against", when),
        unless=_unless(fields, exemptions),
        evidence=_evidence(fields),
        false_positives=fields.texts("falsepositives", alone=True),
        effective=read_span(fields.map("effective", "`effective`"), "from", "until"),
        modified=fields.text("modified", ""),
        missing_lists=tuple(sorted(own_lists.missing)),
    )
    when.refuse_unused(problems)
    refuse_unused_baseline(fields, rule.violates)
    if len(problems.found) == before:
        refuse_unreachable(rule, fields, when)
    return rule if len(problems.found) == before else None


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


def _columns(fields: Fields, name: str) -> tuple[str, ...]:
    node = fields.node(name)
    if node is None:
        return ()
    return grouping_columns(fields.texts(name), node.place, f"`{name}`", fields.problems)


def _window(fields: Fields) -> Window | None:
    node = fields.node("within")
    if node is None or isinstance(node, ScalarNode):
        return None if node is None else Window(kind="sliding", seconds=fields.seconds("within"))
    window = Fields(node, "`within`", fields.problems)
    window.allow(("tumbling", "session", "calendar"))
    kinds = [kind for kind in window.names() if kind in {"tumbling", "session", "calendar"}]
    if len(kinds) != 1:
        if isinstance(node, MappingNode):
            found = f"`within` with {len(kinds)} kinds of window, expected one"
            hint = "write `24h`, `{tumbling: 1d}`, `{session: 30m}` or `{calendar: day}`"
            fields.problems.add(node.place, found, hint)
        return None
    if kinds[0] == "calendar":
        return Window(kind="calendar", unit=window.choice("calendar", CALENDAR_UNITS))
    return Window(kind=kinds[0], seconds=window.seconds(kinds[0]))


def _novel(fields: Fields) -> Novel | None:
    novel = fields.map("novel", "`novel`")
    if novel is None:
        return None
    novel.allow(("fields", "history", "lasts"))
    novel.required("fields")
    columns = _columns(novel, "fields")
    if not columns and novel.node("fields") is not None:
        fields.problems.add(novel.place, "`fields` is empty, expected at least one column", "name what must be new")
    return Novel(fields=columns, history=novel.seconds("history"), lasts=novel.seconds("lasts", 0))


def _absent(fields: Fields, when: When) -> Absent | None:
    absent = fields.map("absent", "`absent`")
    if absent is None:
        return None
    absent.allow(ABSENT_KEYS)
    absent.required("selection")
    return Absent(selection=_selection_named(absent, "selection", when), within=absent.seconds("within"))


def _selection_named(fields: Fields, key: str, when: When) -> str:
    name = fields.text(key, "")
    if name:
        when.use(name, fields.key_place(key), f"`{key}`", fields.problems)
    return name


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
    evidence.allow(("columns", "note"))
    columns = evidence.texts("columns")
    for column in columns:
        known_column(column, evidence.key_place("columns"), fields.problems)
    refuse_repeated(columns, evidence.key_place("columns"), "`columns`", fields.problems)
    return EvidenceNote(columns=columns, note=evidence.text("note", ""))
