"""Succession: an account that begins soon after another was shut, and in which the same person goes on.

A relative pays with the same card, too. What makes a successor is order in time, a shared identifier *and* that the
client or the requests go on; or that the same client calls from the same address, where hardly anybody else is. Each
new account is tied to the account that was shut last before it began. A ban that was lifted has no successor.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlglot import exp

from auditor.linking.bonds import Bond, held
from auditor.linking.holdings import Value
from auditor.linking.homes import homes_of
from auditor.linking.judging import shelves_of
from auditor.linking.model import Succession
from auditor.linking.population import Population
from auditor.linking.rarity import bits_of
from auditor.linking.reading import ACCOUNT, TIME, Reading, is_one_of, moment
from auditor.policy.links import LinkRules, LinkSignal
from auditor.records.sql import identifier, literal, named, within

SHUT, LIFTED = ("suspend", "terminate"), "reinstate"
HOUR = 3_600_000_000
SECOND = 1_000_000
CONTINUING = ("calls", "rotation")
"""Signals that show how an account calls, and so whether that goes on."""


@dataclass(frozen=True)
class _Tie:
    """A successor, whose place it takes, and what both hold."""

    since: int
    shut: int
    ban: int
    heir: int
    parts: tuple[Value, ...]


def succession_bonds(
    signal: LinkSignal,
    identifying: Sequence[Value],
    continuing: Sequence[Value],
    reading: Reading,
    population: Population,
) -> tuple[Bond, ...]:
    """Return a bond for each account that took the place of a shut one.

    `identifying` are values that name a person or payer, `continuing` those that show how an account calls.
    """
    bans = _bans(reading, population)
    heirs = _beginners(bans, signal.within * SECOND, population)
    if not bans or not heirs:
        return ()
    shelf = _shelf([value for value in continuing if value.signal.seen in CONTINUING], {*bans, *heirs})
    by_key = {value.key: value for value in continuing}
    found = (
        tie
        for value in identifying
        for tie in _ties(value, bans, heirs, shelf, by_key, signal.within * SECOND, population)
    )
    return _bonds(signal, found, population)


def bonds_at_home(signal: LinkSignal, reading: Reading, population: Population) -> tuple[Bond, ...]:
    """Return a bond for each account that took the place of a shut one at its address, with its client."""
    bans = _bans(reading, population)
    heirs = _beginners(bans, signal.within * SECOND, population)
    if not bans or not heirs:
        return ()
    found = (
        tie
        for home in homes_of(signal, reading, population)
        for tie in _ties_in(home.holders, (home,), bans, heirs, signal.within * SECOND, population)
    )
    return _bonds(signal, found, population)


def successions_in(bonds: Iterable[Bond], signals: LinkRules, population: Population) -> tuple[Succession, ...]:
    """Return who took whose place, by account; of an account that several bonds say this of, what showed first."""
    names = {signal.name for signal in signals.signals if signal.seen == "succession"}
    found: dict[int, tuple[int, int]] = {}
    for bond in bonds:
        if bond.signal in names:
            (ban, _), (since, heir) = bond.members
            found[heir] = min(found.get(heir, (since, ban)), (since, ban))
    return tuple(
        Succession(account=population.ids[heir], since=moment(since), after=(population.first_seen[heir] - ban) // HOUR)
        for heir, (since, ban) in sorted(found.items())
    )


def _bans(reading: Reading, population: Population) -> dict[int, list[int]]:
    """Return when each account was shut, in order, but for bans that were lifted later."""
    if "action" not in reading.columns:
        return {}
    action = exp.Lower(this=identifier("action", "r"))
    is_ban = [exp.EQ(this=identifier("event", "r"), expression=literal("enforcement")),
              is_one_of(action, (*SHUT, LIFTED)), *reading.complete()]  # fmt: skip
    items = [identifier(ACCOUNT), identifier(TIME), identifier("_action")]
    query = exp.Select(expressions=items).distinct()
    query = query.from_(within(reading.select([named(action.copy(), "_action")], *is_ban)))
    bans: dict[int, list[int]] = {}
    for account, time, taken in reading.rows(query.order_by(*(item.copy() for item in items))):
        own = bans.setdefault(population.numbers[account], [])
        own.append(time) if taken != LIFTED else own.clear()
    return {account: own for account, own in bans.items() if own}


def _beginners(bans: Mapping[int, list[int]], longest: int, population: Population) -> set[int]:
    """Return the accounts whose first record came soon enough after any ban."""
    times = sorted(time for own in bans.values() for time in own)
    found = set()
    for account, first in enumerate(population.first_seen):
        place = bisect_right(times, first)
        if place and first - times[place - 1] <= longest:
            found.add(account)
    return found


def _shelf(values: Iterable[Value], accounts: set[int]) -> dict[int, list[tuple[int, int]]]:
    shelf: dict[int, list[tuple[int, int]]] = {}
    for own in shelves_of(values).values():
        for account in accounts & own.keys():
            shelf.setdefault(account, []).extend(own[account])
    return shelf


def _ties(
    value: Value,
    bans: Mapping[int, list[int]],
    heirs: set[int],
    shelf: Mapping[int, Sequence[tuple[int, int]]],
    by_key: Mapping[int, Value],
    longest: int,
    population: Population,
) -> Iterable[_Tie]:
    """Yield who took whose place among the holders of an identifier, for each thing that goes on."""
    going_on: dict[int, list[tuple[int, int]]] = {}
    for since, account in value.holders:
        if account in bans or account in heirs:
            for key, other in shelf.get(account, ()):
                going_on.setdefault(key, []).append((max(since, other), account))
    for key, group in going_on.items():
        if by_key[key].signal.family == value.signal.family:
            continue
        yield from _ties_in(group, (value, by_key[key]), bans, heirs, longest, population)


def _ties_in(
    group: Sequence[tuple[int, int]],
    parts: tuple[Value, ...],
    bans: Mapping[int, list[int]],
    heirs: set[int],
    longest: int,
    population: Population,
) -> Iterable[_Tie]:
    """Yield who took whose place among the (since, account) that have some things in common."""
    shut = sorted((time, account) for _, account in group for time in bans.get(account, ()))
    for since, account in group:
        first = population.first_seen[account]
        earlier = shut[: bisect_right(shut, (first, account))] if account in heirs else []
        before = [tie for tie in earlier[-2:] if population.parties[tie[1]] != population.parties[account]]
        if before and first - before[-1][0] <= longest:
            yield _Tie(max(since, first), before[-1][1], before[-1][0], account, parts)


def _bonds(signal: LinkSignal, found: Iterable[_Tie], population: Population) -> tuple[Bond, ...]:
    """Return the bonds of ties, the best one of each successor."""
    ties: dict[int, _Tie] = {}
    for tie in found:
        ties[tie.heir] = min(ties.get(tie.heir, tie), tie, key=_best)
    return tuple(_bond(signal, ties[heir], population) for heir in sorted(ties))


def _best(tie: _Tie) -> tuple[int, ...]:
    return (tie.since, -tie.ban, *(part.key for part in tie.parts))


def _bond(signal: LinkSignal, tie: _Tie, population: Population) -> Bond:
    size = len(population)
    columns = {"action", *(column for part in tie.parts for column in (*part.signal.columns, *part.signal.also))}
    hours = (population.first_seen[tie.heir] - tie.ban) // HOUR
    return Bond(
        signal=signal.name,
        kind=signal.kind,
        is_strong=signal.is_strong,
        weight=sum((bits_of(len(part.holders), size) for part in tie.parts), start=bits_of(1, 1)),
        columns=tuple(sorted(columns)),
        members=((tie.ban, tie.shut), (tie.since, tie.heir)),
        words=f"began {hours} hours after the other was shut; "
        + "; ".join(f"same {held(part, population)}" for part in tie.parts),
    )
