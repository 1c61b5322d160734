"""Judge a composite rule: findings of other rules that meet on one subject (docs/evaluation.md, "Composite")."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from auditor.checker.evaluator.conditions import Reading
from auditor.checker.evaluator.incidents import suppressor
from auditor.checker.evaluator.measures import Measures, peak_of, verdict_on
from auditor.checker.evaluator.occurrence import Occurrence, Texts, records_in
from auditor.checker.evaluator.one_rule import Judged, Setting, judged
from auditor.checker.evaluator.provided import unknown_subject, usable_sources
from auditor.checker.evaluator.record import Record
from auditor.checker.evaluator.shown import Evaluation, accounts_of, is_against, position_of, terms_of
from auditor.checker.findings import Incident, PartSeen, RuleOutcome
from auditor.policy.rule import Composite, Rule


@dataclass(frozen=True, eq=False)
class Piece:
    """What one incident of a part has of one subject: its records in record order, and those it is about."""

    part: Rule
    records: tuple[Record, ...]
    about: frozenset[Record]

    @property
    def start(self) -> datetime:
        """When the first of the records happened."""
        return self.records[0].time

    @property
    def end(self) -> datetime:
        """When the last of the records happened."""
        return self.records[-1].time


@dataclass(frozen=True)
class Stretch:
    """The pieces that one stretch of time touches, and what they come to."""

    pieces: tuple[Piece, ...]
    measures: Measures
    suppressed_by: str


@dataclass(frozen=True)
class Met:
    """Violating stretches of one subject that share pieces."""

    subject: Texts
    stretches: tuple[Stretch, ...]
    by: Texts = ()

    @property
    def suppressed_by(self) -> str:
        """The exemption that covers all records, or the empty text."""
        return self.stretches[0].suppressed_by

    @property
    def pieces(self) -> frozenset[Piece]:
        """Every piece that a stretch touches."""
        return frozenset(piece for stretch in self.stretches for piece in stretch.pieces)

    @property
    def records(self) -> tuple[Record, ...]:
        """All contributing records in record order."""
        return records_in(Occurrence(piece.records) for piece in self.pieces)


def evaluated_composite(rule: Rule, composite: Composite, complete: Sequence[Record], setting: Setting) -> Evaluation:
    """Return what a composite makes of the records of the complete part of the log."""
    judgements = {part.name: judged(part, complete, setting) for part in composite.parts}
    evaluable = [part for part in composite.parts if judgements[part.name].found is not None]
    used = {part.name: usable_sources(part, setting.sources, setting.context) for part in evaluable}
    effective = [record for record in complete if rule.effective.covers(record.time)]
    left_out = sum(not any(record.value("source_id") in ids for ids in used.values()) for record in effective)
    homeless = unknown_subject(rule, setting.sources, setting.context)
    if homeless or len({composite.counted(part) for part in evaluable}) < composite.at_least:
        missing = homeless | {name for judgement in judgements.values() for name in judgement.missing}
        outcome = RuleOutcome(rule=rule.name, is_evaluated=False, missing=tuple(sorted(missing)), left_out=left_out)
        return Evaluation(outcome)
    cited = {
        record
        for judgement in judgements.values()
        for incident in judgement.incidents
        for record in (() if incident.suppressed_by else incident.records)
    }
    by_subject = _pieces(rule, composite, judgements, setting)
    found = [met for subject, pieces in by_subject.items() for met in _met(rule, composite, subject, pieces, setting)]
    found = sorted((met for met in found if setting.ends.covers(met.records[-1].time)), key=position_of)
    told = tuple(_told(rule, number, met, setting) for number, met in enumerate(found))
    not_evaluated = _too_few(rule, composite, effective, used)
    outcome = RuleOutcome(
        rule=rule.name,
        is_evaluated=True,
        incidents=tuple(incident for incident in told if not incident.suppressed_by),
        suppressed=tuple(incident for incident in told if incident.suppressed_by),
        selected=len(cited),
        without_subject=sum(record.texts(rule.subject_columns) is None for record in cited),
        left_out=left_out,
        not_evaluated_subjects=len(not_evaluated),
    )
    citations = tuple(tuple(record.reference() for record in met.records) for met in found)
    return Evaluation(outcome, citations, not_evaluated)


def _pieces(
    rule: Rule, composite: Composite, judgements: Mapping[str, Judged], setting: Setting
) -> dict[Texts, list[Piece]]:
    found: dict[Texts, list[Piece]] = {}
    for part in composite.parts:
        reading = Reading(part.is_missing_counted, setting.zone)
        for incident in judgements[part.name].incidents:
            subjects = {record.texts(rule.subject_columns) for record in incident.records} - {None}
            for subject in subjects if not incident.suppressed_by else ():
                assert subject is not None
                own = tuple(record for record in incident.records if record.texts(rule.subject_columns) == subject)
                piece = Piece(part, own, frozenset(record for record in own if is_against(part, record, reading)))
                if piece.about and rule.effective.covers(piece.start) and rule.effective.covers(piece.end):
                    found.setdefault(subject, []).append(piece)
    return found


def _met(rule: Rule, composite: Composite, subject: Texts, pieces: Sequence[Piece], setting: Setting) -> list[Met]:
    """Return the incidents of one subject; only stretches of one exemption, or of none, merge with each other."""
    length = timedelta(seconds=composite.within)
    stretches = []
    for time in sorted({piece.start for piece in pieces}):
        touched = tuple(piece for piece in pieces if piece.start <= time and piece.end >= time - length)
        measures: Measures = {composite.measure: len({composite.counted(piece.part) for piece in touched})}
        if rule.violates is not None and verdict_on(rule.violates, measures) is True:
            window = [Occurrence(piece.records) for piece in touched]
            stretches.append(Stretch(touched, measures, suppressor(rule, window, setting.exemptions)))
    found: list[list[Stretch]] = []
    for name in ("", *rule.unless):
        runs: list[list[Stretch]] = []
        for stretch in stretches:
            if stretch.suppressed_by == name:
                if runs and {*runs[-1][-1].pieces} & {*stretch.pieces}:
                    runs[-1].append(stretch)
                else:
                    runs.append([stretch])
        found += runs
    return [Met(subject, tuple(run)) for run in found]


def _told(rule: Rule, number: int, met: Met, setting: Setting) -> Incident:
    records = met.records
    about = [record for record in records if any(record in piece.about for piece in met.pieces)]
    peaks = [(name, peak_of(rule, name, [each.measures[name] for each in met.stretches])) for name in _names(rule)]
    return Incident(
        number=number,
        subject=met.subject,
        by=(),
        start=records[0].time,
        end=records[-1].time,
        windows=len(met.stretches),
        measures=tuple(peaks),
        records=len(records),
        first=records[0].reference(),
        accounts=accounts_of(about),
        terms=terms_of(setting.terms, about, Reading(zone=setting.zone)),
        suppressed_by=met.suppressed_by,
        parts=tuple(sorted((_seen(piece) for piece in met.pieces), key=lambda part: part.place)),
    )


def _names(rule: Rule) -> tuple[str, ...]:
    return tuple(name.full for name in rule.reported)


def _seen(piece: Piece) -> PartSeen:
    return PartSeen(rule=piece.part.name, start=piece.start, end=piece.end, records=len(piece.records))


def _too_few(
    rule: Rule, composite: Composite, effective: Sequence[Record], used: Mapping[str, frozenset[str]]
) -> tuple[Texts, ...]:
    """Return the subjects whose records too few of the parts can use, sorted."""
    counted = {part.name: composite.counted(part) for part in composite.parts}
    usable: dict[Texts, set[str]] = {}
    for record in effective:
        subject = record.texts(rule.subject_columns)
        if subject is not None:
            source = record.value("source_id")
            usable.setdefault(subject, set()).update(counted[name] for name, ids in used.items() if source in ids)
    return tuple(sorted(subject for subject, words in usable.items() if len(words) < composite.at_least))
