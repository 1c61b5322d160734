"""Counting different values in sliding windows, exactly and in one pass.

A value is there from its first time until the window's length after its last one; what comes again sooner never left.
So each record is marked with whether its value comes and whether it goes for good, and two running sums give the
number of values at any time. Unlike COUNT(DISTINCT ...) OVER, every engine has this, and it takes half the time.
"""

from collections.abc import Mapping, Sequence

from sqlglot import exp

from auditor.checker.compile.nodes import ascending, inner, is_null, named, over, select
from auditor.checker.compile.rows import AT
from auditor.records.sql import identifier, literal


def marked(rows: exp.Expression, keys: Sequence[str], different: Mapping[str, str], length: int) -> exp.Expression:
    """Return the rows with two marks for each counted column: whether the value was not there within the window's
    length before, and whether it won't come again within it. `different` gives the columns by names of their own.
    """
    marks = []
    for name, column in different.items():
        partition = tuple(dict.fromkeys((*keys, column)))
        before = over(exp.Lag(this=identifier(AT)), partition, ascending(AT))
        after = over(exp.Lead(this=identifier(AT)), partition, ascending(AT))
        since = exp.Sub(this=identifier(AT), expression=before)
        until = exp.Sub(this=after, expression=identifier(AT))
        marks += [named(_is_far(column, since, length), comes(name)), named(_is_far(column, until, length), goes(name))]
    return inner(select([exp.Star(), *marks], rows), "marked") if marks else rows


def _is_far(column: str, distance: exp.Expression, length: int) -> exp.Expression:
    unknown = exp.If(this=is_null(identifier(column)), true=literal(0))
    near = exp.If(this=exp.LTE(this=distance, expression=literal(length)), true=literal(0))
    return exp.Case(ifs=[unknown, near], default=literal(1))


def different_values(name: str, keys: Sequence[str], length: int) -> exp.Expression:
    """Return how many different values a window has: those that have come, without those that are gone."""
    order = ascending(AT)
    come = over(exp.Sum(this=identifier(comes(name))), keys, order, frame="RANGE")
    gone = over(exp.Sum(this=identifier(goes(name))), keys, order, frame="RANGE", before=length + 1)
    return exp.Sub(this=come, expression=exp.Coalesce(this=gone, expressions=[literal(0)]))


def comes(name: str) -> str:
    """Return the column of the mark that a value comes."""
    return f"comes {name}"


def goes(name: str) -> str:
    """Return the column of the mark that a value goes."""
    return f"goes {name}"
