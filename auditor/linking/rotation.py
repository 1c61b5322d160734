"""Rotation: accounts whose calls come by turns from the same addresses of several access providers.

A home has one provider, a phone another. Accounts that meet at the same addresses of three or more providers, within a
day each time, leave through one set of exits: residential proxies. What remains counts when every account keeps enough
providers and every address enough accounts (a core of the bipartite graph; its size costs no more than its edges).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from auditor.linking.holdings import Value
from auditor.linking.population import Population
from auditor.linking.vouching import party_count, second_party

Held = dict[int, set[int]]


def rotating(values: Sequence[Value], least: int, population: Population) -> tuple[Value, ...]:
    """Return the values of the core, each with the accounts of the core that hold it.

    `least` is at how many providers (the values' `network`) an account must meet others. It holds what it shares from
    the moment on when it had met others at so many.
    """
    by_key = {value.key: value for value in values}
    holders = _core(by_key, least, population)
    meetings: dict[int, list[tuple[int, str]]] = {}
    kept: dict[int, list[tuple[int, int]]] = {}
    for key, accounts in holders.items():
        group = [(since, account) for since, account in by_key[key].holders if account in accounts]
        second = second_party(group, population.parties)
        assert second is not None, "an address of the core has two parties"
        kept[key] = [(max(since, second), account) for since, account in group]
        for since, account in kept[key]:
            meetings.setdefault(account, []).append((since, by_key[key].network))
    ready = {account: _enough(met, least) for account, met in meetings.items()}
    return tuple(
        replace(by_key[key], holders=tuple(sorted((max(since, ready[account]), account) for since, account in group)))
        for key, group in sorted(kept.items())
    )


def _core(values: Mapping[int, Value], least: int, population: Population) -> Held:
    """Take away accounts with too few providers and addresses with too few parties until none is left."""
    holders = {key: {account for _, account in value.holders} for key, value in values.items()}
    held: Held = {}
    for key, accounts in holders.items():
        for account in accounts:
            held.setdefault(account, set()).add(key)
    waiting = [key for key in holders if party_count(holders[key], population) < 2]
    leaving = [account for account in held if _providers(held[account], values) < least]
    while leaving or waiting:
        if leaving:
            account = leaving.pop()
            for key in held.pop(account, set()):
                holders[key].discard(account)
                waiting.append(key)
            continue
        key = waiting.pop()
        if key not in holders or party_count(holders[key], population) >= 2:
            continue
        for account in holders.pop(key):
            held[account].discard(key)
            leaving += [account] if _providers(held[account], values) < least else []
    return holders


def _providers(keys: Iterable[int], values: Mapping[int, Value]) -> int:
    return len({values[key].network for key in keys})


def _enough(met: Sequence[tuple[int, str]], least: int) -> int:
    """Return when an account had met others at enough providers."""
    first: dict[str, int] = {}
    for since, provider in sorted(met):
        first.setdefault(provider, since)
    return sorted(first.values())[least - 1]
