"""Who holds which value of a signal, and since when: the heavy grouping, done in the engine.

A *value* is what a signal's columns held, with a run of uses that had no longer break than the signal allows. A holder
has held it since its first use, or, where a signal asks for several days, since its first use on the last of these.
Values of a single account are left out: they link nobody.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlglot import exp

from auditor.linking.networks import network_of
from auditor.linking.population import Population
from auditor.linking.reading import ACCOUNT, TIME, Reading, is_known, is_one_of
from auditor.policy.links import LinkSignal
from auditor.records.schema import READABLE_COLUMNS, ColumnType
from auditor.records.sql import call, case, identifier, literal, named, within

DAY = 86_400_000_000
NETWORK = "_network"
_VALUE = ("_v0", "_v1", "_v2", "_v3")


@dataclass(frozen=True)
class Value:
    """One shared value of a signal: its holders with the time since which each holds it, oldest first.

    `network` is the network that is part of it. The value itself is not kept.
    """

    key: int
    signal: LinkSignal
    holders: tuple[tuple[int, int], ...]
    """(since in microseconds, account number)"""
    network: str = ""


def holdings_of(signal: LinkSignal, reading: Reading, population: Population, first_key: int) -> tuple[Value, ...]:
    """Return the values of a signal that several accounts hold, by value, numbered from `first_key`."""
    rows = reading.rows(_grouped(signal, reading))
    numbers = population.numbers
    return tuple(
        Value(
            key=first_key + position,
            signal=signal,
            holders=tuple(sorted((since, numbers[account]) for account, since in zip(accounts, times, strict=True))),
            network=network or "",
        )
        for position, (network, accounts, times) in enumerate(rows)
    )


def lacking_columns(signal: LinkSignal, reading: Reading) -> tuple[str, ...]:
    """Return the columns without which a signal can't be read."""
    needed = {*signal.columns, *(["network_kind"] if signal.networks else [])}
    return tuple(sorted(needed - reading.columns))


def _grouped(signal: LinkSignal, reading: Reading) -> exp.Select:
    """Build the query: uses by day, cut into runs, then a row a value with lists of holders and times."""
    columns = columns_read(signal, reading)
    value = _names(columns)
    runs = _in_runs(_shared(_by_day(signal, columns, reading), value), value, signal.within)
    held = _held(runs, value, signal.days)
    names = [identifier(name) for name in (*value, "_run")]
    network = identifier(NETWORK) if NETWORK in value else exp.null()
    query = exp.Select(expressions=[named(network, "network"), _listed(ACCOUNT), _listed("_since")])
    query = query.from_(within(held)).group_by(*names).order_by(*(name.copy() for name in names))
    return query.having(exp.GT(this=exp.Count(this=exp.Star()), expression=literal(1)), copy=False)


def columns_read(signal: LinkSignal, reading: Reading) -> tuple[str, ...]:
    """Return the columns whose values must agree: those of the signal, and what of `also` the sources have."""
    return (*signal.columns, *(column for column in signal.also if column in reading.columns))


def _names(columns: Sequence[str]) -> tuple[str, ...]:
    return tuple(NETWORK if column == "client_ip" else _VALUE[place] for place, column in enumerate(columns))


def _by_day(signal: LinkSignal, columns: Sequence[str], reading: Reading) -> exp.Select:
    """Return first and last use by value, account and day."""
    values = [_read(column) if column in signal.columns else _or_none(column) for column in columns]
    items = [named(value, name) for value, name in zip(values, _names(columns), strict=True)]
    inner = reading.select(items, *_tests(signal, reading))
    keys = [*(identifier(name) for name in _names(columns)), identifier(ACCOUNT)]
    day = named(exp.IntDiv(this=identifier(TIME), expression=literal(DAY)), "_day")
    first, last = exp.Min(this=identifier(TIME)), exp.Max(this=identifier(TIME))
    query = exp.Select(expressions=[*keys, day, named(first, "_first"), named(last, "_last")]).from_(within(inner))
    return query.group_by(*(key.copy() for key in keys), identifier("_day"))


