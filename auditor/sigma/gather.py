"""One pass over the logs: which records each detection matches, and of those what correlations will ask for."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from auditor.sigma.events import Event
from auditor.sigma.holds import test_of
from auditor.sigma.model import Correlation, Ruleset
from auditor.sigma.values import Scalar, one_value


@dataclass(frozen=True)
class Kept:
    """What is kept of a record: where it came from, its time and the fields that correlations ask for."""

    file: str
    line: int
    time: int | None
    fields: Mapping[str, Scalar | None]


@dataclass
class Gathered:
    """What a pass over the logs found; records by number, in the order in which they were read."""

    matches: dict[str, list[int]] = field(default_factory=dict)
    records: dict[int, Kept] = field(default_factory=dict)
    read: int = 0
    last_time: int | None = None
    """The time of the newest record of all: windows that end later are not complete yet."""


def gathered(rules: Ruleset, events: Iterable[Event]) -> Gathered:
    """Match every detection against every record."""
    names = tuple(sorted(fields_needed(rules)))
    is_all_kept = any(needs_observed(item) for item in rules.correlations.values())
    tests = [(key, test_of(item.condition)) for key, item in rules.detections.items()]
    found = Gathered({key: [] for key in rules.detections})
    for event in events:
        matching = [key for key, test in tests if test(event)]
        for key in matching:
            found.matches[key].append(event.number)
        if matching or is_all_kept:
            fields = {name: one_value(event.fields, name) for name in names}
            found.records[event.number] = Kept(event.file, event.line, event.time, fields)
        found.read += 1
        if event.time is not None and (found.last_time is None or event.time > found.last_time):
            found.last_time = event.time
    return found


def needs_observed(correlation: Correlation) -> bool:
    """Say whether a correlation looks at records that match nothing: some term only says what must be absent."""
    return any(not term.present for term in correlation.terms or ())


def fields_needed(rules: Ruleset) -> set[str]:
    """Return the fields that correlations group by or measure, as the records of the lowest rules spell them."""
    found: set[str] = set()
    for correlation in rules.correlations.values():
        _add_needed(rules, correlation, set(), found)
    return found


def _add_needed(rules: Ruleset, correlation: Correlation, wanted: set[str], found: set[str]) -> None:
    own = {*correlation.group_by, *([correlation.field] if correlation.field else [])}
    for reference in correlation.references:
        names = wanted | {reference.field_of(name) for name in wanted | own}
        found |= names
        below = rules.correlations.get(reference.rule)
        if below is not None:
            _add_needed(rules, below, names, found)
