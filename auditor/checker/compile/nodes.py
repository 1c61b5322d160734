"""The SQLGlot nodes that plans are built from, beyond those of `records/sql.py`.

Every function returns fresh nodes, so that no node ever has two parents.
"""

from collections.abc import Iterable, Sequence
from functools import reduce

from sqlglot import exp

from auditor.records.sql import identifier, literal

Order = Sequence[exp.Expression]


def every(parts: Sequence[exp.Expression]) -> exp.Expression:
    """Join parts with AND as a balanced tree (a list of a thousand values must not nest a thousand deep)."""
    return _balanced(exp.And, parts) if parts else exp.true()


def some(parts: Sequence[exp.Expression]) -> exp.Expression:
    """Join parts with OR as a balanced tree."""
    return _balanced(exp.Or, parts) if parts else exp.false()


def _balanced(kind: type[exp.And] | type[exp.Or], parts: Sequence[exp.Expression]) -> exp.Expression:
    if len(parts) == 1:
        return parts[0]
    middle = len(parts) // 2
    left, right = _balanced(kind, parts[:middle]), _balanced(kind, parts[middle:])
    return exp.Paren(this=kind(this=left, expression=right))


def negated(part: exp.Expression) -> exp.Expression:
    """Return NOT (part)."""
    return exp.Not(this=exp.Paren(this=part))


def is_null(value: exp.Expression) -> exp.Expression:
    """Return `value IS NULL`."""
    return exp.Is(this=value, expression=exp.null())


def is_known(value: exp.Expression) -> exp.Expression:
    """Return `NOT value IS NULL`."""
    return exp.Not(this=is_null(value))


def true_unless_null(value: exp.Expression) -> exp.Expression:
    """Return a test that holds for every value and is unknown for NULL."""
    return exp.Paren(this=exp.Or(this=is_known(value), expression=exp.null()))


def false_unless_null(value: exp.Expression) -> exp.Expression:
    """Return a test that fails for every value and is unknown for NULL."""
    return exp.Paren(this=exp.And(this=is_null(value), expression=exp.null()))


def is_true(condition: exp.Expression) -> exp.Expression:
    """Return the condition with unknown read as false."""
    return exp.Coalesce(this=condition, expressions=[exp.false()])


def choose(condition: exp.Expression, then: exp.Expression, otherwise: exp.Expression | None = None) -> exp.Expression:
    """Return CASE WHEN condition THEN then [ELSE otherwise] END."""
    return exp.Case(ifs=[exp.If(this=condition, true=then)], default=otherwise)


def count_where(condition: exp.Expression) -> exp.Expression:
    """Return the number of rows for which a condition is true."""
    return exp.Count(this=choose(condition, literal(1)))


def total_where(condition: exp.Expression) -> exp.Expression:
    """Return likewise, in a third of the time where many conditions are counted over all rows."""
    return exp.Coalesce(this=exp.CountIf(this=condition), expressions=[literal(0)])


def named(value: exp.Expression, name: str) -> exp.Expression:
    """Return `value AS "name"`."""
    return exp.Alias(this=value, alias=exp.to_identifier(name, quoted=True))


def columns(names: Iterable[str], of: str | None = None) -> list[exp.Expression]:
    """Return quoted columns."""
    return [identifier(name, of) for name in names]


def select(items: Sequence[exp.Expression], source: exp.Expression, *, distinct: bool = False) -> exp.Select:
    """Return SELECT items FROM source."""
    query = exp.Select(expressions=list(items)).from_(source, copy=False)
    return query.distinct(copy=False) if distinct else query


def inner(query: exp.Query, alias: str) -> exp.Expression:
    """Return a query as a sub-query with a quoted alias."""
    return query.subquery(exp.TableAlias(this=exp.to_identifier(alias, quoted=True)), copy=False)


def over(
    function: exp.Expression,
    partition: Iterable[str],
    order: Order,
    *,
    frame: str = "",
    back: int | None = None,
    before: int = 0,
    ahead: bool = False,
) -> exp.Expression:
    """Return a window function.

    `frame` is ROWS or RANGE, from `back` (None: unbounded) before to the current row, or to `before` before it; with
    `ahead`, from the current row to the end.
    """
    spec = None
    if frame:
        start = "CURRENT ROW" if ahead else "UNBOUNDED" if back is None else literal(back)
        last = literal(before) if before else "CURRENT ROW"
        end, end_side = ("UNBOUNDED", "FOLLOWING") if ahead else (last, "PRECEDING" if before else None)
        start_side = None if ahead else "PRECEDING"
        spec = exp.WindowSpec(kind=frame, start=start, start_side=start_side, end=end, end_side=end_side)
    ordered = exp.Order(expressions=list(order)) if order else None
    return exp.Window(this=function, partition_by=columns(partition), order=ordered, spec=spec)


def ascending(*names: str) -> list[exp.Expression]:
    """Return ORDER BY terms over columns that hold no NULL."""
    return [exp.Ordered(this=identifier(name), desc=False) for name in names]


def descending(*names: str) -> list[exp.Expression]:
    """Return descending ORDER BY terms over columns that hold no NULL."""
    return [exp.Ordered(this=identifier(name), desc=True) for name in names]


def joined_on(query: exp.Select, other: exp.Expression, condition: exp.Expression, kind: str = "INNER") -> exp.Select:
    """Return the query with a join; SEMI keeps the rows that have a partner, in a quarter of the time of EXISTS."""
    sort = {"side": "LEFT"} if kind == "LEFT" else {"kind": kind}
    query.append("joins", exp.Join(this=other, on=condition, **sort))
    return query


def joined_to_latest(query: exp.Select, other: exp.Expression, condition: exp.Expression) -> exp.Select:
    """Return the query with, for each row, the last row of another relation that began by then, where there is one.

    The condition compares times by one `>=`, and keys by `=`. Both sides are walked in order once; no row is compared
    with every other.
    """
    query.append("joins", exp.Join(this=other, on=condition, method="ASOF"))
    return query


def same_keys(names: Iterable[str], left: str, right: str) -> list[exp.Expression]:
    """Return equalities of columns of the same name of two aliases."""
    return [exp.EQ(this=identifier(name, left), expression=identifier(name, right)) for name in names]


def union_all(queries: Sequence[exp.Query]) -> exp.Query:
    """Return all rows of all queries."""
    return reduce(lambda left, right: exp.Union(this=left, expression=right, distinct=False), queries)
