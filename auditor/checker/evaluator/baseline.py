"""Baseline: what the measures of a window were in the windows before it (docs/evaluation.md, "Baseline")."""

from bisect import bisect_left
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from auditor.checker.evaluator.conditions import Reading
from auditor.checker.evaluator.measures import Measures, measures_of, verdict_on
from auditor.checker.evaluator.occurrence import Occurrence
from auditor.policy.rule import Baseline, Rule, Window

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def past_of(rule: Rule, group: Sequence[Occurrence], window: Sequence[Occurrence], reading: Reading) -> Measures:
    """Return what `violates` compares a window of a group with, by name (`usual.calls`); nothing without a baseline."""
    if rule.baseline is None or rule.within is None or not rule.compared:
        return {}
    begin = _begin_of(rule.within, window)
    if begin - group[0].time < timedelta(seconds=rule.baseline.at_least):
        return dict.fromkeys((name.full for name in rule.compared), None)
    parts = _past(rule.within, rule.baseline, group, begin)
    past = [measures_of(rule, part, reading) if part else None for part in parts]
    found: Measures = {}
    for name in rule.compared:
        values = [_double(measures, name.name) for measures in past]
        usual = _usual([value for value in values if value is not None])
        found[name.full] = usual if name.step == "usual" else _spread(values, usual)
    return found


def is_open(rule: Rule, measures: Measures) -> bool:
    """Say whether the past is needed to judge a window."""
    if rule.violates is None or not rule.compared:
        return False
    return verdict_on(rule.violates, measures | dict.fromkeys((name.full for name in rule.compared), None)) is not False


def is_unjudged(rule: Rule, measures: Measures) -> bool:
    """Say whether nobody can tell if a window violates, for want of a past."""
    lacks = any(measures[name.full] is None for name in rule.compared)
    return lacks and rule.violates is not None and verdict_on(rule.violates, measures) is None


def _begin_of(within: Window, window: Sequence[Occurrence]) -> datetime:
    length = timedelta(seconds=within.seconds)
    if within.kind == "sliding":
        return window[-1].time - length
    return _EPOCH + (window[-1].time - _EPOCH) // length * length


def _past(
    within: Window, baseline: Baseline, group: Sequence[Occurrence], begin: datetime
) -> list[Sequence[Occurrence]]:
    """Return the occurrences of every past window that counts, newest window first."""
    times = [occurrence.time for occurrence in group]
    length = timedelta(seconds=within.seconds)
    found: list[Sequence[Occurrence]] = []
    end = begin
    while len(found) < baseline.over // within.seconds and end > times[0]:
        found.append(group[bisect_left(times, end - length) : bisect_left(times, end)])
        end -= length
    return found


def _double(measures: Measures | None, name: str) -> float | None:
    if measures is None:
        return 0.0
    value = measures[name]
    return None if value is None else float(value)


def _usual(values: Sequence[float]) -> float | None:
    return (_middle(values) or None) if values else None


def _spread(values: Sequence[float | None], usual: float | None) -> float | None:
    return None if usual is None else _middle([abs(value - usual) for value in values if value is not None])


def _middle(values: Sequence[float]) -> float:
    ordered, size = sorted(values), len(values)
    return (ordered[(size - 1) // 2] + ordered[size // 2]) / 2
