"""Fragments: groups that are joined already, and whose members alone have one program, mail domain or setting.

A crew that was careful with its cards falls into pairs and fours; that nearly everybody who has one private program
is in such a group, and each group with others who have it, makes one crew of them. Nobody else is drawn in by it.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

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
    """Return a bond for each value that makes one group of what the bonds hold together, in the order of the values."""
    units, since = units_of(bonds, population), _joined_since(bonds, population)
    found = []
    for value in values:
        inside = _inside(value, units)
        groups = len({units[account] for account in inside})
        least = rules.exclusive * party_count((account for _, account in value.holders), population)
        if groups > 1 and _may_join(value, rules, population) and party_count(inside, population) >= least:
            found.append(_bond(value, inside, groups, since, population))
    return tuple(found)


def _may_join(value: Value, rules: LinkRules, population: Population) -> bool:
    """Say whether a value is of a kind that anybody may have, is no text, and more than a household has it."""
    signal = value.signal
    is_common = (
        not signal.is_strong and not signal.networks and signal.seen != "pool" and not CONTENT & {*signal.columns}
    )
    return is_common and party_count((account for _, account in value.holders), population) > rules.alone


def _inside(value: Value, units: Sequence[int]) -> dict[int, int]:
    """Return those holders, with the time since when, whose group has another holder."""
    sizes = Counter(units[account] for _, account in value.holders)
    return {account: since for since, account in value.holders if sizes[units[account]] > 1}


def _joined_since(bonds: Iterable[Bond], population: Population) -> Mapping[int, int]:
    """Return since when each account is linked to any other."""
    since: dict[int, int] = {}
    for link in links_of_bonds(bonds, population):
        for account in (link.first, link.second):
            since[account] = min(since.get(account, link.since), link.since)
    return since


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
