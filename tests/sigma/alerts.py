"""Our alerts in the words of the reference, so that the two can be compared."""

from collections.abc import Mapping, Sequence
from typing import Any

from auditor.sigma.alerts import Alert, Outcome
from auditor.sigma.chain import Correlator
from auditor.sigma.events import Event, time_of
from auditor.sigma.gather import gathered
from auditor.sigma.incidents import records_under
from auditor.sigma.load import rules_of
from tests.sigma.sqlite_reference import ReferenceAlert


def our_alerts(rules: str, records: Sequence[Mapping[str, Any]]) -> dict[str, list[ReferenceAlert]]:
    """Return the alerts of every correlation that is reported, by title; a record's time is its field `t`."""
    loaded = rules_of(rules)
    assert loaded.refused == ()
    events = [Event(n, "log", n + 1, record, time_of(record, ["t"])) for n, record in enumerate(records)]
    outcomes = Correlator(loaded, gathered(loaded, events)).run()
    return {
        outcome.correlation.heading.title: sorted(_told(alert, outcomes) for alert in outcome.alerts)
        for outcome in outcomes.values()
        if outcome.correlation.is_reported
    }


def _told(alert: Alert, outcomes: Mapping[str, Outcome]) -> ReferenceAlert:
    records = tuple(sorted(records_under([alert], outcomes)))
    metric = round(float(alert.metric), 6)
    return ReferenceAlert(alert.series.key, alert.start / 1e6, alert.end / 1e6, metric, records)
