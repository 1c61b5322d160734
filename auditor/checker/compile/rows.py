"""The relation `rows` of one rule: the selected records (or records of occurrences) that measures are taken over.

Columns: `_n`, `_t` (the record's place in the order of records), `_w` (the time at which it counts: its own, or that
of its occurrence), `_unit` (sequences: whether it stands for the occurrence), the keys, `_bucket` for windows that are
not sliding, the measured columns, for each exemption of the rule whether the record is exempt, and what is told of a
record that is cited: the account's code, whether it is of `against`, which documents of the terms apply.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlglot import exp

from auditor.checker.compile.codes import ACCOUNT, coded_name
from auditor.checker.compile.columns import exact_number
from auditor.checker.compile.conditions import TIME
from auditor.checker.compile.flags import BASE, Flags
from auditor.checker.compile.measures import (
    HOUR,
    UNIT,
    counted_column,
    every_aggregate_of,
    number_column,
    share_column,
)
from auditor.checker.compile.nodes import (
    ascending,
    choose,
    columns,
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
from auditor.checker.compile.seen import NUMBER, local_time, same_record
from auditor.policy.expressions import SPREADS, Aggregate
from auditor.policy.rule import Novel, Window
from auditor.records.sql import identifier, literal, table

AT = "_w"
BUCKET = "_bucket"
LAST = "_last"
OWNER = "_owner"
PLAN = "_plan"
MICROS = 1_000_000
BEFORE_ALL = 1 << 57
"""Microseconds from before the year 1, the first of any record, to 1970."""

COUNTING = ("count", *SPREADS)
"""Aggregates that take the values of their column as they are."""


@dataclass(frozen=True)
class Shape:
    """How one rule's tables are called and what they hold."""

    flags: Flags
    exemptions: tuple[str, ...] = ()
    """Columns of `base` telling whether a record is exempt, in the order of `unless`."""
    exemption_names: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()
    """Columns of `base` telling whether a document of the terms applies to a record."""

    @property
    def keys(self) -> tuple[str, ...]:
        """The columns of subject and `by`."""
        return self.flags.keys

    def table(self, name: str) -> str:
        """Return the name of one of the rule's tables."""
        return f"rule{self.flags.number}_{name}"

    @property
    def measured(self) -> tuple[str, ...]:
        """Columns whose values are counted, sorted; whole numbers do where there are codes."""
        found = {a.column for a in self._aggregates if a.column and a.function in COUNTING}
        return tuple(sorted(found))

    @property
    def numbers(self) -> tuple[str, ...]:
        """Columns that are measured as numbers, sorted."""
        found = {a.column for a in self._aggregates if a.column and a.function not in COUNTING}
        return tuple(sorted(found))

    @property
    def divided(self) -> tuple[str, ...]:
        """Columns of `per`, sorted."""
        return tuple(sorted({aggregate.per.column for aggregate in self._aggregates if aggregate.per}))

    @property
    def _aggregates(self) -> tuple[Aggregate, ...]:
        return every_aggregate_of(self.flags.rule)

    @property
    def has_peers(self) -> bool:
        """Whether windows are compared with those of others."""
        baseline = self.flags.rule.baseline
        return baseline is not None and baseline.of == "peers"

    def is_sliding(self) -> bool:
        """Say whether windows may share records."""
        return self.flags.rule.within is not None and self.flags.rule.within.kind == "sliding"

    def values(self, of: str) -> list[exp.Expression]:
        """Return what `rows` takes over from `base`, beyond order and keys."""
        numbers = [named(exact_number(name, identifier(name, of)), number_column(name)) for name in self.numbers]
        counted = [named(identifier(coded_name(name), of), counted_column(name)) for name in self.measured]
        shares = [named(identifier(flag, of), share_column(name)) for name, flag in self.flags.shares.items()]
        plan = [named(identifier("plan", of), PLAN)] if self.has_peers else []
        return [*columns(self.exemptions, of), *counted, *numbers, *shares, *self._hours(of), *plan]

    @property
    def owner(self) -> str:
        """The column of `rows` that holds the code of the record's own account."""
        return ACCOUNT if ACCOUNT in self.flags.subject else OWNER

    def told(self, of: str) -> list[exp.Expression]:
        """Return what `rows` takes over from `base` for the records that are cited."""
        owner = [] if self.owner == ACCOUNT else [named(identifier(ACCOUNT, of), OWNER)]
        marks = dict.fromkeys((*([self.flags.against] if self.flags.against else []), *self.documents))
        return [*owner, *columns(marks, of)]

    def groups(self, of: str) -> list[exp.Expression]:
        """Return the columns of `per`; like `by`, those of an occurrence are those of its last record."""
        return [named(identifier(coded_name(name), of), divided_column(name)) for name in self.divided]

    def _hours(self, of: str) -> list[exp.Expression]:
        if not any(aggregate.function == "active_hours" for aggregate in self._aggregates):
            return []
        return [named(calendar_unit(identifier(TIME, of), "hour", self.flags.scope.timezone), HOUR)]


