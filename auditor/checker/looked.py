"""The windows that the plain evaluator looked at for one account, and the one that came nearest to a finding."""

from dataclasses import dataclass, field

from auditor.checker.asked import Question
from auditor.checker.evaluator.incidents import is_exempt
from auditor.checker.evaluator.occurrence import Occurrence, records_in
from auditor.checker.evaluator.one_rule import Looked
from auditor.checker.shortfall import comparisons_of, nearest_way, shortfall
from auditor.checker.thresholds import number_text
from auditor.checker.trace import ExemptionSeen, WindowSeen


@dataclass
class Windows:
    """The windows that the evaluator looked at; after `keep_own` those of groups with records of the account."""

    question: Question
    looked: list[Looked] = field(default_factory=list)

    def look(self, window: Looked) -> None:
        self.looked.append(window)

    def keep_own(self) -> None:
        own = {(item.subject, item.by) for item in self.looked if any(map(self._is_own, item.window))}
        self.looked = [item for item in self.looked if (item.subject, item.by) in own]

    @property
    def occurrences(self) -> set[int]:
        return {id(occurrence) for item in self.looked for occurrence in item.window}

    def nearest(self) -> WindowSeen | None:
        """Return the window nearest to a finding; of those alike the one with most occurrences, then the earliest."""
        best = min(self.looked, key=self._distance, default=None)
        return None if best is None else _window_seen(self.question, best)

    def _is_own(self, occurrence: Occurrence) -> bool:
        return any(record.value("account_id") == self.question.account for record in occurrence.records)

    def _distance(self, item: Looked) -> tuple[object, ...]:
        violates = self.question.rule.violates
        gap = shortfall(violates, item.measures) if violates is not None and not item.is_violating else 0.0
        return (gap, bool(item.suppressed_by), -len(item.window), item.window[0].last.order, item.by)


def _window_seen(question: Question, item: Looked) -> WindowSeen:
    rule, records = question.rule, records_in(item.window)
    named = {exemption.name: exemption for exemption in question.circumstances.pack.exemptions}
    units = {measure.name: measure.unit for measure in rule.measures}
    return WindowSeen(
        subject=item.subject,
        by=tuple(zip(rule.by, item.by, strict=True)),
        start=records[0].time,
        end=records[-1].time,
        records=len(records),
        own_records=sum(record.value("account_id") == question.account for record in records),
        measures=tuple(
            (name, None if value is None else number_text(value), units.get(name, ""))
            for name, value in item.measures.items()
        ),
        comparisons=comparisons_of(rule.violates, item.measures) if rule.violates is not None else (),
        way=nearest_way(rule.violates, item.measures) if rule.violates is not None else (),
        is_violating=item.is_violating,
        suppressed_by=item.suppressed_by,
        exemptions=tuple(
            ExemptionSeen(
                name=name, covered=sum(is_exempt(record, named[name]) for record in records), records=len(records)
            )
            for name in rule.unless
            if name in named
        ),
    )
