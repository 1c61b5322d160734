"""Which free records fit a step of a sequence, beside the records that other steps have already.

Only those are given that can do more than an earlier one: with the others a search would come to the same.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from heapq import merge
from typing import Any  # a record's values are of any column type

from auditor.checker.bonds import Bond, Link, Outlook
from auditor.checker.shelves import Bin, Place, Shelves
from auditor.checker.waiting import FEW, Line, Open
from auditor.checker.where import Candidate

FEW_LINES = 8


@dataclass(frozen=True, slots=True)
class Fitting:
    """What fits the step at a place, while other steps have the records in `present`."""

    shelves: Shelves
    present: Mapping[int, Candidate]
    place: int
    outlook: Outlook

    def records(self, after: Place) -> Iterator[Open]:
        """Yield the records after a place in the order that fit, in order."""
        bins = self._bins()
        if len(bins) == 1:
            return self._of_bin(bins[0], after)
        return merge(*(self._of_bin(one, after) for one in bins), key=lambda record: record[:2])

    def _bins(self) -> list[Bin]:
        """Return where to look: among the records that share what must be shared."""
        shelf, same, awaited = self.shelves.shelf(self.place), self.outlook.same, self.outlook.awaited
        if same:
            wanted = [self._shared(link) for link in same]
            found = shelf.by(tuple(link.own for link in same)).get(tuple(wanted))
            return [found] if found is not None and None not in wanted else []
        if awaited is not None:
            own = shelf.by((awaited.own,))
            return [own[values] for values in self.shelves.common(shelf, awaited, self.place)]
        return [shelf]

    def _shared(self, link: Link) -> Any:
        return self.present[link.place].values[self.shelves.bonds.reads[link.place][link.others]]

    def _of_bin(self, kept: Bin, after: Place) -> Iterator[Open]:
        """Yield the records that fit what is there, most of those left out that can do no more than an earlier one."""
        if len(kept.lines) > FEW_LINES:
            # with many lines the first record of each is as dear as many records, and the first ones mostly do
            index = kept.all.place_of(after[0], after[1] + 1)
            few = kept.all.records[index : index + FEW]
            for record in few:
                if self._holds(self.outlook.now, record.candidate):
                    yield record
            if len(few) < FEW:
                return
            after = few[-1][:2]
        lines = kept.lines.values() if kept.lines else (kept.all,)
        yield from merge(*(self._of_line(line, after) for line in lines), key=lambda item: item[:2])

    def _of_line(self, line: Line, after: Place) -> Iterator[Open]:
        """Yield the records of one line that fit what is there, those only that can do more than the ones before."""
        index, end = self._ends(line, after)
        outlook = self.outlook
        if outlook.rising:
            found = line.first_place(lambda one: self._holds(outlook.rising, one), index, end)
            index = end if found is None else found
        while index < end:
            record = line.records[index]
            if self._holds(self.outlook.now, record.candidate):
                yield record
                if outlook.is_alike:
                    return
            elif not outlook.other:
                return
            index += 1

    def _ends(self, line: Line, after: Place) -> tuple[int, int]:
        """Return where the records of a line begin and end that are not of one time with one they must differ from."""
        index, end = line.place_of(after[0], after[1] + 1), len(line.records)
        for bond in self.outlook.now:
            if bond.has_gap:
                other = bond.other(self.place)
                time = self.present[other].time
                if self.place < other:
                    end = min(end, line.place_of(time, -1))
                else:
                    index = max(index, line.place_of(time + 1, -1))
        return index, end

    def _holds(self, bonds: tuple[Bond, ...], candidate: Candidate) -> bool:
        present, place = self.present, self.place
        return all(
            bond.test(*[candidate if step == place else present[step] for step in bond.steps]) is True for bond in bonds
        )
