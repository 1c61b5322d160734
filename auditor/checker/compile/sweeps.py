"""Spreads in sliding windows, without looking at every record once for each window it lies in.

What a value's level is changes only when one of its records enters the window or leaves it. The level of each value is
worked out at these times. Sums over the levels are then running sums of the changes; ranks among them are found by
ranks.py.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
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
from auditor.checker.compile.ranks import ALL, DIGITS, IS_END, is_end, with_places, with_ranks
from auditor.checker.compile.rows import AT, MICROS, Shape
from auditor.checker.compile.seen import NUMBER
from auditor.checker.compile.spreads import (
    LEVEL,
    MANY,
    Divided,
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


@dataclass(frozen=True)
class Lines:
    """The tables of the lines of changes and ends that are kept (`Sweep.line`), and the `digits` of their places."""

    tables: Mapping[Divided, str] = field(default_factory=dict)
    digits: int = DIGITS


NONE_KEPT = Lines()


@dataclass(frozen=True)
class Sweep:
    """The sliding windows of a rule, told apart by its keys and their `end`, over the table of `rows`.

    `ends` gives the keys and `_w` of the windows that are measured. `until` is the column of `rows` with a time after
    which no window of its keys ends, empty without one.
    """

    shape: Shape
    rows: str
    end: str
    ends: Callable[[], exp.Select]
    until: str = ""

    @property
    def length(self) -> int:
        """How long a window is, in microseconds."""
        within = self.shape.flags.rule.within
        assert within is not None
        return within.seconds * MICROS

    @property
    def is_sequence(self) -> bool:
        """Whether the rows are those of occurrences."""
        return self.shape.flags.rule.sequence is not None

    def measured(self, lines: Lines = NONE_KEPT) -> Measured:
        """Return how spreads are measured."""
        return partial(self._measured, lines)

    def line(self, column: str, inside: Aggregate | None, group: Mapping[str, Aggregate]) -> exp.Select:
        """Return the line that ranks among some levels are read off: its changes and ends, with places."""
        return with_places(self._carried(column, inside, group), self.shape.keys)

    def _measured(
        self, lines: Lines, column: str, inside: Aggregate | None, group: Mapping[str, Aggregate]
    ) -> exp.Select:
        keys = self.shape.keys
        if inside is not None and is_spread(inside):
            # of what spreads inside a spread, no sum could be carried on from one window to the next
            source = partial(_repeated, self.rows, keys, self.ends, self.length, self.end)
            return grouped(source, (*keys, self.end), is_sequence=self.is_sequence)(column, inside, group)
        ranked = {name: node for name, node in group.items() if is_ranked(node)}
        sums = tuple(name for name in group if name not in ranked)
        if not ranked:
            items = [*columns(keys), named(identifier(AT), self.end), *columns(sums)]
            carried = inner(self._carried(column, inside, group), "carried")
            return select(items, carried).where(is_end(), copy=False)
        kept = lines.tables.get((column, inside))
        line = table(kept, "line") if kept else inner(self.line(column, inside, group), "line")
        return with_ranks(line, keys, self.end, level_of(inside), ranked, sums, lines.digits if kept else DIGITS)

    def _carried(self, column: str, inside: Aggregate | None, group: Mapping[str, Aggregate]) -> exp.Select:
        keys = self.shape.keys
        changes = _changes(_values(self, (*keys, column), inside), keys, column)
        return _carried(changes, self.ends(), keys, level_of(inside), group)


def _values(sweep: Sweep, keys: Sequence[str], inside: Aggregate | None) -> exp.Select:
    """Return the level of each value, the last of `keys`, whenever one of its records enters or leaves the window."""
    column, length = identifier(keys[-1]), sweep.length

    def wrap(function: exp.Expression) -> exp.Expression:
        return over(function, keys, ascending(AT), frame="RANGE", back=length)

    records = wrap(exp.Count(this=identifier(NUMBER)))
    different = {DIFFERENT: different_column(inside)} if inside and different_column(inside) else {}
    if inside is None:
        level = records
    elif different:
        level = different_values(DIFFERENT, keys, length)
    else:
        level = _of_records(exactly(aggregate_sql(inside, is_sequence=sweep.is_sequence, wrap=wrap)))
    ends_later = [exp.LTE(this=identifier(AT), expression=identifier(sweep.until))] if sweep.until else []
    is_there = every([comparison(">", records.copy(), literal(0)), *ends_later])
    items = [*columns((*keys, AT)), named(choose(is_there, level), LEVEL)]
    read = {found.name for item in items for found in item.find_all(exp.Column)} - {*keys, AT, sweep.until}
    placed = select([exp.Star()], table(sweep.rows)).where(is_known(column), copy=False)
    own = inner(select([exp.Star()], marked(inner(placed, "placed"), keys, different, length)), "own")
    return select(items, inner(_coming_and_going(own, keys, sorted(read), sweep), "line"), distinct=True)


def _of_records(level: Typed) -> exp.Expression:
    """Return an aggregate over a line where some rows are no records: those have no number."""
    return level.sql.transform(lambda node: identifier(NUMBER) if isinstance(node, exp.Star) else node)


def _coming_and_going(own: exp.Expression, keys: Sequence[str], read: Sequence[str], sweep: Sweep) -> exp.Query:
    """Return every record twice: as it is, and, without what is read of it, at the time when it has left the window.

    All that comes has to go, for ranks.py: what would stay longer goes after the last end of its keys.
    """
    left: exp.Expression = exp.Add(this=identifier(AT), expression=literal(sweep.length + 1))
    if sweep.until:
        after = exp.Add(this=identifier(sweep.until), expression=literal(1))
        left = exp.Least(this=left, expressions=[after])
    nothing = [named(exp.null(), name) for name in read]
    until = columns([sweep.until] if sweep.until else [])
    coming = select([*columns((*keys, AT, *read)), *until], own)
    going = select([*columns(keys), named(left, AT), *nothing, *(column.copy() for column in until)], own.copy())
    return union_all([coming, going])


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
    changes: exp.Select, ends: exp.Select, keys: Sequence[str], level: Typed, group: Mapping[str, Aggregate]
) -> exp.Select:
    """Return the line of changes and ends, with what the spreads that are sums come to at each time."""

    def wrap(function: exp.Expression) -> exp.Expression:
        return over(function, keys, ascending(AT), frame="RANGE")

    own = select([*columns((*keys, AT, LEVEL, MANY)), named(literal(0), IS_END)], inner(changes, "changes"))
    last = [*columns((*keys, AT)), named(exp.null(), LEVEL), named(literal(0), MANY), named(literal(1), IS_END)]
    line = inner(union_all([own, select(last, inner(ends, "ends"))]), "line")
    many = cast(wrap(exp.Sum(this=identifier(MANY))), "BIGINT")
    sums = {name: summed(node, level, wrap).sql for name, node in group.items() if not is_ranked(node)}
    is_filled = comparison(">", many, literal(0))
    items = [named(choose(is_filled.copy(), sql), name) for name, sql in sums.items()]
    return select([*columns((*keys, AT, LEVEL, MANY, IS_END)), named(many.copy(), ALL), *items], line)


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
