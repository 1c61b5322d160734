"""Alerts: the windows in which a correlation holds, one for each group, start and end."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction

from auditor.sigma.bounds import keeps
from auditor.sigma.gather import Gathered, needs_observed
from auditor.sigma.model import NUMERIC, Correlation, Ruleset
from auditor.sigma.series import EntryId, Grouped, Pick, Series
from auditor.sigma.temporal import Found, Incomplete, forward, temporal_windows
from auditor.sigma.windows import measured


@dataclass(frozen=True, slots=True, eq=False)
class Alert:
    """A window in which the rule holds.

    `picks` are the matches that it rests on, `observed` the records of a rule that only says what must be absent.
    """

    series: Series
    start: int
    end: int
    metric: int | Fraction
    picks: tuple[Pick, ...]
    observed: tuple[int, ...] = ()

    @property
    def order(self) -> tuple[int, int, tuple[str, ...]]:
        """Alerts come by end, start and group."""
        return (self.end, self.start, self.series.key)


@dataclass
class Outcome:
    """The alerts of a correlation in their order, and the matches and windows that it could not use."""

    correlation: Correlation
    alerts: list[Alert] = field(default_factory=list)
    without_key: set[EntryId] = field(default_factory=set)
    without_time: set[EntryId] = field(default_factory=set)
    incomplete: int = 0
    problem: str = ""
    """Why the rule could not be evaluated on these logs; empty if it was."""


def alerts_of(correlation: Correlation, grouped: Grouped, rules: Ruleset, found: Gathered) -> Outcome:
    """Return every window in which a correlation holds."""
    incomplete = Incomplete()
    alerts: list[Alert] = []
    for series in grouped.in_order():
        for window in _windows(correlation, series, found, incomplete):
            alerts.append(Alert(series, window.start, window.end, window.metric, window.picks))
    if needs_observed(correlation):
        alerts.extend(_of_absence(correlation, grouped, rules, found, incomplete))
    return Outcome(correlation, _one_a_window(alerts), grouped.without_key, grouped.without_time, incomplete.windows)


def _windows(correlation: Correlation, series: Series, found: Gathered, incomplete: Incomplete) -> Iterator[Found]:
    if correlation.kind.startswith("temporal"):
        horizon = found.last_time if found.last_time is not None else 0
        yield from temporal_windows(correlation, series, horizon=horizon, incomplete=incomplete)
        return
    for end, metric in measured(correlation, series):
        if metric is not None and keeps(metric, correlation.thresholds):
            start = end - correlation.span
            window = series.window(start, end, is_numeric=correlation.kind in NUMERIC)
            yield Found(start, end, metric, (window,))


def _one_a_window(alerts: Iterable[Alert]) -> list[Alert]:
    """Return one alert for each group, start and end; several terms that hold there bring their matches together."""
    together: dict[tuple[int, int, tuple[str, ...]], list[Alert]] = {}
    for alert in alerts:
        together.setdefault(alert.order, []).append(alert)
    return [_joined(together[order]) for order in sorted(together)]


def _joined(same: list[Alert]) -> Alert:
    if len(same) == 1:
        return same[0]
    picks = tuple(dict.fromkeys(pick for alert in same for pick in alert.picks))
    observed = tuple(sorted({number for alert in same for number in alert.observed}))
    metric = max(alert.metric for alert in same)
    return Alert(same[0].series, same[0].start, same[0].end, metric, picks, observed)


def _of_absence(
    correlation: Correlation, grouped: Grouped, rules: Ruleset, found: Gathered, incomplete: Incomplete
) -> Iterator[Alert]:
    """Yield the windows that begin at any record of a group and hold nothing of what must be absent."""
    terms = [term for term in correlation.terms or () if not term.present]
    for shown, times in sorted(_observed(correlation, rules, found, grouped).items()):
        series = grouped.series[shown]
        for term in terms:
            for window in forward(correlation, series, term, sorted(times), horizon=found.last_time or 0,
                                  incomplete=incomplete):  # fmt: skip
                yield Alert(series, window.start, window.end, window.metric, (), tuple(sorted(times[window.start])))


def _observed(
    correlation: Correlation, rules: Ruleset, found: Gathered, grouped: Grouped
) -> dict[tuple[str, ...], dict[int, set[int]]]:
    """Return the records of each group by time, whatever they match, seen through the aliases of each rule."""
    seen: dict[tuple[str, ...], dict[int, set[int]]] = {}
    for names in dict.fromkeys(_spellings(correlation, rules, correlation.group_by)):
        for number, record in found.records.items():
            shown = tuple(value for name in names if (value := record.fields[name]) is not None)
            if record.time is not None and len(shown) == len(names):
                key = grouped.series_of(shown).key
                seen.setdefault(key, {}).setdefault(record.time, set()).add(number)
    return seen


def _spellings(correlation: Correlation, rules: Ruleset, names: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    for reference in correlation.references:
        spelled = tuple(reference.field_of(name) for name in names)
        below = rules.correlations.get(reference.rule)
        if below is None:
            yield spelled
        else:
            yield from _spellings(below, rules, spelled)