def divided_column(name: str) -> str:
    """Return the name under which `rows` keeps a column of `per`."""
    return f"per {name}"


def rows_of_records(shape: Shape, source: exp.Expression | None = None) -> exp.Select:
    """Return `rows` of a rule without a sequence; `source` are the records that it may be about, called as `base`."""
    query = select(_record_items(shape), source or table(BASE))
    novel = shape.flags.rule.novel
    if novel:
        return _only_novel(shape, novel, query)
    return query.where(_chosen(shape), copy=False)


def _chosen(shape: Shape) -> exp.Expression:
    return every([identifier(shape.flags.steps[0], BASE), *map(is_known, columns(shape.keys, BASE))])


def _record_items(shape: Shape) -> list[exp.Expression]:
    own = [*columns((NUMBER, TIME), BASE), named(identifier(TIME, BASE), AT), *columns(shape.keys, BASE)]
    last = _last(shape, identifier(NUMBER, BASE))
    return [*own, *last, *shape.values(BASE), *shape.groups(BASE), *shape.told(BASE)]


def _last(shape: Shape, number: exp.Expression) -> list[exp.Expression]:
    """Return `_last`, the number of an occurrence's last record, for the rules that ask what follows."""
    return [named(number, LAST)] if shape.flags.rule.absent else []


def _only_novel(shape: Shape, novel: Novel, query: exp.Select) -> exp.Select:
    """Return the rows that are new for their subject (docs/evaluation.md, "Novel"): few, so they are joined to."""
    told_by = tuple(dict.fromkeys((*shape.flags.subject, *novel.fields)))
    same = every(same_keys(told_by, BASE, "fresh")) if told_by else exp.true()
    age = exp.Sub(this=identifier(TIME, BASE), expression=identifier("_first", "fresh"))
    query = joined_on(query, inner(_fresh(shape, novel), "fresh"), same)
    query = query.where(
        every([_chosen(shape), exp.LTE(this=age, expression=literal(novel.lasts * MICROS))]), copy=False
    )
    if novel.lasts:
        return query
    # of records of the very same time the first by number
    order = [exp.Ordered(this=identifier(NUMBER, BASE), desc=False)]
    place = exp.Window(this=exp.RowNumber(), partition_by=columns(told_by, BASE), order=exp.Order(expressions=order))
    placed = inner(query.select(named(place, "_place"), copy=False), "placed")
    kept = [column.alias_or_name for column in query.expressions if column.alias_or_name != "_place"]
    is_first = exp.EQ(this=identifier("_place"), expression=literal(1))
    return select(columns(kept), placed).where(is_first, copy=False)


def _fresh(shape: Shape, novel: Novel) -> exp.Select:
    """Return the tuples of fields that are new for a subject, with the time of their first record."""
    subject = shape.flags.subject
    told_by = tuple(dict.fromkeys((*subject, *novel.fields)))
    firsts = select([*columns(told_by), named(exp.Min(this=identifier(TIME)), "_first")], table(BASE))
    firsts = firsts.where(_chosen(shape), copy=False).group_by(*columns(told_by), copy=False)
    since = over(exp.Min(this=identifier("_first")), subject, [])
    known = select([exp.Star(), named(since, "_since")], inner(firsts, "firsts"))
    history = exp.Sub(this=identifier("_first"), expression=identifier("_since"))
    tests = [exp.GTE(this=history, expression=literal(novel.history * MICROS)), *map(is_known, columns(novel.fields))]
    return select(columns((*told_by, "_first")), inner(known, "known")).where(every(tests), copy=False)


def novel_counts(shape: Shape, novel: Novel) -> dict[str, exp.Select]:
    """Return the counts that `novel` adds: records lacking a field, subjects with too little history."""
    flags, subject = shape.flags, shape.flags.subject
    placed = [identifier(flags.steps[0]), *(is_known(column) for column in columns(shape.keys))]
    lacking = some([is_null(column) for column in columns(novel.fields)])
    unknown = select([exp.Count(this=exp.Star())], table(BASE)).where(every([*placed, lacking]), copy=False)
    extent = exp.Sub(this=exp.Max(this=identifier(TIME)), expression=exp.Min(this=identifier(TIME)))
    selected = every([part.copy() for part in placed])
    spans = select([named(extent, "extent")], table(BASE)).where(selected, copy=False)
    spans = spans.group_by(*columns(subject), copy=False) if subject else spans
    is_short = exp.LT(this=identifier("extent"), expression=literal(novel.history * MICROS))
    short = select([exp.Count(this=exp.Star())], inner(spans, "spans")).where(is_short, copy=False)
    return {"undetermined": unknown, "not_evaluated_subjects": short}


