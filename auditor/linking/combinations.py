"""Combinations: weak signals of different families that join accounts only together.

Accounts that hold the same values of all its signals belong together, if each value that any program, domain or text
could have is *specific* to such groups (at least a share of all its holders is in one) and *tells* something: those who
share the rest share it far more often than others do. The network is asked for nothing more: by itself it joins nobody.

Two marks of one program are one thing. They are two where those who bear both call themselves by many programs that
everybody uses: then neither mark is the program's, and somebody has put them there.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import product

from auditor.linking.bonds import Bond, held
from auditor.linking.holdings import Value
from auditor.linking.judging import shelves_of
from auditor.linking.model import CONTENT
from auditor.linking.population import Population
from auditor.linking.rarity import bits_of
from auditor.linking.telling import Tally, Tells
from auditor.linking.vouching import Bar, Shelf, earliest_meetings, party_count, reached_since
from auditor.policy.links import LinkCombination, LinkRules

Group = list[tuple[int, int]]
"""(since, account) of everybody who holds the same values."""

FEWEST = 3
"""Over so many values of another signal a group must be spread: with two, half of it might have changed from one."""

Together = dict[tuple[int, ...], Group]


def combined_bonds(values: Sequence[Value], rules: LinkRules, population: Population) -> tuple[Bond, ...]:
    """Return the bonds of all combinations of a links file over the values of weak signals."""
    shelves, by_key = shelves_of(values), {value.key: value for value in values}
    telling = Tells(rules, values, population)
    return tuple(
        bond
        for combination in rules.combinations
        for bond in _Combining(combination, rules, population, by_key, telling).bonds(shelves)
    )


class _Combining:
    """One combination over one population."""

    def __init__(
        self,
        combination: LinkCombination,
        rules: LinkRules,
        population: Population,
        values: Mapping[int, Value],
        telling: Tells,
    ) -> None:
        self.combination = combination
        self.telling = telling
        self.rules = rules
        self.population = population
        self.values = values

    def bonds(self, shelves: Mapping[str, Shelf]) -> Iterable[Bond]:
        """Return its bonds, in the order of the values."""
        over = self.combination.spread_over
        if any(name not in shelves for name in (*self.combination.signals, *([over] if over else []))):
            return ()
        held_here = [shelves[name] for name in self.combination.signals]
        found = self._together(held_here)
        telling = self._telling(found, held_here)
        groups = {keys: sorted(found[keys]) for keys in telling if self._is_enough(found[keys])}
        if over:
            groups = {keys: group for keys, group in groups.items() if self._is_spread(group, shelves[over])}
        since = self._specific_since(groups)
        bonds = []
        for keys, group in sorted(groups.items()):
            starts = [start for key in keys if (start := since[key]) is not None]
            if len(starts) == len(keys):
                bonds.append((keys, self._bond(keys, group, max(starts))))
        return [*(bond for _, bond in bonds), *self._joined(bonds)]

    def _joined(self, bonds: Sequence[tuple[tuple[int, ...], Bond]]) -> Iterable[Bond]:
        """Yield a bond for each value that hardly anybody has outside of its groups: these are one.

        What they ask joins no groups: a public text may be taken up by two that have nothing to do with each other.
        """
        mine: dict[int, list[Bond]] = {}
        for keys, bond in bonds:
            for key in keys:
                mine.setdefault(key, []).append(bond)
        for key, found in sorted(mine.items()):
            holders = self.telling.holders.get(key)
            accounts = {account for bond in found for _, account in bond.members}
            inside = party_count(accounts, self.population)
            if holders is None or CONTENT & set(self.values[key].signal.columns):
                continue
            if len(found) > 1 and inside >= self.rules.exclusive * holders:
                yield self._bond_of_groups(self.values[key], found, inside)

    def _bond_of_groups(self, value: Value, bonds: Sequence[Bond], inside: int) -> Bond:
        """Return what holds the groups of a value together: each account since it was in one of them."""
        since: dict[int, int] = {}
        for bond in bonds:
            for moment, account in bond.members:
                since[account] = min(since.get(account, moment), moment)
        return replace(
            bonds[0],
            kind=value.signal.kind,
            weight=bits_of(len(value.holders), len(self.population)),
            columns=tuple(sorted({column for bond in bonds for column in bond.columns})),
            members=tuple(sorted((moment, account) for account, moment in since.items())),
            words=f"same {held(value, self.population)}; {inside:,} of them are in groups that share more",
        )

    def _together(self, shelves: Sequence[Shelf]) -> Together:
        """Return who holds the same values of all signals, be it one account."""
        groups: Together = {}
        for account in min(shelves, key=len):
            held_here = [shelf.get(account, ()) for shelf in shelves]
            for parts in product(*held_here):
                keys = tuple(key for key, _ in parts)
                if self._may_join(keys):
                    groups.setdefault(keys, []).append((max(since for _, since in parts), account))
        return groups

    def _telling(self, found: Together, shelves: Sequence[Shelf]) -> set[tuple[int, ...]]:
        """Return the groups of which each value tells something, in the group alone or over all groups of it."""
        telling = set(found)
        for place in range(len(shelves)) if not self.combination.common else ():
            tallies = self._tallies(place, found, shelves)
            everywhere: dict[int, Tally] = {}
            for keys, tally in tallies.items():
                everywhere.setdefault(keys[place], Tally()).join(tally)
            are_telling = {key for key, tally in everywhere.items() if self.telling.is_telling(tally)}
            telling -= {
                keys
                for keys, tally in tallies.items()
                if keys[place] not in are_telling and not self.telling.is_telling(tally)
            }
        return telling

    def _tallies(self, place: int, found: Together, shelves: Sequence[Shelf]) -> dict[tuple[int, ...], Tally]:
        """Return for each group how often its value of one signal is shared by those who share the rest."""
        there = self._parties_with([*shelves[:place], *shelves[place + 1 :]])
        tallies: dict[tuple[int, ...], Tally] = {}
        for keys, group in found.items():
            if (holders := self.telling.holders.get(keys[place])) is not None:
                having = party_count((account for _, account in group), self.population)
                rest = there[(*keys[:place], *keys[place + 1 :])]
                tallies[keys] = Tally.of(having, rest, holders, self.telling.parties)
        return tallies

    def _parties_with(self, shelves: Sequence[Shelf]) -> dict[tuple[int, ...], int]:
        """Return how many parties hold the same values of some signals."""
        parties: dict[tuple[int, ...], set[int]] = {}
        for account in min(shelves, key=len):
            for parts in product(*(shelf.get(account, ()) for shelf in shelves)):
                parties.setdefault(tuple(key for key, _ in parts), set()).add(self.population.parties[account])
        return {keys: len(found) for keys, found in parties.items()}

    def _may_join(self, keys: tuple[int, ...]) -> bool:
        if not self.combination.same_network:
            return True
        return len({network for key in keys if (network := self.values[key].network)}) == 1

    def _is_enough(self, group: Group) -> bool:
        return party_count((account for _, account in group), self.population) >= self.combination.at_least

    def _is_spread(self, group: Group, shelf: Shelf) -> bool:
        """Say whether most of a group hold values that are mostly others', several of them, none half of the group."""
        accounts = {account for _, account in group}
        counts = Counter(key for account in accounts for key, _ in shelf.get(account, ()))
        usual = {key for key, count in counts.items() if 2 * count <= len(self.values[key].holders)}
        having = sum(any(key in usual for key, _ in shelf.get(account, ())) for account in accounts)
        most = max((counts[key] for key in usual), default=0)
        return len(usual) >= FEWEST and 2 * having > len(accounts) >= 2 * most

    def _specific_since(self, groups: Together) -> dict[int, int | None]:
        """Return since when each value is specific to the groups, None where it isn't; networks always are."""
        mine: dict[int, list[Group]] = {}
        for keys, group in groups.items():
            for key in keys:
                mine.setdefault(key, []).append(group)
        return {key: self._since(self.values[key], found) for key, found in mine.items()}

    def _since(self, value: Value, groups: list[Group]) -> int | None:
        if value.signal.networks or self.combination.common:
            return value.holders[0][0]
        meetings = earliest_meetings(groups, self.population.parties)
        least = self.rules.exclusive if self.combination.exclusive else self.rules.specific
        return reached_since(value, meetings, self.population, Bar(least))

    def _bond(self, keys: tuple[int, ...], group: Group, start: int) -> Bond:
        parts = [self.values[key] for key in keys]
        columns = {column for part in parts for column in (*part.signal.columns, *part.signal.also)}
        size = len(self.population)
        return Bond(
            signal=self.combination.name,
            kind=" and ".join(part.signal.kind for part in parts),
            is_strong=False,
            weight=sum((bits_of(len(part.holders), size) for part in parts), start=bits_of(1, 1)),
            columns=tuple(sorted(columns)),
            members=tuple(sorted((max(since, start), account) for since, account in group)),
            words=f"same {'; same '.join(held(part, self.population) for part in parts)}; "
            f"all of these are shared by {len(group):,} accounts",
            at_least=self.combination.at_least,
        )
