"""Whether it tells anything that accounts share what many have: a program, a mail domain, a template.

Everybody has some program, so among thirty clients of an agency some have the same one. That is told apart from what a
party shares by comparing with everybody else: how often those who share one thing share the other, too, against how
common it is among all who don't.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Self

from auditor.linking.holdings import Value
from auditor.linking.population import Population
from auditor.linking.rarity import divergence_of
from auditor.linking.vouching import party_count
from auditor.policy.links import LinkRules

WHOLE = 10**12
"""Shares are counted in so many parts, as whole numbers."""


@dataclass
class Tally:
    """Of so many `chances` to share a value, how many were taken, and how many would be by how common it is."""

    shared: int = 0
    chances: int = 0
    expected: int = 0
    """In parts of `WHOLE`."""

    @classmethod
    def of(cls, having: int, there: int, holders: int, parties: int) -> Self:
        """Count a group of `there` parties of which `having` hold a value that `holders` of all `parties` hold.

        The first one that has it gives the others the chance to. Where nobody else has it, one in all might.
        """
        elsewhere = (holders - having) * WHOLE // (parties - there) if parties > there else 0
        return cls(having - 1, there - 1, (there - 1) * max(elsewhere, WHOLE // parties))

    def join(self, other: Self) -> None:
        """Add what another tally counted."""
        self.shared += other.shared
        self.chances += other.chances
        self.expected += other.expected


class Tells:
    """The test for one population: `lift` times as often as among the others, and no chance hit of one in all.

    `holders` are the numbers of parties that hold the values that are tested: of kinds that anybody may have, and held
    by more than a household.
    """

    def __init__(self, rules: LinkRules, values: Iterable[Value], population: Population) -> None:
        self.lift = rules.lift
        self.population = population
        self.parties = len(set(population.parties))
        counts = {
            value.key: party_count((account for _, account in value.holders), population)
            for value in values
            if not value.signal.is_strong and not value.signal.networks
        }
        self.holders: Mapping[int, int] = {key: count for key, count in counts.items() if count > rules.alone}

    def tells(self, key: int, sharing: Iterable[int], there: int) -> bool:
        """Say whether it tells anything that some accounts, of `there` parties, hold a value; untested ones do."""
        if key not in self.holders:
            return True
        having = party_count(sharing, self.population)
        return self.is_telling(Tally.of(having, there, self.holders[key], self.parties))

    def is_telling(self, tally: Tally) -> bool:
        """Say whether a value is shared more often than by chance."""
        if tally.shared * WHOLE < self.lift * tally.expected or not tally.shared:
            return False
        return _surprise(tally.shared, tally.chances, tally.expected // tally.chances) >= _surprise_of_one(self.parties)


@lru_cache(maxsize=65536)
def _surprise(shared: int, chances: int, share: int) -> Decimal:
    """Return how little chance explains it, in bits: the bound of Chernoff on the tail of a binomial distribution."""
    return chances * divergence_of(Decimal(shared) / chances, Decimal(share) / WHOLE)


@lru_cache(maxsize=64)
def _surprise_of_one(parties: int) -> Decimal:
    """Return how little chance explains what happens to one in all, in bits."""
    return divergence_of(Decimal(1), Decimal(1) / parties)
