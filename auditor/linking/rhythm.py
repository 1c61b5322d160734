"""Rhythm: accounts that use one template in the same minutes, more often than hour, platform and chance explain.

Two accounts are *in step* in a minute in which both use the template. How often that would happen by chance is worked
out hour by hour: from how much each account did in the hour, and from how the calls of all other accounts of the
platform bunch within it, or those of the group by minute of the hour (timers at the full hour), whichever is more. The
null comes from the data too: the same accounts, each moved by whole hours of its own. Sums only, never pairs.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations

from sqlglot import exp

from auditor.linking.bonds import Bond, held
from auditor.linking.holdings import Value
from auditor.linking.population import Population
from auditor.linking.rarity import bits_of
from auditor.linking.reading import ACCOUNT, TIME, Reading
from auditor.linking.timeline import components
from auditor.linking.uses import DAY, NUMBER, VALUES, columns_read, names_of, same_names, shared_values, uses_of
from auditor.policy.links import LinkSignal
from auditor.records.sql import identifier, literal, table, within

MINUTE = 60_000_000
MOVE = 5
"""The null: an account that is the n-th of its group is moved by n times so many hours (of 23)."""

EXCESS = 2
"""In step so many times as often as chance explains, and as the null shows."""

CROWDED = 4
"""A minute is crowded with so many times the accounts that chance would bring, three at least."""

MEETINGS = 10
"""So many crowded minutes an account must have, and so many two units together."""

MILLION = 1_000_000
EVENLY = MILLION // 60


Beat = tuple[int, int]
"""An account and a minute in which it used a template."""


def rhythm_bonds(
    signal: LinkSignal,
    candidates: Sequence[Value],
    units: Sequence[int],
    reading: Reading,
    by_call: Reading,
    population: Population,
) -> tuple[Bond, ...]:
    """Return bonds between the units that use a template in step with each other.

    `candidates` are templates that passed the test against crowds, `units` says by account what other evidence joined.
    `reading` is of all calls, `by_call` of those that the candidates were found in.
    """
    large = [value for value in candidates if len(value.holders) >= signal.at_least]
    if not large:
        return ()
    platform = _platform(reading)
    bonds = []
    for value, beats in _beats(large, by_call, population):
        if not _is_in_step(beats, platform, signal.at_least):
            continue
        crowded = crowded_minutes(beats, platform)
        marching = _marching(beats, crowded)
        for group in _companies(crowded, {account: units[account] for account in marching}):
            together = set(group)
            members = sorted((since, account) for account, since in marching.items() if units[account] in together)
            bonds.append(_bond(signal, value, members, population))
    return tuple(bonds)


def _platform(reading: Reading) -> Mapping[int, int]:
    """Return how many accounts called in each minute."""
    minute = exp.IntDiv(this=identifier(TIME), expression=literal(MINUTE))
    counted = exp.Count(this=exp.Distinct(expressions=[identifier(ACCOUNT)]))
    query = exp.Select(expressions=[exp.alias_(minute, "_minute", quoted=True), counted])
    query = query.from_(within(reading.select([], *reading.calls()))).group_by(identifier("_minute"))
    return dict(reading.rows(query))


def _beats(values: Sequence[Value], reading: Reading, population: Population) -> Iterable[tuple[Value, list[Beat]]]:
    """Yield each value with the minutes in which its holders used it."""
    signal = values[0].signal
    reading.keep(VALUES, shared_values(signal, reading))
    minute = exp.alias_(exp.IntDiv(this=identifier(TIME, "u"), expression=literal(MINUTE)), "_minute", quoted=True)
    query = exp.Select(expressions=[identifier(NUMBER, "v"), identifier(ACCOUNT, "u"), minute]).distinct()
    names = names_of(columns_read(signal, reading))
    query = query.from_(within(uses_of(signal, reading), "u")).join(table(VALUES, "v"), on=same_names(names, "u", "v"))
    wanted = exp.In(this=identifier(NUMBER, "v"), expressions=[literal(value.number) for value in values])
    query = query.where(wanted, copy=False)
    beats: dict[int, list[Beat]] = {}
    for number, account, at in reading.rows(query):
        beats.setdefault(number, []).append((population.numbers[account], at))
    reading.drop(VALUES)
    for value in values:
        holders = {account for _, account in value.holders}
        yield value, [beat for beat in beats.get(value.number, []) if beat[0] in holders]


def _is_in_step(beats: Sequence[Beat], platform: Mapping[int, int], at_least: int) -> bool:
    """Say whether a group meets more often than chance explains, and than it does when its accounts are moved."""
    met, expected = meetings_of(beats, platform)
    if met < MEETINGS * at_least or met * MILLION < EXCESS * expected:
        return False
    null_met, null_expected = meetings_of(_moved(beats), platform)
    return met * null_expected >= EXCESS * null_met * expected


def meetings_of(beats: Sequence[Beat], platform: Mapping[int, int]) -> tuple[int, int]:
    """Return how often accounts met others in a minute, and how often chance would have it, in millionths."""
    together = Counter(minute for _, minute in beats)
    of_hour = Counter(minute // 60 for _, minute in beats)
    alone = Counter((account, minute // 60) for account, minute in beats)
    chance = _chance(beats, together, of_hour, platform)
    met = sum(count * (count - 1) for count in together.values())
    expected = sum(count * (of_hour[hour] - count) * chance[hour] for (_, hour), count in alone.items())
    return met, expected


def crowded_minutes(beats: Sequence[Beat], platform: Mapping[int, int]) -> dict[int, list[int]]:
    """Return the minutes with many more accounts than chance would bring, with these accounts."""
    together = Counter(minute for _, minute in beats)
    of_hour = Counter(minute // 60 for _, minute in beats)
    chance = _chance(beats, together, of_hour, platform)
    crowded: dict[int, list[int]] = {}
    for account, minute in beats:
        count, hour = together[minute], minute // 60
        if count >= 3 and count * MILLION >= CROWDED * of_hour[hour] * chance[hour]:
            crowded.setdefault(minute, []).append(account)
    return crowded


def _marching(beats: Sequence[Beat], crowded: Mapping[int, object]) -> dict[int, int]:
    """Return the accounts at least half of whose minutes are crowded ones, and since when without a break."""
    days: dict[int, dict[int, list[int]]] = {}
    for account, minute in beats:
        counts = days.setdefault(account, {}).setdefault(minute // 1440, [0, 0])
        counts[0] += 1
        counts[1] += minute in crowded
    found = {account: _since(own) for account, own in days.items()}
    return {account: since for account, since in found.items() if since is not None}


def _since(days: Mapping[int, Sequence[int]]) -> int | None:
    """Return the end of the day from which on an account was in step, counted from its beginning, to the end."""
    since: int | None = None
    minutes = crowded = 0
    for day in sorted(days):
        minutes += days[day][0]
        crowded += days[day][1]
        if crowded < MEETINGS or crowded * 2 < minutes:
            since = None
        elif since is None:
            since = (day + 1) * DAY
    return since


def _companies(crowded: Mapping[int, Sequence[int]], units: Mapping[int, int]) -> list[list[int]]:
    """Return groups of units that keep company: each is there in a tenth of another's crowded minutes, ten at least.

    A unit is what other evidence has joined already. Two parties that use one template, each in step with itself,
    meet in few minutes only and stay apart.
    """
    alone: Counter[int] = Counter()
    paired: Counter[tuple[int, int]] = Counter()
    for accounts in crowded.values():
        there = sorted({units[account] for account in accounts if account in units})
        alone.update(there)
        paired.update(combinations(there, 2))
    kept = [pair for pair, count in paired.items() if count >= max(MEETINGS, min(alone[pair[0]], alone[pair[1]]) // 10)]
    return components(kept)


def _chance(
    beats: Sequence[Beat], together: Mapping[int, int], of_hour: Mapping[int, int], platform: Mapping[int, int]
) -> dict[int, int]:
    """Return for each hour how likely two calls share a minute, in millionths: as others' bunch, or as timers do."""
    of_minute = Counter(minute % 60 for _, minute in beats)
    timers = sum(count * count for count in of_minute.values()) * MILLION // max(1, len(beats) ** 2)
    return {hour: max(timers, found) for hour, found in _bunching(together, of_hour, platform).items()}


