"""A sequence's `where`, taken apart for any number of steps.

Parts joined by `and` that read one step only are asked once a record. A value that all steps are asked to share sorts
records into groups. What is left are bonds between steps: of each it is known what it reads, and how its truth can
change as the record of one of its steps comes later and all else stays (demands.py says the same of two steps).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from auditor.checker.demands import Trend, columns_read, conjuncts, divides_by_gap, key_of, steps_read, trend_of
from auditor.checker.where import StepsValue, compiled
from auditor.policy.expressions import Comparison, Expression, Number, PairCall
from auditor.policy.rule import Sequence

MICROS = 1_000_000
PAIR = 2


class Bond(NamedTuple):
    """A part of `where` between steps (places, ascending); its test takes their records in that order.

    `same` is the value that two steps must share, if that is all it asks; with `has_gap` it is unknown for records of
    one time; `gap` is, of `seconds_between(a, b) <= c`, the places of a and b and c in microseconds.
    """

    steps: tuple[int, ...]
    test: StepsValue
    reads: Mapping[int, tuple[str, ...]]
    trends: Mapping[int, Trend]
    same: str
    has_gap: bool
    gap: tuple[int, int, int] | None

    def other(self, place: int) -> int:
        """Return the other of two steps."""
        return self.steps[0] if self.steps[1] == place else self.steps[1]


class Link(NamedTuple):
    """A value that must be the same: where a record of one step keeps it, and where that of another step does."""

    own: int
    place: int
    others: int


class Outlook(NamedTuple):
    """What is asked of a record for one step while some of the others are there.

    `same` is what it must share with those that are there, `steady` to `other` what else can be tested now. The bonds
    that can't yet be tested read `later` of it; if `is_alike`, none of them can become true for a later record that has
    the same values when it can't for an earlier one. `awaited` is what one of those that are to come must share.
    """

    same: tuple[Link, ...]
    awaited: Link | None
    steady: tuple[Bond, ...]
    rising: tuple[Bond, ...]
    falling: tuple[Bond, ...]
    other: tuple[Bond, ...]
    later: tuple[int, ...]
    is_alike: bool

    @property
    def now(self) -> tuple[Bond, ...]:
        """All bonds that can be tested."""
        return (*self.steady, *self.falling, *self.rising, *self.other)


@dataclass(frozen=True, eq=False)
class Bonds:
    """What `where` asks of a sequence's records. `alone` is by place; all records have the same values of `equal`."""

    steps: tuple[str, ...]
    is_ordered: bool
    alone: Mapping[int, tuple[StepsValue, ...]]
    equal: tuple[str, ...]
    bonds: tuple[Bond, ...]
    _outlooks: dict[tuple[int, frozenset[int], int], Outlook] = field(default_factory=dict, repr=False)

    @cached_property
    def kinds(self) -> tuple[int, ...]:
        """For each step, the first place that its selection is named at: such steps share their records."""
        return tuple(self.steps.index(step) for step in self.steps)

    @cached_property
    def reads(self) -> tuple[tuple[str, ...], ...]:
        """For each step, the columns that bonds read, sorted."""
        found = (
            {name for bond in self.bonds for name in bond.reads.get(place, ())} for place in range(len(self.steps))
        )
        return tuple(tuple(sorted(names)) for names in found)

    @cached_property
    def is_last_repeatable(self) -> bool:
        """Say whether a later last record of the same values fits nothing that an earlier one did not fit."""
        last = len(self.steps) - 1
        return all(bond.trends.get(last, "steady") in {"steady", "falling"} for bond in self.bonds)

    def outlook(self, place: int, present: frozenset[int], end: int) -> Outlook:
        """Return what is asked of a record for one step while the steps `present` have theirs, up to place `end`."""
        if (place, present, end) not in self._outlooks:
            self._outlooks[place, present, end] = self._outlook(place, present, end)
        return self._outlooks[place, present, end]

    def _outlook(self, place: int, present: frozenset[int], end: int) -> Outlook:
        reached = present.union(range(end))
        own = [bond for bond in self.bonds if place in bond.steps and reached.issuperset(bond.steps)]
        now = [bond for bond in own if present.issuperset(set(bond.steps) - {place})]
        later = [bond for bond in own if bond not in now]

        def going(trend: Trend) -> tuple[Bond, ...]:
            return tuple(bond for bond in now if bond.trends[place] == trend and not bond.same)

        read = {name for bond in later for name in bond.reads[place]}
        return Outlook(
            same=tuple(self._link(bond, place) for bond in now if bond.same),
            awaited=next((self._link(bond, place) for bond in later if bond.same), None),
            steady=going("steady"),
            rising=going("rising"),
            falling=going("falling"),
            other=going("any"),
            later=tuple(at for at, name in enumerate(self.reads[place]) if name in read),
            is_alike=all(bond.trends[place] in {"steady", "falling"} for bond in later),
        )

    def _link(self, bond: Bond, place: int) -> Link:
        other = bond.other(place)
        return Link(self.reads[place].index(bond.same), other, self.reads[other].index(bond.same))


def bonds_of(sequence: Sequence) -> Bonds:
    """Return what a sequence's `where` asks."""
    parts = conjuncts(sequence.where)
    between = [part for part in parts if len(steps_read(part)) > 1]
    equal = tuple(
        dict.fromkeys(key for part in between if (key := _equal_key(part)) and _joins_all(key, between, sequence))
    )
    alone: dict[int, tuple[StepsValue, ...]] = {}
    for part in parts:
        if part not in between:
            # what names no step at all is as good as asked of the first one
            step = next(iter(steps_read(part)), sequence.steps[0])
            place = sequence.steps.index(step)
            alone[place] = (*alone.get(place, ()), compiled(part, (step,)))
    bonds = tuple(_bond(part, sequence) for part in between if _equal_key(part) not in equal)
    return Bonds(sequence.steps, sequence.is_ordered, alone, equal, bonds)


def _equal_key(part: Expression) -> str | None:
    return key_of(part) if isinstance(part, Comparison) and part.operator == "=" else None


def _joins_all(key: str, parts: list[Expression], sequence: Sequence) -> bool:
    """Say whether the parts that ask for equal values of a key lead from every step to every other."""
    reached = {sequence.steps[0]}
    links = [steps_read(part) for part in parts if _equal_key(part) == key]
    for _ in links:
        reached |= {step for link in links if link & reached for step in link}
    return len(reached) == len(sequence.steps)


def _bond(part: Expression, sequence: Sequence) -> Bond:
    places = tuple(sorted(sequence.steps.index(step) for step in steps_read(part)))
    names = tuple(sequence.steps[place] for place in places)
    pair = names if sequence.is_ordered and len(names) == PAIR else ("", "")
    key = key_of(part)
    return Bond(
        steps=places,
        test=compiled(part, names),
        reads={at: (key,) if key else columns_read(part, name) for at, name in zip(places, names, strict=True)},
        trends={at: trend_of(part, name, pair) for at, name in zip(places, names, strict=True)},
        same=_equal_key(part) or "",
        has_gap=divides_by_gap(part, pair),
        gap=_gap(part, sequence.steps),
    )


def _gap(part: Expression, steps: tuple[str, ...]) -> tuple[int, int, int] | None:
    match part:
        case Comparison(
            operator="<" | "<=", left=PairCall(function="seconds_between") as call, right=Number(value=most)
        ):
            return steps.index(call.first), steps.index(call.second), int(most * MICROS)
        case _:
            return None
