"""Fragments: groups that are joined already, and whose members alone have one program, mail domain or setting.

A crew that was careful with its cards falls into pairs and fours; that nearly everybody who has one private program
is in such a group, and each group with others who have it, makes one crew of them. Nobody else is drawn in by it.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

from auditor.linking.bonds import Bond, held
from auditor.linking.holdings import Value
from auditor.linking.model import CONTENT
from auditor.linking.population import Population
from auditor.linking.rarity import bits_of
from auditor.linking.timeline import links_of_bonds, units_of
from auditor.linking.vouching import party_count
from auditor.policy.links import LinkRules


def fragment_bonds(
    bonds: Sequence[Bond], values: Iterable[Value], rules: LinkRules, population: Population
) -> tuple[Bond, ...]:
    """Return a bond for each value that makes one group of what the bonds hold together, the rarest values first.

    What a rarer value has joined is one group when a more common one is judged; values of one size are judged together.
    """
    since = _joined_since(bonds, population)
    candidates = [value for value in values if _may_join(value, rules, population)]
    found: list[Bond] = []
    groups = _Groups(units_of(bonds, population), rules, population)
    for _, alike in groupby(sorted(candidates, key=_size), key=_size):
        joining = [bond for value in alike if (bond := groups.bond_of(value, since)) is not None]
        found += joining
        groups = _Groups(units_of([*bonds, *found], population), rules, population) if joining else groups
    return tuple(found)


def _size(value: Value) -> int:
    return len(value.holders)


def _may_join(value: Value, rules: LinkRules, population: Population) -> bool:
    """Say whether a value is of a kind that anybody may have, is no text, and more than a household has it."""
    signal = value.signal
    is_common = not signal.is_strong and not signal.networks and not CONTENT & {*signal.columns}
    return is_common and party_count((account for _, account in value.holders), population) > rules.alone


def _joined_since(bonds: Iterable[Bond], population: Population) -> Mapping[int, int]:
    """Return since when each account is linked to any other."""
    since: dict[int, int] = {}
    for link in links_of_bonds(bonds, population):
        for account in (link.first, link.second):
            since[account] = min(since.get(account, link.since), link.since)
    return since


class _Groups:
    """What is joined so far: the number of the group of each account."""

    def __init__(self, units: Sequence[int], rules: LinkRules, population: Population) -> None:
        self.units = units
        self.sizes = Counter(units)
        self.rules = rules
        self.population = population

    def bond_of(self, value: Value, since: Mapping[int, int]) -> Bond | None:
        """Return what makes one group of those that a value marks, None if they aren't nearly all who have it."""
        inside = self._inside(value)
        groups = Counter(self.units[account] for account in inside)
        if len(groups) < 2 or not self._are_nearly_all(value, inside, groups):
            return None
        return _bond(value, inside, len(groups), since, self.population)

    def _inside(self, value: Value) -> dict[int, int]:
        """Return those holders, with the time since when, whose group has another one and is marked by the value.

        What only a few of a group have is no mark of it: a large group has some of every popular program.
        """
        having = Counter(self.units[account] for _, account in value.holders)
        least = self.rules.corroborated
        marked = {unit for unit, count in having.items() if count > 1 and count >= least * self.sizes[unit]}
        return {account: since for since, account in value.holders if self.units[account] in marked}

    def _are_nearly_all(self, value: Value, inside: Mapping[int, int], groups: Mapping[int, int]) -> bool:
        """Say whether nearly all holders are inside, also when the largest of the groups is left out.

        One group that makes up most of a value's holders would otherwise speak for everybody else who has it.
        """
        largest = max(groups.values())
        return all(
            self._share_holds([account for _, account in value.holders if self.units[account] != unit], inside)
            for unit, count in groups.items()
            if count == largest
        )

    def _share_holds(self, others: Sequence[int], inside: Mapping[int, int]) -> bool:
        marked = party_count((account for account in others if account in inside), self.population)
        return marked >= self.rules.exclusive * party_count(others, self.population)


def _bond(
    value: Value, inside: Mapping[int, int], groups: int, since: Mapping[int, int], population: Population
) -> Bond:
    return Bond(
        signal=value.signal.name,
        kind=value.signal.kind,
        is_strong=False,
        weight=bits_of(len(value.holders), len(population)),
        columns=tuple(sorted({*value.signal.columns, *value.signal.also})),
        members=tuple(sorted((max(moment, since[account]), account) for account, moment in inside.items())),
        words=f"same {held(value, population)}; {len(inside):,} of them are in {groups:,} groups that more joins",
    )
