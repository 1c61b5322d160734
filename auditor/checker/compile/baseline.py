"""What the windows of a rule are compared with (docs/evaluation.md, "Baseline").

Relations, made one from the other:

    open        the windows that only their past decides, with measures and a number, `_open`
    known       those of them that can have a usual value (history.py)
    past        `_open`, `_k` (1: the window just before), one double a measure
    usual<i>    `_open`, `_usual` and `_spread` of one measure; a window without a usual value has no row
    compared    `open` with what it is compared with as further columns of measures
"""

from collections.abc import Callable

from sqlglot import exp

from auditor.checker.compile.history import END, OPEN, WINDOWS, end_column, of_itself, time_column
from auditor.checker.compile.measures import Typed, as_double
from auditor.checker.compile.nodes import (
    ascending,
    columns,
    count_where,
    every,
    inner,
    is_known,
    is_null,
    joined_on,
    named,
    over,
    same_keys,
    select,
    some,
)
from auditor.checker.compile.rows import BUCKET, MICROS, Shape
from auditor.checker.compile.windows import (
    EXEMPT,
    HIGH,
    LOW,
    aggregated,
    measure_column,
    measure_types,
    verdict_on,
)
from auditor.records.sql import call, cast, identifier, literal, table

PLACE, USUAL, SPREAD = "_k", "_usual", "_spread"
_SORTED, _VALUES, _EMPTY, _BELOW = "_sorted", "_values", "_empty", "_below"


def compared_measures(shape: Shape) -> tuple[int, ...]:
    """Return the places of the measures that the rule compares with their past, sorted."""
    names = [measure.name for measure in shape.flags.rule.measures]
    return tuple(sorted({names.index(name.name) for name in shape.flags.rule.compared}))


def numbered_opens(shape: Shape, opened: exp.Select) -> exp.Select:
    """Return open windows with a number each: the relations made from them carry that instead of keys."""
    number = over(exp.RowNumber(), (), ascending(*shape.keys, end_column(shape)))
    return select([exp.Star(), named(number, OPEN)], inner(opened, "opened"))


def past_values(shape: Shape, rows: str, known: exp.Expression) -> exp.Select:
    """Return `past`: the measures of every past window that holds a row, of the open windows in `known`."""
    types = measure_types(shape)
    values = [named(as_double(types[place]), measure_column(place)) for place in compared_measures(shape)]
    if shape.is_sliding():
        found = _near_of_open(shape, select([exp.Star()], table(rows)), known)
        grouped = aggregated(shape, lambda: inner(found.copy(), "rows"), (OPEN, PLACE), [])
        return select([*columns((OPEN, PLACE)), *values], inner(grouped, "grouped"))
    grouped = aggregated(shape, lambda: table(rows), (*shape.keys, BUCKET), [])
    measured = select([*columns((*shape.keys, BUCKET)), *values], inner(grouped, "grouped"))
    kept = (OPEN, PLACE, *(measure_column(place) for place in compared_measures(shape)))
    return select(columns(kept), inner(_near_of_open(shape, measured, known), "near"))


