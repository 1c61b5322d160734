"""Sigma rules written as rules of packs: the same records match, and what can't keep its meaning is refused by name."""

import os
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings

from auditor.checker.evaluator.conditions import Reading, truth
from auditor.checker.evaluator.record import Record
from auditor.policy.load import load_rule_text
from auditor.sigma.columns import columns_of
from auditor.sigma.events import Event
from auditor.sigma.holds import test_of as holds_for
from auditor.sigma.incidents import Incident
from auditor.sigma.load import rules_of
from auditor.sigma.native import Choices, Imported, import_rules
from auditor.sigma.run import evaluate
from tests.checker.evaluator.rows import START, evaluated, row
from tests.sigma.some_detections import as_row, records, rules

EXAMPLES = int(os.environ.get("AUDITOR_EXAMPLES", "0"))
CANONICAL = columns_of("canonical", None)
CHOICES = Choices(("automated-access",), "access")
LOGIN = {"title": "Refusals", "name": "refusals", "logsource": {"category": "x"},
         "detection": {"s": {"status": 403}, "condition": "s"}}  # fmt: skip


def imported(*documents: dict[str, Any], choices: Choices = CHOICES) -> Imported:
    return import_rules(rules_of(yaml.safe_dump_all(documents, sort_keys=False)), CANONICAL, choices)


def detection(**selection: Any) -> dict[str, Any]:
    return {"title": "One", "logsource": {"category": "x"}, "detection": {"s": selection, "condition": "s"}}


def correlation(**content: Any) -> dict[str, Any]:
    return {"title": "Many", "correlation": {"type": "event_count", "rules": ["refusals"], "timespan": "1m", **content}}


@settings(
    max_examples=EXAMPLES or 150, derandomize=not EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck)
)
@given(rules(), records)
def test_a_written_rule_selects_the_records_that_sigma_matches(text: str, record: dict[str, Any]) -> None:
    loaded = rules_of(text)
    written = import_rules(loaded, CANONICAL, CHOICES)
    (sigma,) = loaded.detections.values()
    expected = holds_for(sigma.condition)(Event(0, "log", 1, record, None))

    assert all("can never hold" in refusal.problem.message for refusal in written.refused)
    if written.refused:
        return
    native = load_rule_text(written.rules[0].text, name=written.rules[0].name)
    assert truth(native.selected(), Record(as_row(record)), Reading(is_missing_counted=True)) is expected


@pytest.mark.parametrize(
    ("sigma", "reason"),
    [
        (detection(Image="x.exe"), "field `Image` has no column"),
        (detection(account_id="eve"), "text that ignores case on `account_id`, an identifier"),
        (detection(plan="pro"), "`plan` is an account fact"),
        (detection(**{"user_agent|re": "a(?=b)"}), "(?="),
        (detection(**{"time|hour": 3}), "a part of a time"),
        (detection(**{"client_ip|cidr": "::/0"}), "in which packs also see IPv4 addresses"),
        (detection(stream="yes"), "a text on `stream`, a column of type boolean"),
        (detection(status="4*"), "text on `status`, a column of whole numbers"),
        (detection(**{"tags|exists": True}), "on `tags`, a column of type list of text"),
        ({**detection(status=1), "detection": {"s": ["word"], "condition": "s"}}, "a keyword"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_would_change_its_meaning_is_refused_by_name(sigma: dict[str, Any], reason: str) -> None:
    done = imported(sigma)

    assert done.rules == ()
    assert [reason in refusal.problem.message for refusal in done.refused] == [True]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ({"type": "temporal"}, "a correlation of type temporal"),
        ({"group-by": ["account_id"], "condition": {"gte": 2}}, "groups by `account_id` ignoring case"),
        ({"type": "value_count", "condition": {"gte": 2, "field": "model"}}, "counts values of `model` ignoring case"),
        ({"type": "value_sum", "condition": {"gte": 2, "field": "asn"}}, "a correlation of type value_sum"),
        ({"group-by": ["who"], "condition": {"gte": 2}}, "field `who` has no column"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_correlation_that_packs_measure_otherwise_is_refused(content: dict[str, Any], reason: str) -> None:
    done = imported(LOGIN, correlation(**content))

    assert [reason in refusal.problem.message for refusal in done.refused] == [True]


def test_a_count_has_the_same_incidents_as_a_rule_of_a_pack() -> None:
    documents = (LOGIN, correlation(**{"group-by": ["asn"], "condition": {"gte": 3}}))
    seconds = [0, 30, 60, 61, 200, 201, 202, 500]
    log = [{"status": 403, "asn": number % 2, "t": second} for number, second in enumerate(seconds * 2)]
    (native,) = imported(*documents).rules

    rows = [row(item["t"], status=403, asn=item["asn"]) for item in log]
    found = evaluated(load_rule_text(native.text, name=native.name), rows).outcome.incidents

    assert sorted((incident.by[0], _seconds(incident.start), _seconds(incident.end)) for incident in found) == sorted(
        (str(dict(incident.group)["asn"]), incident.start // 10**6, incident.end // 10**6)
        for incident in _incidents(documents, log)
    )


def test_case_may_be_accepted_to_differ() -> None:
    choices = Choices(("resale", "account-sharing"), "limits", is_cased=True)

    done = imported(LOGIN, correlation(**{"group-by": ["account_id"], "condition": {"gte": 2}}), choices=choices)

    native = load_rule_text(done.rules[0].text, name=done.rules[0].name)
    assert (native.by, native.conducts) == (("account_id",), ("resale", "account-sharing"))


def test_titles_that_are_alike_get_files_of_their_own() -> None:
    done = imported(detection(status=1), detection(status=2), detection(status=3))

    assert [rule.name for rule in done.rules] == ["one", "one-2", "one-3"]


def _incidents(documents: tuple[dict[str, Any], ...], log: list[dict[str, Any]]) -> tuple[Incident, ...]:
    loaded = rules_of(yaml.safe_dump_all(documents, sort_keys=False))
    events = (Event(n, "log", n + 1, record, record["t"] * 10**6) for n, record in enumerate(log))
    return evaluate(loaded, events).correlated[0].incidents


def _seconds(moment: Any) -> int:
    return int((moment - START).total_seconds())
