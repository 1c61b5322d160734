"""Sequence: pair the records of two steps into occurrences, earliest first, each record in at most one."""

import math
from collections.abc import Sequence as Records
from dataclasses import dataclass, field
from datetime import timedelta

from auditor.checker.evaluator.conditions import Reading, truth
from auditor.checker.evaluator.facts import seconds_between
from auditor.checker.evaluator.numbers import Value, truth_of
from auditor.checker.evaluator.occurrence import Found, Occurrence, Texts
from auditor.checker.evaluator.record import Record
from auditor.policy.expressions import Expression, Name, PairCall
from auditor.policy.rule import Rule, Sequence

_EARTH_RADIUS_KM = 6371.0088


@dataclass
class _Pairing:
    """The walk through the records of a rule: what is open, and what was paired."""

    open: list[tuple[Texts, Texts, Record]] = field(default_factory=list)
    occurrences: list[Occurrence] = field(default_factory=list)


def found_by_sequence(rule: Rule, sequence: Sequence, records: Records[Record], reading: Reading) -> Found:
    """Return the occurrences of a rule's sequence among usable records in record order."""
    pairing = _Pairing()
    answers = [_steps(rule, sequence, record, reading) for record in records]
    for record, steps in zip(records, answers, strict=True):
        _walk(rule, sequence, pairing, record, steps, reading)
    candidates = [record for record, steps in zip(records, answers, strict=True) if True in steps]
    homeless = sum(record.texts(rule.subject_columns) is None for record in candidates)
    placed = [occurrence for occurrence in pairing.occurrences if occurrence.last.texts(rule.by) is not None]
    return Found(
        occurrences=tuple(sorted(placed, key=lambda occurrence: occurrence.last.order)),
        selected=len(candidates),
        undetermined=sum(None in steps and True not in steps for steps in answers),
        without_subject=homeless + len(pairing.occurrences) - len(placed),
    )


def _steps(rule: Rule, sequence: Sequence, record: Record, reading: Reading) -> list[bool | None]:
    return [truth(rule.selection(step), record, reading) for step in sequence.steps]


def _walk(
    rule: Rule, sequence: Sequence, pairing: _Pairing, record: Record, steps: list[bool | None], reading: Reading
) -> None:
    subject, divided = record.texts(rule.subject_columns), record.texts(sequence.by)
    if subject is None:
        return
    if sequence.until and truth(rule.selection(sequence.until), record, reading):
        closed = [item for item in pairing.open if item[0] == subject and divided in (None, item[1])]
        pairing.open = [item for item in pairing.open if item not in closed]
    if divided is None:
        return
    if steps[1]:
        for item in pairing.open:
            if item[:2] == (subject, divided) and _follows(sequence, item[2], record):
                pairing.open.remove(item)
                pairing.occurrences.append(Occurrence((item[2], record)))
                return
    if steps[0]:
        pairing.open.append((subject, divided, record))


def _follows(sequence: Sequence, first: Record, second: Record) -> bool:
    if second.time - first.time > timedelta(seconds=sequence.within):
        return False
    if sequence.where is None:
        return True
    by_step = dict(zip(sequence.steps, (first, second), strict=True))
    return truth_of(sequence.where, lambda expression: _looked_up(expression, by_step)) is True


def _looked_up(expression: Expression, by_step: dict[str, Record]) -> Value:
    if isinstance(expression, Name):
        value: Value = by_step[expression.step].value(expression.name)
        return value
    assert isinstance(expression, PairCall), f"the loader lets only names and calls come here: {expression!r}"
    first, second = by_step[expression.first], by_step[expression.second]
    if expression.function == "seconds_between":
        return seconds_between(first.time, second.time)
    return _distance_km(first, second)


def _distance_km(first: Record, second: Record) -> float | None:
    degrees = [record.value(column) for record in (first, second) for column in ("latitude", "longitude")]
    if None in degrees:
        return None
    latitude, longitude, other_latitude, other_longitude = map(math.radians, degrees)
    across = math.sin((other_latitude - latitude) / 2) ** 2
    along = math.sin((other_longitude - longitude) / 2) ** 2
    chord = across + math.cos(latitude) * math.cos(other_latitude) * along
    return 2 * _EARTH_RADIUS_KM * math.asin(min(1.0, math.sqrt(chord)))
