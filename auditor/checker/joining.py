"""Put the records of a sequence's steps together into occurrences, as docs/evaluation.md, "Sequence", says.

Two steps in order are paired (pairing.py). Every other sequence goes here: whenever a record may be the last of an
occurrence, the earliest free records that make it one are searched (search.py).
"""

from collections.abc import Iterable, Iterator

from auditor.checker.bonds import MICROS, Bonds, bonds_of
from auditor.checker.pairing import paired
from auditor.checker.search import completed_by, worth_keeping
from auditor.checker.shelves import Shelves
from auditor.checker.waiting import Values, values_of
from auditor.checker.where import Candidate
from auditor.policy.rule import Sequence

PAIR = 2
Groups = dict[Values, dict[Values, dict[Values, Shelves]]]
"""Free records by subject, by the values of `sequence.by`, by those that `where` asks to be the same in all steps."""


def occurrences_of(sequence: Sequence, candidates: Iterable[Candidate]) -> Iterator[tuple[int, ...]]:
    """Yield the numbers of the records of each occurrence, in record order; candidates come in record order."""
    if sequence.is_ordered and len(sequence.steps) == PAIR:
        return paired(sequence, candidates)
    return joined(sequence, candidates)


def joined(sequence: Sequence, candidates: Iterable[Candidate]) -> Iterator[tuple[int, ...]]:
    """Yield what `occurrences_of` does, for any sequence."""
    bonds, reach = bonds_of(sequence), sequence.within * MICROS
    groups: Groups = {}
    for candidate in candidates:
        if candidate.is_until:
            _close(groups, candidate)
        equal = values_of(candidate, bonds.equal)
        kinds = _kinds(bonds, candidate)
        if candidate.divided is None or equal is None or not kinds:
            continue
        divided = groups.setdefault(candidate.subject, {}).setdefault(candidate.divided, {})
        shelves = divided.get(equal) or divided.setdefault(equal, Shelves(bonds))
        shelves.from_time(candidate.time - reach)
        found = completed_by(shelves, candidate, kinds)
        if found is None:
            shelves.add(candidate, worth_keeping(shelves, candidate, kinds))
        else:
            shelves.use(found)
            yield (*(one.number for one in found), candidate.number)


def _kinds(bonds: Bonds, candidate: Candidate) -> tuple[int, ...]:
    """Return the kinds of step that a record may stand for."""
    return tuple(
        kind
        for kind, fits in enumerate(candidate.fits)
        if fits and bonds.kinds[kind] == kind and all(test(candidate) is True for test in bonds.alone.get(kind, ()))
    )


def _close(groups: Groups, candidate: Candidate) -> None:
    """Free no longer: the records of the group of an `until` record, or all of its subject."""
    if candidate.divided is None:
        groups.pop(candidate.subject, None)
    else:
        groups.get(candidate.subject, {}).pop(candidate.divided, None)
