"""The `sequence` of a rule: steps that follow each other, or come together in any order."""

from auditor.errors import PolicyError
from auditor.policy.columns import grouping_columns
from auditor.policy.condition_parser import parse_condition
from auditor.policy.conditions import AnyOf, SelectionRef
from auditor.policy.expression_parser import parse_expression
from auditor.policy.expressions import Expression, Name, PairCall, walk
from auditor.policy.fields import Fields, kind_of
from auditor.policy.rule import Sequence
from auditor.policy.typing import ExpressionChecker
from auditor.policy.when import When
from auditor.policy.yaml import ScalarNode

KEYS = ("steps", "by", "within", "until", "where", "ordered")
FEWEST, MOST = 2, 32


def read_sequence(fields: Fields, when: When) -> Sequence | None:
    """Return the sequence of a rule, None without one; the rule's condition then is "one of the steps"."""
    block = fields.map("sequence", "`sequence`")
    if block is None:
        return None
    block.allow(KEYS)
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
    if len(steps) >= FEWEST:
        _set_condition(when, tuple(dict.fromkeys(steps)), fields)
    return Sequence(
        steps=steps,
        is_ordered=_is_ordered(block),
        by=by,
        within=block.seconds("within"),
        until=until,
        where=_where(block, steps),
    )


def _is_ordered(block: Fields) -> bool:
    node = block.node("ordered")
    if node is None:
        return True
    if isinstance(node, ScalarNode) and isinstance(node.value, bool):
        return node.value
    block.problems.add(node.place, f"`ordered` is {kind_of(node)}, expected `true` or `false`", "choose one of them")
    return True


def _steps(block: Fields, when: When) -> tuple[str, ...]:
    node = block.required("steps")
    steps = block.texts("steps")
    if node is None:
        return ()
    for step in steps:
        when.use(step, node.place, "`steps`", block.problems)
    if not FEWEST <= len(steps) <= MOST:
        found = f"a sequence of {len(steps)} {'step' if len(steps) == 1 else 'steps'}, expected {FEWEST} to {MOST}"
        block.problems.add(node.place, found, "name a selection for each step")
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
        if set(stated.parts if isinstance(stated, AnyOf) else (stated,)) != set(wanted.parts):
            found = f"a condition beside `sequence`, expected none or `{' or '.join(steps)}`"
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
        ExpressionChecker(node.place, block.problems, {}, steps=tuple(dict.fromkeys(steps))).truth(expression)
        _refuse_repeated(expression, steps, node, block)
    return expression


def _refuse_repeated(where: Expression, steps: tuple[str, ...], node: ScalarNode, block: Fields) -> None:
    """A name that stands for two steps would not say which of their records is meant."""
    calls = [step for part in walk(where) if isinstance(part, PairCall) for step in (part.first, part.second)]
    names = [part.step for part in walk(where) if isinstance(part, Name)]
    for step in sorted({step for step in (*names, *calls) if steps.count(step) > 1}):
        found = f"`where` names `{step}`, which is {steps.count(step)} steps, expected a name that is one step"
        block.problems.add(node.place, found, "repeat the selection under another name")
