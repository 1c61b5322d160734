"""Whether it tells anything that accounts share what many have: a program, a mail domain, a template.

Everybody has some program, so among thirty clients of an agency some have the same one. That is told apart from what a
party shares by comparing with everybody else: how often those who share one thing share the other, too, against how
common it is among all who don't.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from auditor.linking.holdings import Value
from auditor.linking.population import Population
from auditor.linking.rarity import divergence_of
from auditor.linking.vouching import party_count

WHOLE = 10**12
"""Shares are counted in so many parts, as whole numbers."""


@dataclass
class Tally:
    """Of so many `chances` to share a value, how many were taken, and how many would be by how common it is."""

    shared: int = 0
    chances: int = 0
    expected: int = 0
    """In parts of `WHOLE`."""

    def add(self, having: int, there: int, holders: int, parties: int) -> None:
        """Count a group of `there` parties of which `having` hold a value that `holders` of all `parties` hold.

        The first one that has it gives the others the chance to. Where nobody else has it, one in all might.
        """
        elsewhere = (holders - having) * WHOLE // (parties - there) if parties > there else 0
        self.shared += having - 1
        self.chances += there - 1
        self.expected += (there - 1) * max(elsewhere, WHOLE // parties)


class Tells:
    """The test for one population: `lift` times as often as among the others, and no chance hit of one in all."""

    def __init__(self, lift: Decimal, values: Iterable[Value], population: Population) -> None:
        self.lift = lift
        self.population = population
        self.parties = len(set(population.parties))
        self.holders: Mapping[int, int] = {
            value.key: party_count((account for _, account in value.holders), population)
            for value in values
            if is_common(value)
        }

    def tells(self, key: int, sharing: Iterable[int], there: int) -> bool:
        """Say whether it tells anything that some accounts, of `there` parties, hold a value; of rare kinds it does."""
        if key not in self.holders:
            return True
        tally = Tally()
        tally.add(party_count(sharing, self.population), there, self.holders[key], self.parties)
        return self.is_telling(tally)

    def is_telling(self, tally: Tally) -> bool:
        """Say whether a value is shared more often than by chance."""
        if tally.shared * WHOLE < self.lift * tally.expected or not tally.shared:
            return False
        return _surprise(tally.shared, tally.chances, tally.expected // tally.chances) >= _surprise_of_one(self.parties)


def is_common(value: Value) -> bool:
    """Say whether a value is of a kind that anybody may have: weak, and no network."""
    return not value.signal.is_strong and not value.signal.networks


@lru_cache(maxsize=65536)
def _surprise(shared: int, chances: int, share: int) -> Decimal:
    """Return how little chance explains it, in bits: the bound of Chernoff on the tail of a binomial distribution."""
    return chances * divergence_of(Decimal(shared) / chances, Decimal(share) / WHOLE)


@lru_cache(maxsize=64)
def _surprise_of_one(parties: int) -> Decimal:
    """Return how little chance explains what happens to one in all, in bits."""
    return divergence_of(Decimal(1), Decimal(1) / parties)
