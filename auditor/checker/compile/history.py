"""The open windows of a baseline that can have a usual value, and how many past windows each has.

A window has none that begins too early in its group's life, and none of whose past windows more than half are empty:
an empty one counts as 0, so the middle is 0, and that is no usual value. Each past window that isn't empty holds a row,
so where many are looked at, one count of the rows of all of them together tells most windows apart that have none.

The end of an open window is its `_hi` where windows slide, else its `_bucket`.
"""

from sqlglot import exp

from auditor.checker.compile.nodes import (
    ascending,
    choose,
    columns,
    every,
    inner,
    joined_on,
    named,
    over,
    same_keys,
    select,
)
from auditor.checker.compile.rows import AT, BUCKET, MICROS, Shape
from auditor.checker.compile.windows import HIGH
from auditor.policy.rule import Baseline, Window
from auditor.records.sql import identifier, literal, table

OPEN, END, WINDOWS = "_open", "_end", "_windows"
MANY = 100
"""Of fewer past windows most groups fill half: counting their rows would leave nothing out."""

_FIRST, _AT, _HELD = "_first", "_at", "_held"


def known_windows(shape: Shape, rows: str, opened: str) -> exp.Select:
    """Return `known`: the keys, `_open`, `_end` and `_windows`, how many past windows count."""
    query = inner(_with_history(shape, rows, opened), "old")
    found = select([exp.Star()], query)
    if _most(shape) < MANY:
        return found
    same = every([*same_keys(shape.keys, "old", "stand"), _same(END, _AT)])
    half = exp.IntDiv(
        this=exp.Paren(this=exp.Add(this=identifier(WINDOWS, "old"), expression=literal(1))), expression=literal(2)
    )
    old = exp.Column(this=exp.Star(), table=exp.to_identifier("old", quoted=True))
    held = joined_on(select([old], query), inner(_held(shape, rows), "stand"), same)
    return held.where(exp.GTE(this=identifier(_HELD, "stand"), expression=half), copy=False)


def sliced_windows(known: str, place: int, many: int) -> exp.Expression:
    """Return one of so many parts of `known`, called so; windows beside each other are in different ones."""
    if many == 1:
        return table(known, "known")
    rest = exp.Paren(this=exp.Mod(this=identifier(OPEN), expression=literal(many)))
    part = select([exp.Star()], table(known)).where(exp.EQ(this=rest, expression=literal(place)), copy=False)
    return inner(part, "known")


def most_past_windows(known: str) -> exp.Select:
    """Return how many past windows those of `known` have at most, NULL without any."""
    return select([exp.Sum(this=identifier(WINDOWS))], table(known))


def of_itself(shape: Shape) -> tuple[Baseline, Window]:
    """Return the baseline and the window of a rule that has both."""
    baseline, within = shape.flags.rule.baseline, shape.flags.rule.within
    assert baseline is not None
    assert within is not None
    return baseline, within


def end_column(shape: Shape) -> str:
    """Return the column that holds the end of an open window."""
    return HIGH if shape.is_sliding() else BUCKET


def time_column(shape: Shape) -> str:
    """Return the column of a row that is compared with such an end."""
    return AT if shape.is_sliding() else BUCKET


def _same(left: str, right: str) -> exp.Expression:
    return exp.EQ(this=identifier(left, "old"), expression=identifier(right, "stand"))


def _most(shape: Shape) -> int:
    baseline, within = of_itself(shape)
    return baseline.over // within.seconds


def _held(shape: Shape, rows: str) -> exp.Select:
    """Return (keys, time, how many rows, or buckets with rows, lie in all past windows of one that ends there)."""
    _, within = of_itself(shape)
    at = time_column(shape)
    length = within.seconds * MICROS if shape.is_sliding() else 1
    reach, before = ((_most(shape) + 1) * length, length + 1) if shape.is_sliding() else (_most(shape), 1)
    stands = select([*columns((*shape.keys, at))], table(rows), distinct=not shape.is_sliding())
    count = over(exp.Count(this=exp.Star()), shape.keys, ascending(at), frame="RANGE", back=reach, before=before)
    items = [*columns(shape.keys), named(identifier(at), _AT), named(count, _HELD)]
    return select(items, inner(stands, "stands"), distinct=shape.is_sliding())


def _with_history(shape: Shape, rows: str, opened: str) -> exp.Select:
    """Return likewise the open windows that begin late enough."""
    baseline, within = of_itself(shape)
    length = within.seconds * MICROS
    ends = [named(exp.Min(this=identifier(AT)), _FIRST), named(exp.Min(this=identifier(time_column(shape))), _AT)]
    firsts = select([*columns(shape.keys), *ends], table(rows))
    firsts = firsts.group_by(*columns(shape.keys), copy=False) if shape.keys else firsts
    end = identifier(end_column(shape), "open")
    since = exp.Paren(this=exp.Sub(this=end, expression=identifier(_AT, "first")))
    if shape.is_sliding():
        begin: exp.Expression = exp.Sub(this=end.copy(), expression=literal(length))
        before = exp.Paren(this=exp.Sub(this=since, expression=literal(1)))
        counted: exp.Expression = exp.IntDiv(this=before, expression=literal(length))
    else:
        begin, counted = exp.Mul(this=end.copy(), expression=literal(length)), since
    most = literal(_most(shape))
    windows = choose(exp.LT(this=counted, expression=most), counted.copy(), most.copy())
    items = [*columns((*shape.keys, OPEN), "open"), named(end.copy(), END), named(windows, WINDOWS)]
    history = exp.Sub(this=begin, expression=identifier(_FIRST, "first"))
    is_long = exp.GTE(this=history, expression=literal(baseline.at_least * MICROS))
    query = select(items, table(opened, "open"))
    query = joined_on(query, inner(firsts, "first"), every(same_keys(shape.keys, "open", "first")))
    return query.where(is_long, copy=False)
