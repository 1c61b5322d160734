"""The shapes that other programs read."""

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.cases.casebook import Casebook, open_casebook
from auditor.cases.export import (
    FINDING_COLUMNS,
    case_exported,
    cases_listed,
    cases_out,
    findings_csv,
    findings_jsonl,
    safe_cell,
)
from auditor.cases.notes import add_note, list_cases
from tests.cases.factories import at, finding, receipt, run, unattributed


@pytest.fixture
def casebook(tmp_path: Path) -> Iterator[Casebook]:
    with open_casebook(tmp_path / "casebook.db") as opened:
        yield opened


def lines(data: bytes) -> list[dict[str, object]]:
    return [json.loads(line) for line in data.splitlines()]


def test_cases_out_has_one_finding_object_an_account(casebook: Casebook) -> None:
    run(casebook, "r1", [finding("a", "b", conducts=["resale", "distillation"])])

    (case,) = lines(cases_out(list_cases(casebook), receipt("r1")))

    fixed = {"case_id", "accounts", "findings", "actions", "proposed_action", "severity"}
    assert fixed <= set(case)
    assert case["accounts"] == ["a", "b"]
    assert case["proposed_action"] == "verify"
    findings = case["findings"]
    assert isinstance(findings, list)
    assert [item["account"] for item in findings] == ["a", "b"]
    expected = {
        "rule": "bulk-output", "conduct": "resale", "strength": "inferential", "family": "limits", "account": "a",
        "start": "2026-01-05T00:00:00Z", "end": "2026-01-05T01:00:00Z",
    }  # fmt: skip
    assert expected.items() <= findings[0].items()
    actions = case["actions"]
    assert isinstance(actions, list)
    assert all({"account", "action", "because"} <= set(action) for action in actions)


def test_findings_that_no_longer_hold_are_left_out(casebook: Casebook) -> None:
    run(casebook, "r1", [finding("a")])
    run(casebook, "r2", [])

    cases = list_cases(casebook)

    assert lines(cases_out(cases, receipt("r2")))[0]["findings"] == []
    assert findings_jsonl(cases, receipt("r2")) == b""
    assert len(findings_csv(cases, receipt("r2")).splitlines()) == 1


def test_findings_that_a_run_did_not_judge_are_not_among_its_findings(casebook: Casebook) -> None:
    run(casebook, "r1", [finding("a"), finding("a", start=5, end=6), finding("b", start=5, end=6)])
    narrow = receipt("r2", as_of=at(2))
    run(casebook, "r2", [finding("a")], with_receipt=narrow)
    cases = list_cases(casebook)

    (listed,) = lines(findings_jsonl(cases, narrow))
    (row,) = csv.DictReader(io.StringIO(findings_csv(cases, narrow).decode(), newline=""))

    assert listed["finding"]["end"] == "2026-01-05T01:00:00Z"  # type: ignore[index]  # JSON
    assert row["end"] == "2026-01-05T01:00:00Z"


def test_a_case_names_its_findings_that_the_run_did_not_judge_as_such(casebook: Casebook) -> None:
    run(casebook, "r1", [finding("a"), finding("a", start=5, end=6), finding("b", start=5, end=6)])
    narrow = receipt("r2", as_of=at(2))
    run(casebook, "r2", [finding("a")], with_receipt=narrow)

    (case,) = lines(cases_out(list_cases(casebook), narrow))

    assert [item["status"] for item in case["findings"]] == ["held", "not judged"]  # type: ignore[attr-defined]  # JSON


def test_a_finding_without_account_is_one_object_with_null(casebook: Casebook) -> None:
    run(casebook, "r1", [unattributed(finding(), "org")])

    (case,) = lines(cases_out(list_cases(casebook), receipt("r1")))

    assert [item["account"] for item in case["findings"]] == [None]  # type: ignore[attr-defined]  # JSON


def test_outputs_are_the_same_bytes_for_the_same_cases(casebook: Casebook) -> None:
    run(casebook, "r1", [finding("b"), finding("a"), finding("c")])
    cases = list_cases(casebook)

    for written in (cases_out, findings_csv, findings_jsonl):
        assert written(cases, receipt("r1")) == written(tuple(reversed(cases)), receipt("r1"))


def test_the_list_has_its_fixed_keys(casebook: Casebook) -> None:
    run(casebook, "r1", [finding("a")])

    (row,) = cases_listed(list_cases(casebook))

    assert {"case_id", "accounts", "severity", "proposed_action", "status"} <= set(row)
    assert (row["status"], row["severity"], row["findings"]) == ("open", "high", 1)


def test_an_exported_case_holds_its_notes_and_history(casebook: Casebook) -> None:
    run(casebook, "r1", [finding("a")])
    add_note(casebook, list_cases(casebook)[0].id, author="Ada", text="looks odd", now=at(2))
    run(casebook, "r2", [finding("a", end=3)])

    document = json.loads(case_exported(list_cases(casebook)[0]))

    assert document["format_version"] == 1
    assert document["notes"][0]["text"] == "looks odd"
    assert document["findings"][0]["supersedes"] == ["ends 2026-01-05T03:00:00Z, was 2026-01-05T01:00:00Z"]


def test_csv_has_one_row_an_account_under_its_columns(casebook: Casebook) -> None:
    run(casebook, "r1", [finding("a", "b")])

    rows = list(csv.DictReader(io.StringIO(findings_csv(list_cases(casebook), receipt("r1")).decode(), newline="")))

    assert tuple(rows[0]) == FINDING_COLUMNS
    assert [(row["account"], row["account_records"]) for row in rows] == [("a", "10"), ("b", "10")]


def test_a_hostile_account_name_is_no_formula_in_the_csv(casebook: Casebook) -> None:
    run(casebook, "r1", [finding('=HYPERLINK("http://x")\x00\u202e')])

    (row,) = csv.DictReader(io.StringIO(findings_csv(list_cases(casebook), receipt("r1")).decode(), newline=""))

    assert row["account"] == '\'=HYPERLINK("http://x")\\u{0000}\\u{202E}'


@given(text=st.text(max_size=20))
def test_no_cell_starts_a_formula_or_breaks_its_row(text: str) -> None:
    cell = safe_cell(text)

    assert not cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"))
    assert len(cell.splitlines()) <= 1
