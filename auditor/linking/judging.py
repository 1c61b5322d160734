"""Which values link: each is put to the test against crowds until no verdict changes any more.

All values start as accepted. One that fails the test no longer vouches for others, so the test is taken again; what
remains at the end is the largest set of values that hold each other up (docs/linking.md, "Crowds").
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from auditor.linking.holdings import Value
from auditor.linking.population import Population
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
    """A value that links nobody: `why` is `crowd`, `customer` (all of one organization) or `intermediary`."""

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
        """Return the keys of values that no combination may use either: one customer's and intermediaries' own."""
        return frozenset(item.value.key for item in self.refused if item.why != "crowd")


def verdicts_on(values: Sequence[Value], rules: LinkRules, population: Population) -> Verdicts:
    """Put every value to the test."""
    test = _Test(rules, population)
    refused = [*map(test.refused_at_once, values)]
    standing = [value for value, verdict in zip(values, refused, strict=True) if verdict is None]
    crowds: list[Refused] = []
    shelves = shelves_of(standing)
    while failed := test.failing(standing, shelves):
        crowds += failed
        gone = {item.value.key for item in failed}
        standing = [value for value in standing if value.key not in gone]
        shelves = shelves_of(standing)
    return Verdicts(
        strong=tuple(test.accepted(value, shelves) for value in standing if value.signal.is_strong),
        supporting=tuple(value for value in standing if not value.signal.is_strong),
        refused=(*(verdict for verdict in refused if verdict), *crowds),
    )


def shelves_of(values: Iterable[Value]) -> Mapping[str, Shelf]:
    """Return what each account holds, by the name of the signal."""
    by_signal: dict[str, list[Value]] = {}
    for value in values:
        by_signal.setdefault(value.signal.name, []).append(value)
    return {name: shelf_of(found) for name, found in by_signal.items()}


class _Test:
    """The test of one links file and population."""

    def __init__(self, rules: LinkRules, population: Population) -> None:
        self.rules = rules
        self.population = population
        self.families = tuple(dict.fromkeys(signal.family for signal in rules.signals))
        self.strong = Bar(rules.corroborated, rules.alone)
        self.weak = Bar(rules.specific)

    def refused_at_once(self, value: Value) -> Refused | None:
        """Return the verdict on what links nobody whatever else is shared, None for other values."""
        if self._is_intermediarys(value):
            return Refused(value, "intermediary")
        return Refused(value, "customer") if self._parties(value) < 2 else None

    def failing(self, standing: Sequence[Value], shelves: Mapping[str, Shelf]) -> list[Refused]:
        """Return the values that fail, given those that stand."""
        failed = []
        for value in standing:
            if value.signal.networks or (value.signal.is_strong and self._parties(value) <= self.rules.alone):
                continue
            meetings = self._meetings(value, shelves, self.families)
            if self._since(value, meetings) is None:
                failed.append(Refused(value, "crowd", len(meetings)))
        return failed

    def accepted(self, value: Value, shelves: Mapping[str, Shelf]) -> Accepted:
        """Return a strong value with the first families, in the order of the file, whose word is enough."""
        if self._parties(value) <= self.rules.alone:
            return Accepted(value, value.holders[0][0])
        for count in range(1, len(self.families) + 1):
            asked = self.families[:count]
            meetings = self._meetings(value, shelves, asked)
            since = self._since(value, meetings)
            if since is not None:
                signals = tuple(signal for signal in self._vouchers(value, asked) if signal.name in shelves)
                return Accepted(value, since, signals, len(meetings))
        raise AssertionError("a value that stands has enough vouchers")

    def _meetings(self, value: Value, shelves: Mapping[str, Shelf], families: Sequence[str]) -> dict[int, int]:
        names = [signal.name for signal in self._vouchers(value, families)]
        return vouched(value, [shelves[name] for name in names if name in shelves], self.population.parties)

    def _vouchers(self, value: Value, families: Sequence[str]) -> list[LinkSignal]:
        """Return who may speak for a value: other families; for a weak one strong signals and networks only."""
        own = value.signal
        asked = [signal for signal in self.rules.signals if signal.family in families and signal.family != own.family]
        if own.is_strong:
            return asked
        return [signal for signal in asked if signal.is_strong or (signal.networks and not signal.only_supports)]

    def _since(self, value: Value, meetings: Mapping[int, int]) -> int | None:
        bar = self.strong if value.signal.is_strong else self.weak
        return reached_since(value, meetings, self.population, bar)

    def _parties(self, value: Value) -> int:
        return party_count((account for _, account in value.holders), self.population)

    def _is_intermediarys(self, value: Value) -> bool:
        through = value.signal.not_through
        came = sum(self.population.pathways[account] in through for _, account in value.holders) if through else 0
        return came * 2 > len(value.holders)
