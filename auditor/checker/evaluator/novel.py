"""Novel: keep the records whose tuple of fields is new for their subject."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any  # values of any column

from auditor.checker.evaluator.occurrence import Texts
from auditor.checker.evaluator.record import Record
from auditor.policy.rule import Novel


def kept_as_novel(novel: Novel, subject: Sequence[Record]) -> tuple[Record, ...]:
    """Return the records of one subject that are new; they come in record order, nulls among them."""
    return tuple(record for record in subject if not has_null(novel, record) and _is_new(novel, record, subject))


def has_null(novel: Novel, record: Record) -> bool:
    """Say whether one of the fields is null, so that nobody can tell."""
    return any(record.value(field) is None for field in novel.fields)


def is_history_short(novel: Novel, subject: Sequence[Record]) -> bool:
    """Say whether the subject's selected records span less than the history asked for."""
    return subject[-1].time - subject[0].time < timedelta(seconds=novel.history)


def subjects_of(records: Sequence[Record], columns: tuple[str, ...]) -> dict[Texts, list[Record]]:
    """Return the records of every subject, in order; those with a null subject are left out."""
    groups: dict[Texts, list[Record]] = {}
    for record in records:
        key = record.texts(columns)
        if key is not None:
            groups.setdefault(key, []).append(record)
    return groups


def _is_new(novel: Novel, record: Record, subject: Sequence[Record]) -> bool:
    first = next(other for other in subject if _tuple(novel, other) == _tuple(novel, record))
    if first.time - subject[0].time < timedelta(seconds=novel.history):
        return False
    if not novel.lasts:
        return record is first
    return record.time - first.time <= timedelta(seconds=novel.lasts)


def _tuple(novel: Novel, record: Record) -> list[Any]:
    return [record.value(field) for field in novel.fields]
