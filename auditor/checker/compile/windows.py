"""The relation `windows` of one rule: its violating windows with their measures.

Columns: the keys, `_lo` and `_hi` (time of the first and last record that counts; for windows that aren't sliding
`_bucket` as well), one column a measure, and `_exempt`, the place in `unless` of the exemption that covers every record
(-1: none).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from sqlglot import exp

from auditor.checker.compile.measures import (
    Typed,
    aggregate_sql,
    aggregates_of,
    different_column,
    is_lower_peak,
    measure_sql,
)
from auditor.checker.compile.nodes import (
    ascending,
    choose,
    columns,
    inner,
    is_null,
    named,
    over,
    select,
)
from auditor.checker.compile.pruning import IS_END, growing_bounds
from auditor.checker.compile.rows import AT, BUCKET, MICROS, Shape
from auditor.checker.compile.spreads import is_spread, records_of_windows, typed_aggregate, with_spreads
from auditor.policy.expressions import Aggregate, Expression, Name
from auditor.records.sql import identifier, literal, table

LOW, HIGH, EXEMPT = "_lo", "_hi", "_exempt"
NOT_EXEMPT = -1

Wrap = Callable[[exp.Expression], exp.Expression]


def measure_column(place: int) -> str:
    """Return the column of a measure, by its place in the rule."""
    return f"_measure{place}"


def _aggregate_column(place: int) -> str:
    return f"_aggregate{place}"


def _unexempt_column(place: int) -> str:
    return f"_unexempt{place}"


def is_pruned(shape: Shape) -> bool:
    """Say whether the rule's windows are taken over the rows that pruning.py keeps."""
    return bool(growing_bounds(shape.flags.rule))


def violating_windows(shape: Shape, rows: str) -> exp.Select:
    """Return `windows` over the table of rows."""
    measured = _sliding(shape, rows) if shape.is_sliding() else _grouped(shape, rows)
    return _violating(shape, _with_spreads(shape, rows, measured))


def _with_spreads(shape: Shape, rows: str, measured: exp.Select) -> exp.Select:
    nodes = {_aggregate_column(place): node for place, node in enumerate(aggregates_of(shape.flags.rule))}
    is_sequence = shape.flags.rule.sequence is not None
    if not shape.is_sliding():
        return with_spreads(measured, lambda: table(rows), (*shape.keys, BUCKET), nodes, is_sequence=is_sequence)
    keys = (*shape.keys, HIGH)
    end = IS_END if is_pruned(shape) else ""
    return with_spreads(measured, lambda: records_of_windows(shape, rows, HIGH, end), keys, nodes,
                        is_sequence=is_sequence)  # fmt: skip


def _grouped(shape: Shape, rows: str) -> exp.Select:
    keys = (*shape.keys, BUCKET)
    ends = [named(exp.Min(this=identifier(AT)), LOW), named(exp.Max(this=identifier(AT)), HIGH)]
    items = [*columns(keys), *ends, *_aggregates(shape, lambda sql: sql), *_unexempt(shape, lambda sql: sql)]
    return select(items, table(rows)).group_by(*columns(keys), copy=False)


def _aggregates(shape: Shape, wrap: Wrap) -> list[exp.Expression]:
    rule = shape.flags.rule
    return [
        named(aggregate_sql(node, is_sequence=rule.sequence is not None, wrap=wrap).sql, _aggregate_column(place))
        for place, node in enumerate(aggregates_of(rule))
        if not is_spread(node) and not (shape.is_sliding() and different_column(node))
    ]


def _unexempt(shape: Shape, wrap: Wrap) -> list[exp.Expression]:
    return [
        named(wrap(exp.Count(this=choose(identifier(name), exp.null(), literal(1)))), _unexempt_column(place))
        for place, name in enumerate(shape.exemptions)
    ]


def _sliding(shape: Shape, rows: str) -> exp.Select:
    within = shape.flags.rule.within
    assert within is not None
    length = within.seconds * MICROS

    def wrap(function: exp.Expression) -> exp.Expression:
        return over(function, shape.keys, ascending(AT), frame="RANGE", back=length)

    low, high = named(wrap(exp.Min(this=identifier(AT))), LOW), named(identifier(AT), HIGH)
    ends = columns((IS_END,)) if is_pruned(shape) else []
    distinct = _distinct(shape)
    different = [named(_alive(shape, place, length), _aggregate_column(place)) for place in distinct]
    items = [*columns(shape.keys), low, high, *ends, *_aggregates(shape, wrap), *different, *_unexempt(shape, wrap)]
    return select(items, _stretched(shape, rows, distinct, length) if distinct else table(rows))


