"""Baseline of peers: what a measure was for others of the same plan (docs/evaluation.md, "Baseline of peers")."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from auditor.checker.evaluator.conditions import Reading
from auditor.checker.evaluator.measures import Measures, measures_of
from auditor.checker.evaluator.numbers import nearest_rank
from auditor.checker.evaluator.occurrence import Occurrence, Texts, records_in
from auditor.policy.baseline import FEWEST_PEERS, fraction_of
from auditor.policy.rule import Baseline, Rule

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Groups = Mapping[tuple[Texts, Texts], Sequence[Occurrence]]


def peers_of(
    rule: Rule, baseline: Baseline, groups: Groups, key: tuple[Texts, Texts], at: int, reading: Reading
) -> Measures:
    """Return what `violates` compares the window of a group in bucket `at` with, by name (`peers_p99.calls`)."""
    subject, by = key
    plan = _plan_of(rule, groups[key], at)
    nothing: Measures = dict.fromkeys((name.full for name in rule.compared), None)
    if plan is None:
        return nothing
    peers = {
        other: _values(rule, baseline, group, plan, at, reading)
        for (other, divided), group in groups.items()
        if other != subject and divided == by
    }
    return {name.full: _quantile(name.step, name.name, peers) for name in rule.compared}


def bucket_of(rule: Rule, occurrence: Occurrence) -> int:
    """Return which of the rule's fixed windows an occurrence lies in."""
    assert rule.within is not None
    return (occurrence.time - _EPOCH) // timedelta(seconds=rule.within.seconds)


def _quantile(word: str, measure: str, peers: Mapping[Texts, Sequence[Measures]]) -> float | None:
    values = {
        peer: [float(value) for found in windows if (value := found[measure]) is not None]
        for peer, windows in peers.items()
    }
    if sum(bool(known) for known in values.values()) < FEWEST_PEERS:
        return None
    together = sorted(value for known in values.values() for value in known)
    return float(nearest_rank(list(together), fraction_of(word)))


def _values(
    rule: Rule, baseline: Baseline, group: Sequence[Occurrence], plan: str, at: int, reading: Reading
) -> list[Measures]:
    """Return the measures of a peer's past windows; none if its own history is too short."""
    assert rule.within is not None
    begin = _EPOCH + at * timedelta(seconds=rule.within.seconds)
    if begin - group[0].time < timedelta(seconds=baseline.at_least):
        return []
    buckets = {bucket_of(rule, occurrence) for occurrence in group}
    past = [one for one in buckets if at - baseline.over // rule.within.seconds <= one < at]
    known = [one for one in past if _plan_of(rule, group, one) == plan]
    return [measures_of(rule, _window(rule, group, one), reading) for one in known]


def _window(rule: Rule, group: Sequence[Occurrence], at: int) -> list[Occurrence]:
    return [occurrence for occurrence in group if bucket_of(rule, occurrence) == at]


def _plan_of(rule: Rule, group: Sequence[Occurrence], at: int) -> str | None:
    """Return the plan of all records of a window, None if there is not exactly one."""
    plans = {record.value("plan") for record in records_in(_window(rule, group, at))}
    return plans.pop() if len(plans) == 1 else None
