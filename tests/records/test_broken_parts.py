"""One broken part of an array or a table costs itself; what stands around it is read."""

import json
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from auditor.records.ingest import IngestReport, ingest
from auditor.records.quarantine import read_quarantine
from auditor.records.store import open_activity
from auditor.records.workspace import Workspace, open_workspace

GOOD = [
    {"time": f"2026-01-01T00:00:0{number}Z", "event": "completion", "account_id": f"a{number}"} for number in range(4)
]
TEXTS = [json.dumps(record) for record in GOOD]


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return open_workspace(tmp_path / "audit", create=True)


def read(workspace: Workspace, path: Path, data: str) -> IngestReport:
    path.write_text(data)
    return ingest([path], workspace=workspace, now=datetime(2026, 2, 1, tzinfo=UTC))


def accounts(workspace: Workspace) -> list[str]:
    return [row["account_id"] for row in open_activity(workspace).rows()]


BROKEN = {
    "nested too deeply": TEXTS[1][:-1] + ', "q": ' + "[" * 5000 + "]" * 5000 + "}",
    "a missing value": TEXTS[1].replace('"completion"', ""),
    "a missing brace": TEXTS[1][:-1],
    "a brace too many": TEXTS[1] + "}",
    "an open text": TEXTS[1].replace('completion"', "completion"),
    "words": "oops",
    "nothing": "",
    "cut off": TEXTS[1][:30],
    "a missing comma": TEXTS[1] + " " + TEXTS[1],
}


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
@pytest.mark.parametrize("between", [",", ",\n", "\n, "])
def test_a_broken_element_costs_itself(workspace: Workspace, tmp_path: Path, broken: str, between: str) -> None:
    data = "[" + between.join([TEXTS[0], broken, TEXTS[2], TEXTS[3]]) + "]"

    report = read(workspace, tmp_path / "a.json", data)

    (kept,) = read_quarantine(workspace)
    assert accounts(workspace) == ["a0", "a2", "a3"]
    assert (kept.data.decode().strip(), kept.line) == (broken, 2)
    assert (report.records, report.quarantined, report.sources[0].lines) == (3, 1, 4)


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
def test_a_broken_first_element_costs_itself(workspace: Workspace, tmp_path: Path, broken: str) -> None:
    read(workspace, tmp_path / "a.json", f"[{broken}, {', '.join(TEXTS[2:])}]")

    assert accounts(workspace) == ["a2", "a3"]


def test_many_broken_elements_take_time_in_proportion(workspace: Workspace, tmp_path: Path) -> None:
    parts = [text for _ in range(10_000) for text in (BROKEN["an open text"], TEXTS[0], BROKEN["a missing value"])]
    start = time.process_time()

    report = read(workspace, tmp_path / "a.json", "[" + ",".join([TEXTS[0], *parts]) + "]")

    assert (report.records, report.quarantined) == (10_001, 20_000)
    assert time.process_time() - start < 30


HEADER = "time,event,account_id,user_agent\n"


def row(account: str, agent: str = "x") -> str:
    return f"2026-01-01T00:00:00Z,completion,{account},{agent}\n"


def test_a_stray_quotation_mark_costs_its_line(workspace: Workspace, tmp_path: Path) -> None:
    rows = [row("a0"), row("evil", '"x'), row("a1"), row("a2", '"two\nlines"'), row("a3")]

    report = read(workspace, tmp_path / "a.csv", HEADER + "".join(rows))

    (kept,) = read_quarantine(workspace)
    assert accounts(workspace) == ["a0", "a1", "a2", "a3"]
    assert (kept.data.decode(), kept.line, kept.offset) == (rows[1], 3, len(HEADER + rows[0]))
    assert report.sources[0].lines == 5


def test_a_whole_row_of_a_wrong_length_is_not_cut_into_rows(workspace: Workspace, tmp_path: Path) -> None:
    forged = row("a0", '"hello\n' + row("victim").rstrip() + '\nbye",more')

    read(workspace, tmp_path / "a.csv", HEADER + forged + row("a1"))

    (kept,) = read_quarantine(workspace)
    assert accounts(workspace) == ["a1"]
    assert kept.data.decode() == forged


def test_many_stray_quotation_marks_take_time_in_proportion(workspace: Workspace, tmp_path: Path) -> None:
    start = time.process_time()

    report = read(workspace, tmp_path / "a.csv", HEADER + 'x","z\n' * 40_000 + row("a0"))

    assert report.quarantined + report.records == 40_001
    assert time.process_time() - start < 60
