"""Evaluating a set of Sigma rules over log files: what `auditor policy sigma` shows."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from auditor.sigma.alerts import Outcome
from auditor.sigma.chain import Correlator
from auditor.sigma.events import TIME_FIELDS, BadLine, Event, log_files, read_events
from auditor.sigma.gather import Gathered, gathered
from auditor.sigma.incidents import Incident, incidents_of
from auditor.sigma.model import Detection, Ruleset


@dataclass(frozen=True)
class Matched:
    """A detection and the numbers of the records that it matches."""

    rule: Detection
    records: tuple[int, ...]


@dataclass(frozen=True)
class Correlated:
    """A correlation with its alerts and their incidents."""

    outcome: Outcome
    incidents: tuple[Incident, ...]


@dataclass(frozen=True)
class Evaluation:
    """Everything that a set of rules found in some logs; only rules that are reported by themselves."""

    rules: Ruleset
    found: Gathered
    matched: tuple[Matched, ...]
    correlated: tuple[Correlated, ...]
    bad_lines: tuple[BadLine, ...]


def evaluate_files(rules: Ruleset, logs: Iterable[Path], time_fields: Sequence[str] = TIME_FIELDS) -> Evaluation:
    """Evaluate rules over log files. Raises UsageError and InputError for files that can't be read."""
    bad: list[BadLine] = []
    evaluated = evaluate(rules, read_events(log_files(logs), time_fields, bad))
    return Evaluation(rules, evaluated.found, evaluated.matched, evaluated.correlated, tuple(bad))


def evaluate(rules: Ruleset, events: Iterable[Event]) -> Evaluation:
    """Evaluate rules over records."""
    found = gathered(rules, events)
    outcomes = Correlator(rules, found).run()
    times = {number: record.time for number, record in found.records.items()}
    matched = tuple(
        Matched(rule, tuple(found.matches[key])) for key, rule in rules.detections.items() if rule.is_reported
    )
    correlated = tuple(
        Correlated(outcome, tuple(incidents_of(outcome, outcomes, times)))
        for outcome in outcomes.values()
        if outcome.correlation.is_reported
    )
    return Evaluation(rules, found, matched, correlated, ())
