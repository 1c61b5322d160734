"""Spreads in sliding windows, without looking at every record once for each window it lies in.

What a value's level is changes only when one of its records enters the window or leaves it. The level of each value is
worked out at these times. Sums over the levels are then running sums of the changes; ranks among them are found by
ranks.py.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from sqlglot import exp

from auditor.checker.compile.columns import comparison
from auditor.checker.compile.different import different_values, marked
from auditor.checker.compile.measures import Typed, aggregate_sql, different_column, exactly
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
from auditor.checker.compile.ranks import ALL, IS_END, is_end, with_ranks
from auditor.checker.compile.rows import AT, MICROS, Shape
from auditor.checker.compile.seen import NUMBER
from auditor.checker.compile.spreads import (
    LEVEL,
    MANY,
    Measured,
    grouped,
    is_ranked,
    is_spread,
    level_of,
    summed,
)
from auditor.policy.expressions import Aggregate
from auditor.records.sql import cast, identifier, literal, table

BEFORE, EARLIER, LATER, RANK = "_before", "_earlier", "_later", "_rank"
DIFFERENT = "level"


def swept(shape: Shape, rows: str, end: str, ends: Callable[[], exp.Select]) -> Measured:
    """Return how spreads are measured in the sliding windows of a rule, told apart by its keys and their `end`.

    `ends` are the keys and `_w` of the windows that are measured.
    """
    within, keys = shape.flags.rule.within, shape.keys
    assert within is not None
    length = within.seconds * MICROS
    is_sequence = shape.flags.rule.sequence is not None

    def measured(column: str, inside: Aggregate | None, group: Mapping[str, Aggregate]) -> exp.Select:
        if inside is not None and is_spread(inside):
            # of what spreads inside a spread, no sum could be carried on from one window to the next
            source = partial(_repeated, rows, keys, ends, length, end)
            return grouped(source, (*keys, end), is_sequence=is_sequence)(column, inside, group)
        values = _values(rows, (*keys, column), inside, length, is_sequence)
        return _carried(_changes(values, keys, column), ends(), keys, end, level_of(inside), group)

    return measured


def _values(rows: str, keys: Sequence[str], inside: Aggregate | None, length: int, is_sequence: bool) -> exp.Select:
    """Return the level of each value, the last of `keys`, whenever one of its records enters or leaves the window."""
    column = identifier(keys[-1])

    def wrap(function: exp.Expression) -> exp.Expression:
        return over(function, keys, ascending(AT), frame="RANGE", back=length)

    records = wrap(exp.Count(this=identifier(NUMBER)))
    different = {DIFFERENT: different_column(inside)} if inside and different_column(inside) else {}
    if inside is None:
        level = records
    elif different:
        level = different_values(DIFFERENT, keys, length)
    else:
        level = _of_records(exactly(aggregate_sql(inside, is_sequence=is_sequence, wrap=wrap)))
    is_there = comparison(">", records.copy(), literal(0))
    items = [*columns((*keys, AT)), named(choose(is_there, level), LEVEL)]
    read = {found.name for item in items for found in item.find_all(exp.Column)} - {*keys, AT}
    placed = select([exp.Star()], table(rows)).where(is_known(column), copy=False)
    own = inner(select([exp.Star()], marked(inner(placed, "placed"), keys, different, length)), "own")
    return select(items, inner(_coming_and_going(own, keys, sorted(read), length), "line"), distinct=True)


def _of_records(level: Typed) -> exp.Expression:
    """Return an aggregate over a line where some rows are no records: those have no number."""
    return level.sql.transform(lambda node: identifier(NUMBER) if isinstance(node, exp.Star) else node)


def _coming_and_going(own: exp.Expression, keys: Sequence[str], read: Sequence[str], length: int) -> exp.Query:
    """Return every record twice: as it is, and, without what is read of it, at the time when it has left the window."""
    left = named(exp.Add(this=identifier(AT), expression=literal(length + 1)), AT)
    nothing = [named(exp.null(), name) for name in read]
    coming = select(columns((*keys, AT, *read)), own)
    return union_all([coming, select([*columns(keys), left, *nothing], own.copy())])


def _changes(values: exp.Select, keys: Sequence[str], column: str) -> exp.Select:
    """Return (keys, `_level`, `_w`, `_many`): at that time so many values more (or fewer) stand on a level."""
    before = over(exp.Lag(this=identifier(LEVEL)), (*keys, column), ascending(AT))
    steps = select([*columns((*keys, AT, LEVEL)), named(before, BEFORE)], inner(values, "values"))
    sign = exp.column("change", table="sign")
    level = choose(comparison(">", sign, literal(0)), identifier(LEVEL), identifier(BEFORE))
    moves = select([*columns((*keys, AT)), named(level, LEVEL), named(sign.copy(), MANY)], inner(steps, "steps"))
    moves = joined_on(moves, exp.values([(1,), (-1,)], alias="sign", columns=["change"]), exp.true())
    grouping = (*keys, LEVEL, AT)
    many = cast(exp.Sum(this=identifier(MANY)), "BIGINT")
    changes = select([*columns(grouping), named(many, MANY)], inner(moves, "moves"))
    return changes.where(is_known(identifier(LEVEL)), copy=False).group_by(*columns(grouping), copy=False)


def _carried(
    changes: exp.Select,
    ends: exp.Select,
    keys: Sequence[str],
    end: str,
    level: Typed,
    group: Mapping[str, Aggregate],
) -> exp.Select:
    """Return (keys, `end`, a column for each spread)."""

    def wrap(function: exp.Expression) -> exp.Expression:
        return over(function, keys, ascending(AT), frame="RANGE")

    own = select([*columns((*keys, AT, LEVEL, MANY)), named(literal(0), IS_END)], inner(changes, "changes"))
    last = [*columns((*keys, AT)), named(exp.null(), LEVEL), named(literal(0), MANY), named(literal(1), IS_END)]
    line = inner(union_all([own, select(last, inner(ends, "ends"))]), "line")
    many = cast(wrap(exp.Sum(this=identifier(MANY))), "BIGINT")
    sums = {name: summed(node, level, wrap).sql for name, node in group.items() if not is_ranked(node)}
    is_filled = comparison(">", many, literal(0))
    items = [named(choose(is_filled.copy(), sql), name) for name, sql in sums.items()]
    carried = select([*columns((*keys, AT, LEVEL, MANY, IS_END)), named(many.copy(), ALL), *items], line)
    ranked = {name: node for name, node in group.items() if is_ranked(node)}
    if ranked:
        return with_ranks(carried, keys, end, level, ranked, tuple(sums))
    query = select([*columns(keys), named(identifier(AT), end), *columns(sums)], inner(carried, "carried"))
    return query.where(is_end(), copy=False)


def _repeated(rows: str, keys: Sequence[str], ends: Callable[[], exp.Select], length: int, end: str) -> exp.Expression:
    """Return the rows, each once for every window that it lies in, with its end."""
    pairs = inner(_met(_stays(rows, keys, length), ends(), keys, NUMBER, end), "pair")
    items = [exp.Column(this=exp.Star(), table=exp.to_identifier("row", quoted=True)), identifier(end, "pair")]
    same = every(same_keys((NUMBER,), "row", "pair"))
    return inner(joined_on(select(items, table(rows, "row")), pairs, same), "met")


def _stays(rows: str, keys: Sequence[str], length: int) -> exp.Query:
    """Return (keys, `_n`, `_w`, `_many`): from that time on, a record is in the window or has left it."""
    own = (*keys, NUMBER)
    left = named(exp.Add(this=identifier(AT), expression=literal(length + 1)), AT)
    coming = select([*columns((*own, AT)), named(literal(1), MANY)], table(rows))
    return union_all([coming, select([*columns(own), left, named(literal(0), MANY)], table(rows))])


def _met(stretches: exp.Query, ends: exp.Select, keys: Sequence[str], of: str, end: str) -> exp.Select:
    """Return (keys, `end`, `of`, `_many`): what there is at the end of each window.

    `stretches` has (keys, `of`, `_w`, `_many`): from that time until the next of its `of` there are so many.
    """
    shown = [*columns((*keys, of, AT, MANY)), named(literal(0), IS_END)]
    last = [*columns(keys), named(exp.null(), of), identifier(AT), named(exp.null(), MANY), named(literal(1), IS_END)]
    line = union_all([select(shown, inner(stretches, "stretches")), select(last, inner(ends, "ends"))])
    earlier = over(exp.Sum(this=identifier(IS_END)), keys, ascending(AT), frame="RANGE", before=1)
    counted = named(cast(exp.Coalesce(this=earlier, expressions=[literal(0)]), "BIGINT"), EARLIER)
    placed = select([*columns((*keys, of, AT, MANY, IS_END)), counted], inner(line, "line"))
    later = over(exp.Lead(this=identifier(EARLIER)), (*keys, of), ascending(AT))
    spans = select([*columns((*keys, of, MANY, EARLIER)), named(later, LATER)], inner(placed, "placed"))
    spans = spans.where(comparison("=", identifier(IS_END), literal(0)), copy=False)
    first = exp.Add(this=identifier(EARLIER), expression=literal(1))
    ranks = named(exp.Explode(this=exp.GenerateSeries(start=first, end=identifier(LATER))), RANK)
    is_met = every(
        [comparison(">", identifier(MANY), literal(0)), comparison(">", identifier(LATER), identifier(EARLIER))]
    )
    pairs = select([*columns((*keys, of, MANY)), ranks], inner(spans, "spans")).where(is_met, copy=False)
    place = named(over(exp.RowNumber(), keys, ascending(AT)), RANK)
    windows = select([*columns(keys), named(identifier(AT), end), place], inner(ends.copy(), "ends"))
    items = [*columns(keys, "window"), identifier(end, "window"), *columns((of, MANY), "pair")]
    query = select(items, inner(windows, "window"))
    return joined_on(query, inner(pairs, "pair"), every(same_keys((*keys, RANK), "window", "pair")))
