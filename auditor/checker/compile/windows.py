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
    counted_column,
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
    return bool(growing_bounds(shape.flags.rule))


def violating_windows(shape: Shape, rows: str) -> exp.Select:
    """Return `windows` over the table of rows."""
    query, rule = _measured(shape, rows), shape.flags.rule
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
    return measure_sql(violates, known | _aggregates_read(shape) | dict(compared)).sql


def measure_types(shape: Shape) -> list[Typed]:
    """Return each measure over the columns of aggregates."""
    aggregates = _aggregates_read(shape)
    return [measure_sql(measure.expression, aggregates) for measure in shape.flags.rule.measures]


def _aggregates_read(shape: Shape) -> dict[Expression, Typed]:
    return {node: _read(shape, place) for place, node in enumerate(aggregates_of(shape.flags.rule))}


def _measured(shape: Shape, rows: str) -> exp.Select:
    return _with_measures(shape, _sliding(shape, rows) if shape.is_sliding() else _grouped(shape, rows))


def _grouped(shape: Shape, rows: str) -> exp.Select:
    keys = (*shape.keys, BUCKET)
    ends = [named(exp.Min(this=identifier(AT)), LOW), named(exp.Max(this=identifier(AT)), HIGH)]
    items = [*columns(keys), *ends, *grouped_aggregates(shape), *_unexempt(shape, lambda sql: sql)]
    return select(items, table(rows)).group_by(*columns(keys), copy=False)


def grouped_aggregates(shape: Shape) -> list[exp.Expression]:
    """Return every aggregate of the rule over a group of `rows`, under the name that measures read it by."""
    return [_aggregate(shape, place, lambda sql: sql) for place, _ in enumerate(aggregates_of(shape.flags.rule))]


def _aggregate(shape: Shape, place: int, wrap: Wrap) -> exp.Expression:
    rule = shape.flags.rule
    node = aggregates_of(rule)[place]
    sql = aggregate_sql(node, is_sequence=rule.sequence is not None, wrap=wrap).sql
    return named(sql, _aggregate_column(place))


def _aggregates(shape: Shape, wrap: Wrap) -> list[exp.Expression]:
    nodes = enumerate(aggregates_of(shape.flags.rule))
    return [_aggregate(shape, place, wrap) for place, node in nodes if not node.is_distinct]


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
    return {
        place: counted_column(node.column)
        for place, node in enumerate(aggregates_of(shape.flags.rule))
        if node.is_distinct and node.column
    }


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


def _with_measures(shape: Shape, measured: exp.Select) -> exp.Select:
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
    return replace(
        aggregate_sql(node, is_sequence=False, wrap=lambda sql: sql), sql=identifier(_aggregate_column(place))
    )


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
