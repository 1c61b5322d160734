"""Homes: the address and client that somebody calls from, where hardly anybody else is.

Who was shut out and comes back buys a card and takes another device, and sits where he sat before. Only the address
itself counts here, not its network, and only where few accounts were ever seen: behind an office, a school or a
carrier sit many.
"""

from collections.abc import Iterable, Sequence

from sqlglot import exp

from auditor.linking.holdings import Value
from auditor.linking.population import Population
from auditor.linking.reading import ACCOUNT, TIME, Reading
from auditor.linking.uses import listed_by_account, names_of, uses_of
from auditor.policy.links import LinkSignal
from auditor.records.sql import call, identifier, literal, named, within

HOME = "address and client"
_ACCOUNTS, _TIMES = "_accounts", "_times"


def homes_of(signal: LinkSignal, reading: Reading, population: Population) -> tuple[Value, ...]:
    """Return each address and client that several accounts call from, where no more than `at_most` accounts do at all.

    Left out are those most of whose accounts come from the kinds of network in `not_from`.
    """
    rows = reading.rows(_shared_homes(signal, reading))
    held = (
        sorted((since, population.numbers[account]) for account, since in zip(accounts, times, strict=True))
        for accounts, times in rows
    )
    shown = signal.model_copy(update={"kind": HOME})
    values = (Value(key=place, signal=shown, holders=tuple(holders)) for place, holders in enumerate(held))
    return tuple(value for value in values if not _is_institution(value, population))


def _shared_homes(signal: LinkSignal, reading: Reading) -> exp.Select:
    """Return a row a home: its accounts, and since when each called from there."""
    address, *client = names_of((*signal.columns, *(name for name in signal.also if name in reading.columns)))
    keys = [identifier(name) for name in (address, *client)]
    first = named(exp.Min(this=identifier(TIME)), "_since")
    each = exp.Select(expressions=[identifier(ACCOUNT), *keys, first]).from_(within(uses_of(signal, reading), "uses"))
    each = each.group_by(identifier(ACCOUNT), *(key.copy() for key in keys))
    listed = [named(listed_by_account(name), kept) for name, kept in ((ACCOUNT, _ACCOUNTS), ("_since", _TIMES))]
    query = exp.Select(expressions=[*(key.copy() for key in keys), *listed]).from_(within(each, "each"))
    query = query.where(exp.In(this=identifier(address), query=exp.Subquery(this=_few(signal, each, address))))
    query = query.group_by(*(key.copy() for key in keys))
    query = query.having(exp.GT(this=exp.Count(this=exp.Star()), expression=literal(1)), copy=False)
    whole = exp.Select(expressions=[identifier(_ACCOUNTS), identifier(_TIMES)]).from_(within(query, "homes"))
    return whole.order_by(*(identifier(name) for name in (address, *client)))


def _few(signal: LinkSignal, each: exp.Select, address: str) -> exp.Select:
    """Return the addresses at which few accounts were seen, and not one alone."""
    accounts = call("count", exp.Distinct(expressions=[identifier(ACCOUNT)]))
    query = exp.Select(expressions=[identifier(address)]).from_(within(each.copy(), "all_uses"))
    between = exp.Between(this=accounts, low=literal(2), high=literal(signal.at_most))
    return query.group_by(identifier(address)).having(between, copy=False)


def _is_institution(value: Value, population: Population) -> bool:
    kinds: Sequence[str] = value.signal.not_from
    there: Iterable[bool] = (population.networks[account] in kinds for _, account in value.holders)
    return bool(kinds) and sum(there) * 2 > len(value.holders)
