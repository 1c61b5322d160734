"""Rhythm: accounts that use one template in the same minutes, more often than hour, platform and chance explain.

Two accounts are *in step* in a minute in which both use the template. How often that would happen by chance is worked
out hour by hour: from how much each account did in the hour, and from how the calls of all other accounts of the
platform bunch within it, or those of the group by minute of the hour (timers at the full hour), whichever is more. The
null comes from the data too: the same accounts, each moved by whole hours of its own. Sums only, never pairs.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlglot import exp

from auditor.linking.bonds import Bond, held
from auditor.linking.holdings import Value
from auditor.linking.population import Population
from auditor.linking.rarity import bits_of
from auditor.linking.reading import ACCOUNT, TIME, Reading
from auditor.linking.uses import DAY, NUMBER, VALUES, columns_read, names_of, same_names, shared_values, uses_of
from auditor.policy.links import LinkSignal
from auditor.records.sql import identifier, literal, table, within

MINUTE = 60_000_000
MOVE = 5
"""The null: an account that is the n-th of its group is moved by n times so many hours (of 23)."""

EXCESS = 2
"""In step so many times as often as chance explains, and as the null shows."""

MEETINGS = 10
"""So many meetings in the same minute an account must have had."""

MILLION = 1_000_000
EVENLY = MILLION // 60


Beat = tuple[int, int]
"""An account and a minute in which it used a template."""


@dataclass(frozen=True, slots=True)
class _Step:
    """Meetings of an account on a day, and how many chance would give, in millionths."""

    account: int
    day: int
    met: int
    expected: int


def rhythm_bonds(
    signal: LinkSignal, candidates: Sequence[Value], reading: Reading, population: Population
) -> tuple[Bond, ...]:
    """Return a bond for each template whose holders use it in step.

    `candidates` are templates that passed the test against crowds.
    """
    large = [value for value in candidates if len(value.holders) >= signal.at_least]
    if not large:
        return ()
    platform = _platform(reading)
    bonds = []
    for value, beats in _beats(large, reading, population):
        members = _in_step(beats, platform, signal.at_least)
        if len(members) >= signal.at_least:
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


def _in_step(beats: Sequence[Beat], platform: Mapping[int, int], at_least: int) -> list[tuple[int, int]]:
    """Return (since, account) of those in step, if the group is."""
    steps = steps_of(beats, platform)
    met, expected = sum(step.met for step in steps), sum(step.expected for step in steps)
    if met < MEETINGS * at_least or met * MILLION < EXCESS * expected:
        return []
    moved = steps_of(_moved(beats), platform)
    null_met, null_expected = sum(step.met for step in moved), sum(step.expected for step in moved)
    if met * null_expected < EXCESS * null_met * expected:
        return []
    by_account: dict[int, list[_Step]] = {}
    for step in steps:
        by_account.setdefault(step.account, []).append(step)
    found = [(_since(own), account) for account, own in by_account.items()]
    return sorted((since, account) for since, account in found if since is not None)


def steps_of(beats: Iterable[Beat], platform: Mapping[int, int]) -> list[_Step]:
    """Return for each account and day how often it met others in a minute, and how often chance would have it."""
    beats = tuple(beats)
    together: dict[int, int] = {}
    of_hour: dict[int, int] = {}
    of_minute = [0] * 60
    for _, minute in beats:
        together[minute] = together.get(minute, 0) + 1
        of_hour[minute // 60] = of_hour.get(minute // 60, 0) + 1
        of_minute[minute % 60] += 1
    bunching = _bunching(together, of_hour, platform)
    own_timers = sum(count * count for count in of_minute) * MILLION // max(1, len(beats) ** 2)
    alone: dict[tuple[int, int], int] = {}
    met: dict[tuple[int, int], int] = {}
    for account, minute in beats:
        place = (account, minute // 60)
        alone[place] = alone.get(place, 0) + 1
        met[place] = met.get(place, 0) + together[minute] - 1
    days: dict[tuple[int, int], list[int]] = {}
    for (account, hour), count in alone.items():
        sums = days.setdefault((account, hour // 24), [0, 0])
        sums[0] += met[account, hour]
        sums[1] += count * (of_hour[hour] - count) * max(bunching[hour], own_timers)
    return [_Step(account, day, *sums) for (account, day), sums in sorted(days.items())]


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


def _since(steps: Sequence[_Step]) -> int | None:
    """Return the end of the day from which on an account has been in step, counted from its beginning, to the end."""
    since: int | None = None
    met = expected = 0
    for step in steps:
        met += step.met
        expected += step.expected
        if met < MEETINGS or met * MILLION < EXCESS * expected:
            since = None
        elif since is None:
            since = (step.day + 1) * DAY
    return since


def _bond(signal: LinkSignal, value: Value, members: list[tuple[int, int]], population: Population) -> Bond:
    columns = {"time", *value.signal.columns, *value.signal.also}
    return Bond(
        signal=signal.name,
        kind=signal.kind,
        is_strong=False,
        weight=bits_of(len(value.holders), len(population)),
        columns=tuple(sorted(columns)),
        members=tuple(members),
        words=f"same {held(value, population)}; {len(members):,} of them use it in the same minutes at least {EXCESS} "
        "times as often as the hour, the platform and chance explain",
        at_least=signal.at_least,
    )
