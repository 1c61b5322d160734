"""Unless and merge: violating windows of a group become incidents, suppressed ones apart."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from auditor.checker.evaluator.measures import Measures
from auditor.checker.evaluator.occurrence import Occurrence, Texts, records_in
from auditor.checker.evaluator.record import Record, text_of
from auditor.checker.evaluator.windows import calendar_key
from auditor.policy.rule import Exemption, Repeat, Rule


@dataclass(frozen=True, eq=False)
class Violation:
    """One violating window with its measures; `suppressed_by` names the exemption that covers all its records."""

    window: tuple[Occurrence, ...]
    measures: Measures
    suppressed_by: str

    @property
    def end(self) -> datetime:
        """When its last occurrence was."""
        return self.window[-1].time


@dataclass(frozen=True)
class Merged:
    """Violations of one group that share records."""

    subject: Texts
    by: Texts
    violations: tuple[Violation, ...]

    @property
    def suppressed_by(self) -> str:
        """The exemption that covers all records, or the empty text."""
        return self.violations[0].suppressed_by

    @property
    def records(self) -> tuple[Record, ...]:
        """All contributing records in record order."""
        return records_in(occurrence for violation in self.violations for occurrence in violation.window)


def suppressor(rule: Rule, window: Sequence[Occurrence], exemptions: Sequence[Exemption]) -> str:
    """Return the first exemption of the rule that covers every record of a window, or the empty text."""
    named = {exemption.name: exemption for exemption in exemptions}
    for name in rule.unless:
        if name in named and all(is_exempt(record, named[name]) for record in records_in(window)):
            return name
    return ""


def is_exempt(record: Record, exemption: Exemption) -> bool:
    """Say whether an entry of the exemption covers a record at its time."""
    return any(
        entry.span.covers(record.time) and all(_has(record, column, text) for column, text in entry.match)
        for entry in exemption.entries
    )


def _has(record: Record, column: str, text: str) -> bool:
    value = record.value(column)
    return value is not None and text_of(value) == text


def merged(rule: Rule, subject: Texts, by: Texts, violations: Sequence[Violation], zone: tzinfo) -> list[Merged]:
    """Return the incidents of one group; only windows of one exemption, or of none, merge with each other."""
    incidents = []
    for name in ("", *rule.unless):
        counted = violations if name else [item for item in violations if not item.suppressed_by]
        stretches = _repeating(rule.repeat, counted, zone) if rule.repeat else [counted]
        runs: list[list[Violation]] = []
        for violation in counted:
            if violation.suppressed_by != name or not any(violation in stretch for stretch in stretches):
                continue
            together = rule.repeat and any(runs and {runs[-1][-1], violation} <= {*each} for each in stretches)
            if runs and (together or _share_records(runs[-1][-1], violation)):
                runs[-1].append(violation)
            else:
                runs.append([violation])
        incidents += [Merged(subject, by, tuple(run)) for run in runs]
    return incidents


def _repeating(repeat: Repeat, violations: Sequence[Violation], zone: tzinfo) -> list[list[Violation]]:
    """Return the violations of every stretch of time that holds enough different turns."""
    length = timedelta(seconds=repeat.within)
    stretches = [[item for item in violations if last.end - length <= item.end <= last.end] for last in violations]
    return [stretch for stretch in stretches if len({_turn(repeat, item, zone) for item in stretch}) >= repeat.at_least]


def _turn(repeat: Repeat, violation: Violation, zone: tzinfo) -> Hashable:
    return violation.end if repeat.distinct == "window" else calendar_key(violation.end, repeat.distinct, zone)


def _share_records(earlier: Violation, later: Violation) -> bool:
    return any(occurrence in earlier.window for occurrence in later.window)