def _near_of_open(shape: Shape, rows: exp.Select, known: exp.Expression) -> exp.Select:
    """Return each row once for every open window in whose past it lies, with the number of that and how far back."""
    baseline, within = of_itself(shape)
    back = exp.Paren(this=exp.Sub(this=identifier(END, "known"), expression=identifier(time_column(shape), "row")))
    length, first = (within.seconds * MICROS, 1) if shape.is_sliding() else (1, 0)
    steps = exp.Sub(this=back, expression=literal(first))
    place = exp.IntDiv(this=exp.Paren(this=steps), expression=literal(length))
    reach = (baseline.over // within.seconds + first) * length
    near: list[exp.Expression] = [
        exp.GT(this=back.copy(), expression=literal(first * length)),
        exp.LTE(this=back.copy(), expression=literal(reach)),
    ]
    row = exp.Column(this=exp.Star(), table=exp.to_identifier("row", quoted=True))
    query = select([row, identifier(OPEN, "known"), named(place, PLACE)], inner(rows, "row"))
    return joined_on(query, known, every([*same_keys(shape.keys, "row", "known"), *near]))


def usual_values(shape: Shape, known: exp.Expression, past: str, place: int) -> exp.Select:
    """Return `usual<i>` of the measure at a place in the rule."""
    value = identifier(measure_column(place), "past")
    usual = _middles(_sorted(known.copy(), past, value, literal(0), ()), literal(0), USUAL, ())
    usual = select([exp.Star()], inner(usual, "usual")).where(_is_not_zero(identifier(USUAL)), copy=False)
    if not any(name.step == "spread" for name in shape.flags.rule.compared):
        return usual
    same = every(same_keys((OPEN,), "known", "usual"))
    items = [*columns((OPEN, WINDOWS), "known"), identifier(USUAL, "usual")]
    apart = inner(joined_on(select(items, known.copy()), inner(usual, "usual"), same), "known")
    distance = exp.Abs(this=exp.Paren(this=exp.Sub(this=value.copy(), expression=identifier(USUAL, "known"))))
    empty = exp.Abs(this=identifier(USUAL, "known"))
    return _middles(_sorted(apart, past, distance, empty, (USUAL,)), exp.Abs(this=identifier(USUAL)), SPREAD, (USUAL,))


def compared_windows(shape: Shape, opened: str, usual: Callable[[int], str]) -> exp.Select:
    """Return `compared`; `usual` names the table of a measure by its place."""
    rule = shape.flags.rule
    names, first = [measure.name for measure in rule.measures], len(rule.measures)
    kept = [*shape.keys, *([] if shape.is_sliding() else [BUCKET]), LOW, HIGH, EXEMPT]
    kept += [measure_column(place) for place in range(first)]
    items = columns(kept, "open")
    for place, name in enumerate(rule.compared, first):
        column = USUAL if name.step == "usual" else SPREAD
        items.append(named(identifier(column, usual(names.index(name.name))), measure_column(place)))
    query = select(items, table(opened, "open"))
    for measure in compared_measures(shape):
        other = usual(measure)
        query = joined_on(query, table(other), every(same_keys((OPEN,), "open", other)), "LEFT")
    return query


def compared_violations(shape: Shape, compared: str) -> exp.Select:
    """Return `windows` over the table `compared`."""
    return select([exp.Star()], table(compared)).where(_verdict(shape), copy=False)


def unjudged_subjects(shape: Shape, compared: str) -> exp.Select:
    """Return the count of subjects whose open windows are all unjudged."""
    subject = shape.flags.subject
    unknown = every([is_null(_verdict(shape)), some([is_null(identifier(name)) for name in _past_columns(shape)])])
    judged = count_where(exp.Not(this=exp.Paren(this=unknown)))
    windows = named(exp.Count(this=exp.Star()), WINDOWS)
    grouped = select([*columns(subject), windows, named(judged, "_judged")], table(compared))
    grouped = grouped.group_by(*columns(subject), copy=False) if subject else grouped
    tests: list[exp.Expression] = [exp.GT(this=identifier(WINDOWS), expression=literal(0)),
             exp.EQ(this=identifier("_judged"), expression=literal(0))]  # fmt: skip
    return select([exp.Count(this=exp.Star())], inner(grouped, "subjects")).where(every(tests), copy=False)


def _verdict(shape: Shape) -> exp.Expression:
    rule = shape.flags.rule
    assert rule.violates is not None
    columns_of = zip(rule.compared, _past_columns(shape), strict=True)
    return exp.Paren(
        this=verdict_on(shape, rule.violates, {name: Typed(identifier(sql), "double") for name, sql in columns_of})
    )


def _past_columns(shape: Shape) -> list[str]:
    first = len(shape.flags.rule.measures)
    return [measure_column(place) for place in range(first, first + len(shape.flags.rule.compared))]


def _sorted(
    known: exp.Expression, past: str, value: exp.Expression, empty: exp.Expression, kept: tuple[str, ...]
) -> exp.Select:
    """Return for each window its past values in order, how many there are, how many past windows are empty, and how
    many values lie below the one that stands for an empty window.
    """
    is_value = exp.Where(this=is_known(value.copy()))
    values = exp.Filter(this=exp.ArrayAgg(this=value.copy()), expression=is_value)
    filled = exp.Count(this=identifier(PLACE, "past"))
    below = count_where(exp.LT(this=value.copy(), expression=empty))
    items = [
        *columns((OPEN, *kept), "known"),
        named(call("LIST_SORT", values), _SORTED),
        named(exp.Count(this=value.copy()), _VALUES),
        named(exp.Sub(this=identifier(WINDOWS, "known"), expression=filled), _EMPTY),
        named(below, _BELOW),
    ]
    query = joined_on(select(items, known), table(past, "past"), every(same_keys((OPEN,), "known", "past")))
    return query.group_by(*columns((OPEN, WINDOWS, *kept), "known"), copy=False)


def _middles(values: exp.Select, empty: exp.Expression, name: str, kept: tuple[str, ...]) -> exp.Select:
    """Return the median, under a name, of sorted values together with `_empty` times the value `empty`."""
    size = exp.Paren(this=exp.Add(this=identifier(_VALUES), expression=identifier(_EMPTY)))

    def at_half(of: exp.Expression) -> exp.Expression:
        rank = exp.IntDiv(this=exp.Paren(this=of), expression=literal(2))
        blocked = exp.Add(this=identifier(_BELOW), expression=identifier(_EMPTY))
        before = call("LIST_EXTRACT", identifier(_SORTED), exp.Add(this=rank, expression=literal(1)))
        shifted = exp.Sub(this=rank.copy(), expression=identifier(_EMPTY))
        after = call("LIST_EXTRACT", identifier(_SORTED), exp.Add(this=shifted, expression=literal(1)))
        ifs = [
            exp.If(this=exp.LT(this=rank.copy(), expression=identifier(_BELOW)), true=before),
            exp.If(this=exp.LT(this=rank.copy(), expression=blocked), true=cast(empty.copy(), "DOUBLE")),
        ]
        return exp.Case(ifs=ifs, default=after)

    low, high = at_half(exp.Sub(this=size, expression=literal(1))), at_half(size.copy())
    total = exp.Paren(this=exp.Add(this=low, expression=high))
    half = exp.Div(this=total, expression=cast(literal(2), "DOUBLE"), typed=False, safe=False)
    return select([*columns((OPEN, *kept)), named(half, name)], inner(values, "sorted"))


def _is_not_zero(value: exp.Expression) -> exp.Expression:
    return exp.NEQ(this=value, expression=literal(0))
