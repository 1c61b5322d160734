"""Find the earliest free records with which a record makes an occurrence.

The steps are filled in record order, the earliest record that does first, and backwards where that leads nowhere. Of
records that what follows can't tell apart only the earliest is tried, so that a search looks at few records of each
different kind, however many there are. Which records fit a step is fitting.py's to say.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from heapq import merge

from auditor.checker.bonds import Bonds
from auditor.checker.fitting import Fitting
from auditor.checker.shelves import Place, Shelf, Shelves
from auditor.checker.waiting import Open, Values
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
    search = Search(shelves, last.time, {end: last}, end)
    found = search.rest(START)
    search.let_go()
    if found is None and last.time > shelves.newest:
        shelves.vain[values] = before.added
    return found


def worth_keeping(shelves: Shelves, candidate: Candidate, kinds: tuple[int, ...]) -> tuple[int, ...]:
    """Return the kinds of step that a record may ever stand for: those with records for the steps before it."""
    bonds = shelves.bonds
    if not bonds.is_ordered:
        return kinds
    places = [place for place, kind in enumerate(bonds.kinds[:-1]) if kind in kinds]
    kept = (place for place in places if _is_chain(shelves, place) and _has_past(shelves, candidate, place))
    return tuple(dict.fromkeys(bonds.kinds[place] for place in kept))


def _has_past(shelves: Shelves, candidate: Candidate, place: int) -> bool:
    if not shelves.bonds.bonds or not place:
        return True
    search = Search(shelves, candidate.time, {place: candidate}, place)
    found = search.rest(START)
    search.let_go()
    return found is not None


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
            search = Search(shelves, last.time, {kind: last}, len(bonds.steps))
            found = search.rest(START)
            search.let_go()
            if found is not None and (best is None or _places(found) < _places(best)):
                best = found
    return best


def _places(found: Found) -> list[Place]:
    return [(one.time, one.number) for one in found]


@dataclass(slots=True)
class Search:
    """One search: for the steps before place `end`, with `present` records of steps that have theirs already.

    `dead` are records that can never be in an occurrence, `vain` the states that led nowhere.
    """

    shelves: Shelves
    now: int
    present: dict[int, Candidate]
    end: int
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
        best: Found | None = None
        for record, place in self._merged(places, after):
            if best is not None and record.candidate is not best[0]:
                break
            # a record that may stand for several steps must be tried for each: what follows it may differ
            self.present[place] = record.candidate
            found = self.rest(record[:2])
            del self.present[place]
            if found is not None and (best is None or _places(found) < _places(best[1:])):
                best = (record.candidate, *found)
                if len(places) == 1:
                    break
        if best is not None:
            return best
        if not self._bonds.bonds:
            # without bonds it does not matter which records the other steps have
            self.vain.add(state)
        return None

    def let_go(self) -> None:
        """Take the dead records off their shelves."""
        for shelf, record in self.dead.values():
            shelf.take(record)

    @property
    def _bonds(self) -> Bonds:
        return self.shelves.bonds

    def _next_places(self) -> list[int]:
        """Return the steps that the next record may stand for: one of each kind, or the next one in order."""
        lacking = [place for place in range(self.end) if place not in self.present]
        if self._bonds.is_ordered:
            return lacking[:1]
        return list({self._bonds.kinds[place]: place for place in reversed(lacking)}.values())

    def _merged(self, places: list[int], after: Place) -> Iterator[tuple[Open, int]]:
        if len(places) == 1:
            return self._fitting(places[0], after)
        return merge(*(self._fitting(place, after) for place in places), key=lambda item: item[0][:2])

    def _fitting(self, place: int, after: Place) -> Iterator[tuple[Open, int]]:
        """Yield, in order, the records for a step that it makes sense to try; the last one yielded was in vain."""
        shelf, outlook = self.shelves.shelf(place), self._bonds.outlook(place, frozenset(self.present), self.end)
        failed = set[Values]()
        for record in Fitting(self.shelves, self.present, place, outlook).records(after):
            values = tuple(record.values[at] for at in outlook.later)
            if values not in failed:
                yield record, place
                self._mourn(shelf, place, record)
                if outlook.is_alike:
                    failed.add(values)
                    if not outlook.later:
                        return

    def _mourn(self, shelf: Shelf, place: int, record: Open) -> None:
        """Note that a record is dead: another step had to come within a time that is over, and did not."""
        is_ordered = self._bonds.is_ordered
        for bond in self._bonds.bonds:
            if bond.gap is not None and bond.gap[0] == place and (bond.gap[1] > place or not is_ordered):
                until = record.time + bond.gap[2]
                other = self.shelves.shelf(bond.gap[1])
                index = other.after(record[:2]) if is_ordered else other.all.start
                is_there = index < len(other.all.records) and other.all.records[index].time <= until
                if until < self.now and not is_there:
                    self.dead[place, record.number] = shelf, record
                    return
