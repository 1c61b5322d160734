"""Pools: pairs of accounts that meet again and again, at addresses that few others use.

A home has one provider, a phone another, an office a third, and many share each of them. Two accounts that meet at
addresses of several providers, within a day each time, where hardly anybody else is, leave through one set of exits.
Where a log knows no providers, countries stand for them: a home's address may change, its country doesn't.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import combinations

from auditor.linking.bonds import Bond
from auditor.linking.holdings import Value
from auditor.linking.population import Population
from auditor.linking.rarity import bits_of
from auditor.linking.timeline import components, root_of
from auditor.policy.links import LinkSignal
from auditor.records.addresses import IPV4_BASE

PAIRS = 2
"""Chance must not bring it about among all pairs of accounts: of n there are about n to this power."""

Meetings = dict[str, tuple[int, int]]
"""At each provider the rarest address at which two accounts met: (its holders, since when both were there)."""


def exits_of(signal: LinkSignal, values: Sequence[Value]) -> tuple[Value, ...]:
    """Return the addresses that few enough accounts use, each with whose it is as its network."""
    few = (value for value in values if len(value.holders) <= signal.at_most)
    return tuple(replace(value, network=_provider(value)) for value in few)


def pool_bonds(signal: LinkSignal, exits: Sequence[Value], population: Population) -> tuple[Bond, ...]:
    """Return a bond for each pair that joins what no earlier pair had joined."""
    joined: dict[int, int] = {}
    bonds = []
    for since, first, second, met in sorted(_pairs(signal, exits, population), key=lambda pair: pair[:3]):
        one, other = root_of(joined, first), root_of(joined, second)
        if one != other:
            joined[max(one, other)] = min(one, other)
            bonds.append(_bond(signal, since, (first, second), met, population))
    return tuple(bonds)


def pool_values(signal: LinkSignal, core: Sequence[Value], first_key: int) -> tuple[Value, ...]:
    """Return each group that the addresses of a core join as one value, held by an account since its first of them.

    Two accounts of a pool need not have met: a crew of hundreds over as many exits has few pairs that did so often.
    """
    since: dict[int, int] = {}
    for moment, account in (holder for value in core for holder in value.holders):
        since[account] = min(since.get(account, moment), moment)
    groups = components((value.holders[0][1], account) for value in core for _, account in value.holders[1:])
    return tuple(
        Value(first_key + place, signal, tuple(sorted((since[account], account) for account in group)), place)
        for place, group in enumerate(groups)
    )


def _pairs(
    signal: LinkSignal, exits: Sequence[Value], population: Population
) -> Iterable[tuple[int, int, int, Meetings]]:
    """Yield the pairs of two parties that meet at enough providers, where chance doesn't explain it, and since when."""
    size = len(population)
    for (first, second), met in _meetings(exits, population).items():
        weight = sum((bits_of(holders, size) for holders, _ in met.values()), start=bits_of(1, 1))
        if len(met) >= signal.at_least and weight >= PAIRS * bits_of(1, size):
            yield sorted(since for _, since in met.values())[-1], first, second, met


def _meetings(values: Sequence[Value], population: Population) -> dict[tuple[int, int], Meetings]:
    pairs: dict[tuple[int, int], Meetings] = {}
    for value in values:
        for (since, one), (later, other) in combinations(value.holders, 2):
            if population.parties[one] != population.parties[other]:
                met = pairs.setdefault((min(one, other), max(one, other)), {})
                here = (len(value.holders), max(since, later))
                met[value.network] = min(met.get(value.network, here), here)
    return pairs


def _provider(value: Value) -> str:
    """Return whose address it is, as far as the log or the address itself tells: IPv4 by 16 bits, IPv6 by 32."""
    if len(value.signal.columns) > 1:
        return value.network
    number = int(value.network)
    return str(number >> 16 if number >> 32 == IPV4_BASE >> 32 else number >> 96)


def _bond(signal: LinkSignal, since: int, pair: tuple[int, int], met: Meetings, population: Population) -> Bond:
    most = max(holders for holders, _ in met.values())
    places = "countries" if "country" in signal.columns else "providers"
    return Bond(
        signal=signal.name,
        kind=signal.kind,
        is_strong=False,
        weight=sum((bits_of(holders, len(population)) for holders, _ in met.values()), start=bits_of(1, 1)),
        columns=tuple(sorted(signal.columns)),
        members=tuple((since, account) for account in pair),
        words=f"met within a day at addresses of {len(met):,} {places}, each used by at most {most:,} of "
        f"{len(population):,} accounts then",
    )
