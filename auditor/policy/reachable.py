"""Refuse a rule that can never find anything: what it asks for excludes itself, whatever the records say.

Runs on a rule that is otherwise sound. A rule that silently finds nothing is worse than one that doesn't load: its
author believes that somebody watches.
"""

from collections.abc import Iterator

from auditor.errors import Place
from auditor.policy.alternatives import fulfillable
from auditor.policy.bounds import Bounds, impossible_in
from auditor.policy.conditions import All, Compare, Condition
from auditor.policy.expressions import Aggregate, Expression, walk
from auditor.policy.fields import Fields
from auditor.policy.rule import Rule
from auditor.policy.scope import scope_of
from auditor.policy.when import When
from auditor.records.values import shown


def refuse_unreachable(rule: Rule, fields: Fields, when: When) -> None:
    """Note what of a rule can never come true."""
    before = len(fields.problems.found)
    for name, place in when.names.items():
        if _is_never(rule.selection(name), rule):
            _add(fields, place, f"selection {shown(name)} can never hold, expected tests that go together",
                 "its lines exclude each other: a list of values is an `or`, lines are an `and`")  # fmt: skip
    if len(fields.problems.found) == before:
        _refuse_whole(rule, fields, when)


def _refuse_whole(rule: Rule, fields: Fields, when: When) -> None:
    if _is_never(All(parts=(rule.selected(), *_in_effect(rule))), rule):
        place = when.condition_node.place if when.condition_node else fields.key_place("when")
        _add(fields, place, "the condition can never hold, expected selections that go together",
             "they exclude each other, or the time of `effective`: write `or` where one of them is enough")  # fmt: skip
        return
    if rule.against and _is_never(All(parts=(rule.selected(), rule.selection(rule.against))), rule):
        found = (
            f"no selected record can be one of {shown(rule.against)}, expected a selection that may hold beside them"
        )
        _add(fields, fields.key_place("against"), found, "the finding would be about nobody")
    for place, column, what in _columns_read(rule, fields):
        if scope_of(rule).is_empty_column(column):
            found = f"{what} reads `{column}`, which is empty in every selected record, expected a column with values"
            _add(fields, place, found, "the selection asks for records without it")
    bounds = Bounds(scope_of(rule), {measure.name: measure.expression for measure in rule.measures})
    if reasons := _reasons(rule.violates, bounds):
        found = f"`violates` can never hold ({reasons}), expected a threshold that can be reached"
        _add(fields, fields.key_place("violates"), found,
             "mend the threshold, or what is measured: its subject, window and selection bound a measure")  # fmt: skip
    if rule.sequence and (reasons := _reasons(rule.sequence.where, bounds)):
        found = f"`where` can never hold ({reasons}), expected a comparison that a pair may fulfil"
        _add(fields, fields.key_place("sequence"), found, "the sequence's `within` bounds the time between its steps")


def _reasons(expression: Expression | None, bounds: Bounds) -> str:
    reasons = impossible_in(expression, bounds) if expression is not None else None
    return "; ".join(reasons[:3]) if reasons else ""


def _in_effect(rule: Rule) -> tuple[Condition, ...]:
    """Return the tests of `time` that `effective` stands for."""
    start, until = rule.effective.start, rule.effective.until
    begins = () if start is None else (Compare(field="time", operator=">=", value=start),)
    return begins if until is None else (*begins, Compare(field="time", operator="<", value=until))


def _columns_read(rule: Rule, fields: Fields) -> Iterator[tuple[Place, str, str]]:
    told = "subject" if "subject" in fields.names() else "when"
    for column in rule.subject_columns:
        yield fields.key_place(told), column, "the subject"
    for column in rule.by:
        yield fields.key_place("by"), column, "`by`"
    for column in rule.novel.fields if rule.novel else ():
        yield fields.key_place("novel"), column, "`novel`"
    for measure in rule.measures:
        for node in walk(measure.expression):
            if isinstance(node, Aggregate) and node.column:
                yield fields.key_place("measure"), node.column, f"measure {shown(measure.name)}"


def _is_never(condition: Condition, rule: Rule) -> bool:
    return fulfillable(condition, is_missing_counted=rule.is_missing_counted) == ()


def _add(fields: Fields, place: Place, message: str, hint: str) -> None:
    fields.problems.add(place, message, hint)
