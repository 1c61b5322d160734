"""The `measure` and `violates` of a rule: named aggregates, and the comparison that makes a window a finding."""

import re
from collections.abc import Iterator
from dataclasses import replace

from auditor.policy.baseline import WORDS, words_of_baseline
from auditor.policy.expression_parser import KEYWORDS, LINKED, parse_expression
from auditor.policy.expressions import AGGREGATES, PAIR_FUNCTIONS, PER, Aggregate, Expression, Name, aggregates_in, walk
from auditor.policy.fields import Fields, Problems, kind_of
from auditor.policy.rule import Measure
from auditor.policy.typing import ExpressionChecker, Kind, unit_text
from auditor.policy.when import When
from auditor.policy.yaml import MappingNode, ScalarNode
from auditor.records.values import shown

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}")
_TAKEN = frozenset({*KEYWORDS, *AGGREGATES, *PAIR_FUNCTIONS, LINKED, PER, *WORDS})


def read_measures(fields: Fields, when: When) -> tuple[Measure, ...]:
    """Return the measures of a rule with their units; those with problems are left out."""
    return tuple(measure for measure, _ in _typed_measures(fields, when, fields.problems))


def read_violates(fields: Fields, when: When, measures: tuple[Measure, ...]) -> Expression | None:
    """Return the comparison of a rule, None without one."""
    node = fields.node("violates")
    if node is None:
        return None
    if not isinstance(node, ScalarNode):
        found = f"`violates` is {kind_of(node)}, expected a comparison"
        fields.problems.add(node.place, found, "write `name >= number`")
        return None
    kinds = {measure.name: kind for measure, kind in _typed_measures(fields, when, Problems())}
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


def _typed_measures(fields: Fields, when: When, problems: Problems) -> Iterator[tuple[Measure, Kind]]:
    node = fields.node("measure")
    if node is None:
        return
    if not isinstance(node, MappingNode) or not node.entries:
        found = f"`measure` is {kind_of(node) if not isinstance(node, MappingNode) else 'empty'}, expected measures"
        problems.add(node.place, found, "write `measure: {name: count()}`")
        return
    checker = ExpressionChecker(
        node.place, problems, {}, is_measure=True, has_sequence=fields.node("sequence") is not None
    )
    for key, value in node.entries:
        if not _NAME.fullmatch(key.text) or key.text in _TAKEN:
            found = f"measure name {shown(key.text)}, expected letters, digits and `_`"
            problems.add(key.place, found, f"these words are taken: {', '.join(sorted(_TAKEN))}")
        elif not isinstance(value, ScalarNode) or not value.text:
            problems.add(value.place, f"measure {shown(key.text)} is {kind_of(value)}, expected an expression",
                         "write an aggregate such as `count()`")  # fmt: skip
        elif (measure := _typed(key.text, value, replace(checker, place=value.place))) is not None:
            _use_selections(measure[0].expression, value, when, problems)
            yield measure


def _use_selections(expression: Expression, value: ScalarNode, when: When, problems: Problems) -> None:
    for aggregate in aggregates_in(expression):
        if aggregate.selection:
            when.use(aggregate.selection, value.place, "`share`", problems)


def _typed(name: str, value: ScalarNode, checker: ExpressionChecker) -> tuple[Measure, Kind] | None:
    problems = checker.problems
    expression = problems.attempt(lambda: parse_expression(value.text, value.content))
    if expression is None:
        return None
    kind = checker.number(expression)
    if kind is None:
        return None
    if not any(isinstance(part, Aggregate) for part in walk(expression)):
        found = f"measure {shown(name)} without an aggregate, expected one such as `count()`"
        problems.add(value.place, found, "put a fixed number into `violates`")
        return None
    return Measure(name=name, expression=expression, unit=unit_text(kind.unit)), kind
