"""Rules that must match near each other, in any order or in theirs, and rules that must not.

A window of rules that must match ends at a match and looks back; one with a rule that must not match begins at a
match and looks forward, and counts only once the log reaches its end. In order means at strictly later times: of two
records of one time nobody can say which came first.
"""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from auditor.sigma.bounds import keeps, least_rules
from auditor.sigma.model import Correlation, Term
from auditor.sigma.series import Pick, Series


@dataclass(frozen=True, slots=True)
class Found:
    """A window in which a rule holds; the metric of a temporal one is how many of its rules match in it."""

    start: int
    end: int
    metric: int | Fraction
    picks: tuple[Pick, ...]


@dataclass
class Incomplete:
    """Counts windows that the log ends in."""

    windows: int = 0


def temporal_windows(
    correlation: Correlation, series: Series, *, horizon: int, incomplete: Incomplete
) -> Iterator[Found]:
    """Yield every window of a group in which the rule holds, terms that only forbid left out."""
    if correlation.terms is None:
        for term in _plain_terms(correlation):
            yield from _backward(correlation, series, term)
        return
    for term in correlation.terms:
        if not term.absent:
            yield from _backward(correlation, series, term)
        elif term.present:
            moments = sorted({time for slot in term.present for time in series.slot_times.get(slot, ())})
            yield from forward(correlation, series, term, moments, horizon=horizon, incomplete=incomplete)


def forward(
    correlation: Correlation, series: Series, term: Term, moments: Iterable[int], *, horizon: int,
    incomplete: Incomplete,
) -> Iterator[Found]:  # fmt: skip
    """Yield the windows that begin at the given times, hold the term, and end before the log does."""
    for start in moments:
        end = start + correlation.span
        if end > horizon:
            incomplete.windows += 1
        elif not any(series.first_at(slot, start, end) is not None for slot in term.absent):
            picks = _held(correlation, series, term, start, end)
            if picks is not None:
                yield Found(start, end, _matching(correlation, series, start, end), picks)


def _backward(correlation: Correlation, series: Series, term: Term | None) -> Iterator[Found]:
    for end in series.moments:
        start = end - correlation.span
        picks = _held(correlation, series, term, start, end)
        if picks is not None:
            metric = _matching(correlation, series, start, end)
            if keeps(metric, correlation.thresholds):
                yield Found(start, end, metric, picks)


def _plain_terms(correlation: Correlation) -> Sequence[Term | None]:
    """Return which rules must be there: in any order the count decides; in order every choice of as many as needed.

    None stands for an order without a least number: whichever rules are there must come in order.
    """
    if correlation.kind == "temporal":
        return [Term(frozenset(), frozenset())]
    least = least_rules(correlation.thresholds)
    if least is None:
        return [None]
    chosen = itertools.combinations(range(len(correlation.references)), least)
    return [Term(frozenset(choice), frozenset()) for choice in chosen]


def _held(correlation: Correlation, series: Series, term: Term | None, start: int, end: int) -> tuple[Pick, ...] | None:
    """Return what a window rests on if its rules are there (in order, where that is asked); else None."""
    if correlation.kind == "temporal_ordered":
        return _in_order(correlation, series, term, start, end)
    assert term is not None
    if any(series.first_at(slot, start, end) is None for slot in term.present):
        return None
    is_narrowed = correlation.terms is not None and term.present
    return (series.window(start, end, term.present if is_narrowed else None),)


def _in_order(
    correlation: Correlation, series: Series, term: Term | None, start: int, end: int
) -> tuple[Pick, ...] | None:
    slots = range(len(correlation.references)) if term is None else sorted(term.present)
    picks: list[Pick] = []
    before: int | None = None
    for slot in slots:
        time = series.first_at(slot, start, end, before)
        if time is None:
            if term is None and series.first_at(slot, start, end) is None:
                continue
            return None
        picks.append(series.window(time, time, frozenset({slot})))
        before = time
    return tuple(picks) or (series.window(start, end),)


def _matching(correlation: Correlation, series: Series, start: int, end: int) -> int:
    slots = range(len(correlation.references))
    return sum(series.first_at(slot, start, end) is not None for slot in slots)
