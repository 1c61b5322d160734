"""Select: which records a rule is about, and which of them nobody can tell."""

from collections.abc import Sequence

from auditor.checker.evaluator.conditions import Reading, truth
from auditor.checker.evaluator.novel import has_null, is_history_short, kept_as_novel, subjects_of
from auditor.checker.evaluator.occurrence import Found, Occurrence
from auditor.checker.evaluator.record import Record
from auditor.checker.evaluator.sequence import found_by_sequence
from auditor.policy.rule import Novel, Rule


def found_by(rule: Rule, records: Sequence[Record], reading: Reading) -> Found:
    """Return what a rule finds among usable records in record order, before windows are looked at."""
    if rule.sequence:
        return found_by_sequence(rule, rule.sequence, records, reading)
    answers = [truth(rule.selected(), record, reading) for record in records]
    selected = [record for record, answer in zip(records, answers, strict=True) if answer]
    placed = [record for record in selected if record.texts((*rule.subject_columns, *rule.by)) is not None]
    found = Found(
        occurrences=_singly(placed),
        selected=len(selected),
        undetermined=answers.count(None),
        without_subject=len(selected) - len(placed),
    )
    return _only_novel(rule, rule.novel, found, placed) if rule.novel else found


def _only_novel(rule: Rule, novel: Novel, found: Found, placed: Sequence[Record]) -> Found:
    subjects = subjects_of(placed, rule.subject_columns)
    kept = [record for subject in subjects.values() for record in kept_as_novel(novel, subject)]
    return Found(
        occurrences=_singly(sorted(kept, key=lambda record: record.order)),
        selected=found.selected,
        undetermined=found.undetermined + sum(has_null(novel, record) for record in placed),
        without_subject=found.without_subject,
        short=frozenset(name for name, subject in subjects.items() if is_history_short(novel, subject)),
    )


def _singly(records: Sequence[Record]) -> tuple[Occurrence, ...]:
    return tuple(Occurrence((record,)) for record in records)
