"""Unless and merge: violating windows of a group become incidents, suppressed ones apart."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from auditor.checker.evaluator.measures import Measures
from auditor.checker.evaluator.occurrence import Occurrence, Texts, records_in
from auditor.checker.evaluator.record import Record, text_of
from auditor.policy.rule import Exemption, Rule


@dataclass(frozen=True)
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


def merged(rule: Rule, subject: Texts, by: Texts, violations: Sequence[Violation]) -> list[Merged]:
    """Return the incidents of one group; only windows of one exemption, or of none, merge with each other."""
    incidents = []
    for name in ("", *rule.unless):
        runs: list[list[Violation]] = []
        for violation in violations:
            if violation.suppressed_by != name:
                continue
            if runs and _share_records(runs[-1][-1], violation):
                runs[-1].append(violation)
            else:
                runs.append([violation])
        incidents += [Merged(subject, by, tuple(run)) for run in runs]
    return incidents


def _share_records(earlier: Violation, later: Violation) -> bool:
    return any(occurrence in earlier.window for occurrence in later.window)
