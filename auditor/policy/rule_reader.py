"""A rule file's map, read into a `Rule`: heading, what is selected, what is measured, who it is about."""

from collections.abc import Collection

from auditor.policy.baseline import read_baseline, refuse_unused_baseline
from auditor.policy.columns import grouping_columns
from auditor.policy.composite import read_composite, verdict_of
from auditor.policy.conditions import SelectionRef
from auditor.policy.fields import Fields, Problems
from auditor.policy.heading import KEYS as HEADING_KEYS
from auditor.policy.heading import Heading, read_heading
from auditor.policy.lists import Lists
from auditor.policy.measures import read_measures, read_violates
from auditor.policy.reachable import refuse_unreachable
from auditor.policy.repeat import read_repeat
from auditor.policy.rule import Absent, Novel, Rule, Window
from auditor.policy.steps import read_sequence
from auditor.policy.when import When, read_when
from auditor.policy.yaml import MappingNode, ScalarNode, YamlNode

KEYS = (
    *HEADING_KEYS, "by", "when", "missing", "measure", "within", "violates", "novel", "sequence", "absent", "baseline",
    "repeat", "against", "composite",
)  # fmt: skip
ABSENT_KEYS = ("selection", "within")
CALENDAR_UNITS = ("hour", "day", "week", "month", "year")


def read_rule(
    node: YamlNode, *, name: str, digest: str, lists: Lists, exemptions: Collection[str] | None, problems: Problems
) -> Rule | None:
    """Return the rule that a document describes, None after problems; a composite still lacks its parts.

    `exemptions` are the names that `unless` may use; None leaves them unchecked.
    """
    before = len(problems.found)
    fields = Fields(node, "the rule", problems)
    fields.allow(KEYS)
    heading = {"name": name, "digest": digest, **read_heading(fields, exemptions)}
    rule = _composite_rule(fields, heading) or _rule_on_records(fields, heading, lists, before)
    return rule if len(problems.found) == before else None


def _composite_rule(fields: Fields, heading: Heading) -> Rule | None:
    composite = read_composite(fields)
    if composite is None:
        return None
    nothing = SelectionRef(name="")
    return Rule(**heading, selections=(), condition=nothing, composite=composite, violates=verdict_of(composite))


def _rule_on_records(fields: Fields, heading: Heading, lists: Lists, before: int) -> Rule:
    own_lists = lists.for_one_rule()
    when = read_when(fields, own_lists)
    measures = read_measures(fields, when)
    sequence = read_sequence(fields, when)
    window = _window(fields)
    rule = Rule(
        **heading,
        by=_columns(fields, "by"),
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
        missing_lists=tuple(sorted(own_lists.missing)),
    )
    when.refuse_unused(fields.problems)
    refuse_unused_baseline(fields, rule.violates)
    if len(fields.problems.found) == before:
        refuse_unreachable(rule, fields, when)
    return rule


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
