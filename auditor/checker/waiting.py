"""The records of a first step that wait for a partner, kept so that the earliest one that fits is found quickly.

Those of one class hold equal values in all that `where` reads of them, time apart: of a class few records have to
be tested. What must differ (`a.x <> b.x`) divides a large class once more.
"""

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass, field
from operator import eq
from typing import Any, NamedTuple  # values are of any column type

from auditor.checker.demands import Demands, holds
from auditor.checker.where import Candidate

FEW = 32
"""So many records are looked through one by one sooner than by an index."""
Values = tuple[Any, ...]


class Open(NamedTuple):
    """A record that waits, in order by (time, number), and its values of what must differ."""

    time: int
    number: int
    values: Values
    candidate: Candidate


def values_of(candidate: Candidate, names: tuple[str, ...]) -> Values | None:
    """Return a candidate's values, None if one of them is null."""
    values = tuple([candidate.values[name] for name in names])
    return None if None in values else values


@dataclass(slots=True)
class Line:
    """Records in order; those before `start` have left."""

    records: list[Open] = field(default_factory=list)
    start: int = 0

    def __len__(self) -> int:
        return len(self.records) - self.start

    def place_of(self, time: int, number: int) -> int:
        """Return the place of the first record that is not before another in order."""
        return bisect_left(self.records, (time, number), lo=self.start)

    def remove(self, record: Open) -> None:
        """Take out a record that is in the line."""
        if self.records[self.start] is not record:
            del self.records[self.place_of(record.time, record.number)]
            return
        self.start += 1
        if self.start > FEW and 2 * self.start > len(self.records):
            del self.records[: self.start]
            self.start = 0

    def first_place(self, is_true: Callable[[Candidate], bool], low: int, end: int) -> int | None:
        """Return the first place from `low`, before `end`, where a test is true that is false and then true in line."""
        high = end - 1
        if high < low or not is_true(self.records[high].candidate):
            return None
        while low < high:
            middle = (low + high) // 2
            low, high = (low, middle) if is_true(self.records[middle].candidate) else (middle + 1, high)
        return low


@dataclass(slots=True)
class Alike:
    """One class: all its records, and, once they are many, the same by their values of what must differ."""

    demands: Demands
    all: Line = field(default_factory=Line)
    lines: dict[Values, Line] = field(default_factory=dict)

    def add(self, record: Open) -> None:
        """Take in a record that is later than all others."""
        self.all.records.append(record)
        if self.lines:
            self._index(record)
        elif self.demands.unequal and len(self.all) > FEW:
            for one in self.all.records[self.all.start :]:
                self._index(one)

    def remove(self, record: Open) -> None:
        """Take out a record."""
        self.all.remove(record)
        if self.lines:
            line = self.lines[record.values]
            line.remove(record)
            if not line:
                del self.lines[record.values]

    def partner(self, second: Candidate, unlike: Values) -> Open | None:
        """Return the earliest record that fits a second one, whose values of what must differ are `unlike`."""
        demands, records, place = self.demands, self.all.records, self.all.start
        if demands.steady and not holds(demands.steady, records[place].candidate, second):
            return None
        end = self.all.place_of(second.time, -1) if demands.has_gap else len(records)
        if demands.rising:
            found = self.all.first_place(lambda first: holds(demands.rising, first, second), place, end)
            place = end if found is None else found
        if place >= end:
            return None
        if demands.other:
            return self._looked_for(second, unlike, place, end)
        earliest = self._unlike_from(place, unlike)
        if earliest is None or (demands.has_gap and earliest.time == second.time):
            return None
        return earliest if holds(demands.falling, earliest.candidate, second) else None

    def _index(self, record: Open) -> None:
        if record.values not in self.lines:
            self.lines[record.values] = Line()
        self.lines[record.values].records.append(record)

    def _unlike_from(self, place: int, unlike: Values) -> Open | None:
        """Return the earliest record from a place on that differs in all that must differ."""
        first = self.all.records[place]
        if not unlike or _differ(first.values, unlike):
            return first
        if not self.lines:
            return next((one for one in self.all.records[place + 1 :] if _differ(one.values, unlike)), None)
        lines = [line for values, line in self.lines.items() if _differ(values, unlike)]
        places = ((line.records, line.place_of(first.time, first.number)) for line in lines)
        return min((records[at] for records, at in places if at < len(records)), default=None)

    def _looked_for(self, second: Candidate, unlike: Values, place: int, end: int) -> Open | None:
        tests = (*self.demands.falling, *self.demands.other)
        for first in self.all.records[place:end]:
            if _differ(first.values, unlike) and holds(tests, first.candidate, second):
                return first
        return None


def _differ(values: Values, others: Values) -> bool:
    return not any(map(eq, values, others))


@dataclass(slots=True)
class Waiting:
    """All open records of one group, by class. `reach` is how long, in microseconds, a record waits."""

    demands: Demands
    reach: int
    classes: dict[Values, Alike] = field(default_factory=dict)

    def add(self, candidate: Candidate, values: Values) -> None:
        """Open a record with its values of what must differ, unless no partner could ever fit it."""
        demands = self.demands
        if demands.of_first and not holds(demands.of_first, candidate, candidate):
            return
        read = tuple([candidate.values[name] for name in demands.read]) if demands.read else ()
        if read not in self.classes:
            self.classes[read] = Alike(demands)
        self.classes[read].add(Open(candidate.time, candidate.number, values, candidate))

    def taken_by(self, second: Candidate, unlike: Values) -> Candidate | None:
        """Return the earliest open record that fits a second one, which is open no longer; None if none does."""
        if self.demands.of_second and not holds(self.demands.of_second, second, second):
            return None
        best: tuple[Open, Alike] | None = None
        for read, alike in list(self.classes.items()):
            self._expire(alike, second.time)
            if not alike.all:
                del self.classes[read]
            elif best is None or alike.all.records[alike.all.start] < best[0]:
                partner = alike.partner(second, unlike)
                if partner is not None and (best is None or partner < best[0]):
                    best = partner, alike
        if best is None:
            return None
        best[1].remove(best[0])
        return best[0].candidate

    def _expire(self, alike: Alike, time: int) -> None:
        while alike.all and time - alike.all.records[alike.all.start].time > self.reach:
            alike.remove(alike.all.records[alike.all.start])
