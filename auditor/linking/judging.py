"""Which values link: each is put to the test against crowds until no verdict changes any more.

All values start as accepted. One that fails the test no longer vouches for others, so the test is taken again; what
remains at the end is the largest set of values that hold each other up (docs/linking.md, "Crowds").
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from auditor.linking.holdings import Value
from auditor.linking.population import Population
from auditor.linking.telling import Tells
from auditor.linking.vouching import Bar, Shelf, party_count, reached_since, shelf_of, vouched
from auditor.policy.links import LinkRules, LinkSignal


@dataclass(frozen=True)
class Accepted:
    """A value that links, since when, and for how many of its holders which signals vouched (none: none had to)."""

    value: Value
    since: int
    signals: tuple[LinkSignal, ...] = ()
    vouched: int = 0


@dataclass(frozen=True)
class Refused:
    """A value that links nobody: `why` is `crowd`, `customer` (one organization's), `intermediary` or `institution`."""

    value: Value
    why: str
    vouched: int = 0


@dataclass(frozen=True)
class Verdicts:
    """What the test said; `supporting` are the values that the combinations and behaviour may use."""

    strong: tuple[Accepted, ...]
    supporting: tuple[Value, ...]
    refused: tuple[Refused, ...]

    def out_of_play(self) -> frozenset[int]:
        """Return the keys of values that no combination may use either: those that are somebody's own."""
        return frozenset(item.value.key for item in self.refused if item.why != "crowd")


def verdicts_on(values: Sequence[Value], rules: LinkRules, population: Population) -> Verdicts:
    """Put every value to the test."""
    test = _Test(values, rules, population)
    refused = [*map(test.refused_at_once, values)]
    standing = {value.key: value for value, verdict in zip(values, refused, strict=True) if verdict is None}
    accepted: dict[int, Accepted] = {}
    crowds: list[Refused] = []
    asked: Collection[Value] = tuple(standing.values())
    while asked:
        shelves = shelves_of(standing.values())
        verdicts = [test.verdict(value, shelves) for value in asked]
        accepted |= {verdict.value.key: verdict for verdict in verdicts if isinstance(verdict, Accepted)}
        failed = [verdict for verdict in verdicts if isinstance(verdict, Refused)]
        crowds += failed
        for verdict in failed:
            del standing[verdict.value.key]
        asked = _touched(failed, standing.values())
    return Verdicts(
        strong=tuple(accepted[key] for key, value in standing.items() if value.signal.is_strong),
        supporting=tuple(value for value in standing.values() if not value.signal.is_strong),
        refused=(*(verdict for verdict in refused if verdict), *crowds),
    )


def _touched(failed: Iterable[Refused], standing: Iterable[Value]) -> list[Value]:
    """Return the values that may have lost a voucher: weak ones are vouched for by strong ones and networks only."""
    by_any: set[int] = set()
    by_strong: set[int] = set()
    for verdict in failed:
        accounts = {account for _, account in verdict.value.holders}
        by_any |= accounts
        by_strong |= accounts if verdict.value.signal.is_strong else set()
    return [
        value
        for value in standing
        if any(account in (by_any if value.signal.is_strong else by_strong) for _, account in value.holders)
    ]


def shelves_of(values: Iterable[Value]) -> Mapping[str, Shelf]:
    """Return what each account holds, by the name of the signal."""
    by_signal: dict[str, list[Value]] = {}
    for value in values:
        by_signal.setdefault(value.signal.name, []).append(value)
    return {name: shelf_of(found) for name, found in by_signal.items()}


class _Test:
    """The test of one links file and population."""

    def __init__(self, values: Sequence[Value], rules: LinkRules, population: Population) -> None:
        self.rules = rules
        self.telling = Tells(rules, values, population)
        self.population = population
        self.families = tuple(dict.fromkeys(signal.family for signal in rules.signals))
        self.strong = Bar(rules.corroborated, rules.alone)
        self.weak = Bar(rules.specific)

    def refused_at_once(self, value: Value) -> Refused | None:
        """Return the verdict on what links nobody whatever else is shared, None for other values."""
        if self._is_mostly(value, self.population.pathways, value.signal.not_through):
            return Refused(value, "intermediary")
        if self._is_mostly(value, self.population.networks, value.signal.not_from):
            return Refused(value, "institution")
        return Refused(value, "customer") if self._parties(value) < 2 else None

    def verdict(self, value: Value, shelves: Mapping[str, Shelf]) -> Accepted | Refused:
        """Return the verdict on a value: accepted on the word of the first families, in the file's order, that do."""
        if value.signal.networks or (value.signal.is_strong and self._parties(value) <= self.rules.alone):
            return Accepted(value, value.holders[0][0])
        meetings: dict[int, int] = {}
        signals: list[LinkSignal] = []
        for family in self.families:
            own = [signal for signal in self._vouchers(value, family) if signal.name in shelves]
            if not own:
                continue
            signals += own
            asked = [shelves[signal.name] for signal in own]
            for account, since in vouched(value, asked, self.population, self.telling.tells).items():
                meetings[account] = min(meetings.get(account, since), since)
            reached = self._since(value, meetings)
            if reached is not None:
                return Accepted(value, reached, tuple(signals), len(meetings))
        return Refused(value, "crowd", len(meetings))

    def _vouchers(self, value: Value, family: str) -> list[LinkSignal]:
        """Return which signals of a family may speak for a value; for a weak one only strong ones and networks."""
        own = value.signal
        asked = [signal for signal in self.rules.signals if signal.family == family != own.family]
        if own.is_strong:
            return asked
        return [signal for signal in asked if signal.is_strong or (signal.networks and not signal.only_supports)]

    def _since(self, value: Value, meetings: Mapping[int, int]) -> int | None:
        bar = self.strong if value.signal.is_strong else self.weak
        return reached_since(value, meetings, self.population, bar)

    def _parties(self, value: Value) -> int:
        return party_count((account for _, account in value.holders), self.population)

    def _is_mostly(self, value: Value, known: Sequence[str], among: Sequence[str]) -> bool:
        """Say whether more than half of a value's holders came by one of some ways."""
        return bool(among) and sum(known[account] in among for _, account in value.holders) * 2 > len(value.holders)
