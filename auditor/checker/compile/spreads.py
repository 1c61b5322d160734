"""Measures of how a window's records spread over the values of a column: `per`, `top_share`, `entropy`, `evenness`.

Each value of the column has a level in a window: how many records it has there, or what `per` asks of them. All
spreads are sums over the levels or ranks among them, and take a scan of their own for each column. Here are those of
windows that share no records; sweeps.py carries the same sums through sliding windows.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from sqlglot import exp

from auditor.checker.compile.columns import comparison
from auditor.checker.compile.measures import Typed, Wrap, aggregate_sql, counted_column, exactly, quotient, times
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
)
from auditor.checker.compile.rows import divided_column
from auditor.policy.expressions import SPREADS, Aggregate
from auditor.records.sql import cast, identifier, literal

RECORDS = "_records"
"""Column of the windows that `top_share` is measured in: how many records they have."""

LEVEL, MANY, UP_TO, ALL = "_level", "_many", "_up_to", "_all"
PARTS = 10**12
"""Into so many parts a nat is divided, so that a sum of logarithms is one of whole numbers."""

Divided = tuple[str, Aggregate | None]
"""A column of `rows` and the aggregate inside `per` (None for the number of records): what makes the levels."""

Source = Callable[[], exp.Expression]
Measured = Callable[[str, Aggregate | None, Mapping[str, Aggregate]], exp.Select]
"""Gives the windows' keys and a column for each spread; the spreads are over the same levels."""


def is_spread(node: Aggregate) -> bool:
    """Say whether an aggregate looks at the values of a column one by one."""
    return node.per is not None or node.function in SPREADS


def typed_aggregate(node: Aggregate) -> Typed:
    """Return what an aggregate yields; its SQL stands for nothing."""
    if not is_spread(node):
        return aggregate_sql(node, is_sequence=False, wrap=lambda sql: sql)
    if node.function == "top_share":
        return Typed(exp.null(), "double")
    level = level_of(node.per.aggregate if node.per else None)
    return read_off(node, [level, level]) if is_ranked(node) else summed(node, level, lambda sql: sql)


def level_of(inside: Aggregate | None) -> Typed:
    """Return a level as an exact number."""
    plain = Typed(identifier(LEVEL), "exact")
    return plain if inside is None else replace(exactly(typed_aggregate(inside)), sql=identifier(LEVEL))


def with_spreads(
    query: exp.Select, keys: Sequence[str], nodes: Mapping[str, Aggregate], measured: Measured
) -> exp.Select:
    """Return a query of windows, told apart by `keys`, with a column more for every spread among the aggregates."""
    wanted = divided(nodes)
    if not wanted:
        return query
    found = [
        named(_read(name, f"spread{place}", node), name)
        for place, group in enumerate(wanted.values())
        for name, node in group.items()
    ]
    whole = exp.Column(this=exp.Star(), table=exp.to_identifier("whole", quoted=True))
    result = select([whole, *found], inner(query, "whole"))
    for place, ((column, inside), group) in enumerate(wanted.items()):
        spread = inner(measured(column, inside, group), f"spread{place}")
        result = joined_on(result, spread, every(same_keys(keys, "whole", f"spread{place}")), "LEFT")
    return result


def divided(nodes: Mapping[str, Aggregate]) -> dict[Divided, dict[str, Aggregate]]:
    """Return the spreads among aggregates, those over the same levels together."""
    wanted: dict[Divided, dict[str, Aggregate]] = {}
    for name, node in nodes.items():
        if is_spread(node):
            wanted.setdefault((_divider(node), node.per.aggregate if node.per else None), {})[name] = node
    return wanted


def _divider(node: Aggregate) -> str:
    if node.per is not None:
        return divided_column(node.per.column)
    assert node.column is not None
    return counted_column(node.column)


def _read(name: str, alias: str, node: Aggregate) -> exp.Expression:
    value = identifier(name, alias)
    if node.function == "top_share":
        return quotient(Typed(value, "count"), Typed(identifier(RECORDS, "whole"), "count")).sql
    return exp.Coalesce(this=value, expressions=[literal(0)]) if node.function == "count" else value


def is_ranked(node: Aggregate) -> bool:
    """Say whether a spread is read off the order of the levels; the others are sums over them."""
    return node.function in ("min", "max", "top_share", "median", "quantile")


def summed(node: Aggregate, level: Typed, wrap: Wrap) -> Typed:
    """Return a spread that is a sum over levels, or made of such sums."""
    many = Typed(wrap(exp.Sum(this=identifier(MANY))), "count")
    match node.function:
        case "entropy" | "evenness":
            return exactly(Typed(_disorder(node, many.sql, wrap), "double"))
        case "count":
            return replace(many, sql=cast(many.sql, "BIGINT"))
        case "sum" | "avg":
            product = times(level, Typed(identifier(MANY), "exact"), exp.Mul)
            total = replace(product, sql=wrap(exp.Sum(this=product.sql)))
            return total if node.function == "sum" else quotient(total, many)
    raise AssertionError(node.function)


