"""The uses of a signal's values by account and day, cut into runs: the queries behind `holdings.py`.

A value's columns are compared once, when it gets its number; what follows sorts and groups by number. A run ends with a
break that is longer than the signal allows. Uses of one day are less than a day apart, which no signal's break is
shorter than, so first and last use of a day are enough.
"""

from collections.abc import Iterator, Sequence

from sqlglot import exp

from auditor.linking.networks import network_of
from auditor.linking.reading import ACCOUNT, TIME, Reading, is_known, is_one_of
from auditor.policy.links import LinkSignal
from auditor.records.schema import READABLE_COLUMNS, ColumnType
from auditor.records.sql import all_of, call, case, cast, identifier, literal, named, table, within

DAY = 86_400_000_000
EXACT = ("rotation", "pool", "succession")
"""Where addresses count themselves, and not their networks."""
VALUES = "link_values"
NETWORK, NUMBER, RUN = "_network", "_number", "_run"
_VALUE = ("_v0", "_v1", "_v2", "_v3")


def columns_read(signal: LinkSignal, reading: Reading) -> tuple[str, ...]:
    """Return the columns whose values must agree: those of the signal, and what of `also` the sources have."""
    return (*signal.columns, *(column for column in signal.also if column in reading.columns))


def shared_values(signal: LinkSignal, reading: Reading) -> exp.Select:
    """Return the values that several accounts used, numbered in their order."""
    names = [identifier(name) for name in names_of(columns_read(signal, reading))]
    ordered = exp.Order(expressions=[exp.Ordered(this=name.copy(), desc=False) for name in names])
    number = named(exp.Window(this=exp.RowNumber(), order=ordered), NUMBER)
    query = exp.Select(expressions=[*names, number]).from_(within(uses_of(signal, reading)))
    query = query.group_by(*(name.copy() for name in names))
    least, most = exp.Min(this=identifier(ACCOUNT)), exp.Max(this=identifier(ACCOUNT))
    return query.having(exp.NEQ(this=least, expression=most), copy=False)


def holders_by_run(signal: LinkSignal, reading: Reading) -> exp.Select:
    """Return a row a value and run, with its network, its accounts and since when each holds it.

    The table of shared values must be there. Where addresses count themselves they are the numbers of the values.
    """
    held = _held(_in_runs(_by_day(signal, reading), signal.within), signal.days)
    keys = [identifier(NUMBER), identifier(RUN)]
    query = exp.Select(
        expressions=[
            *keys,
            named(listed_by_account(ACCOUNT), "_accounts"),
            named(listed_by_account("_since"), "_times"),
        ]
    )
    query = query.from_(within(held)).group_by(*(key.copy() for key in keys))
    query = query.having(exp.GT(this=exp.Count(this=exp.Star()), expression=literal(1)), copy=False)
    shown = _network_column(signal)
    network = cast(identifier(shown, "v"), "VARCHAR") if shown else literal("")
    number = named(identifier(NETWORK, "v"), NUMBER) if signal.seen in EXACT else identifier(NUMBER, "h")
    whole = exp.Select(expressions=[number, named(network, "network"), identifier("_accounts"), identifier("_times")])
    whole = whole.from_(within(query, "h")).join(table(VALUES, "v"), on=same_names([NUMBER], "h", "v"))
    return whole.order_by(identifier(NUMBER, "h"), identifier(RUN, "h"))


def names_of(columns: Sequence[str]) -> tuple[str, ...]:
    """Return the names under which a value's columns stand in the tables."""
    return tuple(NETWORK if column == "client_ip" else _VALUE[place] for place, column in enumerate(columns))


def _network_column(signal: LinkSignal) -> str:
    """Return the name of what says where a value is from: its network, of an exact address what else is read of it."""
    if "client_ip" not in signal.columns:
        return ""
    beside = [place for place, column in enumerate(signal.columns) if column != "client_ip"]
    return _VALUE[beside[0]] if signal.seen in EXACT and beside else NETWORK


def uses_of(signal: LinkSignal, reading: Reading) -> exp.Select:
    """Return every use: account, time and the value's columns."""
    columns = columns_read(signal, reading)
    values = [_read(column, signal) if column in signal.columns else _or_none(column) for column in columns]
    items = [named(value, name) for value, name in zip(values, names_of(columns), strict=True)]
    inner = reading.select(items, *_tests(signal, reading))
    if "client_ip" not in columns:
        return inner
    query = exp.Select(expressions=[exp.Star()]).from_(within(inner, "read"))
    return query.where(is_known(identifier(NETWORK)), copy=False)