def rows_of_occurrences(shape: Shape, pairs: str) -> exp.Select:
    """Return `rows` of a sequence rule from its table of pairs (`_n`, `_last`)."""
    last_keys = [column for column in shape.keys if column not in shape.flags.subject]
    subject = tuple(column for column in shape.keys if column not in last_keys)
    is_last = exp.EQ(this=identifier(NUMBER, "pair"), expression=identifier("_last", "pair"))
    items = [
        *columns((NUMBER, TIME), "own"),
        named(identifier(TIME, "end"), AT),
        named(is_last, UNIT),
        *columns(subject, "own"),
        *columns(last_keys, "end"),
        *_last(shape, identifier("_last", "pair")),
        *shape.values("own"),
        *shape.groups("end"),
        *shape.told("own"),
    ]
    query = select(items, table(pairs, "pair"))
    query = joined_on(query, table(BASE, "own"), _is_numbered("own", NUMBER))
    query = joined_on(query, table(BASE, "end"), _is_numbered("end", LAST))
    known = [is_known(column) for column in columns(last_keys, "end")]
    return query.where(every(known), copy=False) if known else query


def occurrences_without_by(shape: Shape, pairs: str) -> exp.Select | None:
    """Return the count of occurrences whose last record has a null in `by`, None when `by` is never null."""
    last_keys = [column for column in shape.keys if column not in shape.flags.subject]
    if not last_keys:
        return None
    query = select([exp.Count(this=exp.Star())], table(pairs, "pair"))
    query = joined_on(query, table(BASE, "end"), _is_numbered("end", LAST))
    is_last = exp.EQ(this=identifier(NUMBER, "pair"), expression=identifier("_last", "pair"))
    return query.where(every([is_last, some([is_null(c) for c in columns(last_keys, "end")])]), copy=False)


def _is_numbered(of: str, name: str) -> exp.Expression:
    return same_record(identifier(NUMBER, of), identifier(name, "pair"))


def bucketed(rows: exp.Select, keys: Sequence[str], window: Window | None, timezone: str) -> exp.Select:
    """Return rows with `_bucket`, the window that each belongs to; for all kinds but sliding."""
    if window is None:
        return select([exp.Star(), named(literal(0), BUCKET)], inner(rows, "selected"))
    if window.kind == "session":
        return _sessions(rows, keys, window.seconds * MICROS)
    is_calendar, length = window.kind == "calendar", window.seconds * MICROS
    bucket = calendar_unit(identifier(AT), window.unit, timezone) if is_calendar else whole_steps(AT, length)
    return select([exp.Star(), named(bucket, BUCKET)], inner(rows, "selected"))


def whole_steps(name: str, length: int, of: str | None = None, *, back: int = 0) -> exp.Expression:
    """Return how many whole steps of a length lie before a time, or `back` before it: its floor, also before 1970."""
    # counted from a step before all times: division rounds towards zero
    steps = (BEFORE_ALL + back) // length + 1
    shifted = exp.Add(this=identifier(name, of), expression=literal(steps * length - back))
    counted = exp.IntDiv(this=exp.Paren(this=shifted), expression=literal(length))
    return exp.Paren(this=exp.Sub(this=counted, expression=literal(steps)))


def calendar_unit(micros: exp.Expression, unit: str, timezone: str) -> exp.Expression:
    """Return the start of the hour, day, ISO week, month or year of a zone's clock that a time lies in."""
    time = exp.UnixToTime(this=micros, scale=exp.UnixToTime.MICROS)
    return exp.TimestampTrunc(this=local_time(time, timezone), unit=exp.var(unit.upper()))


def _sessions(rows: exp.Select, keys: Sequence[str], gap: int) -> exp.Select:
    before = named(over(exp.Lag(this=identifier(AT)), keys, ascending(AT)), "_before")
    steps = select([exp.Star(), before], inner(rows, "selected"))
    quiet = exp.Sub(this=identifier(AT), expression=identifier("_before"))
    starts = choose(exp.GT(this=quiet, expression=literal(gap)), literal(1), literal(0))
    session = over(exp.Sum(this=starts), keys, ascending(AT), frame="RANGE")
    return select([exp.Star(), named(session, BUCKET)], inner(steps, "steps"))
