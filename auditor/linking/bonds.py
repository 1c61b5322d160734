"""Bonds: groups of accounts that one piece of evidence holds together, as strong values and combinations make them.

A bond becomes a star of edges around its oldest account, so that a group of twenty thousand costs twenty thousand
edges and not two hundred million pairs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from auditor.linking.holdings import Value
from auditor.linking.judging import Accepted
from auditor.linking.population import Population
from auditor.linking.rarity import bits_of


@dataclass(frozen=True, slots=True)
class Bond:
    """Accounts held together: (since, number) of each, oldest first, and the words for why.

    It holds nobody before `at_least` parties are in it. `held` says since when each account had the shared value, where
    that is a fact stated about it.
    """

    signal: str
    kind: str
    is_strong: bool
    weight: Decimal
    columns: tuple[str, ...]
    members: tuple[tuple[int, int], ...]
    words: str
    at_least: int = 2
    held: Mapping[int, int] = field(default_factory=dict)


def strong_bond(accepted: Accepted, population: Population) -> Bond:
    """Return the bond of a strong value."""
    value, signal = accepted.value, accepted.value.signal
    supporters = {column for voucher in accepted.signals for column in (*voucher.columns, *voucher.also)}
    return Bond(
        signal=signal.name,
        kind=signal.kind,
        is_strong=True,
        weight=bits_of(len(value.holders), len(population)),
        columns=tuple(sorted({*signal.columns, *supporters})),
        members=tuple(sorted((max(since, accepted.since), account) for since, account in value.holders)),
        words=f"same {held(value, population)}; {_vouched_words(accepted)}",
        held={account: since for since, account in value.holders} if signal.seen == "facts" else {},
    )


def held(value: Value, population: Population) -> str:
    """Return "card, held by 2 of 60,000 accounts"."""
    return f"{value.signal.kind}, held by {len(value.holders):,} of {len(population):,} accounts"


def listed(words: Sequence[str]) -> str:
    """Return "a, b or c"."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def _vouched_words(accepted: Accepted) -> str:
    if not accepted.signals:
        return f"joined by the {accepted.value.signal.kind} alone"
    kinds = listed([signal.kind for signal in accepted.signals])
    return f"{accepted.vouched:,} of them also share {kinds} with another of them"
