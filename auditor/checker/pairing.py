"""Pair the records of a sequence's two ordered steps: earliest first, each record in at most one occurrence.

The walk that docs/evaluation.md, "Sequence", describes. It is sequential by nature (whether a record is still free
depends on every pair before it), so it is plain Python over the few records that could be paired at all; what
`where` asks is taken apart first (demands.py), so that a record is tested against few of those that wait.
"""

from collections.abc import Iterable, Iterator

from auditor.checker.demands import demands_of
from auditor.checker.waiting import Values, Waiting, values_of
from auditor.checker.where import Candidate
from auditor.policy.rule import Sequence

MICROS = 1_000_000
Groups = dict[Values, dict[Values, dict[Values, Waiting]]]
"""Records that wait, by subject, by the values of `sequence.by`, by those that `where` asks to be equal."""


def paired(sequence: Sequence, candidates: Iterable[Candidate]) -> Iterator[tuple[int, int]]:
    """Yield the numbers of the first and last record of each occurrence; candidates come in record order."""
    demands, reach = demands_of(sequence), sequence.within * MICROS
    groups: Groups = {}
    for candidate in candidates:
        if candidate.is_until:
            _close(groups, candidate)
        unlike = values_of(candidate, demands.unequal) if demands.unequal else ()
        equal = values_of(candidate, demands.equal) if demands.equal else ()
        if candidate.divided is None or unlike is None or equal is None:
            continue
        first, waiting = None, _group(groups, candidate, equal)
        if waiting and candidate.fits[1]:
            first = waiting.taken_by(candidate, unlike)
        if first is not None:
            yield first.number, candidate.number
        elif candidate.fits[0]:
            waiting = waiting or _opened(groups, candidate, equal, Waiting(demands, reach))
            waiting.add(candidate, unlike)


def _group(groups: Groups, candidate: Candidate, equal: Values) -> Waiting | None:
    """Return those that wait in a candidate's group, None if nothing ever did."""
    assert candidate.divided is not None
    divided = groups.get(candidate.subject, {}).get(candidate.divided)
    return divided.get(equal) if divided else None


def _opened(groups: Groups, candidate: Candidate, equal: Values, waiting: Waiting) -> Waiting:
    """Make a candidate's group."""
    assert candidate.divided is not None
    groups.setdefault(candidate.subject, {}).setdefault(candidate.divided, {})[equal] = waiting
    return waiting


def _close(groups: Groups, candidate: Candidate) -> None:
    """Drop those that an `until` record ends: its group's, or all of the subject's."""
    if candidate.divided is None:
        groups.pop(candidate.subject, None)
    else:
        groups.get(candidate.subject, {}).pop(candidate.divided, None)
