"""Measures of how a window's records spread over the values of a column: `per`, `top_share`, `entropy`, `evenness`.

Each column takes one scan of its own: records are first grouped by window and value, then the values of a window are
aggregated. A value that is NULL stays a group, which counts as records only. Sliding windows share records, so these
are repeated for every window that they lie in.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

from sqlglot import exp

from auditor.checker.compile.columns import comparison
from auditor.checker.compile.measures import Typed, aggregate_sql, counted_column, exactly, of_numbers, quotient
from auditor.checker.compile.nodes import (
    choose,
    columns,
    every,
    inner,
    is_known,
    joined_on,
    named,
    same_keys,
    select,
    union_all,
)
from auditor.checker.compile.rows import AT, MICROS, Shape, divided_column, whole_steps
from auditor.policy.expressions import SPREADS, Aggregate
from auditor.records.sql import cast, identifier, literal, table

RECORDS = "_records"
STEP = "_step"
PARTS = 10**12
"""Into so many parts a nat is divided, so that a sum of logarithms is one of whole numbers."""

Source = Callable[[], exp.Expression]


def is_spread(node: Aggregate) -> bool:
    """Say whether an aggregate looks at the values of a column one by one."""
    return node.per is not None or node.function in SPREADS


def typed_aggregate(node: Aggregate) -> Typed:
    """Return what an aggregate yields; its SQL stands for nothing."""
    return _over(node, "") if is_spread(node) else aggregate_sql(node, is_sequence=False, wrap=lambda sql: sql)


def with_spreads(
    query: exp.Select, source: Source, keys: tuple[str, ...], nodes: Mapping[str, Aggregate], *, is_sequence: bool
) -> exp.Select:
    """Return a query of windows with a column more for every spread among the aggregates, by its name.

    `source` gives the records of the windows, with their keys.
    """
    wanted: dict[str, dict[str, Aggregate]] = {}
    for name, node in nodes.items():
        if is_spread(node):
            wanted.setdefault(_divider(node), {})[name] = node
    if not wanted:
        return query
    names = [name for spreads in wanted.values() for name in spreads]
    everything = exp.Column(this=exp.Star(), table=exp.to_identifier("whole", quoted=True))
    result = select([everything, *columns(names)], inner(query, "whole"))
    for place, (column, spreads) in enumerate(wanted.items()):
        values = inner(_spread(source, keys, column, spreads, is_sequence), f"spread{place}")
        result = joined_on(result, values, every(same_keys(keys, "whole", f"spread{place}")), "LEFT")
    return result


def _divider(node: Aggregate) -> str:
    if node.per is not None:
        return divided_column(node.per.column)
    assert node.column is not None
    return counted_column(node.column)


def _spread(
    source: Source, keys: tuple[str, ...], column: str, spreads: Mapping[str, Aggregate], is_sequence: bool
) -> exp.Select:
    inside = dict.fromkeys(node.per.aggregate for node in spreads.values() if node.per)
    named_inside = {f"_inside{place}": node for place, node in enumerate(inside)}
    places = {node: name for name, node in named_inside.items()}
    values = _of_values(source, (*keys, column), named_inside, is_sequence)
    items = [
        named(_over(node, column, places[node.per.aggregate] if node.per else RECORDS).sql, name)
        for name, node in spreads.items()
    ]
    return select([*columns(keys), *items], inner(values, "values")).group_by(*columns(keys), copy=False)


def _of_values(source: Source, keys: tuple[str, ...], nodes: Mapping[str, Aggregate], is_sequence: bool) -> exp.Select:
    """Return one row a window and value, with its number of records and its aggregates."""
    plain = [
        named(aggregate_sql(node, is_sequence=is_sequence, wrap=lambda sql: sql).sql, name)
        for name, node in nodes.items()
        if not is_spread(node)
    ]
    items = [*columns(keys), named(exp.Count(this=exp.Star()), RECORDS), *plain]
    query = select(items, source()).group_by(*columns(keys), copy=False)
    return with_spreads(query, source, keys, nodes, is_sequence=is_sequence)


def _over(node: Aggregate, column: str, value: str = RECORDS) -> Typed:
    """Return a spread over one window's rows of `_of_values`."""
    counted = choose(is_known(identifier(column)), identifier(value))
    if node.per is not None:
        number = exactly(replace(typed_aggregate(node.per.aggregate), sql=counted))
        if node.function == "count":
            return Typed(exp.Count(this=number.sql), "count")
        return of_numbers(node, number, lambda sql: sql)
    if node.function == "top_share":
        return quotient(Typed(exp.Max(this=counted), "count"), Typed(exp.Sum(this=identifier(RECORDS)), "count"))
    return exactly(Typed(_disorder(node, counted), "double"))


def _disorder(node: Aggregate, counted: exp.Expression) -> exp.Expression:
    """Return entropy in bits, or as a part of what it is at most (docs/evaluation.md, "Numbers")."""
    many, values = _double(exp.Sum(this=counted)), exp.Count(this=counted.copy())
    times = exp.Mul(this=exp.Mul(this=_double(counted.copy()), expression=exp.Ln(this=_double(counted.copy()))),
                    expression=literal(PARTS))  # fmt: skip
    parts = cast(cast(exp.Sum(this=cast(exp.Floor(this=times), "HUGEINT")), "VARCHAR"), "DOUBLE")
    ordered = _divided(parts, exp.Paren(this=exp.Mul(this=many.copy(), expression=literal(PARTS))))
    nats = exp.Paren(this=exp.Sub(this=exp.Ln(this=many), expression=ordered))
    if node.function == "entropy":
        return _divided(nats, exp.Ln(this=_double(literal(2))))
    most = _divided(nats, exp.Ln(this=_double(values)))
    return choose(comparison(">", values.copy(), literal(1)), most)


def _double(value: exp.Expression) -> exp.Expression:
    return cast(value, "DOUBLE")


def _divided(left: exp.Expression, right: exp.Expression) -> exp.Expression:
    return exp.Div(this=left, expression=right, typed=False, safe=False)


def records_of_windows(shape: Shape, rows: str, end: str, is_end: str) -> exp.Expression:
    """Return the rows of every sliding window, with its end under the name `end`.

    `is_end` names the column that tells where a window may end, empty if it may everywhere. A row lies in windows that
    end in its own step of the window's length or in the next one: a join by steps compares few rows in vain.
    """
    within = shape.flags.rule.within
    assert within is not None
    length = within.seconds * MICROS
    step = named(whole_steps(AT, length), STEP)
    ends = select([*columns(shape.keys), named(identifier(AT), end), step], table(rows), distinct=True)
    ends = ends.where(identifier(is_end), copy=False) if is_end else ends
    own = select([exp.Star(), step.copy()], table(rows))
    later = exp.Add(this=whole_steps(AT, length), expression=literal(1))
    again = select([exp.Star(), named(later, STEP)], table(rows))
    gone = exp.Sub(this=identifier(end, "end"), expression=literal(length))
    is_inside = every(
        [
            *same_keys((*shape.keys, STEP), "row", "end"),
            exp.LTE(this=identifier(AT, "row"), expression=identifier(end, "end")),
            exp.GTE(this=identifier(AT, "row"), expression=gone),
        ]
    )
    items = [exp.Column(this=exp.Star(), table=exp.to_identifier("row", quoted=True)), identifier(end, "end")]
    query = select(items, inner(union_all([own, again]), "row"))
    return inner(joined_on(query, inner(ends, "end"), is_inside), "inside")
