"""One threshold at several values over the same records: how many accounts each would catch (an alert budget).

All values are rules of one plan, so that records are read, facts joined and selections tested once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import auditor.checker.engines.duckdb as engine
from auditor.checker.circumstances import Circumstances
from auditor.checker.comparing import Version, accounts_in
from auditor.checker.prepared import prepared
from auditor.checker.thresholds import FLIPPED, constant_of, number_text
from auditor.errors import UsageError, WorkspaceError
from auditor.policy.conditions import Node
from auditor.policy.expressions import Comparison, Expression, Logic, Name, Negation, Number, walk
from auditor.policy.rule import Rule
from auditor.records.activity import Activity


class Caught(Node):
    """What a rule catches at one value of the threshold; `is_present` marks the value that the rule has now."""

    value: str
    is_present: bool
    findings: int
    suppressed: int
    accounts: tuple[str, ...]


class Swept(Node):
    """A threshold of a rule at several values, as `calls >= …`; `missing` says why it can't be evaluated."""

    rule: str
    measure: str
    operator: str
    unit: str
    missing: tuple[str, ...]
    values: tuple[Caught, ...]


@dataclass(frozen=True)
class Sweep:
    """What is asked: a measure of a rule that is held against one number, and the numbers to try."""

    rule: Rule
    measure: str
    values: tuple[Decimal, ...]


def swept(activity: Activity, sweep: Sweep, version: Version, *, as_of: datetime | None) -> Swept:
    """Return what each value would catch, the present one among them, in the order of the values.

    Raises UsageError for a measure that is not held against exactly one number, and WorkspaceError.
    """
    rule = sweep.rule
    operator, present = threshold_of(rule, sweep.measure)
    values = sorted({*sweep.values, present})
    variants = [_variant(rule, sweep.measure, value) for value in values]
    circumstances = Circumstances(version.pack, version.context, as_of)
    activity = prepared(activity, variants, circumstances).activity
    result = engine.execute(circumstances.plan(variants, activity.sources), activity)
    if result.errors:
        raise WorkspaceError.at(None, next(iter(result.errors.values())), "narrow the rule, or look at an earlier day")
    return Swept(
        rule=rule.name,
        measure=sweep.measure,
        operator=operator,
        unit=next((measure.unit for measure in rule.measures if measure.name == sweep.measure), ""),
        missing=result.outcomes[0].missing,
        values=tuple(
            Caught(
                value=number_text(value),
                is_present=value == present,
                findings=len(outcome.incidents),
                suppressed=len(outcome.suppressed),
                accounts=accounts_in(outcome),
            )
            for value, outcome in zip(values, result.outcomes, strict=True)
        ),
    )


def threshold_of(rule: Rule, measure: str) -> tuple[str, Decimal]:
    """Return how a measure is compared, and with which number. Raises UsageError if that is not said exactly once."""
    names = [item.name for item in rule.reported if not item.step]
    if measure not in names:
        message = f"rule {rule.name} has no measure `{measure}`, expected one of {', '.join(names) or 'none'}"
        raise UsageError.at("--sweep", message, "write `RULE.MEASURE=VALUE,VALUE`")
    nodes = walk(rule.violates) if rule.violates is not None else ()
    found = [held for node in nodes if isinstance(node, Comparison) and (held := _held(node, measure)) is not None]
    if len(found) != 1:
        message = f"`{measure}` of rule {rule.name} is held against {len(found)} numbers, expected one"
        raise UsageError.at("--sweep", message, "give the thresholds measures of their own, or choose another one")
    return found[0]


def _held(comparison: Comparison, measure: str) -> tuple[str, Decimal] | None:
    for side, other, operator in (
        (comparison.left, comparison.right, comparison.operator),
        (comparison.right, comparison.left, FLIPPED[comparison.operator]),
    ):
        value = constant_of(other)
        if isinstance(side, Name) and not side.step and side.name == measure and value is not None:
            return operator, value
    return None


def _variant(rule: Rule, measure: str, value: Decimal) -> Rule:
    assert rule.violates is not None, "a threshold is in `violates`"
    changed = _with(rule.violates, measure, value)
    return rule.model_copy(update={"name": f"{rule.name}={number_text(value)}", "violates": changed})


def _with(expression: Expression, measure: str, value: Decimal) -> Expression:
    """Return the expression with the number that the measure is held against replaced."""
    match expression:
        case Logic(left=left, right=right):
            parts = {"left": _with(left, measure, value), "right": _with(right, measure, value)}
            return expression.model_copy(update=parts)
        case Negation(operand=operand):
            return expression.model_copy(update={"operand": _with(operand, measure, value)})
        case Comparison(left=left) if _held(expression, measure) is not None:
            side = "right" if isinstance(left, Name) and left.name == measure else "left"
            old = getattr(expression, side)
            unit = old.unit if isinstance(old, Number) else ""
            return expression.model_copy(update={side: Number(value=value, unit=unit)})
        case _:
            return expression


def sweep_of(rules: Sequence[Rule], name: str, measure: str, values: Sequence[Decimal]) -> Sweep:
    """Return a sweep of a rule by its name. Raises UsageError for an unknown one."""
    rule = next((item for item in rules if item.name == name), None)
    if rule is None:
        message = f"found `{name}`, expected one of {', '.join(item.name for item in rules)}"
        raise UsageError.at("--sweep", message, "write `RULE.MEASURE=VALUE,VALUE`")
    return Sweep(rule, measure, tuple(values))
