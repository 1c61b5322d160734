"""Judge one rule that looks at records: its violating windows, merged, and whom it could not judge."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from auditor.checker.evaluator.absent import end_of_log, only_unfollowed
from auditor.checker.evaluator.baseline import is_open, is_unjudged, past_of
from auditor.checker.evaluator.conditions import Reading
from auditor.checker.evaluator.incidents import Merged, Violation, merged, suppressor
from auditor.checker.evaluator.measures import Measures, is_violating, measures_of
from auditor.checker.evaluator.occurrence import Found, Occurrence, Texts
from auditor.checker.evaluator.peers import Groups, bucket_of, peers_of
from auditor.checker.evaluator.provided import missing_of, usable_sources
from auditor.checker.evaluator.record import Record
from auditor.checker.evaluator.select import found_by
from auditor.checker.evaluator.windows import windows_of
from auditor.policy.pack import Context
from auditor.policy.rule import Exemption, Rule, Span
from auditor.policy.terms import Terms
from auditor.records.activity import SourceSummary


@dataclass(frozen=True)
class Setting:
    """What a rule is judged by, beside records; `ends` keeps incidents by their end."""

    sources: tuple[SourceSummary, ...]
    context: Context
    terms: tuple[Terms, ...]
    exemptions: tuple[Exemption, ...]
    zone: ZoneInfo
    as_of: datetime | None
    ends: Span


@dataclass(frozen=True)
class Looked:
    """One window that was looked at, what it measured, and whether it violates (and which exemption covers it)."""

    subject: Texts
    by: Texts
    window: Sequence[Occurrence]
    measures: Measures
    is_violating: bool
    suppressed_by: str


Watch = Callable[[Looked], None]
"""Is told of every window as it is looked at."""


@dataclass(frozen=True)
class Judged:
    """What a rule gave: every incident whenever it ended, what was counted, whom it couldn't judge.

    A rule that can't be evaluated has its reasons in `missing`, and no `found`.
    """

    left_out: int
    missing: tuple[str, ...] = ()
    found: Found | None = None
    incidents: tuple[Merged, ...] = ()
    not_evaluated: frozenset[Texts] = frozenset()


def judged(rule: Rule, complete: Sequence[Record], setting: Setting, watch: Watch | None = None) -> Judged:
    """Return what a rule makes of the records of the complete part of the log."""
    reading = Reading(rule.is_missing_counted, setting.zone)
    usable = usable_sources(rule, setting.sources, setting.context)
    effective = [record for record in complete if rule.effective.covers(record.time)]
    records = [record for record in effective if record.value("source_id") in usable]
    left_out = len(effective) - len(records)
    if rule.missing_lists or not usable:
        return Judged(left_out, missing_of(rule, setting.sources, setting.context))
    found = found_by(rule, records, reading)
    if rule.absent:
        end = end_of_log(complete, setting.context, setting.as_of)
        found = only_unfollowed(rule, rule.absent, found, complete, end, reading)
    incidents, unjudged = _incidents(rule, found.occurrences, setting.exemptions, reading, watch)
    not_evaluated = _only_left_out(rule, effective, usable) | found.short | unjudged
    return Judged(left_out, (), found, tuple(incidents), not_evaluated)


def _only_left_out(rule: Rule, judged: Sequence[Record], usable: frozenset[str]) -> frozenset[Texts]:
    if rule.subject == "none":
        return frozenset()
    is_used: dict[Texts, bool] = {}
    for record in judged:
        subject = record.texts(rule.subject_columns)
        if subject is not None:
            is_used[subject] = is_used.get(subject, False) or record.value("source_id") in usable
    return frozenset(subject for subject, used in is_used.items() if not used)


def _incidents(
    rule: Rule,
    occurrences: Sequence[Occurrence],
    exemptions: Sequence[Exemption],
    reading: Reading,
    watch: Watch | None,
) -> tuple[list[Merged], frozenset[Texts]]:
    incidents: list[Merged] = []
    is_judged: dict[Texts, bool] = {}
    groups = _groups(rule, occurrences)
    for (subject, by), group in groups.items():
        violations = []
        for window in windows_of(rule.within, group, reading.zone):
            measures = measures_of(rule, window, reading) | _compared(rule, groups, (subject, by), window, reading)
            if is_open(rule, measures):
                is_judged[subject] = is_judged.get(subject, False) or not is_unjudged(rule, measures)
            is_found = is_violating(rule, measures)
            suppressed_by = suppressor(rule, window, exemptions) if is_found else ""
            if is_found:
                violations.append(Violation(window, measures, suppressed_by))
            if watch:
                watch(Looked(subject, by, window, measures, is_found, suppressed_by))
        incidents += merged(rule, subject, by, violations, reading.zone)
    return incidents, frozenset(subject for subject, judged in is_judged.items() if not judged)


def _compared(
    rule: Rule, groups: Groups, key: tuple[Texts, Texts], window: Sequence[Occurrence], reading: Reading
) -> Measures:
    if rule.baseline is not None and rule.baseline.of == "peers":
        return peers_of(rule, rule.baseline, groups, key, bucket_of(rule, window[-1]), reading)
    return past_of(rule, groups[key], window, reading)


def _groups(rule: Rule, occurrences: Sequence[Occurrence]) -> dict[tuple[Texts, Texts], list[Occurrence]]:
    groups: dict[tuple[Texts, Texts], list[Occurrence]] = {}
    for occurrence in occurrences:
        subject, by = occurrence.last.texts(rule.subject_columns), occurrence.last.texts(rule.by)
        assert subject is not None, "records without a subject were counted and taken out before"
        assert by is not None, "records without a `by` value were counted and taken out before"
        groups.setdefault((subject, by), []).append(occurrence)
    return groups