def _distinct(shape: Shape) -> dict[int, str]:
    """Return the columns of `rows` whose different values are counted, by the place of the aggregate."""
    nodes = enumerate(aggregates_of(shape.flags.rule))
    return {place: column for place, node in nodes if (column := different_column(node))}


def _stretched(shape: Shape, rows: str, distinct: Mapping[int, str], length: int) -> exp.Expression:
    """Return the rows with two marks a counted column: whether the value was not there within the window's length
    before, and whether it won't come again within it.
    """
    marks = []
    for place, column in distinct.items():
        keys = tuple(dict.fromkeys((*shape.keys, column)))
        before = over(exp.Lag(this=identifier(AT)), keys, ascending(AT))
        after = over(exp.Lead(this=identifier(AT)), keys, ascending(AT))
        since = exp.Sub(this=identifier(AT), expression=before)
        until = exp.Sub(this=after, expression=identifier(AT))
        marks += [
            named(_is_far(column, since, length), _comes(place)),
            named(_is_far(column, until, length), _goes(place)),
        ]
    return inner(select([exp.Star(), *marks], table(rows)), "stretched")


def _is_far(column: str, distance: exp.Expression, length: int) -> exp.Expression:
    unknown = exp.If(this=is_null(identifier(column)), true=literal(0))
    near = exp.If(this=exp.LTE(this=distance, expression=literal(length)), true=literal(0))
    return exp.Case(ifs=[unknown, near], default=literal(1))


def _alive(shape: Shape, place: int, length: int) -> exp.Expression:
    """Return how many different values the window has: those that have come, without those that are gone.

    A value is there from its first time until the window's length after its last one; what comes again sooner never
    left. Unlike COUNT(DISTINCT ...) OVER, every engine has this, and it takes half the time.
    """
    order = ascending(AT)
    come = over(exp.Sum(this=identifier(_comes(place))), shape.keys, order, frame="RANGE")
    gone = over(exp.Sum(this=identifier(_goes(place))), shape.keys, order, frame="RANGE", before=length + 1)
    return exp.Sub(this=come, expression=exp.Coalesce(this=gone, expressions=[literal(0)]))


def _comes(place: int) -> str:
    return f"_comes{place}"


def _goes(place: int) -> str:
    return f"_goes{place}"


def _violating(shape: Shape, measured: exp.Select) -> exp.Select:
    rule = shape.flags.rule
    aggregates: dict[Expression, Typed] = {node: _read(shape, place) for place, node in enumerate(aggregates_of(rule))}
    measures = [measure_sql(measure.expression, aggregates) for measure in rule.measures]
    items = [named(measure.sql, measure_column(place)) for place, measure in enumerate(measures)]
    keys = (*shape.keys, LOW, HIGH) if shape.is_sliding() else (*shape.keys, BUCKET, LOW, HIGH)
    unexempt = tuple(_unexempt_column(place) for place in range(len(shape.exemptions)))
    direct = [named(read.sql.copy(), _aggregate_column(p)) for p, read in enumerate(aggregates.values())]
    query = select([*columns((*keys, *unexempt)), *items, *direct], inner(measured, "measured"), distinct=True)
    if is_pruned(shape):
        query = query.where(identifier(IS_END), copy=False)
    chosen = tuple(measure_column(place) for place in range(len(measures)))
    result = select([*columns((*keys, *chosen)), named(_exempt(shape), EXEMPT)], inner(query, "measures"))
    if rule.violates is None:
        return result
    known: dict[Expression, Typed] = dict(aggregates)
    for place, (measure, typed) in enumerate(zip(rule.measures, measures, strict=True)):
        known[Name(name=measure.name)] = replace(typed, sql=identifier(measure_column(place)))
    return result.where(measure_sql(rule.violates, known).sql, copy=False)


def _read(shape: Shape, place: int) -> Typed:
    node: Aggregate = aggregates_of(shape.flags.rule)[place]
    return replace(typed_aggregate(node), sql=identifier(_aggregate_column(place)))


def _exempt(shape: Shape) -> exp.Expression:
    ifs = [
        exp.If(this=exp.EQ(this=identifier(_unexempt_column(place)), expression=literal(0)), true=literal(place))
        for place in range(len(shape.exemptions))
    ]
    return exp.Case(ifs=ifs, default=literal(NOT_EXEMPT)) if ifs else literal(NOT_EXEMPT)


def peaks(shape: Shape) -> Sequence[exp.Expression]:
    """Return each measure's peak over the windows of an incident, as aggregates over `windows`."""
    rule = shape.flags.rule
    found = []
    for place, measure in enumerate(rule.measures):
        peak = exp.Min if is_lower_peak(measure.name, rule.violates) else exp.Max
        found.append(named(peak(this=identifier(measure_column(place))), measure_column(place)))
    return found
