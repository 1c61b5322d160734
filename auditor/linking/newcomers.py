"""Old keys that turn up on one new network: the mark of a thief who holds keys of several owners.

A key that has been in use for ten days is *old*. Its first record on a network where it was never seen is an *arrival*.
An arrival's newcomers are the other owners whose old keys arrived on the same network within seven days before or
after; owners that a strong signal links to this one are no others.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlglot import exp

from auditor.linking.networks import network_of
from auditor.linking.reading import ACCOUNT, TIME, Reading, is_known, is_one_of
from auditor.linking.uses import DAY
from auditor.records.sql import all_of, case, cast, identifier, literal, named, within

OLD = 10 * DAY
"""How long a key has been in use before a new network of it says anything (in microseconds)."""

AROUND = 7 * DAY
KEY, NETWORK = "_key", "_network"


@dataclass(frozen=True)
class Arrival:
    """An old key's first record on a network; `owner` is an organization or else an account."""

    key: str
    network: str
    time: int
    owner: str
    account: str


def network_key(columns: frozenset[str]) -> exp.Expression:
    """Return a record's network: the provider where it is a hosting or VPN one, else the block of the address."""
    if not {"asn", "network_kind"} <= columns:
        return cast(network_of(), "VARCHAR")
    rented = is_one_of(exp.Lower(this=identifier("network_kind", "r")), ("hosting", "vpn"))
    known = all_of([rented, is_known(identifier("asn", "r"))])
    provider = exp.DPipe(this=literal("as"), expression=cast(identifier("asn", "r"), "VARCHAR"))
    return case([(known, provider)], cast(network_of(), "VARCHAR"))


def arrivals_of(reading: Reading) -> tuple[Arrival, ...]:
    """Return the arrivals of old keys, by network and time."""
    place = network_key(reading.columns)
    items = [named(identifier("api_key_id", "r"), KEY), named(place, NETWORK), named(_owner(reading), "_owner")]
    inner = reading.select(items, is_known(identifier("api_key_id", "r")), *reading.calls())
    keys = [identifier(name) for name in (KEY, NETWORK)]
    least = [exp.Min(this=identifier(name)) for name in (TIME, "_owner", ACCOUNT)]
    each = exp.Select(expressions=[*keys, *map(named, least, (TIME, "_owner", ACCOUNT))]).from_(within(inner))
    each = each.group_by(*(key.copy() for key in keys))
    begun = exp.Window(this=exp.Min(this=identifier(TIME)), partition_by=[identifier(KEY)])
    aged = exp.Select(expressions=[exp.Star(), named(begun, "_begun")]).from_(within(each, "each"))
    names = (KEY, NETWORK, TIME, "_owner", ACCOUNT)
    query = exp.Select(expressions=[identifier(name) for name in names]).from_(within(aged, "aged"))
    old = exp.GTE(this=exp.Sub(this=identifier(TIME), expression=identifier("_begun")), expression=literal(OLD))
    query = query.where(all_of([old, is_known(identifier(NETWORK))]), copy=False)
    query = query.order_by(*(identifier(name) for name in (NETWORK, TIME, KEY)))
    return tuple(Arrival(*row) for row in reading.rows(query))


def newcomers_of(arrivals: Sequence[Arrival], groups: Mapping[str, int]) -> list[int]:
    """Return for each arrival the number of other owners' arrivals around it; `groups` are strongly linked accounts.

    Arrivals are given by network and time.
    """
    by_network: dict[str, list[int]] = {}
    for place, arrival in enumerate(arrivals):
        by_network.setdefault(arrival.network, []).append(place)
    counts = [0] * len(arrivals)
    for places in by_network.values():
        _count(arrivals, places, groups, counts)
    return counts


def _count(arrivals: Sequence[Arrival], places: Sequence[int], groups: Mapping[str, int], counts: list[int]) -> None:
    """Slide over the arrivals on one network with two ends, counting the owners and those of each group."""
    owners: Counter[str] = Counter()
    of_group: Counter[object] = Counter()
    group_of = {arrivals[place].owner: _group(arrivals[place], groups) for place in reversed(places)}
    begin = end = 0
    for place in places:
        time = arrivals[place].time
        while end < len(places) and arrivals[places[end]].time <= time + AROUND:
            owner = arrivals[places[end]].owner
            owners[owner] += 1
            of_group[group_of[owner]] += owners[owner] == 1
            end += 1
        while arrivals[places[begin]].time < time - AROUND:
            owner = arrivals[places[begin]].owner
            owners[owner] -= 1
            of_group[group_of[owner]] -= owners[owner] == 0
            begin += 1
        counts[place] = sum(of_group.values()) - of_group[group_of[arrivals[place].owner]]


def _owner(reading: Reading) -> exp.Expression:
    """Return whose key it is: the organization's where the record names one, else the account's."""
    own, account = identifier("organization_id", "r"), identifier("account_id", "r")
    return exp.Coalesce(this=own, expressions=[account]) if "organization_id" in reading.columns else account


def _group(arrival: Arrival, groups: Mapping[str, int]) -> object:
    return groups.get(arrival.account, arrival.owner)
