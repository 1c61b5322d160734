"""Real logs: every line is accounted for, and audits find what a plain script counts.

The extracts under tests/data/real always run. The whole logs run too where `AUDITOR_REFERENCE_DATA` names the folder
that holds `logs/apache-combined/apache_logs` and `logs/cloudtrail-invictus/CloudTrail`.
"""

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

import auditor.checker.engines.duckdb as engine
from auditor.checker.compile.plan import plan_for
from auditor.checker.findings import RuleOutcome
from auditor.policy.load import load_pack
from auditor.policy.pack import Context
from auditor.records.activity import Activity
from auditor.records.ingest import IngestReport, ingest
from auditor.records.store import open_activity
from auditor.records.workspace import open_workspace
from tests.real import plain_apache, plain_cloudtrail

DATA = Path(__file__).parents[1] / "data" / "real"
REFERENCE = os.environ.get("AUDITOR_REFERENCE_DATA", "")
NOW = datetime(2026, 11, 1, tzinfo=UTC)
needs_reference = pytest.mark.skipif(not REFERENCE, reason="AUDITOR_REFERENCE_DATA names no folder of whole logs")
whole = Path(REFERENCE) / "logs"

ACCESS_LOGS = [
    pytest.param(DATA / "access.log", id="extract"),
    pytest.param(whole / "apache-combined" / "apache_logs", id="whole", marks=needs_reference),
]
TRAILS = [
    pytest.param(DATA / "cloudtrail", id="extract"),
    pytest.param(whole / "cloudtrail-invictus" / "CloudTrail", id="whole", marks=needs_reference),
]


def _ingested(paths: list[Path], folder: Path) -> tuple[IngestReport, Activity]:
    workspace = open_workspace(folder / "audit", create=True)
    return ingest(paths, profile="auto", workspace=workspace, now=NOW), open_activity(workspace)


def _audited(activity: Activity, policy: str) -> tuple[engine.PlanResult, dict[str, RuleOutcome]]:
    pack = load_pack(str(DATA / "policies" / policy))
    plan = plan_for(
        pack.rules, sources=activity.sources, context=Context(), terms=(), exemptions=(), timezone="UTC",
        as_of=None, since=None, until=None,
    )  # fmt: skip
    result = engine.execute(plan, activity)
    assert dict(result.errors) == {}
    return result, {outcome.rule: outcome for outcome in result.outcomes}


@pytest.mark.parametrize("log", ACCESS_LOGS)
def test_access_log_gives_what_a_plain_script_counts(log: Path, tmp_path: Path) -> None:
    report, activity = _ingested([log], tmp_path)
    lines = len(log.read_bytes().splitlines())

    result, outcomes = _audited(activity, "apache")

    assert report.records + report.quarantined + report.duplicates == lines
    expected = plain_apache.incidents_of(log)
    assert all(expected.values()), "every rule has something to find"
    for name, incidents in expected.items():
        found = [
            (incident.by[0], tuple(record.source_line for record in result.of(name, incident.number)))
            for incident in outcomes[name].incidents
        ]
        assert sorted(found) == incidents, name


@pytest.mark.parametrize("log", ACCESS_LOGS)
def test_a_rule_on_accounts_is_not_evaluated_where_no_line_names_a_user(log: Path, tmp_path: Path) -> None:
    report, activity = _ingested([log], tmp_path)

    _, outcomes = _audited(activity, "apache")

    assert plain_apache.users_of(log) == set()
    outcome = outcomes["requests-of-an-account"]
    assert (outcome.is_evaluated, outcome.missing, outcome.left_out) == (False, ("account_id",), report.records)


@pytest.mark.parametrize("trail", TRAILS)
def test_cloudtrail_gives_what_a_plain_script_counts(trail: Path, tmp_path: Path) -> None:
    files = sorted(trail.glob("*.json"))
    report, activity = _ingested(files, tmp_path)
    events = plain_cloudtrail.events_of(files)

    result, outcomes = _audited(activity, "cloudtrail")

    held = sum(len(json.loads(file.read_text())["Records"]) for file in files)
    assert report.records + report.quarantined + report.duplicates == held
    expected = plain_cloudtrail.incidents_of(events)
    assert all(expected.values()), "every rule has something to find"
    for name, incidents in expected.items():
        found = [
            (incident.subject[0], tuple(record.record_id for record in result.of(name, incident.number)))
            for incident in outcomes[name].incidents
        ]
        assert sorted(found) == incidents, name
