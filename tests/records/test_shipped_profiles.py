import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from auditor.errors import PolicyError
from auditor.records.ingest import ingest
from auditor.records.profiles import SHIPPED, load_profile, profile_of
from auditor.records.store import open_activity
from auditor.records.workspace import open_workspace

DATA = Path(__file__).parents[1] / "data" / "records"
NOW = datetime(2026, 2, 1, tzinfo=UTC)


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_profile_maps_time_and_event(name: str) -> None:
    assert {"time", "event"} <= set(load_profile(name).columns)


def test_access_log_gives_what_a_plain_script_reads(tmp_path: Path) -> None:
    workspace = open_workspace(tmp_path / "audit", create=True)
    lines = (DATA / "access.log").read_text().splitlines()

    report = ingest([DATA / "access.log"], workspace=workspace, now=NOW)

    found = sorted((row["source_line"], row["client_ip"], row["status"]) for row in open_activity(workspace).rows())
    expected = [
        (number, line.split()[0], int(re.findall(r'" (\d{3}) ', line)[0])) for number, line in enumerate(lines, start=1)
    ]
    assert report.sources[0].profile == "access-log"
    assert found == expected


def test_access_log_line_without_user_has_no_account(tmp_path: Path) -> None:
    workspace = open_workspace(tmp_path / "audit", create=True)

    ingest([DATA / "access.log"], workspace=workspace, now=NOW)

    assert {row["account_id"] for row in open_activity(workspace).rows()} == {None}


def test_cloudtrail_file_gives_every_event_under_its_own_id(tmp_path: Path) -> None:
    workspace = open_workspace(tmp_path / "audit", create=True)
    events = json.loads((DATA / "cloudtrail.json").read_text())["Records"]

    report = ingest([DATA / "cloudtrail.json"], workspace=workspace, now=NOW)

    found = {row["record_id"]: row["service"] for row in open_activity(workspace).rows()}
    assert report.sources[0].profile == "cloudtrail"
    assert found == {event["eventID"]: event["eventSource"] for event in events}


def test_litellm_row_keeps_spend_exact(tmp_path: Path) -> None:
    workspace = open_workspace(tmp_path / "audit", create=True)
    row = {
        "request_id": "r", "call_type": "acompletion", "startTime": "2026-01-01T00:00:00", "user": "",
        "endTime": "2026-01-01T00:00:01.5", "api_key": "k", "spend": 1.23e-05, "prompt_tokens": 3, "status": "success",
    }  # fmt: skip
    (tmp_path / "spend.jsonl").write_text(json.dumps(row) + "\n")

    ingest([tmp_path / "spend.jsonl"], workspace=workspace, now=NOW)

    (found,) = open_activity(workspace).rows()
    assert (str(found["cost_usd"]), found["account_id"], found["status"]) == ("0.000012300", "k", 200)
    assert (found["event"], found["latency_ms"]) == ("completion", 1500.0)


@pytest.mark.parametrize(
    "expression",
    ["(SELECT 1)", "read_text('x')", "now()", "random()", "getenv('HOME')", "a; b", "t.a", "count(*)", "a b c"],
)
def test_expression_that_is_no_pure_scalar_is_refused_with_its_place(expression: str) -> None:
    with pytest.raises(PolicyError, match=r"^mine\.yml:3:10: "):
        profile_of(f"columns:\n  time: a\n  event: {json.dumps(expression)}\n".encode(), "mine.yml")


def test_all_errors_of_a_profile_come_at_once() -> None:
    with pytest.raises(PolicyError) as caught:
        profile_of(b"zone: Mars\nwhat: 1\ncolumns:\n  colour: a\n  event: now()\n", "mine.yml")

    assert [problem.place.line for problem in caught.value.problems if problem.place] == [1, 2, 4, 4, 5]


def test_hundred_thousand_brackets_are_refused() -> None:
    with pytest.raises(PolicyError, match="levels of nesting"):
        profile_of(b"[" * 100_000, "mine.yml")
