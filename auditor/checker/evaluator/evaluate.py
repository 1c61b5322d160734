"""Evaluate one rule over records, step by step as docs/evaluation.md says."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from auditor.checker.evaluator.absent import end_of_log, only_unfollowed
from auditor.checker.evaluator.baseline import is_open, is_unjudged, past_of
from auditor.checker.evaluator.conditions import Reading, truth
from auditor.checker.evaluator.facts import Row, records_of
from auditor.checker.evaluator.incidents import Merged, Violation, merged, suppressor
from auditor.checker.evaluator.measures import Measures, is_violating, measures_of, peak_of
from auditor.checker.evaluator.occurrence import Occurrence, Texts
from auditor.checker.evaluator.peers import Groups, bucket_of, peers_of
from auditor.checker.evaluator.provided import missing_of, usable_sources
from auditor.checker.evaluator.record import Record
from auditor.checker.evaluator.select import found_by
from auditor.checker.evaluator.windows import windows_of
from auditor.checker.findings import Incident, RecordRef, RuleOutcome, TermsCount
from auditor.policy.pack import Context
from auditor.policy.rule import Exemption, Rule, Span
from auditor.policy.terms import Terms
from auditor.records.activity import SourceSummary


@dataclass(frozen=True)
class Evaluation:
    """What one rule gave: its outcome, the records of every incident by number, and whom it couldn't judge.

    `not_evaluated` are the subjects behind `RuleOutcome.not_evaluated_subjects`, sorted.
    """

    outcome: RuleOutcome
    citations: tuple[tuple[RecordRef, ...], ...] = ()
    not_evaluated: tuple[Texts, ...] = ()


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


def evaluate(
    rule: Rule,
    rows: Iterable[Row],
    sources: Sequence[SourceSummary],
    *,
    context: Context,
    terms: Sequence[Terms] = (),
    exemptions: Sequence[Exemption] = (),
    timezone: str = "UTC",
    as_of: datetime | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    watch: Watch | None = None,
) -> Evaluation:
    """Return what a rule says about rows as `Activity.rows()` yields them."""
    reading = Reading(rule.is_missing_counted, ZoneInfo(timezone))
    usable = usable_sources(rule, sources, context)
    complete = [record for record in records_of(rows, context, as_of) if context.window.covers(record.time)]
    judged = [record for record in complete if rule.effective.covers(record.time)]
    records = [record for record in judged if record.value("source_id") in usable]
    if rule.missing_lists or not usable:
        missing = missing_of(rule, sources, context)
        return Evaluation(_refused(rule, missing, len(judged) - len(records)))
    found = found_by(rule, records, reading)
    if rule.absent:
        found = only_unfollowed(rule, rule.absent, found, complete, end_of_log(complete, context, as_of), reading)
    incidents, unjudged = _incidents(rule, found.occurrences, exemptions, reading, watch)
    incidents = [item for item in incidents if Span(start=since, until=until).covers(item.records[-1].time)]
    incidents.sort(key=_position)
    shown = tuple(_incident(rule, number, item, terms, reading) for number, item in enumerate(incidents))
    not_evaluated = _only_left_out(rule, judged, usable) | found.short | unjudged
    outcome = RuleOutcome(
        rule=rule.name,
        is_evaluated=True,
        incidents=tuple(incident for incident in shown if not incident.suppressed_by),
        suppressed=tuple(incident for incident in shown if incident.suppressed_by),
        selected=found.selected,
        undetermined=found.undetermined,
        without_subject=found.without_subject,
        left_out=len(judged) - len(records),
        not_evaluated_subjects=len(not_evaluated),
    )
    citations = tuple(tuple(record.reference() for record in item.records) for item in incidents)
    return Evaluation(outcome, citations, tuple(sorted(not_evaluated)))


def _refused(rule: Rule, missing: tuple[str, ...], left_out: int) -> RuleOutcome:
    return RuleOutcome(rule=rule.name, is_evaluated=False, missing=missing, left_out=left_out)


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


def _position(item: Merged) -> tuple[object, ...]:
    first, last = item.records[0], item.records[-1]
    is_suppressed = bool(item.suppressed_by)
    return (item.subject, item.by, first.time, is_suppressed, item.suppressed_by, first.order, last.order)


def _incident(rule: Rule, number: int, item: Merged, terms: Sequence[Terms], reading: Reading) -> Incident:
    records = item.records
    about = [record for record in records if _is_against(rule, record, reading)]
    return Incident(
        number=number,
        subject=item.subject,
        by=item.by,
        start=records[0].time,
        end=records[-1].time,
        windows=len(item.violations),
        measures=tuple(
            (name.full, peak_of(rule, name.full, [each.measures[name.full] for each in item.violations]))
            for name in rule.reported
        ),
        records=len(records),
        first=records[0].reference(),
        accounts=_accounts(about),
        terms=tuple(
            count
            for document in sorted(terms, key=lambda document: document.id)
            for count in _terms_counts(document, about, reading)
        ),
        suppressed_by=item.suppressed_by,
    )


def _is_against(rule: Rule, record: Record, reading: Reading) -> bool:
    return not rule.against or truth(rule.selection(rule.against), record, reading) is True


def _accounts(records: Sequence[Record]) -> tuple[tuple[str, int], ...]:
    accounts = [record.value("account_id") for record in records if record.value("account_id") is not None]
    return tuple((account, accounts.count(account)) for account in sorted(set(accounts)))


def _terms_counts(document: Terms, records: Sequence[Record], reading: Reading) -> list[TermsCount]:
    plainly = Reading(zone=reading.zone)
    applied = [
        record for record in records if document.applies is None or truth(document.applies, record, plainly) is True
    ]
    versions = [document.version_at(record.time) for record in applied]
    names = sorted({version.version for version in versions if version})
    return [
        TermsCount(
            terms=document.id,
            version=name,
            records=sum(version is not None and version.version == name for version in versions),
        )
        for name in names
    ]
