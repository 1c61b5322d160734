"""The free records of one group of a sequence: for each step those that may still stand for it, in order.

Records of a step whose values are the same, as far as bonds read them, are also kept as lines of their own: where
the earliest of a line does not do, the others of it mostly needn't be looked at.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from auditor.checker.bonds import Bonds, Link
from auditor.checker.waiting import Line, Open, Values
from auditor.checker.where import Candidate

Place = tuple[int, int]
"""Where a record stands in the order of records: (time, number)."""


@dataclass(slots=True)
class Bin:
    """Records in order, and the same by their values."""

    all: Line = field(default_factory=Line)
    lines: dict[Values, Line] = field(default_factory=dict)

    def add(self, record: Open) -> None:
        """Take in a record that is later than all others."""
        self.all.records.append(record)
        if record.values:
            if record.values not in self.lines:
                self.lines[record.values] = Line()
            self.lines[record.values].records.append(record)

    def remove(self, record: Open) -> None:
        """Take out a record."""
        self.all.remove(record)
        if record.values:
            line = self.lines[record.values]
            line.remove(record)
            if not line:
                del self.lines[record.values]


Common = tuple[dict[Values, Bin], set[Values]]
"""The bins of another shelf, and the values that have a bin both there and here."""


@dataclass(slots=True)
class Shelf(Bin):
    """The free records of one step, with what bonds read of them. `added` counts all that ever were.

    `bins` holds them by some of their values, once these were asked for, `common` what these share with other shelves.
    """

    reads: tuple[str, ...] = ()
    added: int = 0
    bins: dict[tuple[int, ...], dict[Values, Bin]] = field(default_factory=dict)
    common: dict[tuple[int, ...], list[Common]] = field(default_factory=dict)

    def put(self, candidate: Candidate) -> None:
        """Take in a candidate that is later than all others."""
        values = tuple([candidate.values[name] for name in self.reads]) if self.reads else ()
        record = Open(candidate.time, candidate.number, values, candidate)
        self.added += 1
        self.add(record)
        for places in self.bins:
            self._bin(places, record)

    def take(self, record: Open) -> None:
        """Take out a record, of all bins."""
        self.remove(record)
        for places, bins in self.bins.items():
            values = tuple([record.values[place] for place in places])
            bins[values].remove(record)
            if not bins[values].all:
                del bins[values]
                for _, common in self.common.get(places, ()):
                    common.discard(values)

    def by(self, places: tuple[int, ...]) -> dict[Values, Bin]:
        """Return the records by some of their values."""
        if places not in self.bins:
            self.bins[places] = {}
            for record in self.all.records[self.all.start :]:
                self._bin(places, record)
        return self.bins[places]

    def _bin(self, places: tuple[int, ...], record: Open) -> None:
        bins, values = self.bins[places], tuple([record.values[place] for place in places])
        if values not in bins:
            bins[values] = Bin()
            for others, common in self.common.get(places, ()):
                if values in others:
                    common.add(values)
        bins[values].add(record)

    def find(self, candidate: Candidate) -> Open | None:
        """Return a record if it is here."""
        at = self.all.place_of(candidate.time, candidate.number)
        found = self.all.records[at] if at < len(self.all.records) else None
        return found if found is not None and found.number == candidate.number else None

    def from_time(self, time: int) -> None:
        """Let go of the records before a time."""
        while self.all and self.all.records[self.all.start].time < time:
            self.take(self.all.records[self.all.start])

    def after(self, place: Place) -> int:
        """Return at which index of `all` the records after a place in the order begin."""
        return self.all.place_of(place[0], place[1] + 1)


@dataclass(slots=True)
class Shelves:
    """The shelves of one group, by the kind of the step, and the last records that were tried in vain.

    `vain` holds, by the values of a last record, how many records of the step before it there had been; `newest` is
    the time of the last record that was added.
    """

    bonds: Bonds
    by_kind: dict[int, Shelf] = field(default_factory=dict)
    vain: dict[Values, int] = field(default_factory=dict)
    newest: int = -(1 << 63)
    _common: dict[tuple[int, int, int, int], set[Values]] = field(default_factory=dict)

    def shelf(self, place: int) -> Shelf:
        """Return the shelf of a step."""
        kind = self.bonds.kinds[place]
        if kind not in self.by_kind:
            self.by_kind[kind] = Shelf(reads=self.bonds.reads[kind])
        return self.by_kind[kind]

    def common(self, shelf: Shelf, link: Link, place: int) -> set[Values]:
        """Return the values that records of one step share with records of another as a link asks."""
        name = (place, link.own, link.place, link.others)
        if name not in self._common:
            other = self.shelf(link.place)
            here, there = shelf.by((link.own,)), other.by((link.others,))
            found = {values for values in here if values in there}
            shelf.common.setdefault((link.own,), []).append((there, found))
            other.common.setdefault((link.others,), []).append((here, found))
            self._common[name] = found
        return self._common[name]

    def add(self, candidate: Candidate, kinds: Iterable[int]) -> None:
        """Let a record be free for some kinds of step."""
        for kind in kinds:
            self.shelf(kind).put(candidate)
        self.newest = candidate.time

    def use(self, candidates: Iterable[Candidate]) -> None:
        """Take records away from every step."""
        for candidate in candidates:
            for shelf in self.by_kind.values():
                found = shelf.find(candidate)
                if found is not None:
                    shelf.take(found)

    def from_time(self, time: int) -> None:
        """Let go of the records before a time."""
        for shelf in self.by_kind.values():
            shelf.from_time(time)
