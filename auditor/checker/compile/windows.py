"""The relation `windows` of one rule: its violating windows with their measures.

Columns: the keys, `_lo` and `_hi` (time of the first and last record that counts; for windows that aren't sliding
`_bucket` as well), one column a measure, and `_exempt`, the place in `unless` of the exemption that covers every record
(-1: none).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from sqlglot import exp

from auditor.checker.compile.different import different_values, marked
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
    named,
    over,
    select,
)
from auditor.checker.compile.pruning import IS_END, growing_bounds
from auditor.checker.compile.rows import AT, BUCKET, MICROS, Shape
from auditor.checker.compile.spreads import RECORDS, grouped, is_spread, typed_aggregate, with_spreads
from auditor.checker.compile.sweeps import Sweep
from auditor.policy.expressions import Aggregate, Expression, Name
from auditor.records.sql import cast, identifier, literal, table

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
    return shape.is_sliding() and bool(growing_bounds(shape.flags.rule))


def violating_windows(shape: Shape, rows: str) -> exp.Select:
    """Return `windows` over the table of rows."""
    return with_verdict(shape, _measured(shape, rows))


def with_verdict(shape: Shape, query: exp.Select) -> exp.Select:
    """Return those windows that violate."""
    rule = shape.flags.rule
    return query if rule.violates is None else query.where(verdict_on(shape, rule.violates, {}), copy=False)


def open_windows(shape: Shape, rows: str) -> exp.Select:
    """Return the windows that what is `compared` decides (docs/evaluation.md, "Baseline"), as `windows` has them."""
    query, rule = _measured(shape, rows), shape.flags.rule
    assert rule.violates is not None
    unknown = {name: Typed(cast(exp.null(), "DOUBLE"), "double") for name in rule.compared}
    verdict = verdict_on(shape, rule.violates, unknown)
    return query.where(exp.Coalesce(this=verdict, expressions=[exp.true()]), copy=False)


def verdict_on(shape: Shape, violates: Expression, compared: Mapping[Name, Typed]) -> exp.Expression:
    """Return `violates` over the columns of measures, with the given SQL for what they are compared with."""
    known: dict[Expression, Typed] = {
        Name(name=measure.name): replace(typed, sql=identifier(measure_column(place)))
        for place, (measure, typed) in enumerate(zip(shape.flags.rule.measures, measure_types(shape), strict=True))
    }
    return measure_sql(violates, known | aggregates_read(shape) | dict(compared)).sql


def measure_types(shape: Shape) -> list[Typed]:
    """Return each measure over the columns of aggregates."""
    aggregates = aggregates_read(shape)
    return [measure_sql(measure.expression, aggregates) for measure in shape.flags.rule.measures]


def aggregates_read(shape: Shape) -> dict[Expression, Typed]:
    """Return every aggregate of a rule as the column that holds it."""
    return {node: _read(shape, place) for place, node in enumerate(aggregates_of(shape.flags.rule))}


def _measured(shape: Shape, rows: str) -> exp.Select:
    if not shape.is_sliding():
        return with_measures(shape, _grouped(shape, rows))
    spreads = Sweep(shape, rows, HIGH, partial(_ends, shape, rows)).measured()
    return with_measures(shape, with_spreads(sliding_windows(shape, rows), (*shape.keys, HIGH), nodes(shape), spreads))


def _ends(shape: Shape, rows: str) -> exp.Select:
    """Return (keys, `_w`): where windows may end."""
    query = select(columns((*shape.keys, AT)), table(rows), distinct=True)
    return query.where(identifier(IS_END), copy=False) if is_pruned(shape) else query


def nodes(shape: Shape) -> dict[str, Aggregate]:
    """Return the aggregates of a rule by the columns that hold them."""
    return {_aggregate_column(place): node for place, node in enumerate(aggregates_of(shape.flags.rule))}


def aggregated(
    shape: Shape, rows: Callable[[], exp.Expression], keys: Sequence[str], further: Sequence[exp.Expression]
) -> exp.Select:
    """Return `keys`, `further` columns and every aggregate of the rule, under the name that measures read it by, of
    the groups of rows that `keys` tell apart.
    """
    items = [*columns(keys), *further, *_aggregates(shape, lambda sql: sql, is_sliding=False)]
    query = select(items, rows()).group_by(*columns(keys), copy=False)
    is_sequence = shape.flags.rule.sequence is not None
    return with_spreads(query, keys, nodes(shape), grouped(rows, keys, is_sequence=is_sequence))


def _grouped(shape: Shape, rows: str) -> exp.Select:
    ends = [named(exp.Min(this=identifier(AT)), LOW), named(exp.Max(this=identifier(AT)), HIGH)]
    further = [*ends, *_unexempt(shape, lambda sql: sql)]
    return aggregated(shape, lambda: table(rows), (*shape.keys, BUCKET), further)


def _aggregates(shape: Shape, wrap: Wrap, *, is_sliding: bool) -> list[exp.Expression]:
    rule = shape.flags.rule
    has_share = any(node.function == "top_share" for node in aggregates_of(rule))
    records = [named(wrap(exp.Count(this=exp.Star())), RECORDS)] if has_share else []
    return records + [
        named(aggregate_sql(node, is_sequence=rule.sequence is not None, wrap=wrap).sql, _aggregate_column(place))
        for place, node in enumerate(aggregates_of(rule))
        if not is_spread(node) and not (is_sliding and different_column(node))
    ]


def _unexempt(shape: Shape, wrap: Wrap) -> list[exp.Expression]:
    return [
        named(wrap(exp.Count(this=choose(identifier(name), exp.null(), literal(1)))), _unexempt_column(place))
        for place, name in enumerate(shape.exemptions)
    ]


def sliding_windows(shape: Shape, rows: str) -> exp.Select:
    """Return the sliding windows with every aggregate but spreads, once for each record that they end at."""
    within = shape.flags.rule.within
    assert within is not None
    length = within.seconds * MICROS

    def wrap(function: exp.Expression) -> exp.Expression:
        return over(function, shape.keys, ascending(AT), frame="RANGE", back=length)

    low, high = named(wrap(exp.Min(this=identifier(AT))), LOW), named(identifier(AT), HIGH)
    ends = columns((IS_END,)) if is_pruned(shape) else []
    different = _different(shape)
    counts = [named(different_values(name, shape.keys, length), name) for name in different]
    items = [
        *columns(shape.keys),
        low,
        high,
        *ends,
        *_aggregates(shape, wrap, is_sliding=True),
        *counts,
        *_unexempt(shape, wrap),
    ]
    return select(items, marked(table(rows), shape.keys, different, length))


def _different(shape: Shape) -> dict[str, str]:
    """Return the columns of `rows` whose different values are counted, by the aggregate's column."""
    nodes = enumerate(aggregates_of(shape.flags.rule))
    return {_aggregate_column(place): column for place, node in nodes if (column := different_column(node))}


def with_measures(shape: Shape, measured: exp.Select) -> exp.Select:
    """Return windows with their measures, from such with every aggregate."""
    measures = measure_types(shape)
    items = [named(measure.sql, measure_column(place)) for place, measure in enumerate(measures)]
    keys = (*shape.keys, LOW, HIGH) if shape.is_sliding() else (*shape.keys, BUCKET, LOW, HIGH)
    unexempt = tuple(_unexempt_column(place) for place in range(len(shape.exemptions)))
    direct = columns(_aggregate_column(place) for place, _ in enumerate(aggregates_of(shape.flags.rule)))
    query = select([*columns((*keys, *unexempt)), *items, *direct], inner(measured, "measured"), distinct=True)
    if is_pruned(shape):
        query = query.where(identifier(IS_END), copy=False)
    chosen = tuple(measure_column(place) for place in range(len(measures)))
    return select([*columns((*keys, *chosen)), named(_exempt(shape), EXEMPT)], inner(query, "measures"))


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
    for place, name in enumerate(rule.reported):
        peak = exp.Min if is_lower_peak(name.full, rule.violates) else exp.Max
        found.append(named(peak(this=identifier(measure_column(place))), measure_column(place)))
    return found
