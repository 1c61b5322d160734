"""The `sequence` of a rule: two steps that follow each other."""

from auditor.errors import PolicyError
from auditor.policy.columns import grouping_columns
from auditor.policy.condition_parser import parse_condition
from auditor.policy.conditions import AnyOf, SelectionRef
from auditor.policy.expression_parser import parse_expression
from auditor.policy.expressions import Expression
from auditor.policy.fields import Fields, kind_of
from auditor.policy.rule import Sequence
from auditor.policy.typing import ExpressionChecker
from auditor.policy.when import When
from auditor.policy.yaml import ScalarNode

KEYS = ("steps", "by", "within", "until", "where", "ordered")
STEPS = 2


def read_sequence(fields: Fields, when: When) -> Sequence | None:
    """Return the sequence of a rule, None without one; the rule's condition then is "one of the steps"."""
    block = fields.map("sequence", "`sequence`")
    if block is None:
        return None
    block.allow(KEYS)
    _refuse_unordered(block)
    if fields.node("novel") is not None:
        found = "`novel` beside `sequence`, expected one of them"
        fields.problems.add(fields.key_place("novel"), found, "write a rule for each")
    steps = _steps(block, when)
    by_node = block.node("by")
    by = grouping_columns(block.texts("by"), by_node.place, "`by`", fields.problems) if by_node else ()
    until = block.text("until", "")
    if until and when.use(until, block.key_place("until"), "`until`", fields.problems) and until in steps:
        place = block.key_place("until")
        fields.problems.add(place, f"`until` names the step `{until}`, expected another selection", "add a selection")
    if len(steps) == STEPS:
        _set_condition(when, steps, fields)
    return Sequence(steps=steps, by=by, within=block.seconds("within"), until=until, where=_where(block, steps))


def _refuse_unordered(block: Fields) -> None:
    node = block.node("ordered")
    if node is None or (isinstance(node, ScalarNode) and node.value is True):
        return
    found = f"`ordered` is {kind_of(node)}, which is not supported by this version, expected `true`"
    block.problems.add(node.place, found, "write one rule for each order")


def _steps(block: Fields, when: When) -> tuple[str, ...]:
    node = block.required("steps")
    steps = block.texts("steps")
    if node is None:
        return ()
    for step in steps:
        when.use(step, node.place, "`steps`", block.problems)
    if len(steps) > STEPS:
        found = f"a sequence of {len(steps)} steps, which is not supported by this version, expected {STEPS}"
        block.problems.add(node.place, found, "keep the two steps that matter most")
    elif len(steps) < STEPS:
        block.problems.add(node.place, f"a sequence of {len(steps)} steps, expected {STEPS}", "name two selections")
    elif steps[0] == steps[1]:
        block.problems.add(node.place, "the same step twice, expected two selections", "count records with `measure`")
    return steps


def _set_condition(when: When, steps: tuple[str, ...], fields: Fields) -> None:
    """Make the condition "one of the steps"; one that says anything else would be ignored, so it is refused."""
    wanted = AnyOf(parts=tuple(SelectionRef(name=step) for step in steps))
    if when.condition_node is not None:
        node = when.condition_node
        try:
            stated = parse_condition(node.text, tuple(when.names), node.content)
        except PolicyError as error:
            fields.problems.keep(error)
            return
        if not isinstance(stated, AnyOf) or set(stated.parts) != set(wanted.parts):
            found = f"a condition beside `sequence`, expected none or `{steps[0]} or {steps[1]}`"
            fields.problems.add(node.place, found, "put further tests into the selections of the steps")
    if set(steps) <= set(when.selections):
        when.condition = wanted


def _where(block: Fields, steps: tuple[str, ...]) -> Expression | None:
    node = block.node("where")
    if node is None:
        return None
    if not isinstance(node, ScalarNode):
        block.problems.add(node.place, f"`where` is {kind_of(node)}, expected a comparison", "write `b.x <> a.x`")
        return None
    expression = block.problems.attempt(lambda: parse_expression(node.text, node.content))
    if expression is not None and steps:
        ExpressionChecker(node.place, block.problems, {}, steps=steps).truth(expression)
    return expression
