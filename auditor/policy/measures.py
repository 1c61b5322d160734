"""The `measure` and `violates` of a rule: named aggregates, and the comparison that makes a window a finding."""

import re
from collections.abc import Iterator

from auditor.policy.baseline import WORDS, words_of_baseline
from auditor.policy.expression_parser import KEYWORDS, LATER_FUNCTIONS, parse_expression
from auditor.policy.expressions import AGGREGATES, PAIR_FUNCTIONS, Expression, Name, walk
from auditor.policy.fields import Fields, Problems, kind_of
from auditor.policy.rule import Measure
from auditor.policy.typing import ExpressionChecker, Kind, unit_text
from auditor.policy.yaml import MappingNode, ScalarNode
from auditor.records.values import shown

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}")
_TAKEN = frozenset({*KEYWORDS, *AGGREGATES, *PAIR_FUNCTIONS, *LATER_FUNCTIONS, *WORDS})


def read_measures(fields: Fields) -> tuple[Measure, ...]:
    """Return the measures of a rule with their units; those with problems are left out."""
    return tuple(measure for measure, _ in _typed_measures(fields, fields.problems))


def read_violates(fields: Fields, measures: tuple[Measure, ...]) -> Expression | None:
    """Return the comparison of a rule, None without one."""
    node = fields.node("violates")
    if node is None:
        return None
    if not isinstance(node, ScalarNode):
        found = f"`violates` is {kind_of(node)}, expected a comparison"
        fields.problems.add(node.place, found, "write `name >= number`")
        return None
    kinds = {measure.name: kind for measure, kind in _typed_measures(fields, Problems())}
    expression = fields.problems.attempt(lambda: parse_expression(node.text, node.content))
    block = fields.node("measure")
    if expression is None:
        return None
    if not isinstance(block, MappingNode):
        fields.problems.add(node.place, "`violates` without `measure`, expected measures to compare", "add `measure`")
        return expression
    names = {key.text for key, _ in block.entries}
    if len(kinds) == len(names):
        words = words_of_baseline(fields, expression)
        ExpressionChecker(node.place, fields.problems, kinds, words=words).truth(expression)
        used = {part.name for part in walk(expression) if isinstance(part, Name)}
        _refuse_unused(block, used, fields.problems)
    assert len(measures) == len(kinds), "both readings agree"
    return expression


def _refuse_unused(block: MappingNode, used: set[str], problems: Problems) -> None:
    for key, _ in block.entries:
        if key.text not in used:
            found = f"measure {shown(key.text)} is never used, expected it in `violates`"
            problems.add(key.place, found, "compare it or delete it")


def _typed_measures(fields: Fields, problems: Problems) -> Iterator[tuple[Measure, Kind]]:
    node = fields.node("measure")
    if node is None:
        return
    if not isinstance(node, MappingNode) or not node.entries:
        found = f"`measure` is {kind_of(node) if not isinstance(node, MappingNode) else 'empty'}, expected measures"
        problems.add(node.place, found, "write `measure: {name: count()}`")
        return
    has_sequence = fields.node("sequence") is not None
    for key, value in node.entries:
        if not _NAME.fullmatch(key.text) or key.text in _TAKEN:
            found = f"measure name {shown(key.text)}, expected letters, digits and `_`"
            problems.add(key.place, found, f"these words are taken: {', '.join(sorted(_TAKEN))}")
        elif not isinstance(value, ScalarNode) or not value.text:
            problems.add(value.place, f"measure {shown(key.text)} is {kind_of(value)}, expected an expression",
                         "write an aggregate such as `count()`")  # fmt: skip
        elif (measure := _typed(key.text, value, has_sequence, problems)) is not None:
            yield measure


def _typed(name: str, value: ScalarNode, has_sequence: bool, problems: Problems) -> tuple[Measure, Kind] | None:
    expression = problems.attempt(lambda: parse_expression(value.text, value.content))
    if expression is None:
        return None
    checker = ExpressionChecker(value.place, problems, {}, is_measure=True, has_sequence=has_sequence)
    kind = checker.number(expression)
    if kind is None:
        return None
    if not any(part.kind == "aggregate" for part in walk(expression)):
        found = f"measure {shown(name)} without an aggregate, expected one such as `count()`"
        problems.add(value.place, found, "put a fixed number into `violates`")
        return None
    return Measure(name=name, expression=expression, unit=unit_text(kind.unit)), kind
