"""What below a folder is read as a log; what isn't is named with the reason."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path

from auditor.records.ingest import ingest
from auditor.records.sources import find_sources
from auditor.records.store import open_activity
from auditor.records.workspace import open_workspace

RECORD = {"time": "2026-01-01T00:00:00Z", "event": "e", "account_id": "a"}


def test_a_workspace_within_the_folder_of_logs_is_not_read_as_a_log(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(json.dumps(RECORD) + "\n")
    workspace = open_workspace(tmp_path / "audit", create=True)
    ingest([tmp_path], workspace=workspace, now=datetime(2026, 2, 1, tzinfo=UTC))

    report = ingest([tmp_path], workspace=workspace, now=datetime(2026, 2, 1, tzinfo=UTC))

    assert (report.records, report.failed) == (0, ())
    assert report.skipped == (f"{tmp_path / 'audit'}: the workspace of an audit, not a log",)
    assert len(list(open_activity(workspace).rows())) == 1


def test_what_was_not_read_below_a_folder_is_named(tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    (logs / "a").mkdir(parents=True)
    (logs / "folder").symlink_to("a")
    (logs / "dangling").symlink_to("nowhere")
    (logs / ".git").mkdir()
    os.mkfifo(logs / "pipe")

    _, skipped = find_sources([logs])

    assert skipped == (
        f"{logs / '.git'}: hidden",
        f"{logs / 'dangling'}: a link to nothing",
        f"{logs / 'folder'}: a link to a folder; name the folder itself to read it",
        f"{logs / 'pipe'}: a pipe, socket or device",
    )


def test_excluded_files_and_folders_are_named_and_a_file_given_itself_is_read(tmp_path: Path) -> None:
    logs = tmp_path / "logs.md"
    for name in ("LICENSE", "a.jsonl", "notes/README.md", "old/b.jsonl", "old/c.jsonl"):
        (logs / name).parent.mkdir(parents=True, exist_ok=True)
        (logs / name).touch()

    found, skipped = find_sources([logs, logs / "notes" / "README.md"], ["LICENSE", "*.md", "old/b*"])

    assert [file.name for file in found] == ["a.jsonl", "old/c.jsonl", "README.md"]
    assert skipped == (
        f"{logs / 'LICENSE'}: excluded by `LICENSE`",
        f"{logs / 'notes' / 'README.md'}: excluded by `*.md`",
        f"{logs / 'old' / 'b.jsonl'}: excluded by `old/b*`",
    )


def test_files_come_in_the_order_of_their_paths(tmp_path: Path) -> None:
    for name in ("b/z", "b/a/1", "a.x", "a/2"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()

    found, _ = find_sources([tmp_path])

    assert [file.name for file in found] == ["a/2", "a.x", "b/a/1", "b/z"]
