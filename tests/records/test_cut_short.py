"""An ingest that is cut short changes nothing, and the next one gives what an undisturbed one would have given."""

import json
import resource
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any  # rows of the store

import pytest

from auditor.records.store import open_activity
from auditor.records.workspace import open_workspace
from tests.cli.conftest import Ran, finished, start
from tests.cli.samples import write_log

EARLIER = 3
MANY = 60_000


def small_files_only() -> None:
    """Refuse to write files beyond 16 KiB, as a full disk would."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (16 * 1024, 16 * 1024))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with a large log and a workspace that holds a small one already."""
    write_log(tmp_path / "early.jsonl", refusals=0, ordinary=EARLIER, account="early")
    write_log(tmp_path / "large.jsonl", refusals=0, ordinary=MANY)
    assert ingest(tmp_path, "early.jsonl").code == 0
    return tmp_path


def ingest(folder: Path, name: str, workspace: str = "audit", before: Callable[[], None] | None = None) -> Ran:
    return finished(start("ingest", name, "--workspace", workspace, "--json", folder=folder, before=before))


def rows(folder: Path, workspace: str = "audit") -> list[dict[str, Any]]:
    return list(open_activity(open_workspace(folder / workspace, create=False)).rows())


def wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, "the ingest never came so far"
        time.sleep(0.005)


def reading(folder: Path) -> bool:
    return (folder / "audit" / ".partial-ingest").exists()


def writing(folder: Path) -> bool:
    return len(list((folder / "audit" / "activity").glob("*.parquet"))) > 1


@pytest.mark.parametrize("stage", [reading, writing], ids=["while it reads", "while it writes"])
def test_ctrl_c_loses_nothing(folder: Path, stage: Callable[[Path], bool]) -> None:
    process = start("ingest", "large.jsonl", folder=folder)
    wait_for(lambda: stage(folder))
    process.send_signal(signal.SIGINT)

    ran = finished(process)
    after = rows(folder)
    again = ingest(folder, "large.jsonl")
    ingest(folder, "early.jsonl", "undisturbed")
    ingest(folder, "large.jsonl", "undisturbed")

    assert (ran.code, ran.err.count("error: interrupted")) == (4, 1) and "Traceback" not in ran.err
    assert (len(after), json.loads(again.out)["records"]) == (EARLIER, MANY)
    assert rows(folder) == rows(folder, "undisturbed")
    assert list((folder / "audit").rglob(".partial-*")) == []


def test_a_killed_ingest_loses_nothing(folder: Path) -> None:
    process = start("ingest", "large.jsonl", folder=folder)
    wait_for(lambda: reading(folder))
    process.kill()
    finished(process)

    before = rows(folder)
    again = ingest(folder, "large.jsonl")

    assert (len(before), json.loads(again.out)["records"]) == (EARLIER, MANY)
    assert list((folder / "audit").rglob(".partial-*")) == []


def test_a_disk_that_takes_no_more_leaves_the_earlier_records_as_they_were(folder: Path) -> None:
    manifest = folder / "audit" / "activity" / "manifest.json"
    before, listed = rows(folder), manifest.read_bytes()

    ran = ingest(folder, "large.jsonl", before=small_files_only)

    assert (ran.code, ran.out) == (4, "")
    assert (ran.err.count("error: "), ran.err.count("hint: ")) == (1, 1) and "Traceback" not in ran.err
    assert (rows(folder), manifest.read_bytes()) == (before, listed)
    assert json.loads(ingest(folder, "large.jsonl").out)["records"] == MANY


def test_a_second_ingest_is_told_who_is_writing_and_changes_nothing(folder: Path) -> None:
    write_log(folder / "other.jsonl", refusals=0, ordinary=2, account="other")
    first = start("ingest", "large.jsonl", folder=folder)
    wait_for(lambda: reading(folder))
    first.send_signal(signal.SIGSTOP)

    second = ingest(folder, "other.jsonl")
    first.send_signal(signal.SIGCONT)
    done = finished(first)

    assert (done.code, second.code, second.out) == (0, 4, "")
    assert f"another run (process {first.pid}) is writing to this workspace" in second.err
    assert second.err.count("error: ") == 1
    assert json.loads(ingest(folder, "other.jsonl").out)["records"] == 2
    assert len(rows(folder)) == EARLIER + MANY + 2


@pytest.mark.parametrize("name", ["log.csv", "log.json"])
def test_a_disk_that_is_full_while_rewriting_is_no_fault_of_the_source(tmp_path: Path, name: str) -> None:
    records = [{"time": "2026-01-01T00:00:00Z", "event": "e", "account_id": f"acct-{one}"} for one in range(5000)]
    rows_of_table = "".join(",".join(record.values()) + "\n" for record in records)
    text = json.dumps(records) if name.endswith("json") else "time,event,account_id\n" + rows_of_table
    (tmp_path / name).write_text(text)

    ran = ingest(tmp_path, name, before=small_files_only)

    assert (ran.code, ran.err.count("hint: ")) == (4, 1)
    assert "no space left" in ran.err and "can't be read" not in ran.err


def test_a_failed_write_leaves_no_parquet_behind(tmp_path: Path) -> None:
    write_log(tmp_path / "large.jsonl", refusals=0, ordinary=MANY)

    ran = ingest(tmp_path, "large.jsonl", before=small_files_only)

    assert ran.code == 4
    assert list((tmp_path / "audit" / "activity").iterdir()) == []