def _bunching(together: Mapping[int, int], of_hour: Mapping[int, int], platform: Mapping[int, int]) -> dict[int, int]:
    """Return for each hour how likely two calls of others share a minute, in millionths; at least if spread evenly."""
    bunching = {}
    for hour, own in of_hour.items():
        minutes = range(hour * 60, hour * 60 + 60)
        others = [max(0, platform.get(minute, 0) - together.get(minute, 0)) for minute in minutes]
        whole = sum(others)
        pairs = sum(count * (count - 1) for count in others)
        bunching[hour] = max(EVENLY, pairs * MILLION // (whole * (whole - 1))) if whole > 1 and own else EVENLY
    return bunching


def _moved(beats: Iterable[Beat]) -> list[Beat]:
    """Return the beats with each account moved by whole hours of its own."""
    place = {account: number for number, account in enumerate(sorted({account for account, _ in beats}))}
    return [(account, minute + 60 * (place[account] * MOVE % 23)) for account, minute in beats]


def _bond(signal: LinkSignal, value: Value, members: list[tuple[int, int]], population: Population) -> Bond:
    columns = {"time", *value.signal.columns, *value.signal.also}
    return Bond(
        signal=signal.name,
        kind=signal.kind,
        is_strong=False,
        weight=bits_of(len(value.holders), len(population)),
        columns=tuple(sorted(columns)),
        members=tuple(members),
        words=f"same {held(value, population)}; {len(members):,} of them use it in minutes in which at least {CROWDED} "
        "times as many of them do as the hour, the platform and chance explain",
        at_least=signal.at_least,
    )
