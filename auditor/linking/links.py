"""Who acted together: from the records of an activity to clusters, stretches and reasons.

The exact definition is in docs/linking.md. Values are grouped in the engine; what is shared is judged and joined here.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from auditor.linking.bonds import Bond, strong_bond
from auditor.linking.combinations import combined_bonds
from auditor.linking.crowds import crowds_of
from auditor.linking.days import CALLS, DAYS, is_read_by_day, read_by_call, read_by_day
from auditor.linking.fragments import fragment_bonds
from auditor.linking.guests import without_guests
from auditor.linking.holdings import Value, holdings_of, lacking_columns
from auditor.linking.judging import Verdicts, verdicts_on
from auditor.linking.model import Links
from auditor.linking.pool import exits_of, pool_bonds, pool_values
from auditor.linking.population import Population, population_of
from auditor.linking.reading import Reading, reading_of
from auditor.linking.rhythm import rhythm_bonds
from auditor.linking.rotation import rotating
from auditor.linking.succession import bonds_at_home, succession_bonds, successions_in
from auditor.linking.timeline import grown, links_of_bonds, units_of
from auditor.policy.links import LinkRules, LinkSignal
from auditor.policy.pack import Context
from auditor.records.activity import Activity
from auditor.records.tallies import AccountSpan

HELD = ("facts", "sign-up", "calls", "rotation")


def links_of(
    activity: Activity,
    signals: LinkRules,
    *,
    context: Context,
    as_of: datetime | None,
    excluded: Sequence[AccountSpan] = (),
) -> Links:
    """Return who acted together, as the records up to `as_of` show it; those in `excluded` stretches make no link.

    Columns that are derived first (`template_group`) are read where the activity has them.
    """
    reading = reading_of(activity, context, as_of, excluded)
    population = population_of(reading)
    by_call = read_by_call([s for s in _asked(signals, reading) if not is_read_by_day(s)], reading)
    values = _values(signals, reading, by_call, population)
    verdicts = verdicts_on(values, signals, population)
    bonds = _bonds(values, verdicts, signals, reading, by_call, population)
    reading.drop(CALLS)
    clusters, stretches = grown(links_of_bonds(bonds, population), population)
    return Links(
        clusters=clusters,
        stretches=stretches,
        crowds=crowds_of(verdicts.refused, signals, population),
        successions=successions_in(bonds, signals, population),
        accounts=len(population),
        lacking=_lacking(signals, reading),
    )


def _bonds(
    values: Sequence[Value],
    verdicts: Verdicts,
    signals: LinkRules,
    reading: Reading,
    by_call: Reading,
    population: Population,
) -> list[Bond]:
    """Return all that holds accounts together: strong values, combinations of weak ones, replacements after a ban."""
    own = [value for value in values if value.key not in verdicts.out_of_play()]
    usable = [value for value in own if not value.signal.is_strong and not value.signal.only_supports]
    bonds = [strong_bond(accepted, population) for accepted in verdicts.strong]
    bonds += combined_bonds(usable, signals, population)
    identifying = [value for value in own if value.signal.is_strong]
    for signal in signals.signals:
        if signal.seen == "pool" and not signals.combines(signal) and not lacking_columns(signal, reading):
            bonds += _met_by_turns(signal, reading, population)
        elif signal.seen == "succession" and signal.columns:
            bonds += bonds_at_home(signal, reading, population) if not lacking_columns(signal, reading) else ()
        elif signal.seen == "succession":
            bonds += succession_bonds(signal, identifying, verdicts.supporting, reading, population)
        elif signal.seen == "rhythm":
            templates = [v for v in verdicts.supporting if v.signal.columns == signal.columns]
            bonds += rhythm_bonds(signal, templates, units_of(bonds, population), reading, by_call, population)
    return [*bonds, *fragment_bonds(bonds, usable, signals, population)]


def _asked(signals: LinkRules, reading: Reading) -> list[LinkSignal]:
    return [signal for signal in signals.signals if _is_held(signal, signals) and not lacking_columns(signal, reading)]


def _values(signals: LinkRules, reading: Reading, by_call: Reading, population: Population) -> list[Value]:
    values: list[Value] = []
    next_key = 0
    asked = _asked(signals, reading)
    by_day = read_by_day([*filter(is_read_by_day, asked)], reading)
    for signal in asked:
        own = by_day if is_read_by_day(signal) else by_call
        held = holdings_of(signal, own, population, next_key)
        if signal.seen == "rotation":
            values += _settled(signal, held, own, population)
        elif signal.seen == "pool":
            values += pool_values(signal, _settled(signal, exits_of(signal, held), own, population), next_key)
        else:
            values += held
        next_key += len(held)
    reading.drop(DAYS)
    return values


def _settled(
    signal: LinkSignal, addresses: Sequence[Value], reading: Reading, population: Population
) -> tuple[Value, ...]:
    """Return the core of some addresses, once those are left out who are mostly elsewhere."""
    core = rotating(addresses, signal.at_least, population)
    return rotating(without_guests(core, reading, population), signal.at_least, population)


def _met_by_turns(signal: LinkSignal, reading: Reading, population: Population) -> tuple[Bond, ...]:
    """Return what holds pairs together that meet again and again, none of them mostly elsewhere."""
    exits = exits_of(signal, holdings_of(signal, reading, population, 0))
    settled = {account for value in _settled(signal, exits, reading, population) for _, account in value.holders}
    theirs = (tuple(holder for holder in value.holders if holder[1] in settled) for value in exits)
    return pool_bonds(signal, [replace(v, holders=held) for v, held in zip(exits, theirs, strict=True)], population)


def _is_held(signal: LinkSignal, signals: LinkRules) -> bool:
    return signal.seen in HELD or (signal.seen == "pool" and signals.combines(signal))


def _lacking(signals: LinkRules, reading: Reading) -> tuple[tuple[str, tuple[str, ...]], ...]:
    read = [(signal.name, lacking_columns(signal, reading)) for signal in signals.signals if not signal.without]
    return tuple((name, columns) for name, columns in read if columns)
