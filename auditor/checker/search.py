"""Find the earliest free records with which a record makes an occurrence.

The steps are filled in record order, the earliest record that does first, and backwards where that leads nowhere. Of
records that what follows can't tell apart only the earliest is tried, so that a search looks at few records of each
different kind, however many there are.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from heapq import merge

from auditor.checker.bonds import Bond, Bonds, Outlook
from auditor.checker.shelves import Place, Shelf, Shelves
from auditor.checker.waiting import FEW, Line, Open, Values
from auditor.checker.where import Candidate

START: Place = (-(1 << 63), -1)
Found = tuple[Candidate, ...]


def completed_by(shelves: Shelves, last: Candidate, kinds: tuple[int, ...]) -> Found | None:
    """Return the free records that make an occurrence with a last one, in record order; None if none do.

    `kinds` are the kinds of step that the last one may stand for.
    """
    return (_in_order if shelves.bonds.is_ordered else _in_any_order)(shelves, last, kinds)


def _in_order(shelves: Shelves, last: Candidate, kinds: tuple[int, ...]) -> Found | None:
    bonds = shelves.bonds
    end = len(bonds.steps) - 1
    if bonds.kinds[end] not in kinds or not _is_chain(shelves, end):
        return None
    values = tuple(last.values[name] for name in bonds.reads[end])
    before = shelves.shelf(end - 1)
    if bonds.is_last_repeatable and shelves.vain.get(values) == before.added:
        return None
    search = Search(shelves, last.time, {end: last})
    found = search.rest(START)
    search.let_go()
    if found is None:
        shelves.vain[values] = before.added
    return found


def _is_chain(shelves: Shelves, end: int) -> bool:
    """Say whether there are free records for all steps before the last, one after the other."""
    at = START
    for place in range(end):
        shelf = shelves.shelf(place)
        index = shelf.after(at)
        if index >= len(shelf.all.records):
            return False
        at = shelf.all.records[index][:2]
    return True


def _in_any_order(shelves: Shelves, last: Candidate, kinds: tuple[int, ...]) -> Found | None:
    bonds = shelves.bonds
    wanted = {kind: bonds.kinds.count(kind) for kind in bonds.kinds}
    short = [kind for kind, many in wanted.items() if len(shelves.shelf(kind).all) < many]
    best: Found | None = None
    for kind in kinds:
        if all(other == kind and len(shelves.shelf(kind).all) == wanted[kind] - 1 for other in short):
            found = Search(shelves, last.time, {kind: last}).rest(START)
            if found is not None and (best is None or _places(found) < _places(best)):
                best = found
    return best


def _places(found: Found) -> list[Place]:
    return [(one.time, one.number) for one in found]


@dataclass(slots=True)
class Search:
    """One search: `present` are the records of the steps that have theirs, `dead` those that can never have more."""

    shelves: Shelves
    now: int
    present: dict[int, Candidate]
    dead: dict[tuple[int, int], tuple[Shelf, Open]] = field(default_factory=dict)
    vain: set[tuple[frozenset[int], Place]] = field(default_factory=set)

    def rest(self, after: Place) -> Found | None:
        """Return records for all steps that lack one, after a place in the order; None if there are none."""
        places = self._next_places()
        if not places:
            return ()
        state = (frozenset(self.present), after)
        if state in self.vain:
            return None
        for record, place in self._merged(places, after):
            self.present[place] = record.candidate
            found = self.rest(record[:2])
            if found is not None:
                return (record.candidate, *found)
            del self.present[place]
        if not self._bonds.bonds:
            # without bonds it does not matter which records the other steps have
            self.vain.add(state)
        return None

    def let_go(self) -> None:
        """Take the dead records off their shelves."""
        for shelf, record in self.dead.values():
            shelf.remove(record)

    @property
    def _bonds(self) -> Bonds:
        return self.shelves.bonds

    def _next_places(self) -> list[int]:
        """Return the steps that the next record may stand for: one of each kind, or the next one in order."""
        lacking = [place for place in range(len(self._bonds.steps)) if place not in self.present]
        if self._bonds.is_ordered:
            return lacking[:1]
        return list({self._bonds.kinds[place]: place for place in reversed(lacking)}.values())

    def _merged(self, places: list[int], after: Place) -> Iterator[tuple[Open, int]]:
        if len(places) == 1:
            return self._fitting(places[0], after)
        return merge(*(self._fitting(place, after) for place in places), key=lambda item: item[0][:2])

    def _fitting(self, place: int, after: Place) -> Iterator[tuple[Open, int]]:
        """Yield, in order, the records for a step that it makes sense to try; the last one yielded was in vain."""
        shelf, outlook = self.shelves.shelf(place), self._bonds.outlook(place, frozenset(self.present))
        index, failed = shelf.after(after), set[Values]()
        few = shelf.all.records[index : index + FEW]
        for record in few:
            values = tuple(record.values[at] for at in outlook.later)
            if values not in failed and self._holds(outlook.now, place, record.candidate):
                yield record, place
                self._mourn(shelf, place, record)
                if outlook.is_alike:
                    failed.add(values)
                    if not outlook.later:
                        return
        if len(few) < FEW:
            return
        for record in self._by_line(shelf, outlook, place, few[-1]):
            values = tuple(record.values[at] for at in outlook.later)
            if values not in failed:
                yield record, place
                self._mourn(shelf, place, record)
                if outlook.is_alike:
                    failed.add(values)
                    if not outlook.later:
                        return

    def _by_line(self, shelf: Shelf, outlook: Outlook, place: int, after: Open) -> Iterator[Open]:
        lines = list(shelf.lines.values()) if shelf.reads else [shelf.all]
        return merge(*(self._of_line(line, outlook, place, after) for line in lines), key=lambda record: record[:2])

    def _of_line(self, line: Line, outlook: Outlook, place: int, after: Open) -> Iterator[Open]:
        """Yield the records of one line that fit what is there, those only that can do more than the ones before."""
        index, end = line.place_of(after.time, after.number + 1), len(line.records)
        if outlook.rising:
            found = line.first_place(lambda one: self._holds(outlook.rising, place, one), index, end)
            index = end if found is None else found
        while index < end:
            record = line.records[index]
            if self._holds(outlook.now, place, record.candidate):
                yield record
                if outlook.is_alike:
                    return
            elif not outlook.other:
                return
            index += 1

    def _holds(self, bonds: tuple[Bond, ...], place: int, candidate: Candidate) -> bool:
        present = self.present
        return all(
            bond.test(*[candidate if step == place else present[step] for step in bond.steps]) is True for bond in bonds
        )

    def _mourn(self, shelf: Shelf, place: int, record: Open) -> None:
        """Note that a record is dead: a later step had to come within a time that is over, and did not."""
        for bond in self._bonds.bonds if self._bonds.is_ordered else ():
            if bond.gap is not None and bond.gap[0] == place and bond.gap[1] > place:
                until = record.time + bond.gap[2]
                other = self.shelves.shelf(bond.gap[1])
                index = other.after(record[:2])
                is_there = index < len(other.all.records) and other.all.records[index].time <= until
                if until < self.now and not is_there:
                    self.dead[place, record.number] = shelf, record
                    return
