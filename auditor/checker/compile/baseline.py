"""What the windows of a rule are compared with (docs/evaluation.md, "Baseline").

Relations, made one from the other:

    open        the windows that only their past decides, with measures
    past        the keys, `_end` (of the open window), `_k` (1: the window just before), one double a measure
    usual<i>    the keys, `_end`, `_usual` and `_spread` of one measure; a window without a usual value has no row
    compared    `open` with what it is compared with as further columns of measures

The end of an open window is its `_hi` where windows slide, else its `_bucket`.
"""

from collections.abc import Callable, Sequence

from sqlglot import exp

from auditor.checker.compile.measures import Typed, as_double
from auditor.checker.compile.nodes import (
    ascending,
    choose,
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
from auditor.checker.compile.rows import AT, BUCKET, MICROS, Shape
from auditor.checker.compile.windows import (
    EXEMPT,
    HIGH,
    LOW,
    aggregated,
    measure_column,
    measure_types,
    verdict_on,
)
from auditor.policy.rule import Baseline, Window
from auditor.records.sql import cast, identifier, literal, table

END, PLACE, USUAL, SPREAD = "_end", "_k", "_usual", "_spread"
_FIRST, _WINDOWS, _EMPTY, _VALUES, _VALUE, _AT = "_first", "_windows", "_empty", "_values", "_value", "_at"


def compared_measures(shape: Shape) -> tuple[int, ...]:
    """Return the places of the measures that the rule compares with their past, sorted."""
    names = [measure.name for measure in shape.flags.rule.measures]
    return tuple(sorted({names.index(name.name) for name in shape.flags.rule.compared}))


def past_values(shape: Shape, rows: str, opened: str) -> exp.Select:
    """Return `past`: the measures of every past window that holds a row."""
    keys = (*shape.keys, END, PLACE)
    found = _past_rows(shape, rows, opened)
    grouped = aggregated(shape, lambda: inner(found.copy(), "rows"), keys, [])
    types = measure_types(shape)
    values = [named(as_double(types[place]), measure_column(place)) for place in compared_measures(shape)]
    return select([*columns(keys), *values], inner(grouped, "grouped"))


def _past_rows(shape: Shape, rows: str, opened: str) -> exp.Select:
    """Return each row once for every open window in whose past it lies, with the end of that and how far back."""
    baseline, within = _of(shape)
    ends = select([*columns(shape.keys), named(identifier(_end_column(shape)), END)], table(opened))
    back = exp.Paren(this=exp.Sub(this=identifier(END, "open"), expression=identifier(_time_column(shape), "row")))
    length, first = (within.seconds * MICROS, 1) if shape.is_sliding() else (1, 0)
    steps = exp.Sub(this=back, expression=literal(first))
    place = exp.IntDiv(this=exp.Paren(this=steps), expression=literal(length))
    reach = (baseline.over // within.seconds + first) * length
    near: list[exp.Expression] = [
        exp.GT(this=back.copy(), expression=literal(first * length)),
        exp.LTE(this=back.copy(), expression=literal(reach)),
    ]
    row = exp.Column(this=exp.Star(), table=exp.to_identifier("row", quoted=True))
    query = select([row, identifier(END, "open"), named(place, PLACE)], table(rows, "row"))
    return joined_on(query, inner(ends, "open"), every([*same_keys(shape.keys, "row", "open"), *near]))


def usual_values(shape: Shape, rows: str, opened: str, past: str, place: int) -> exp.Select:
    """Return `usual<i>` of the measure at a place in the rule."""
    counted = _counted(shape, rows, opened, past, place)
    keys = (*shape.keys, END)
    same = every(same_keys(keys, "past", "counted"))
    items = [*columns((*keys, _EMPTY, _VALUES), "counted"), named(identifier(measure_column(place), "past"), _VALUE)]
    values = joined_on(select(items, inner(counted, "counted")), table(past, "past"), same)
    values = values.where(is_known(identifier(measure_column(place), "past")), copy=False)
    usual = _middles(values, keys, literal(0), USUAL, ())
    usual = select([exp.Star()], inner(usual, "usual")).where(_is_not_zero(identifier(USUAL)), copy=False)
    if not any(name.step == "spread" for name in shape.flags.rule.compared):
        return usual
    distance = exp.Abs(this=exp.Paren(this=exp.Sub(this=identifier(_VALUE, "value"), expression=identifier(USUAL))))
    apart = [*columns((*keys, _EMPTY, _VALUES), "value"), identifier(USUAL, "usual"), named(distance, _VALUE)]
    distances = joined_on(
        select(apart, inner(values.copy(), "value")), inner(usual, "usual"), every(same_keys(keys, "value", "usual"))
    )
    return _middles(distances, keys, exp.Abs(this=identifier(USUAL)), SPREAD, (USUAL,))


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
        is_end = exp.EQ(this=identifier(_end_column(shape), "open"), expression=identifier(END, other))
        query = joined_on(query, table(other), every([*same_keys(shape.keys, "open", other), is_end]), "LEFT")
    return query


def compared_violations(shape: Shape, compared: str) -> exp.Select:
    """Return `windows` over the table `compared`."""
    return select([exp.Star()], table(compared)).where(_verdict(shape), copy=False)


def unjudged_subjects(shape: Shape, compared: str) -> exp.Select:
    """Return the count of subjects whose open windows are all unjudged."""
    subject = tuple(dict.fromkeys(shape.flags.rule.subject_columns))
    unknown = every([is_null(_verdict(shape)), some([is_null(identifier(name)) for name in _past_columns(shape)])])
    judged = count_where(exp.Not(this=exp.Paren(this=unknown)))
    windows = named(exp.Count(this=exp.Star()), _WINDOWS)
    grouped = select([*columns(subject), windows, named(judged, "_judged")], table(compared))
    grouped = grouped.group_by(*columns(subject), copy=False) if subject else grouped
    tests: list[exp.Expression] = [exp.GT(this=identifier(_WINDOWS), expression=literal(0)),
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


def _of(shape: Shape) -> tuple[Baseline, Window]:
    baseline, within = shape.flags.rule.baseline, shape.flags.rule.within
    assert baseline is not None
    assert within is not None
    return baseline, within


def _end_column(shape: Shape) -> str:
    return HIGH if shape.is_sliding() else BUCKET


def _time_column(shape: Shape) -> str:
    return AT if shape.is_sliding() else BUCKET


def _counted(shape: Shape, rows: str, opened: str, past: str, place: int) -> exp.Select:
    """Return (keys, end, how many past windows are empty, how many have a value) of windows with enough history."""
    known = _with_history(shape, rows, opened)
    keys = (*shape.keys, END)
    filled = exp.Count(this=identifier(PLACE, "past"))
    valued = exp.Count(this=identifier(measure_column(place), "past"))
    empty = exp.Sub(this=identifier(_WINDOWS, "known"), expression=filled)
    values = exp.Add(this=empty.copy(), expression=valued)
    items = [*columns(keys, "known"), named(empty, _EMPTY), named(values, _VALUES)]
    query = select(items, inner(known, "known"))
    query = joined_on(query, table(past, "past"), every(same_keys(keys, "known", "past")), "LEFT")
    return query.group_by(*columns((*keys, _WINDOWS), "known"), copy=False)


def _with_history(shape: Shape, rows: str, opened: str) -> exp.Select:
    """Return (keys, end, how many past windows count) of the open windows that begin late enough."""
    baseline, within = _of(shape)
    length = within.seconds * MICROS
    ends = [named(exp.Min(this=identifier(AT)), _FIRST), named(exp.Min(this=identifier(_time_column(shape))), _AT)]
    firsts = select([*columns(shape.keys), *ends], table(rows))
    firsts = firsts.group_by(*columns(shape.keys), copy=False) if shape.keys else firsts
    end = identifier(_end_column(shape), "open")
    since = exp.Paren(this=exp.Sub(this=end, expression=identifier(_AT, "first")))
    if shape.is_sliding():
        begin: exp.Expression = exp.Sub(this=end.copy(), expression=literal(length))
        before = exp.Paren(this=exp.Sub(this=since, expression=literal(1)))
        counted: exp.Expression = exp.IntDiv(this=before, expression=literal(length))
    else:
        begin, counted = exp.Mul(this=end.copy(), expression=literal(length)), since
    most = literal(baseline.over // within.seconds)
    windows = choose(exp.LT(this=counted, expression=most), counted.copy(), most.copy())
    items = [*columns(shape.keys, "open"), named(end.copy(), END), named(windows, _WINDOWS)]
    history = exp.Sub(this=begin, expression=identifier(_FIRST, "first"))
    is_long = exp.GTE(this=history, expression=literal(baseline.at_least * MICROS))
    query = select(items, table(opened, "open"))
    query = joined_on(query, inner(firsts, "first"), every(same_keys(shape.keys, "open", "first")))
    return query.where(is_long, copy=False)


def _middles(
    values: exp.Select, keys: Sequence[str], empty: exp.Expression, name: str, kept: Sequence[str]
) -> exp.Select:
    """Return the median, under a name, of the values of each key together with `_empty` times the value `empty`.

    The empty ones stand in one block among the sorted values; the place of a value after that block is moved by it.
    """
    place = over(exp.RowNumber(), keys, ascending(_VALUE))
    shift = choose(exp.LT(this=identifier(_VALUE), expression=empty), literal(0), identifier(_EMPTY))
    at = exp.Add(this=exp.Sub(this=place, expression=literal(1)), expression=shift)
    placed = select([exp.Star(), named(at, _AT)], inner(values, "values"))
    double_of_empty = cast(empty.copy(), "DOUBLE")

    def at_half(size: exp.Expression) -> exp.Expression:
        half = exp.IntDiv(this=exp.Paren(this=size), expression=literal(2))
        value = exp.Max(this=choose(exp.EQ(this=identifier(_AT), expression=half), identifier(_VALUE)))
        return exp.Coalesce(this=value, expressions=[double_of_empty.copy()])

    low = at_half(exp.Sub(this=identifier(_VALUES), expression=literal(1)))
    total = exp.Paren(this=exp.Add(this=low, expression=at_half(identifier(_VALUES))))
    half = exp.Div(this=total, expression=cast(literal(2), "DOUBLE"), typed=False, safe=False)
    grouping = columns((*keys, *kept))
    return select([*columns((*keys, *kept)), named(half, name)], inner(placed, "placed")).group_by(
        *grouping, copy=False
    )


def _is_not_zero(value: exp.Expression) -> exp.Expression:
    return exp.NEQ(this=value, expression=literal(0))