def _tests(signal: LinkSignal, reading: Reading) -> Iterator[exp.Expression]:
    for column in signal.columns:
        yield is_known(_read(column))
        if column != "client_ip":
            yield exp.NEQ(this=identifier(column, "r"), expression=_empty(column))
    if signal.networks:
        yield is_one_of(exp.Lower(this=identifier("network_kind", "r")), signal.networks)
    if signal.seen == "sign-up":
        yield exp.EQ(this=identifier("event", "r"), expression=literal("signup"))
    elif signal.seen == "calls":
        yield from reading.calls()


def _read(column: str) -> exp.Expression:
    """Return a column as it is compared: addresses by network, identifiers exactly, other text ignoring case."""
    if column == "client_ip":
        return network_of()
    known, own = READABLE_COLUMNS.get(column), identifier(column, "r")
    is_folded = known is not None and known.type is ColumnType.TEXT and not known.is_identifier
    return exp.Lower(this=own) if is_folded else own


def _or_none(column: str) -> exp.Expression:
    """Return a column of `also`: that it is missing is a value like any other."""
    return exp.Coalesce(this=_read(column), expressions=[_empty(column)])


def _empty(column: str) -> exp.Expression:
    known = READABLE_COLUMNS.get(column)
    return literal(-1 if known is not None and known.type is ColumnType.INTEGER else "")


def _shared(days: exp.Select, value: Sequence[str]) -> exp.Select:
    """Keep the values that more than one account used."""
    keys = [identifier(name) for name in value]
    least, most = exp.Min(this=identifier(ACCOUNT)), exp.Max(this=identifier(ACCOUNT))
    window = [exp.Window(this=bound, partition_by=[key.copy() for key in keys]) for bound in (least, most)]
    inner = exp.Select(expressions=[exp.Star(), named(window[0], "_least"), named(window[1], "_most")])
    inner = inner.from_(within(days, "days"))
    query = exp.Select(expressions=[exp.Star()]).from_(within(inner))
    return query.where(exp.NEQ(this=identifier("_least"), expression=identifier("_most")), copy=False)


def _in_runs(shared: exp.Select, value: Sequence[str], longest: int) -> exp.Select:
    """Number the runs of a value's uses: a new one begins after a break longer than `longest` seconds (0: never).

    Uses of one day are less than a day apart, which no signal's break is shorter than.
    """
    if not longest:
        return exp.Select(expressions=[exp.Star(), named(literal(0), "_run")]).from_(within(shared, "shared"))
    before = exp.Select(expressions=[exp.Star(), named(_over(exp.Max(this=identifier("_last")), value, 1), "_before")])
    gap = exp.Add(this=identifier("_before"), expression=literal(longest * 1_000_000))
    begins = case([(exp.GT(this=identifier("_first"), expression=gap), literal(1))], literal(0))
    counted = _over(exp.Sum(this=begins), value, 0)
    query = exp.Select(expressions=[exp.Star(), named(counted, "_run")])
    return query.from_(within(before.from_(within(shared, "shared")), "uses"))


def _over(function: exp.Expression, value: Sequence[str], before: int) -> exp.Expression:
    """Return a window function over the uses of a value up to this one, or to the one before."""
    order = [exp.Ordered(this=identifier(name), desc=False) for name in ("_first", "_last", ACCOUNT)]
    end: dict[str, object] = {"end": "1", "end_side": "PRECEDING"} if before else {"end": "CURRENT ROW"}
    spec = exp.WindowSpec(kind="ROWS", start="UNBOUNDED", start_side="PRECEDING", **end)
    partition = [identifier(name) for name in value]
    return exp.Window(this=function, partition_by=partition, order=exp.Order(expressions=order), spec=spec)


def _held(runs: exp.Select, value: Sequence[str], days: int) -> exp.Select:
    """Return a row a value, run and account that used it on enough days: since the last of these."""
    keys = [*(identifier(name) for name in (*value, "_run")), identifier(ACCOUNT)]
    ordered = call("list_sort", call("list", identifier("_first")))
    since = call("list_extract", ordered, literal(days))
    query = exp.Select(expressions=[*keys, named(since, "_since")]).from_(within(runs, "runs"))
    query = query.group_by(*(key.copy() for key in keys))
    return query.having(exp.GTE(this=exp.Count(this=exp.Star()), expression=literal(days)), copy=False)


def _listed(name: str) -> exp.Expression:
    """Return the values of a group as a list, in the order of the accounts."""
    ordered = exp.Ordered(this=identifier(ACCOUNT), desc=False)
    return call("list", exp.Order(this=identifier(name), expressions=[ordered]))
