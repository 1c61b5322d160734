"""Sequence: put the records of its steps together into occurrences, earliest first, each record in at most one."""

import math
from collections.abc import Iterator
from collections.abc import Sequence as Records
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import combinations, permutations

from auditor.checker.evaluator.conditions import Reading, truth
from auditor.checker.evaluator.facts import seconds_between
from auditor.checker.evaluator.numbers import Value, truth_of
from auditor.checker.evaluator.occurrence import Found, Occurrence, Texts
from auditor.checker.evaluator.record import Record
from auditor.policy.expressions import Expression, Name, PairCall
from auditor.policy.rule import Rule, Sequence

_EARTH_RADIUS_KM = 6371.0088
Answers = list[bool | None]
"""For each step, whether a record is a candidate for it."""
Item = tuple[Texts, Texts, Record, Answers]
"""A record with its group (subject, values of `sequence.by`)."""
Dealt = tuple[tuple[Record, Answers], ...]
"""Records in the order of the steps that they are to stand for."""


@dataclass
class _Walk:
    """The walk through the records of a rule: which are free, and what was put together."""

    free: list[Item] = field(default_factory=list)
    occurrences: list[Occurrence] = field(default_factory=list)


def found_by_sequence(rule: Rule, sequence: Sequence, records: Records[Record], reading: Reading) -> Found:
    """Return the occurrences of a rule's sequence among usable records in record order."""
    walk = _Walk()
    answers = [_answers(rule, sequence, record, reading) for record in records]
    for record, steps in zip(records, answers, strict=True):
        _step(rule, sequence, walk, record, steps, reading)
    candidates = [record for record, steps in zip(records, answers, strict=True) if True in steps]
    homeless = sum(record.texts(rule.subject_columns) is None for record in candidates)
    placed = [occurrence for occurrence in walk.occurrences if occurrence.last.texts(rule.by) is not None]
    return Found(
        occurrences=tuple(sorted(placed, key=lambda occurrence: occurrence.last.order)),
        selected=len(candidates),
        undetermined=sum(None in steps and True not in steps for steps in answers),
        without_subject=homeless + len(walk.occurrences) - len(placed),
    )


def _answers(rule: Rule, sequence: Sequence, record: Record, reading: Reading) -> Answers:
    return [truth(rule.selection(step), record, reading) for step in sequence.steps]


def _step(rule: Rule, sequence: Sequence, walk: _Walk, record: Record, steps: Answers, reading: Reading) -> None:
    subject, divided = record.texts(rule.subject_columns), record.texts(sequence.by)
    if subject is None:
        return
    if sequence.until and truth(rule.selection(sequence.until), record, reading):
        walk.free = [item for item in walk.free if item[0] != subject or divided not in (None, item[1])]
    if divided is None or True not in steps:
        return
    own = (subject, divided, record, steps)
    group = [item for item in walk.free if item[:2] == (subject, divided)]
    walk.free.append(own)
    near = _within_reach(sequence, group, record)
    if not _are_there(sequence, [item[3] for item in near], steps):
        return
    for earlier in combinations(near, len(sequence.steps) - 1):
        chosen = (*earlier, own)
        if _is_occurrence(sequence, tuple(item[2:] for item in chosen)):
            walk.free = [item for item in walk.free if item not in chosen]
            walk.occurrences.append(Occurrence(tuple(item[2] for item in chosen)))
            return


def _are_there(sequence: Sequence, earlier: list[Answers], last: Answers) -> bool:
    """Say whether it is worth trying sets of records at all: every step has some, and the last one its own."""
    if sequence.is_ordered and not last[-1]:
        return False
    return all(any(answers[step] for answers in (*earlier, last)) for step in range(len(sequence.steps)))


def _within_reach(sequence: Sequence, group: list[Item], last: Record) -> list[Item]:
    return [item for item in group if last.time - item[2].time <= timedelta(seconds=sequence.within)]


def _is_occurrence(sequence: Sequence, chosen: Dealt) -> bool:
    """Say whether records, in record order, can be dealt out to the steps."""
    answers = [answers for _, answers in chosen]
    return _are_there(sequence, answers[:-1], answers[-1]) and any(
        _fits(sequence, dealt) for dealt in _dealt(sequence, chosen)
    )


def _dealt(sequence: Sequence, chosen: Dealt) -> Iterator[Dealt]:
    """Yield the records in the order of the steps, in every way that may be."""
    yield from (chosen,) if sequence.is_ordered else permutations(chosen)


def _fits(sequence: Sequence, dealt: Dealt) -> bool:
    if not all(answers[step] for step, (_, answers) in enumerate(dealt)):
        return False
    if sequence.where is None:
        return True
    by_step = {step: record for step, (record, _) in zip(sequence.steps, dealt, strict=True)}
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
