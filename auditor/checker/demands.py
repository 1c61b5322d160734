"""A sequence's `where`, taken apart so that few pairs of records have to be looked at.

Parts joined by `and` that read one step only are asked once a record. `a.x = b.x` and `a.x <> b.x` sort records into
groups. Of the rest it is worked out how their truth can change from an earlier first record to a later one whose
other values are the same: not at all, only from false to true, or only back.
"""

from dataclasses import dataclass
from typing import Literal

from auditor.checker.where import FOLDED, Candidate, StepsValue, compiled, ignores_case
from auditor.policy.columns import column_named
from auditor.policy.expressions import (
    Arithmetic,
    Comparison,
    Expression,
    Logic,
    Name,
    Negation,
    Negative,
    Number,
    PairCall,
    parts_of,
    walk,
)
from auditor.policy.rule import Sequence
from auditor.records.schema import ColumnType

Trend = Literal["steady", "rising", "falling", "any"]
_TURNED: dict[Trend, Trend] = {"steady": "steady", "rising": "falling", "falling": "rising", "any": "any"}


@dataclass(frozen=True)
class Demands:
    """What `where` asks. `equal` and `unequal` are keys of a record's values, `read` those of the first record that
    the remaining tests read; `rising` holds tests that, over first records alike but in time, are false and then
    true, `falling` those that are true and then false, `steady` those that are one of the two, `other` all else.
    With `has_gap` no pair of one time can fit.
    """

    of_first: tuple[StepsValue, ...] = ()
    of_second: tuple[StepsValue, ...] = ()
    equal: tuple[str, ...] = ()
    unequal: tuple[str, ...] = ()
    read: tuple[str, ...] = ()
    steady: tuple[StepsValue, ...] = ()
    rising: tuple[StepsValue, ...] = ()
    falling: tuple[StepsValue, ...] = ()
    other: tuple[StepsValue, ...] = ()
    has_gap: bool = False


def demands_of(sequence: Sequence) -> Demands:
    """Return the demands of a sequence's `where`."""
    steps, parts = sequence.steps, conjuncts(sequence.where)
    pairs = [part for part in parts if len(steps_read(part)) != 1]
    keys = {id(part): key_of(part) for part in pairs}
    rest = [part for part in pairs if keys[id(part)] is None]
    trends = [_part_trend(part, steps) for part in rest]

    def alone(step: str) -> tuple[StepsValue, ...]:
        return tuple(compiled(part, steps) for part in parts if steps_read(part) == {step})

    def sorted_out(wanted: Trend) -> tuple[StepsValue, ...]:
        return tuple(compiled(part, steps) for part, trend in zip(rest, trends, strict=True) if trend == wanted)

    def keyed(operator: str) -> tuple[str, ...]:
        found = (key for part in pairs if (key := keys[id(part)]) and getattr(part, "operator", "") == operator)
        return tuple(dict.fromkeys(found))

    return Demands(
        of_first=alone(steps[0]),
        of_second=alone(steps[1]),
        equal=keyed("="),
        unequal=keyed("<>"),
        read=tuple(sorted({name for part in rest for name in columns_read(part, steps[0])})),
        steady=sorted_out("steady"),
        rising=sorted_out("rising"),
        falling=sorted_out("falling"),
        other=sorted_out("any"),
        has_gap=any(divides_by_gap(part, steps) for part in rest),
    )


def holds(tests: tuple[StepsValue, ...], first: Candidate, second: Candidate) -> bool:
    """Say whether all tests are true of two records."""
    return all(test(first, second) is True for test in tests)


def conjuncts(where: Expression | None) -> tuple[Expression, ...]:
    """Return the parts of a `where` that are joined by `and`."""
    match where:
        case None:
            return ()
        case Logic(operator="and"):
            return (*conjuncts(where.left), *conjuncts(where.right))
        case _:
            return (where,)


def steps_read(expression: Expression) -> set[str]:
    """Return the steps that an expression names."""
    names = {node.step for node in walk(expression) if isinstance(node, Name)}
    calls = [node for node in walk(expression) if isinstance(node, PairCall)]
    return names | {step for call in calls for step in (call.first, call.second)}


def key_of(part: Expression) -> str | None:
    """Return the value by which records of a part `a.x = b.x` or `a.x <> b.x` can be sorted, None for other parts."""
    match part:
        case Comparison(operator="=" | "<>", left=Name() as left, right=Name() as right) if left.name == right.name:
            column = column_named(left.name)
            # `time` is not among the values; of reals, NaN does not equal itself
            if column is None or left.name == "time" or column.type is ColumnType.REAL:
                return None
            is_text = column.type in {ColumnType.TEXT, ColumnType.ADDRESS}
            return FOLDED + left.name if is_text and ignores_case(left, right) else left.name
        case _:
            return None


