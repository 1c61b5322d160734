"""What `auditor policy sigma` prints: for people as text, for programs as JSON."""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any  # JSON values have no closed type

from auditor.cli import console
from auditor.digests import rfc3339
from auditor.errors import PolicyError
from auditor.sigma.events import TIME_FIELDS
from auditor.sigma.incidents import Incident
from auditor.sigma.load import load_rules
from auditor.sigma.model import Refusal
from auditor.sigma.run import Correlated, Evaluation, Matched, evaluate_files
from auditor.sigma.values import wall_clock

MOST_PLACES = 5


def evaluated(rules: Path, logs: Sequence[Path], time_fields: Sequence[str]) -> Evaluation:
    """Load rules and evaluate them. Raises PolicyError when not one rule can be used."""
    loaded = load_rules([rules])
    if loaded.refused and not loaded.detections and not loaded.correlations:
        raise PolicyError(refusal.problem for refusal in loaded.refused)
    return evaluate_files(loaded, logs, time_fields or TIME_FIELDS)


def is_partial(found: Evaluation) -> bool:
    """Say whether some rule was not evaluated."""
    return bool(found.rules.refused) or any(item.outcome.problem for item in found.correlated)


def print_json(found: Evaluation) -> None:
    """Print everything as one JSON object."""
    console.json_object(
        records=found.found.read,
        rules=[_matched_json(found, item) for item in found.matched],
        correlations=[_correlated_json(found, item) for item in found.correlated],
        refused=refused_json(found.rules.refused),
        unused_filters=list(found.rules.unused_filters),
        bad_lines=[{"file": line.file, "line": line.line, "reason": line.reason} for line in found.bad_lines],
    )


def show(found: Evaluation) -> None:
    """Print the rules that found something, the incidents of correlations, and what was left out."""
    rows = [_row(found, item) for item in found.matched if item.records]
    if rows:
        console.table(("rule", "level", "records", "where"), rows)
    for item in found.correlated:
        for incident in item.incidents:
            console.result(_incident_line(found, item, incident))
    quiet = sum(not item.records for item in found.matched) + sum(not item.incidents for item in found.correlated)
    console.result(f"{console.plural(found.found.read, 'record')}, {console.plural(quiet, 'rule')} without a match")
    _tell_left_out(found)


def refused_json(refused: Iterable[Refusal]) -> list[dict[str, Any]]:
    """Return the refused rules with place, reason and hint."""
    return [
        {"title": item.title, "place": str(item.problem.place), "reason": item.problem.message,
         "hint": item.problem.hint}
        for item in refused
    ]  # fmt: skip


def tell_refused(refused: Iterable[Refusal]) -> None:
    """Name each refused rule with the reason on standard error."""
    for item in refused:
        console.talk(f"refused: {_title(item.title)}\n  {item.problem.place}: {item.problem.message}")
        console.talk(f"  hint: {item.problem.hint}")


def _tell_left_out(found: Evaluation) -> None:
    tell_refused(found.rules.refused)
    for item in found.correlated:
        title = _title(item.outcome.correlation.heading.title)
        for count, what in (
            (len(item.outcome.without_key), "without a value to group by"),
            (len(item.outcome.without_time), "without a time"),
        ):
            if count:
                console.talk(f"{title}: {console.plural(count, 'match', 'matches')} {what} left out")
        if item.outcome.incomplete:
            console.talk(f"{title}: {console.plural(item.outcome.incomplete, 'window')} still open when the log ends")
        if item.outcome.problem:
            console.talk(f"not evaluated: {title}: {item.outcome.problem}")
    for title in found.rules.unused_filters:
        console.talk(f"filter without a rule: {_title(title)}")
    for line in found.bad_lines[:MOST_PLACES]:
        console.talk(f"{line.file}:{line.line}: {line.reason}")
    if found.bad_lines:
        console.talk(f"{console.plural(len(found.bad_lines), 'line')} passed over")


def _row(found: Evaluation, item: Matched) -> tuple[str, str, str, str]:
    heading = item.rule.heading
    return (_title(heading.title), heading.level, str(len(item.records)), _places(found, item.records))


def _matched_json(found: Evaluation, item: Matched) -> dict[str, Any]:
    heading = item.rule.heading
    return {
        "rule": heading.key, "title": heading.title, "level": heading.level, "filters": list(item.rule.filters),
        "matches": len(item.records), "records": _records_json(found, item.records),
    }  # fmt: skip


def _correlated_json(found: Evaluation, item: Correlated) -> dict[str, Any]:
    heading = item.outcome.correlation.heading
    return {
        "rule": heading.key, "title": heading.title, "level": heading.level, "type": item.outcome.correlation.kind,
        "alerts": len(item.outcome.alerts), "incidents": [_incident_json(found, one) for one in item.incidents],
        "without_group": len(item.outcome.without_key), "without_time": len(item.outcome.without_time),
        "open_windows": item.outcome.incomplete, "problem": item.outcome.problem or None,
    }  # fmt: skip


def _incident_json(found: Evaluation, incident: Incident) -> dict[str, Any]:
    return {
        "group": dict(incident.group), "start": _time(incident.start), "end": _time(incident.end),
        "alerts": incident.alerts, "measure": _number(incident.measure),
        "records": _records_json(found, incident.records),
    }  # fmt: skip


def _incident_line(found: Evaluation, item: Correlated, incident: Incident) -> str:
    group = ", ".join(f"{name} {console.narrowed(str(value), 40)}" for name, value in incident.group)
    counted = console.plural(len(incident.records), "record")
    return (
        f"{_title(item.outcome.correlation.heading.title)}{': ' if group else ''}{group}: {_time(incident.start)} to "
        f"{_time(incident.end)}, {counted}, measure {_number(incident.measure)} ({_places(found, incident.records)})"
    )


def _records_json(found: Evaluation, numbers: Iterable[int]) -> list[dict[str, Any]]:
    return [{"file": found.found.records[n].file, "line": found.found.records[n].line} for n in numbers]


def _places(found: Evaluation, numbers: Sequence[int]) -> str:
    shown = [f"{Path(found.found.records[n].file).name}:{found.found.records[n].line}" for n in numbers[:MOST_PLACES]]
    rest = f" and {len(numbers) - MOST_PLACES} more" if len(numbers) > MOST_PLACES else ""
    return console.narrowed(", ".join(shown), 100) + rest


def _title(title: str) -> str:
    return console.narrowed(title, 60)


def _time(microseconds: int) -> str:
    return rfc3339(wall_clock(microseconds))


def _number(measure: int | Fraction) -> int | float:
    return int(measure) if measure == int(measure) else round(float(measure), 9)
