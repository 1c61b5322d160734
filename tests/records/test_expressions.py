"""A value on which a profile's expression fails costs its line; an expression that can't work is named at once."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from auditor.errors import Place, Problem
from auditor.records.expressions import parse_expression
from auditor.records.ingest import IngestReport, ingest
from auditor.records.quarantine import read_quarantine
from auditor.records.store import open_activity
from auditor.records.workspace import Workspace, open_workspace

RECORD = {"time": "2026-01-01T00:00:00Z", "event": "e", "account_id": "a"}
EVENT = {
    "eventID": "1", "eventTime": "2026-01-01T00:00:00Z", "eventName": "X", "eventSource": "s",
    "userIdentity": {"arn": "a"},
}  # fmt: skip


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return open_workspace(tmp_path / "audit", create=True)


def read(workspace: Workspace, path: Path, *records: object, profile: str | Path = "auto") -> IngestReport:
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return ingest([path], workspace=workspace, now=datetime(2026, 2, 1, tzinfo=UTC), profile=profile)


@pytest.mark.parametrize("field", ["userIdentity", "requestParameters"])
def test_a_hostile_value_in_a_cloudtrail_line_costs_that_line(workspace: Workspace, tmp_path: Path, field: str) -> None:
    hostile = EVENT | {"eventID": "2", field: "no { json"}

    report = read(workspace, tmp_path / "a.jsonl", EVENT, hostile, EVENT | {"eventID": "3"})

    (kept,) = read_quarantine(workspace)
    assert json.loads(kept.data) == hostile
    assert "expression for" in kept.reason
    assert (report.records, report.quarantined) == (2, 1)


EXPRESSIONS = (
    "CAST(s AS INTEGER)",
    "CAST(s AS INTEGER) + CAST(s AS INTEGER)",
    "strptime(s, '%Y')",
    "json_extract(s, '$.a')",
)


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_an_expression_that_fails_on_one_line_costs_that_line(
    workspace: Workspace, tmp_path: Path, expression: str
) -> None:
    columns = "".join(f'  {name}: "{expression}"\n' for name in ("model", "plan"))
    (tmp_path / "p.yml").write_text(f"columns:\n  time: time\n  event: event\n{columns}")

    report = read(
        workspace, tmp_path / "a.jsonl", RECORD | {"s": "2000"}, RECORD | {"s": "abc"}, profile=tmp_path / "p.yml"
    )

    assert (report.records, report.quarantined) == (1, 1)


def test_a_field_of_two_words_without_quotes_is_told_how_to_write_it() -> None:
    problem = parse_expression("Token ein", Place("mine.yml", 4, 3))

    assert isinstance(problem, Problem)
    assert '"Token ein"' in problem.hint


@pytest.mark.parametrize("name", ["·line", "·length", "·keys", "·fault", "·field x", "·at"])
def test_a_field_may_be_called_as_a_working_column_is(workspace: Workspace, tmp_path: Path, name: str) -> None:
    profile = tmp_path / "mine.yml"
    columns = f'  time: t\n  event: e\n  account_id: \'"{name}"\'\n  model: upper("{name}")\n'
    profile.write_text(f"profile: mine\ncolumns:\n{columns}", encoding="utf-8")
    records = [{"t": "2026-01-01T00:00:00Z", "e": "x", name: who} for who in "ab"]

    read(workspace, tmp_path / "log.jsonl", *records, profile=profile)

    assert [(row["account_id"], row["model"]) for row in open_activity(workspace).rows()] == [("a", "A"), ("b", "B")]
