"""The relation `windows` of one rule: its violating windows with their measures.

Columns: the keys, `_lo` and `_hi` (time of the first and last record that counts; for windows that aren't sliding
`_bucket` as well), one column a measure, and `_exempt`, the place in `unless` of the exemption that covers every record
(-1: none).
"""

from collections.abc import Callable, Sequence

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
    every,
    inner,
    is_known,
    joined_on,
    named,
    over,
    same_keys,
    select,
    union_all,
)
from auditor.checker.compile.pruning import IS_END, growing_bounds
from auditor.checker.compile.rows import AT, BUCKET, MICROS, Shape
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
    return _violating(shape, measured)


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
        if not (shape.is_sliding() and node.is_distinct)
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
    items = [*columns(shape.keys), low, high, *ends, *_aggregates(shape, wrap), *_unexempt(shape, wrap)]
    query = select(items, table(rows))
    distinct = {
        _aggregate_column(place): counted_column(node.column)
        for place, node in enumerate(aggregates_of(shape.flags.rule))
        if node.is_distinct and node.column
    }
    for name, column in distinct.items():
        query = _with_distinct(shape, query, _sweep(shape, rows, column, length, name), name)
    return query


def _with_distinct(shape: Shape, query: exp.Select, sweep: exp.Select, name: str) -> exp.Select:
    same = every([*same_keys(shape.keys, "window", "sweep"), *same_keys((HIGH,), "window", "sweep")])
    items = [exp.Column(this=exp.Star(), table=exp.to_identifier("window", quoted=True)), identifier(name, "sweep")]
    return joined_on(select(items, inner(query, "window")), inner(sweep, "sweep"), same)


def _sweep(shape: Shape, rows: str, column: str, length: int, name: str) -> exp.Select:
    """Return how many different values the window ending at each time has, by keys and `_hi`.

    A value counts from each of its times until it comes again or has fallen out of the window: +1 and -1 on a running
    sum. Unlike COUNT(DISTINCT ...) OVER, every engine has this, and it is no slower.
    """
    keys = shape.keys
    again = over(exp.Lead(this=identifier(AT)), tuple(dict.fromkeys((*keys, column))), ascending(AT))
    stays = select([*columns(keys), identifier(AT), named(again, "_again")], table(rows))
    stays = stays.where(is_known(identifier(column)), copy=False)
    out = exp.Add(this=identifier(AT), expression=literal(length + 1))
    leaves = exp.Least(this=exp.Coalesce(this=identifier("_again"), expressions=[out]), expressions=[out.copy()])
    changes = [
        _changes(keys, identifier(AT), 1, inner(stays, "stays")),
        _changes(keys, leaves, -1, inner(stays.copy(), "stays")),
        _changes(keys, identifier(AT), 0, table(rows)),
    ]
    running = over(exp.Sum(this=identifier("_change")), keys, ascending(HIGH), frame="RANGE")
    counted = select([*columns((*keys, HIGH, "_end")), named(running, name)], inner(union_all(changes), "changes"))
    is_end = exp.EQ(this=identifier("_end"), expression=literal(1))
    return select(columns((*keys, HIGH, name)), inner(counted, "counted"), distinct=True).where(is_end, copy=False)


def _changes(keys: Sequence[str], at: exp.Expression, change: int, source: exp.Expression) -> exp.Select:
    is_end = named(literal(0 if change else 1), "_end")
    return select([*columns(keys), named(at, HIGH), named(literal(change), "_change"), is_end], source)


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
        known[Name(name=measure.name)] = Typed(identifier(measure_column(place)), typed.kind)
    return result.where(measure_sql(rule.violates, known).sql, copy=False)


def _read(shape: Shape, place: int) -> Typed:
    node: Aggregate = aggregates_of(shape.flags.rule)[place]
    kind = aggregate_sql(node, is_sequence=False, wrap=lambda sql: sql).kind
    return Typed(identifier(_aggregate_column(place)), kind)


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
