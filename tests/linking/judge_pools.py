"""The slow judge of addresses that are used by turns (docs/linking.md, "Rotation" and "Pool"): sets and pairs only."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import combinations
from math import log2
from typing import Any  # parts of a value are of many types

IPV4 = 0xFFFF_0000_0000
Holders = Mapping[str, datetime]


@dataclass(frozen=True)
class Address:
    """An address in one run of uses: its provider, and who was there since when."""

    number: object
    provider: object
    holders: Holders

    def without(self, accounts: set[str]) -> "Address":
        """Return the address as others hold it."""
        return replace(self, holders={a: since for a, since in self.holders.items() if a not in accounts})


def provider_of(value: Sequence[Any]) -> object:
    """Return whose address it is: the provider where it is known, else the first bits of the address."""
    if len(value) > 1:
        return value[1]
    return value[0] >> 16 if value[0] >> 32 == IPV4 >> 32 else ("6", value[0] >> 96)


def core_of(addresses: Sequence[Address], least: int, party: Mapping[str, str]) -> list[Address]:
    """Return what is left when every account has enough providers and every address two parties, each since it may."""
    left = list(addresses)
    while True:
        places = {a: {x.provider for x in left if a in x.holders} for x in left for a in x.holders}
        new = [
            replace(x, holders={a: s for a, s in x.holders.items() if len(places[a]) >= least}) for x in left
        ]  # fmt: skip
        new = [x for x in new if len({party[a] for a in x.holders}) > 1]
        if new == left:
            break
        left = new
    met = [(x, account, _met(x.holders, account, party)) for x in left for account in x.holders]
    ready = {
        account: sorted(min(s for y, a, s in met if a == account and y.provider == p) for p in places[account])[
            least - 1
        ]
        for _, account, _ in met
    }
    return [
        replace(x, holders={a: max(s, ready[a]) for y, a, s in met if y is x}) for x in left
    ]  # fmt: skip


def _met(holders: Holders, account: str, party: Mapping[str, str]) -> datetime:
    """Return since when an account is there together with another party than the first one that was."""
    first = party[min(holders, key=lambda a: (holders[a], a))]
    return max(holders[account], min(s for a, s in holders.items() if party[a] != first))


def pools_of(
    addresses: Sequence[Address], join: Callable[[Iterable[tuple[str, str]]], list[frozenset[str]]]
) -> list[Holders]:
    """Return each group that the addresses of a core join, every account since the first of its addresses."""
    pairs = [pair for x in addresses for pair in combinations(sorted(x.holders), 2)]
    return [{a: min(x.holders[a] for x in addresses if a in x.holders) for a in sorted(group)} for group in join(pairs)]


def meetings(
    addresses: Sequence[Address], least: int, party: Mapping[str, str]
) -> list[tuple[str, str, datetime]]:  # fmt: skip
    """Return the pairs that met at so many providers, where chance doesn't bring that about, and since when."""
    found = []
    for one, two in combinations(sorted(party), 2):
        both = [x for x in addresses if {one, two} <= set(x.holders) and party[one] != party[two]]
        rarest = {
            p: min((len(x.holders), max(x.holders[one], x.holders[two])) for x in both if x.provider == p)
            for p in {x.provider for x in both}
        }
        bits = sum(round(log2(len(party) / holders), 3) for holders, _ in rarest.values())
        if len(rarest) >= least and round(bits, 3) >= round(2 * round(log2(len(party)), 3), 3):
            found.append((one, two, max(since for _, since in rarest.values())))
    return found
