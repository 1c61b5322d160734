"""Incidents: alerts of one group that overlap, told as one, with every record that they rest on."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from auditor.sigma.alerts import Alert, Outcome
from auditor.sigma.model import Correlation
from auditor.sigma.series import EntryId, Pick, Series
from auditor.sigma.values import Scalar


@dataclass(frozen=True)
class Incident:
    """What happened in one group without a break; `records` are numbers in the order of reading."""

    group: tuple[tuple[str, Scalar], ...]
    start: int
    end: int
    """The times of the first and the last record."""
    alerts: int
    measure: int | Fraction
    """The highest measure of its windows; the lowest where the rule has upper bounds only."""
    records: tuple[int, ...]


def incidents_of(outcome: Outcome, outcomes: Mapping[str, Outcome], times: Mapping[int, int | None]) -> list[Incident]:
    """Return the incidents of a correlation by group and start; `times` are those of the records."""
    found = []
    for alerts in _together(outcome.alerts):
        records = tuple(sorted(records_under(alerts, outcomes)))
        moments = [time for number in records if (time := times[number]) is not None]
        series = alerts[0].series
        group = tuple(zip(outcome.correlation.group_by, series.shown, strict=True))
        peak = _peak(outcome.correlation, [alert.metric for alert in alerts])
        found.append((series.key, Incident(group, min(moments), max(moments), len(alerts), peak, records)))
    found.sort(key=lambda pair: (pair[0], pair[1].start, pair[1].end, pair[1].records))
    return [incident for _, incident in found]


def _together(alerts: Iterable[Alert]) -> Iterator[list[Alert]]:
    """Yield the alerts of each incident: the next one's first match is not later than the end of the one before."""
    latest: dict[tuple[str, ...], list[Alert]] = {}
    for alert in alerts:
        open_ones = latest.get(alert.series.key)
        if open_ones and _first_time(alert) <= open_ones[-1].end:
            open_ones.append(alert)
            continue
        if open_ones:
            yield open_ones
        latest[alert.series.key] = [alert]
    yield from latest.values()


def _first_time(alert: Alert) -> int:
    if alert.observed:
        return alert.start
    return min(_first_of(alert.series, pick) for pick in alert.picks)


def _first_of(series: Series, pick: Pick) -> int:
    return next((entry.time for entry in series.picked(pick)), series.times[pick.first])


def records_under(alerts: Iterable[Alert], outcomes: Mapping[str, Outcome]) -> set[int]:
    """Return the numbers of all records that alerts rest on, through every step of a chain."""
    found: set[int] = set()
    waiting = list(alerts)
    seen: set[EntryId] = set()
    while waiting:
        found.update(number for alert in waiting for number in alert.observed)
        below: set[tuple[str, int]] = set()
        for entry_id in _entry_ids(waiting):
            if isinstance(entry_id, int):
                found.add(entry_id)
            elif entry_id not in seen:
                below.add(entry_id)
        seen |= below
        waiting = [outcomes[rule].alerts[number] for rule, number in sorted(below)]
    return found


def _entry_ids(alerts: Iterable[Alert]) -> Iterator[EntryId]:
    """Yield the matches that alerts rest on; overlapping runs are gone through once."""
    runs: dict[tuple[int, object], tuple[Series, list[Pick]]] = {}
    for alert in alerts:
        for pick in alert.picks:
            runs.setdefault((id(alert.series), pick.choice), (alert.series, []))[1].append(pick)
    for series, picks in runs.values():
        reached = 0
        for pick in sorted(picks, key=lambda pick: (pick.first, pick.last)):
            yield from (entry.id for entry in series.picked(replace(pick, first=max(pick.first, reached))))
            reached = max(reached, pick.last)


def _peak(correlation: Correlation, measures: list[int | Fraction]) -> int | Fraction:
    signs = {bound.operator for bound in correlation.thresholds}
    return min(measures) if signs and signs <= {"<", "<="} else max(measures)
