"""The test against crowds: how many holders of a value are linked by something else as well.

A campus shares an address and nothing else, an agency's clients a card, the users of a popular program its fingerprint.
Accounts that act together share more than one thing with one another, however many they are: no size is too large.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from auditor.linking.holdings import Value
from auditor.linking.population import Population

Shelf = Mapping[int, Sequence[tuple[int, int]]]
"""What accounts hold: (key of the value, since) by account number."""


def shelf_of(values: Iterable[Value]) -> dict[int, list[tuple[int, int]]]:
    """Return what each account holds of some values."""
    shelf: dict[int, list[tuple[int, int]]] = {}
    for value in values:
        for since, account in value.holders:
            shelf.setdefault(account, []).append((value.key, since))
    return shelf


def vouched(
    value: Value, shelves: Iterable[Shelf], population: Population, tells: Callable[[int, Iterable[int], int], bool]
) -> dict[int, int]:
    """Return the holders that share something on the shelves with another party that holds the value, and since when.

    Both accounts must hold both by then, and it must tell something: `tells` is asked for the key of what is shared,
    who of them share it, and how many parties hold the value.
    """
    joint: dict[int, list[tuple[int, int]]] = {}
    for shelf in shelves:
        for since, account in value.holders:
            for key, other_since in shelf.get(account, ()):
                if key != value.key:
                    joint.setdefault(key, []).append((max(since, other_since), account))
    there = party_count((account for _, account in value.holders), population)
    told = (
        group for key, group in joint.items() if len(group) > 1 and tells(key, (account for _, account in group), there)
    )
    return earliest_meetings(told, population.parties)


def earliest_meetings(groups: Iterable[list[tuple[int, int]]], parties: Sequence[int]) -> dict[int, int]:
    """Return since when each account is together with another party in one of the groups of (since, account)."""
    earliest: dict[int, int] = {}
    for group in groups:
        second = second_party(group, parties)
        if second is None:
            continue
        for since, account in group:
            meeting = max(since, second)
            earliest[account] = min(earliest.get(account, meeting), meeting)
    return earliest


def second_party(group: Sequence[tuple[int, int]], parties: Sequence[int]) -> int | None:
    """Return since when a group of (since, account) holds two parties, None if it never does."""
    if len(group) < 2:
        return None
    ordered = sorted(group)
    first = parties[ordered[0][1]]
    return next((since for since, account in ordered if parties[account] != first), None)


@dataclass(frozen=True)
class Bar:
    """What a value must reach: at most `alone` parties, or the share `least` of them vouched for."""

    least: Decimal
    alone: int = 0

    def is_reached(self, parties: int, vouched_for: int) -> bool:
        """Say whether so many parties, so many of them vouched for, reach the bar."""
        return parties <= self.alone or Decimal(vouched_for) >= self.least * parties


def reached_since(value: Value, meetings: Mapping[int, int], population: Population, bar: Bar) -> int | None:
    """Return since when a value has reached the bar without a break until the end, None if it doesn't at the end.

    A party counts from its first account on, and as vouched for from the first of its accounts on that is.
    """
    joined: dict[int, int] = {}
    spoken: dict[int, int] = {}
    for since, account in value.holders:
        party = population.parties[account]
        joined[party] = min(joined.get(party, since), since)
        if account in meetings:
            spoken[party] = min(spoken.get(party, meetings[account]), meetings[account])
    changes: dict[int, list[int]] = {}
    for time in joined.values():
        changes.setdefault(time, [0, 0])[0] += 1
    for time in spoken.values():
        changes.setdefault(time, [0, 0])[1] += 1
    parties = vouched_for = 0
    since_when: int | None = None
    for time in sorted(changes):
        parties += changes[time][0]
        vouched_for += changes[time][1]
        if not bar.is_reached(parties, vouched_for):
            since_when = None
        elif since_when is None:
            since_when = time
    return since_when


def party_count(accounts: Iterable[int], population: Population) -> int:
    """Return how many parties some accounts are."""
    return len({population.parties[account] for account in accounts})
