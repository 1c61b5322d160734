"""What windows are made of: an occurrence is one selected record, or the records of all steps of a sequence."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from auditor.checker.evaluator.record import Record

Texts = tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Occurrence:
    """Records that count as one, in record order; the last one gives its time and its place in the order."""

    records: tuple[Record, ...]

    @property
    def last(self) -> Record:
        """The record of the last step."""
        return self.records[-1]

    @property
    def time(self) -> datetime:
        """When it was complete."""
        return self.last.time


@dataclass(frozen=True)
class Found:
    """What select, novel and sequence gave: occurrences in order, and what was counted on the way.

    `short` are the subjects with too little history, or too little time after.
    """

    occurrences: tuple[Occurrence, ...]
    selected: int
    undetermined: int
    without_subject: int
    short: frozenset[Texts] = frozenset()


def records_in(occurrences: Iterable[Occurrence]) -> tuple[Record, ...]:
    """Return the records of occurrences, each once, in record order."""
    records = {record for occurrence in occurrences for record in occurrence.records}
    return tuple(sorted(records, key=lambda record: record.order))
