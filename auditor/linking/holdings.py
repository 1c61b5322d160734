"""Who holds which value of a signal, and since when: the heavy grouping, done in the engine.

A *value* is what a signal's columns held, with a run of uses that had no longer break than the signal allows. A holder
has held it since its first use, or, where a signal asks for several days, since its first use on the last of these.
Values of a single account are left out: they link nobody.
"""

from dataclasses import dataclass

from auditor.linking.population import Population
from auditor.linking.reading import Reading
from auditor.linking.uses import VALUES, holders_by_run, shared_values
from auditor.policy.links import LinkSignal


@dataclass(frozen=True, slots=True)
class Value:
    """One shared value of a signal: its holders with the time since which each holds it, oldest first.

    `number` is that of the value among the shared values of its signal, an exact address itself. `network` is the
    network that is part of it; of an exact address the provider, or where none is read the address. No value is kept.
    """

    key: int
    signal: LinkSignal
    holders: tuple[tuple[int, int], ...]
    """(since in microseconds, account number)"""
    number: int = 0
    network: str = ""


def holdings_of(signal: LinkSignal, reading: Reading, population: Population, first_key: int) -> tuple[Value, ...]:
    """Return the values of a signal that several accounts hold, by value, numbered from `first_key`."""
    reading.keep(VALUES, shared_values(signal, reading))
    rows = reading.rows(holders_by_run(signal, reading))
    reading.drop(VALUES)
    numbers = population.numbers
    return tuple(
        Value(
            key=first_key + position,
            signal=signal,
            holders=tuple(sorted((since, numbers[account]) for account, since in zip(accounts, times, strict=True))),
            number=number,
            network=network,
        )
        for position, (number, network, accounts, times) in enumerate(rows)
    )


def lacking_columns(signal: LinkSignal, reading: Reading) -> tuple[str, ...]:
    """Return the columns without which a signal can't be read, or in whose presence it isn't."""
    if present := set(signal.without) & reading.columns:
        return tuple(sorted(present))
    needed = {*signal.columns, *(["network_kind"] if signal.networks else [])}
    return tuple(sorted(needed - reading.columns))