def ranks_of(node: Aggregate, many: exp.Expression) -> tuple[exp.Expression, ...]:
    """Return which of so many values in the order of their levels a spread asks for, counted from 1; a median two."""
    match node.function:
        case "min":
            return (literal(1),)
        case "max" | "top_share":
            return (many,)
        case "median":
            half = exp.IntDiv(this=many, expression=literal(2))
            return (
                exp.Paren(this=exp.Sub(this=many.copy(), expression=half)),
                exp.Paren(this=exp.Add(this=half.copy(), expression=literal(1))),
            )
        case _:
            assert node.fraction is not None
            return (_nearest_rank(node.fraction, many),)


def read_off(node: Aggregate, levels: Sequence[Typed]) -> Typed:
    """Return a ranked spread from the levels of its ranks."""
    if node.function == "median":
        return quotient(times(levels[0], levels[1], exp.Add), Typed(literal(2), "count"))
    return levels[0]


def _nearest_rank(fraction: Decimal, many: exp.Expression) -> exp.Expression:
    rank = exp.Ceil(this=exp.Mul(this=cast(many, "DECIMAL(18, 0)"), expression=literal(fraction)))
    return cast(exp.Greatest(this=rank, expressions=[literal(1)]), "BIGINT")


def _disorder(node: Aggregate, values: exp.Expression, wrap: Wrap) -> exp.Expression:
    """Return entropy in bits, or as a part of what it is at most (docs/evaluation.md, "Numbers")."""
    level = _double(identifier(LEVEL))
    many = _double(wrap(exp.Sum(this=exp.Mul(this=identifier(LEVEL), expression=identifier(MANY)))))
    logs = exp.Mul(this=exp.Mul(this=level, expression=exp.Ln(this=level.copy())), expression=literal(PARTS))
    whole = exp.Mul(this=cast(exp.Floor(this=logs), "HUGEINT"), expression=identifier(MANY))
    # through text: every engine reads the nearest double there
    parts = _double(cast(wrap(exp.Sum(this=whole)), "VARCHAR"))
    ordered = _divided(parts, exp.Paren(this=exp.Mul(this=many.copy(), expression=literal(PARTS))))
    nats = exp.Paren(this=exp.Sub(this=exp.Ln(this=many), expression=ordered))
    if node.function == "entropy":
        return _divided(nats, exp.Ln(this=_double(literal(2))))
    most = exp.Ln(this=_double(values.copy()))
    return choose(comparison(">", values.copy(), literal(1)), _divided(nats, most))


def _double(value: exp.Expression) -> exp.Expression:
    return cast(value, "DOUBLE")


def _divided(left: exp.Expression, right: exp.Expression) -> exp.Expression:
    return exp.Div(this=left, expression=right, typed=False, safe=False)


def grouped(source: Source, keys: Sequence[str], *, is_sequence: bool) -> Measured:
    """Return how spreads are measured in windows that `keys` tell apart among the records of `source`."""

    def measured(column: str, inside: Aggregate | None, group: Mapping[str, Aggregate]) -> exp.Select:
        values = _of_values(source, (*keys, column), column, inside, is_sequence)
        grouping = (*keys, LEVEL)
        levels = select([*columns(grouping), named(exp.Count(this=exp.Star()), MANY)], inner(values, "values"))
        levels = levels.where(is_known(identifier(LEVEL)), copy=False).group_by(*columns(grouping), copy=False)
        up_to = over(exp.Sum(this=identifier(MANY)), keys, ascending(LEVEL))
        sums = [named(up_to, UP_TO), named(over(exp.Sum(this=identifier(MANY)), keys, []), ALL)]
        ordered = select([exp.Star(), *sums], inner(levels, "levels"))
        items = [named(_of_levels(node, level_of(inside)).sql, name) for name, node in group.items()]
        return select([*columns(keys), *items], inner(ordered, "ordered")).group_by(*columns(keys), copy=False)

    return measured


def _of_levels(node: Aggregate, level: Typed) -> Typed:
    if not is_ranked(node):
        return summed(node, level, lambda sql: sql)
    reached = [comparison(">=", identifier(UP_TO), rank) for rank in ranks_of(node, identifier(ALL))]
    return read_off(node, [replace(level, sql=exp.Min(this=choose(test, level.sql.copy()))) for test in reached])


def _of_values(
    source: Source, keys: Sequence[str], column: str, inside: Aggregate | None, is_sequence: bool
) -> exp.Select:
    def known() -> exp.Expression:
        placed = select([exp.Star()], source()).where(is_known(identifier(column)), copy=False)
        return inner(placed, "placed")

    records = exp.Count(this=exp.Star())
    if inside is None:
        return _by_value(keys, known(), [named(records, LEVEL)])
    if not is_spread(inside):
        aggregate = aggregate_sql(inside, is_sequence=is_sequence, wrap=lambda sql: sql)
        return _by_value(keys, known(), [named(exactly(aggregate).sql, LEVEL)])
    counted = _by_value(keys, known(), [named(records, RECORDS)])
    spread = with_spreads(counted, keys, {"_inside": inside}, grouped(known, keys, is_sequence=is_sequence))
    level = exactly(replace(typed_aggregate(inside), sql=identifier("_inside")))
    return select([*columns(keys), named(level.sql, LEVEL)], inner(spread, "spread"))


def _by_value(keys: Sequence[str], rows: exp.Expression, items: Sequence[exp.Expression]) -> exp.Select:
    return select([*columns(keys), *items], rows).group_by(*columns(keys), copy=False)