def columns_read(part: Expression, step: str) -> tuple[str, ...]:
    """Return the columns of one step that a part reads, `time` apart, sorted."""
    names = {node.name for node in walk(part) if isinstance(node, Name) and node.step == step} - {"time"}
    calls = [node for node in walk(part) if isinstance(node, PairCall) and node.function == "distance_km"]
    places = {"latitude", "longitude"} if any(step in (call.first, call.second) for call in calls) else set()
    return tuple(sorted(names | places))


def trend_of(part: Expression, step: str, pair: tuple[str, ...]) -> Trend:
    """Return how the truth of a part goes as the record of one step comes later; the steps of `pair` come in order."""
    return _part_trend(part, (step, *pair))


def _part_trend(part: Expression, steps: tuple[str, ...]) -> Trend:
    """Return how the truth of a part goes; one that is unknown for pairs of one time must say so at its top.

    `steps` are the one that comes later, then the two that come in order, if that isn't clear from them alone.
    """
    if divides_by_gap(part, steps) or not any(_is_quotient_by_gap(node, steps) for node in walk(part)):
        return _trend(part, steps)
    return "any"


def divides_by_gap(part: Expression, steps: tuple[str, ...]) -> bool:
    """Say whether a part is unknown for pairs of one time; `and` and `or` may turn an unknown into an answer."""
    nodes = walk(part)
    return any(_is_quotient_by_gap(node, steps) for node in nodes) and not any(isinstance(n, Logic) for n in nodes)


def _trend(expression: Expression, steps: tuple[str, ...]) -> Trend:
    """Return how a value (or truth: false below true) goes as the first record comes later."""
    match expression:
        case Name(name="time", step=step):
            return "rising" if step == steps[0] else "steady"
        case PairCall(function="seconds_between", first=first, second=second) if first != second:
            return "falling" if first == steps[0] else "rising" if second == steps[0] else "steady"
        case Negative(operand=operand) | Negation(operand=operand):
            return _TURNED[_trend(operand, steps)]
        case Logic():
            return _joined(_trend(expression.left, steps), _trend(expression.right, steps))
        case Comparison():
            return _trend_of_comparison(expression, steps)
        case Arithmetic():
            return _trend_of_arithmetic(expression, steps)
        case _:
            return "steady"


def _joined(left: Trend, right: Trend) -> Trend:
    if left == right or right == "steady":
        return left
    return right if left == "steady" else "any"


def _trend_of_comparison(comparison: Comparison, steps: tuple[str, ...]) -> Trend:
    left, right = _trend(comparison.left, steps), _trend(comparison.right, steps)
    difference = _joined(left, _TURNED[right])
    if comparison.operator in {"=", "<>"}:
        return "steady" if left == right == "steady" else "any"
    return difference if comparison.operator in {">", ">="} else _TURNED[difference]


def _trend_of_arithmetic(sum_: Arithmetic, steps: tuple[str, ...]) -> Trend:
    left, right = _trend(sum_.left, steps), _trend(sum_.right, steps)
    if left == right == "steady":
        return "steady"
    match sum_.operator:
        case "+":
            return _joined(left, right)
        case "-":
            return _joined(left, _TURNED[right])
        case "*":
            # a double taken times a literal rounds, but never against the order
            return left if _is_positive(sum_.right) else right if _is_positive(sum_.left) else "any"
        case _:
            if _is_positive(sum_.right):
                return left
            if not _is_quotient_by_gap(sum_, steps) or left != "steady":
                return "any"
            return "rising" if steps[0] == steps[-2] else "falling"


def _is_quotient_by_gap(node: Expression, steps: tuple[str, ...]) -> bool:
    """Say whether something that is never negative is divided by the seconds between the steps."""
    if not (isinstance(node, Arithmetic) and node.operator == "/"):
        return False
    return _is_gap(node.right, steps) and _is_never_negative(node.left)


def _is_gap(node: Expression, steps: tuple[str, ...]) -> bool:
    match node:
        case PairCall(function="seconds_between", first=first, second=second):
            return (first, second) == steps[-2:]
        case Arithmetic(operator="*" | "/", left=left, right=right) if _is_positive(right):
            return _is_gap(left, steps)
        case Arithmetic(operator="*", left=left, right=right) if _is_positive(left):
            return _is_gap(right, steps)
        case _:
            return False


def _is_positive(node: Expression) -> bool:
    return isinstance(node, Number) and node.value > 0


def _is_never_negative(node: Expression) -> bool:
    match node:
        case PairCall(function="distance_km"):
            return True
        case Arithmetic(operator="*" | "/" | "+"):
            return all(_is_never_negative(part) for part in parts_of(node))
        case _:
            return isinstance(node, Number) and node.value >= 0
