"""Measures of how a window's records spread over the values of a column: `per`, `top_share`, `entropy`, `evenness`.

Each value of the column has a level in a window: how many records it has there, or what `per` asks of them. `levels`
is the relation of windows with `_level` and `_many`, the number of values that stand on it; it takes a scan of its
own. All spreads are read off it, whatever the kind of window. sweeps.py makes it for sliding windows.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from sqlglot import exp

from auditor.checker.compile.columns import comparison
from auditor.checker.compile.measures import Typed, aggregate_sql, counted_column, exactly, quotient, times
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

Source = Callable[[], exp.Expression]
Levels = Callable[[str, Aggregate | None], exp.Select]
"""Gives `levels` for a column of `rows` and the aggregate inside `per`, None for the number of records."""


def is_spread(node: Aggregate) -> bool:
    """Say whether an aggregate looks at the values of a column one by one."""
    return node.per is not None or node.function in SPREADS


def typed_aggregate(node: Aggregate) -> Typed:
    """Return what an aggregate yields; its SQL stands for nothing."""
    if not is_spread(node):
        return aggregate_sql(node, is_sequence=False, wrap=lambda sql: sql)
    if node.function == "top_share":
        return Typed(exp.null(), "double")
    return _over(node, level_of(node.per.aggregate if node.per else None))


def level_of(inside: Aggregate | None) -> Typed:
    """Return a level as an exact number."""
    plain = Typed(identifier(LEVEL), "exact")
    return plain if inside is None else replace(exactly(typed_aggregate(inside)), sql=identifier(LEVEL))


def with_spreads(query: exp.Select, keys: Sequence[str], nodes: Mapping[str, Aggregate], levels: Levels) -> exp.Select:
    """Return a query of windows, told apart by `keys`, with a column more for every spread among the aggregates."""
    wanted: dict[tuple[str, Aggregate | None], dict[str, Aggregate]] = {}
    for name, node in nodes.items():
        if is_spread(node):
            wanted.setdefault((_divider(node), node.per.aggregate if node.per else None), {})[name] = node
    if not wanted:
        return query
    names = {
        name: (f"spread{place}", node) for place, group in enumerate(wanted.values()) for name, node in group.items()
    }
    found = [named(_read(name, alias, node), name) for name, (alias, node) in names.items()]
    whole = exp.Column(this=exp.Star(), table=exp.to_identifier("whole", quoted=True))
    result = select([whole, *found], inner(query, "whole"))
    for place, ((column, inside), group) in enumerate(wanted.items()):
        spread = inner(_spread(levels(column, inside), keys, inside, group), f"spread{place}")
        result = joined_on(result, spread, every(same_keys(keys, "whole", f"spread{place}")), "LEFT")
    return result


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


def _spread(
    levels: exp.Select, keys: Sequence[str], inside: Aggregate | None, group: Mapping[str, Aggregate]
) -> exp.Select:
    if any(node.function in ("median", "quantile") for node in group.values()):
        up_to = over(exp.Sum(this=identifier(MANY)), keys, ascending(LEVEL))
        ranks = [named(up_to, UP_TO), named(over(exp.Sum(this=identifier(MANY)), keys, []), ALL)]
        levels = select([exp.Star(), *ranks], inner(levels, "levels"))
    items = [named(_over(node, level_of(inside)).sql, name) for name, node in group.items()]
    return select([*columns(keys), *items], inner(levels, "ranked")).group_by(*columns(keys), copy=False)


def _over(node: Aggregate, level: Typed) -> Typed:
    """Return a spread over the levels of one window; of `top_share` only how often the most frequent value occurs."""
    match node.function:
        case "entropy" | "evenness":
            return exactly(Typed(_disorder(node), "double"))
        case "count":
            return Typed(cast(exp.Sum(this=identifier(MANY)), "BIGINT"), "count")
        case "sum":
            return _total(level)
        case "avg":
            return quotient(_total(level), Typed(exp.Sum(this=identifier(MANY)), "count"))
        case "min":
            return replace(level, sql=exp.Min(this=level.sql))
        case "max" | "top_share":
            return replace(level, sql=exp.Max(this=level.sql))
        case "median":
            half = exp.IntDiv(this=identifier(ALL), expression=literal(2))
            upper = exp.Add(this=half, expression=literal(1))
            lower = exp.Sub(this=identifier(ALL), expression=half.copy())
            both = times(_ranked(level, exp.Paren(this=lower)), _ranked(level, exp.Paren(this=upper)), exp.Add)
            return quotient(both, Typed(literal(2), "count"))
        case "quantile":
            assert node.fraction is not None
            return _ranked(level, _nearest_rank(node.fraction))
    raise AssertionError(node.function)


def _total(level: Typed) -> Typed:
    product = times(level, Typed(identifier(MANY), "exact"), exp.Mul)
    return replace(product, sql=exp.Sum(this=product.sql))


def _ranked(level: Typed, rank: exp.Expression) -> Typed:
    """Return the level on which the value of a rank stands, counted from 1."""
    reaches = comparison(">=", identifier(UP_TO), rank)
    return replace(level, sql=exp.Min(this=choose(reaches, level.sql.copy())))


def _nearest_rank(fraction: Decimal) -> exp.Expression:
    many = cast(identifier(ALL), "DECIMAL(18, 0)")
    rank = exp.Ceil(this=exp.Mul(this=many, expression=literal(fraction)))
    return exp.Greatest(this=rank, expressions=[literal(1)])


def _disorder(node: Aggregate) -> exp.Expression:
    """Return entropy in bits, or as a part of what it is at most (docs/evaluation.md, "Numbers")."""
    level = _double(identifier(LEVEL))
    records = exp.Mul(this=identifier(LEVEL), expression=identifier(MANY))
    many = _double(exp.Sum(this=records))
    logs = exp.Mul(this=exp.Mul(this=level, expression=exp.Ln(this=level.copy())), expression=literal(PARTS))
    whole = exp.Mul(this=cast(exp.Floor(this=logs), "HUGEINT"), expression=identifier(MANY))
    # through text: every engine reads the nearest double there
    parts = _double(cast(exp.Sum(this=whole), "VARCHAR"))
    ordered = _divided(parts, exp.Paren(this=exp.Mul(this=many.copy(), expression=literal(PARTS))))
    nats = exp.Paren(this=exp.Sub(this=exp.Ln(this=many), expression=ordered))
    if node.function == "entropy":
        return _divided(nats, exp.Ln(this=_double(literal(2))))
    values = exp.Sum(this=identifier(MANY))
    return choose(comparison(">", values, literal(1)), _divided(nats, exp.Ln(this=_double(values.copy()))))


def _double(value: exp.Expression) -> exp.Expression:
    return cast(value, "DOUBLE")


def _divided(left: exp.Expression, right: exp.Expression) -> exp.Expression:
    return exp.Div(this=left, expression=right, typed=False, safe=False)


def grouped_levels(source: Source, keys: Sequence[str], *, is_sequence: bool) -> Levels:
    """Return `levels` for windows that `keys` tell apart among the records of `source`."""

    def levels(column: str, inside: Aggregate | None) -> exp.Select:
        values = _of_values(source, (*keys, column), column, inside, is_sequence)
        return standing(values, keys)

    return levels


def standing(values: exp.Select, keys: Sequence[str]) -> exp.Select:
    """Return `levels` from one row a window and value, with its `_level`."""
    grouping = (*keys, LEVEL)
    query = select([*columns(grouping), named(exp.Count(this=exp.Star()), MANY)], inner(values, "values"))
    return query.where(is_known(identifier(LEVEL)), copy=False).group_by(*columns(grouping), copy=False)


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
    spread = with_spreads(counted, keys, {"_inside": inside}, grouped_levels(known, keys, is_sequence=is_sequence))
    level = exactly(replace(typed_aggregate(inside), sql=identifier("_inside")))
    return select([*columns(keys), named(level.sql, LEVEL)], inner(spread, "spread"))


def _by_value(keys: Sequence[str], rows: exp.Expression, items: Sequence[exp.Expression]) -> exp.Select:
    return select([*columns(keys), *items], rows).group_by(*columns(keys), copy=False)
