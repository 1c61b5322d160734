"""The manifest says what the store holds; nothing that was stored is ever taken for a leftover."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from auditor.errors import WorkspaceError
from auditor.records.ingest import ingest
from auditor.records.quarantine import BadLine, read_quarantine, write_quarantine
from auditor.records.store import open_activity
from auditor.records.unfinished import Announcement, announce
from auditor.records.workspace import Workspace, open_workspace

NOW = datetime(2026, 2, 1, tzinfo=UTC)
BATCH = "0123456789abcdef"


def log(path: Path, account: str) -> Path:
    path.write_text(json.dumps({"time": "2026-01-01T00:00:00Z", "event": "completion", "account_id": account}) + "\n")
    return path


def parquet_files(workspace: Workspace) -> list[str]:
    return sorted(path.name for path in workspace.activity.glob("*.parquet"))


@pytest.fixture
def filled(tmp_path: Path) -> Workspace:
    workspace = open_workspace(tmp_path / "audit", create=True)
    ingest([log(tmp_path / "a.jsonl", "a")], workspace=workspace, now=NOW)
    return workspace


def test_a_store_without_its_manifest_is_refused_and_left_as_it_is(filled: Workspace, tmp_path: Path) -> None:
    before = parquet_files(filled)
    (filled.activity / "manifest.json").unlink()

    with pytest.raises(WorkspaceError, match="no manifest beside 1 Parquet"):
        ingest([log(tmp_path / "b.jsonl", "b")], workspace=filled, now=NOW)
    with pytest.raises(WorkspaceError, match="no manifest beside 1 Parquet"):
        open_activity(filled)

    assert parquet_files(filled) == before != []


def test_a_file_that_nobody_announced_is_left_alone(filled: Workspace, tmp_path: Path) -> None:
    (filled.activity / "2025-01-01-fedcba9876543210.parquet").write_bytes(b"somebody's")

    ingest([log(tmp_path / "b.jsonl", "b")], workspace=filled, now=NOW)

    assert "2025-01-01-fedcba9876543210.parquet" in parquet_files(filled)
    assert sorted(row["account_id"] for row in open_activity(filled).rows()) == ["a", "b"]


@pytest.mark.parametrize("is_first", [True, False], ids=["the first run", "a later run"])
def test_the_files_of_a_killed_run_are_removed(tmp_path: Path, is_first: bool) -> None:
    workspace = open_workspace(tmp_path / "audit", create=True)
    workspace.activity.mkdir()
    if not is_first:
        ingest([log(tmp_path / "a.jsonl", "a")], workspace=workspace, now=NOW)
    announce(workspace, Announcement(batch=BATCH))
    (workspace.activity / f"2026-01-01-{BATCH}.parquet").write_bytes(b"half a fi")
    (workspace.activity / f".partial-1-2026-01-02-{BATCH}.parquet").write_bytes(b"half a fi")

    ingest([log(tmp_path / "b.jsonl", "b")], workspace=workspace, now=NOW)

    assert [name for name in parquet_files(workspace) if BATCH in name] == []
    assert not (workspace.activity / "unfinished.json").exists()


def test_quarantine_of_a_source_that_never_came_is_ignored_and_then_removed(filled: Workspace, tmp_path: Path) -> None:
    stray, partial = "f" * 64, ".partial-1-" + "e" * 64
    write_quarantine(filled, stray, [BadLine(stray, "gone.jsonl", 1, 0, "found nothing", b"x")])
    (filled.quarantine / f"{partial}.jsonl").write_bytes(b"half a li")
    announce(filled, Announcement(batch=BATCH, coming=(stray,)))

    before = list(read_quarantine(filled))
    ingest([log(tmp_path / "b.jsonl", "b")], workspace=filled, now=NOW)

    assert before == []
    assert list(filled.quarantine.iterdir()) == []


@pytest.mark.parametrize(
    "content", ['{"batch": "0123456789abcdef", "coming": ["../x"]}', "[" * 100_000, "{", '{"batch": "../x"}', "[]"]
)
def test_a_damaged_announcement_is_named(filled: Workspace, tmp_path: Path, content: str) -> None:
    (filled.activity / "unfinished.json").write_text(content)

    with pytest.raises(WorkspaceError, match="damaged announcement"):
        ingest([log(tmp_path / "b.jsonl", "b")], workspace=filled, now=NOW)


@pytest.mark.parametrize("name", ["activity/manifest.json", "workspace.json"])
def test_a_file_of_the_workspace_that_is_nested_deeply_is_named(filled: Workspace, name: str) -> None:
    (filled.folder / name).write_text("[" * 100_000)

    with pytest.raises(WorkspaceError, match=name):
        open_activity(open_workspace(filled.folder, create=False))
