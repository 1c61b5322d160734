"""Rows of sliding windows that may hold as many records, or different values, as `violates` asks for.

    able       the rows of the groups that ever have so many different values
    ends       the keys and times at which such a window may end (`_at`)

and the rows of these windows, with `_is_end`: whether one ends there.

A window with n records ends at a record whose n-th last one lies within the window's length: one look at a row so far
back tells, and no window has to be measured for it. A group that never has enough different values has no window with
so many. What is found here only leaves out: every window that is left is measured exactly, over all its rows.
"""

from collections.abc import Callable
from math import ceil, floor

from sqlglot import exp

from auditor.checker.compile.measures import counted_column
from auditor.checker.compile.nodes import (
    ascending,
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
from auditor.checker.compile.rows import AT, MICROS, Shape, whole_steps
from auditor.checker.compile.statements import Statement
from auditor.policy.expressions import Aggregate
from auditor.records.sql import identifier, literal, table

FEW = 10
"""Of less than so many records stretches of a day say nothing: most subjects have as many on any two days."""

_END, _SPOT = "_at", "_spot"


def least_rows(shape: Shape) -> int:
    """Return how many rows a violating window has at least, as far as `violates` tells; 0 where it tells nothing."""
    if not shape.is_sliding():
        return 0
    return max((least for aggregate, least in _counted(shape) if aggregate.function != "sum"), default=0)


def looks_back(shape: Shape) -> bool:
    """Say whether looking back over rows can leave any out."""
    return least_rows(shape) > 1


def _counted(shape: Shape) -> list[tuple[Aggregate, int]]:
    """Return the aggregates that have to reach a number, with the least whole one."""
    return [
        (aggregate, ceil(value) if operator == ">=" else floor(value) + 1)
        for aggregate, operator, value in growing_bounds(shape.flags.rule)
    ]


def reaching(
    shape: Shape, rows: Callable[[], exp.Select], is_end: str = ""
) -> tuple[tuple[Statement, ...], exp.Select]:
    """Return the statements that come before it, and the query of the rows that matter.

    `is_end` is a column that already tells of some rows that no window ends there.
    """
    able, rows = _able(shape, rows)
    ends = Statement(shape.table("ends"), _ends(shape, rows(), is_end))
    return (*able, ends), _reached(shape, rows(), ends.name)


def _able(shape: Shape, rows: Callable[[], exp.Select]) -> tuple[tuple[Statement, ...], Callable[[], exp.Select]]:
    """Return the rows of the groups that ever have enough different values, with the statements that they need.

    First of all: one group in few has them, and looking back over all rows sorts them all.
    """
    tests = _enough_values(shape)
    if not tests:
        return (), rows
    groups = select(columns(shape.keys) or [literal(1)], inner(rows(), "row"))
    groups = groups.group_by(*columns(shape.keys), copy=False).having(every(tests), copy=False)
    kept = select([exp.Star()], inner(rows(), "row"))
    kept = joined_on(kept, inner(groups, "group"), every(same_keys(shape.keys, "row", "group")), "SEMI")
    able = Statement(shape.table("able"), kept)
    return (able,), lambda: select([exp.Star()], table(able.name))


def _ends(shape: Shape, rows: exp.Select, is_end: str) -> exp.Select:
    back = over(exp.Lag(this=identifier(AT), offset=literal(least_rows(shape) - 1)), shape.keys, ascending(AT))
    marks = columns((is_end,)) if is_end else []
    looked = select([*columns((*shape.keys, AT)), *marks, named(back, "_back")], inner(rows, "row"))
    is_near = exp.LTE(
        this=exp.Sub(this=identifier(AT), expression=identifier("_back")), expression=literal(_length(shape))
    )
    # of several rows of one time the last one looks back over all
    items = [*columns(shape.keys), named(identifier(AT), _END)]
    found = select(items, inner(looked, "looked"), distinct=True)
    return found.where(every([is_near, *(mark.copy() for mark in marks)]), copy=False)


def _reached(shape: Shape, rows: exp.Select, ends: str) -> exp.Select:
    """Return the rows in the stretches of a window's length in which the windows lie, at most two each."""
    length = _length(shape)
    spots = [
        select([*columns(shape.keys), named(whole_steps(_END, length, back=back), _SPOT)], table(ends), distinct=True)
        for back in (0, length)
    ]
    spot = select([exp.Star(), named(whole_steps(AT, length), _SPOT)], inner(rows, "row"))
    near = select([exp.Star()], inner(spot, "placed"))
    same = every(same_keys((*shape.keys, _SPOT), "placed", "spot"))
    near = joined_on(near, inner(union_all(spots), "spot"), same, "SEMI")
    row = exp.Column(this=exp.Star(), table=exp.to_identifier("row", quoted=True))
    found = select([row, named(is_known(identifier(_END, "end")), IS_END)], inner(near, "row"))
    ends_there = exp.EQ(this=identifier(AT, "row"), expression=identifier(_END, "end"))
    return joined_on(found, table(ends, "end"), every([*same_keys(shape.keys, "row", "end"), ends_there]), "LEFT")


def _length(shape: Shape) -> int:
    within = shape.flags.rule.within
    assert within is not None
    return within.seconds * MICROS


def _enough_values(shape: Shape) -> list[exp.Expression]:
    """Return what a group's different values must come to, as tests over its rows."""
    return [
        exp.GTE(
            this=exp.Count(this=exp.Distinct(expressions=[identifier(counted_column(aggregate.column))])),
            expression=literal(least),
        )
        for aggregate, least in _counted(shape)
        if aggregate.is_distinct and aggregate.column and least > 1
    ]
