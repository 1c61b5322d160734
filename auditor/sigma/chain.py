"""Correlations over correlations: an alert of one is a match of the next, in every group that its records belong to.

An alert happens at the end of its window. Of the fields that the next rule asks for it has those that it is grouped by
itself; any other is taken from the records that it rests on, so that it may belong to several groups.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from auditor.sigma.alerts import Alert, Outcome, alerts_of
from auditor.sigma.gather import Gathered
from auditor.sigma.model import Correlation, Ruleset
from auditor.sigma.series import EntryId, Grouped, Pick, Series
from auditor.sigma.values import Scalar

MOST_MEMBERSHIPS = 2_000_000
"""Pairs of an alert and a group that a chain may make; beyond it the rule is given up and says so."""

Fields = tuple[Scalar | None, ...]
_FieldsOf = Callable[[EntryId], Iterable[Fields]]


class TooManyMembershipsError(Exception):
    """The alerts of a chain belong to more groups than can be held."""


class Correlator:
    """Evaluates the correlations of a set of rules over what was gathered, lower ones first."""

    def __init__(self, rules: Ruleset, found: Gathered) -> None:
        """Start with nothing evaluated."""
        self._rules = rules
        self._found = found
        self.outcomes: dict[str, Outcome] = {}
        self._raw: dict[tuple[str, tuple[str, ...]], list[frozenset[Fields]]] = {}
        self._memberships = 0

    def run(self) -> dict[str, Outcome]:
        """Return the outcome of every correlation by key."""
        for key, correlation in self._rules.correlations.items():
            self.outcomes[key] = self._outcome(correlation)
        return self.outcomes

    def _outcome(self, correlation: Correlation) -> Outcome:
        below = [self.outcomes.get(reference.rule) for reference in correlation.references]
        if any(outcome is not None and outcome.problem for outcome in below):
            return Outcome(correlation, problem="a rule that it refers to could not be evaluated")
        try:
            return alerts_of(correlation, self._grouped(correlation), self._rules, self._found)
        except TooManyMembershipsError:
            return Outcome(correlation, problem=f"its alerts belong to more than {MOST_MEMBERSHIPS} groups")

    def _grouped(self, correlation: Correlation) -> Grouped:
        grouped = Grouped()
        asked = (*correlation.group_by, *([correlation.field] if correlation.field else []))
        for slot, reference in enumerate(correlation.references):
            names = tuple(reference.field_of(name) for name in asked)
            for entry_id, time, fields in self._matches(reference.rule, names):
                value = fields[-1] if correlation.field else None
                grouped.add(entry_id, time, slot, fields[: len(correlation.group_by)], value)
        return grouped

    def _matches(self, rule: str, names: tuple[str, ...]) -> Iterator[tuple[EntryId, int | None, Fields]]:
        """Yield the matches of a rule with the values of the fields asked for."""
        if rule in self._rules.detections:
            for number in self._found.matches[rule]:
                record = self._found.records[number]
                yield number, record.time, tuple(record.fields[name] for name in names)
            return
        outcome = self.outcomes[rule]
        for number, fields in enumerate(self._alert_fields(outcome, names)):
            for values in sorted(fields, key=repr):
                yield (rule, number), outcome.alerts[number].end, values

    def _alert_fields(self, outcome: Outcome, names: tuple[str, ...]) -> Iterator[frozenset[Fields]]:
        own = outcome.correlation.group_by
        others = tuple(name for name in names if name not in own)
        raw = self._raw_fields(outcome, others) if others else [frozenset({()})] * len(outcome.alerts)
        for alert, found in zip(outcome.alerts, raw, strict=True):
            grouped = dict(zip(own, alert.series.shown, strict=True))
            yield frozenset(_woven(names, grouped, dict(zip(others, values, strict=True))) for values in found)

    def _raw_fields(self, outcome: Outcome, names: tuple[str, ...]) -> list[frozenset[Fields]]:
        """Return, for each alert, the different values of some fields among the records that it rests on."""
        memo = (outcome.correlation.heading.key, names)
        if memo not in self._raw:
            sliders: dict[tuple[int, object], _Slider] = {}
            self._raw[memo] = [self._counted(self._values(alert, names, sliders)) for alert in outcome.alerts]
        return self._raw[memo]

    def _counted(self, values: frozenset[Fields]) -> frozenset[Fields]:
        self._memberships += len(values)
        if self._memberships > MOST_MEMBERSHIPS:
            raise TooManyMembershipsError
        return values

    def _values(
        self, alert: Alert, names: tuple[str, ...], sliders: "dict[tuple[int, object], _Slider]"
    ) -> frozenset[Fields]:
        found: set[Fields] = {self._record_fields(number, names) for number in alert.observed}
        for pick in alert.picks:
            place = (id(alert.series), pick.choice)
            if place not in sliders:
                sliders[place] = _Slider(alert.series, lambda entry_id: self._entry_fields(entry_id, names))
            found.update(sliders[place].at(pick))
        return frozenset(found)

    def _entry_fields(self, entry_id: EntryId, names: tuple[str, ...]) -> Iterable[Fields]:
        if isinstance(entry_id, int):
            return (self._record_fields(entry_id, names),)
        rule, number = entry_id
        return self._raw_fields(self.outcomes[rule], names)[number]

    def _record_fields(self, number: int, names: Sequence[str]) -> Fields:
        fields = self._found.records[number].fields
        return tuple(fields[name] for name in names)


class _Slider:
    """The different values in a run of entries, kept up to date while the run moves on."""

    def __init__(self, series: Series, fields_of: _FieldsOf) -> None:
        """Start before the first entry."""
        self._series = series
        self._fields_of = fields_of
        self._first = self._last = 0
        self._counts: Counter[Fields] = Counter()

    def at(self, pick: Pick) -> Iterable[Fields]:
        """Return the values in a run; a run that begins or ends earlier than the one before costs a fresh start."""
        if pick.first < self._first or pick.last < self._last or pick.first >= self._last:
            self._counts.clear()
            self._first = self._last = pick.first
        self._change(replace(pick, first=self._last), 1)
        self._change(replace(pick, first=self._first, last=pick.first), -1)
        self._first, self._last = pick.first, pick.last
        return self._counts.keys()

    def _change(self, pick: Pick, by: int) -> None:
        for entry in self._series.picked(pick):
            for fields in self._fields_of(entry.id):
                self._counts[fields] += by
                if not self._counts[fields]:
                    del self._counts[fields]


def _woven(names: Sequence[str], grouped: Mapping[str, Scalar], others: Mapping[str, Scalar | None]) -> Fields:
    return tuple(grouped[name] if name in grouped else others[name] for name in names)
