"""Absent: keep what a selection does not follow in time (docs/evaluation.md, "Absent")."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from auditor.checker.evaluator.conditions import Reading, truth
from auditor.checker.evaluator.occurrence import Found, Occurrence, Texts
from auditor.checker.evaluator.record import Record
from auditor.policy.pack import Context
from auditor.policy.rule import Absent, Rule

_MOMENT = timedelta(microseconds=1)


def end_of_log(records: Sequence[Record], context: Context, as_of: datetime | None) -> datetime | None:
    """Return until when the log is known, None for an empty one."""
    if context.window.until is not None:
        last = context.window.until - _MOMENT
        return last if as_of is None else min(last, as_of)
    return max((record.time for record in records), default=None)


def only_unfollowed(
    rule: Rule, absent: Absent, found: Found, records: Sequence[Record], end: datetime | None, reading: Reading
) -> Found:
    """Return what is left of the occurrences; `records` are all of the audit."""
    answers = [(record, truth(rule.selection(absent.selection), record, reading)) for record in records]
    kept: list[Occurrence] = []
    is_decided: dict[Texts, bool] = {}
    undecided = 0
    for occurrence in found.occurrences:
        subject = occurrence.last.texts(rule.subject_columns)
        assert subject is not None, "records without a subject were counted and taken out before"
        after = [answer for record, answer in answers if _is_after(rule, absent, record, occurrence, subject)]
        is_over = end is not None and occurrence.time + timedelta(seconds=absent.within) <= end
        is_unknown = True not in after and (None in after or not is_over)
        undecided += is_unknown
        is_decided[subject] = is_decided.get(subject, False) or not is_unknown
        if True not in after and not is_unknown:
            kept.append(occurrence)
    never = frozenset(subject for subject, decided in is_decided.items() if not decided)
    return replace(
        found, occurrences=tuple(kept), undetermined=found.undetermined + undecided, short=found.short | never
    )


def _is_after(rule: Rule, absent: Absent, record: Record, occurrence: Occurrence, subject: Texts) -> bool:
    is_near = record.time - occurrence.time <= timedelta(seconds=absent.within)
    return record.order > occurrence.last.order and is_near and record.texts(rule.subject_columns) == subject