def _by_day(signal: LinkSignal, reading: Reading) -> exp.Select:
    """Return first and last use by number of the value, account and day."""
    keys = [identifier(NUMBER, "v"), identifier(ACCOUNT, "u")]
    day = named(exp.IntDiv(this=identifier(TIME, "u"), expression=literal(DAY)), "_day")
    first, last = exp.Min(this=identifier(TIME, "u")), exp.Max(this=identifier(TIME, "u"))
    query = exp.Select(expressions=[*keys, day, named(first, "_first"), named(last, "_last")])
    query = query.from_(within(uses_of(signal, reading), "u"))
    names = names_of(columns_read(signal, reading))
    query = query.join(table(VALUES, "v"), on=same_names(names, "u", "v"))
    return query.group_by(*(key.copy() for key in keys), identifier("_day"))


def _tests(signal: LinkSignal, reading: Reading) -> Iterator[exp.Expression]:
    for column in signal.columns:
        if column != "client_ip":
            yield is_known(identifier(column, "r"))
            yield exp.NEQ(this=identifier(column, "r"), expression=_empty(column))
    if signal.networks:
        yield is_one_of(exp.Lower(this=identifier("network_kind", "r")), signal.networks)
    if signal.seen == "sign-up":
        yield exp.EQ(this=identifier("event", "r"), expression=literal("signup"))
    elif signal.seen in ("calls", *EXACT):
        yield from reading.calls()


def _read(column: str, signal: LinkSignal | None = None) -> exp.Expression:
    """Return a column as it is compared: identifiers exactly, other text ignoring case, and of addresses the network.

    In a rotation and in a pool the address itself counts.
    """
    if column == "client_ip":
        return identifier("client_ip_number", "r") if signal and signal.seen in EXACT else network_of()
    known, own = READABLE_COLUMNS.get(column), identifier(column, "r")
    is_folded = known is not None and known.type is ColumnType.TEXT and not known.is_identifier
    return exp.Lower(this=own) if is_folded else own


def _or_none(column: str) -> exp.Expression:
    """Return a column of `also`: that it is missing is a value like any other."""
    return exp.Coalesce(this=_read(column), expressions=[_empty(column)])


def _empty(column: str) -> exp.Expression:
    known = READABLE_COLUMNS.get(column)
    return literal(-1 if known is not None and known.type is ColumnType.INTEGER else "")


def _in_runs(uses: exp.Select, longest: int) -> exp.Select:
    """Number the runs of a value's uses: a new one begins after a break longer than `longest` seconds (0: never)."""
    if not longest:
        return exp.Select(expressions=[exp.Star(), named(literal(0), RUN)]).from_(within(uses, "shared"))
    before = exp.Select(expressions=[exp.Star(), named(_over(exp.Max(this=identifier("_last")), 1), "_before")])
    gap = exp.Add(this=identifier("_before"), expression=literal(longest * 1_000_000))
    begins = case([(exp.GT(this=identifier("_first"), expression=gap), literal(1))], literal(0))
    counted = _over(exp.Sum(this=begins), 0)
    query = exp.Select(expressions=[exp.Star(), named(counted, RUN)])
    return query.from_(within(before.from_(within(uses, "shared")), "uses"))


def _over(function: exp.Expression, before: int) -> exp.Expression:
    """Return a window function over the uses of a value up to this one, or to the one before."""
    order = [exp.Ordered(this=identifier(name), desc=False) for name in ("_first", "_last", ACCOUNT)]
    end: dict[str, object] = {"end": "1", "end_side": "PRECEDING"} if before else {"end": "CURRENT ROW"}
    spec = exp.WindowSpec(kind="ROWS", start="UNBOUNDED", start_side="PRECEDING", **end)
    ordered = exp.Order(expressions=order)
    return exp.Window(this=function, partition_by=[identifier(NUMBER)], order=ordered, spec=spec)


def _held(runs: exp.Select, days: int) -> exp.Select:
    """Return a row a value, run and account that used it on enough days: since the last of these."""
    keys = [identifier(name) for name in (NUMBER, RUN, ACCOUNT)]
    ordered = call("list_sort", call("list", identifier("_first")))
    since = exp.Min(this=identifier("_first")) if days == 1 else call("list_extract", ordered, literal(days))
    query = exp.Select(expressions=[*keys, named(since, "_since")]).from_(within(runs, "runs"))
    query = query.group_by(*(key.copy() for key in keys))
    return query.having(exp.GTE(this=exp.Count(this=exp.Star()), expression=literal(days)), copy=False)


def same_names(names: Sequence[str], left: str, right: str) -> exp.Expression:
    """Return the test that columns of the same name of two tables are equal."""
    return all_of([exp.EQ(this=identifier(name, left), expression=identifier(name, right)) for name in names])


def listed_by_account(name: str) -> exp.Expression:
    """Return the values of a group as a list, in the order of the accounts."""
    ordered = exp.Ordered(this=identifier(ACCOUNT), desc=False)
    return call("list", exp.Order(this=identifier(name), expressions=[ordered]))
