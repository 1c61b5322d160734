"""The sliding windows of which only the spreads are left to ask, and the rows that these look at.

How values spread costs many times what counts and sums do. Where `violates` asks for something else as well, all of it
needed, the windows that don't have that violate whatever their values are like: spreads are measured in the others
alone, over the records that lie in these.

    likely    the keys, `_lo`, `_hi`, every aggregate but spreads: of the windows that have all else
    close     the rows that lie in some of them, or between two of the same keys, with `_until`, the last end there
"""

from sqlglot import exp

from auditor.checker.compile.measures import aggregates_of, measure_sql
from auditor.checker.compile.nodes import columns, every, inner, joined_on, named, same_keys, select
from auditor.checker.compile.pruning import IS_END, conjuncts
from auditor.checker.compile.rows import AT, Shape
from auditor.checker.compile.spreads import is_spread
from auditor.checker.compile.windows import HIGH, LOW, aggregates_read, is_pruned, sliding_windows
from auditor.policy.expressions import Aggregate, Expression, Name, walk
from auditor.policy.rule import Rule
from auditor.records.sql import identifier, table

SINCE, UNTIL = "_since", "_until"


def has_likely(shape: Shape) -> bool:
    """Say whether a rule's windows are first taken without their spreads."""
    rule = shape.flags.rule
    has_spread = any(map(is_spread, aggregates_of(rule)))
    return shape.is_sliding() and not rule.baseline and has_spread and bool(plain_conjuncts(rule))


def plain_conjuncts(rule: Rule) -> tuple[Expression, ...]:
    """Return the parts of `violates`, all needed, for which no spread has to be known."""
    measures = {measure.name: measure.expression for measure in rule.measures}
    spread = {name for name, measured in measures.items() if _has_spread(measured)}

    def is_plain(part: Expression) -> bool:
        return not _has_spread(part) and not any(isinstance(node, Name) and node.full in spread for node in walk(part))

    return tuple(filter(is_plain, conjuncts(rule.violates))) if rule.violates else ()


def _has_spread(expression: Expression) -> bool:
    return any(isinstance(node, Aggregate) and is_spread(node) for node in walk(expression))


def likely_windows(shape: Shape, rows: str) -> exp.Select:
    """Return the windows that have all that `violates` asks for beside spreads."""
    rule = shape.flags.rule
    known = aggregates_read(shape)
    for measure in rule.measures:
        known[Name(name=measure.name)] = measure_sql(measure.expression, aggregates_read(shape))
    tests = [measure_sql(part, known).sql for part in plain_conjuncts(rule)]
    tests += [identifier(IS_END)] if is_pruned(shape) else []
    query = select([exp.Star()], inner(sliding_windows(shape, rows), "sliding"), distinct=True)
    return query.where(every(tests), copy=False)


def close_rows(shape: Shape, rows: str, likely: str) -> exp.Select:
    """Return the rows that lie in the time of the likely windows of their keys."""
    keys = shape.keys
    ends = [named(exp.Min(this=identifier(LOW)), SINCE), named(exp.Max(this=identifier(HIGH)), UNTIL)]
    times = select([*columns(keys), *ends], table(likely)).group_by(*columns(keys), copy=False)
    items = [exp.Column(this=exp.Star(), table=exp.to_identifier("row", quoted=True)), identifier(UNTIL, "times")]
    at = identifier(AT, "row")
    tests = [
        *same_keys(keys, "row", "times"),
        exp.GTE(this=at, expression=identifier(SINCE, "times")),
        exp.LTE(this=at.copy(), expression=identifier(UNTIL, "times")),
    ]
    return joined_on(select(items, table(rows, "row")), inner(times, "times"), every(tests))
