"""A store is only read when it holds what its manifest says."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from auditor.errors import WorkspaceError
from auditor.records.ingest import ingest
from auditor.records.manifest import load_manifest, save_manifest
from auditor.records.store import open_activity
from auditor.records.workspace import Workspace, open_workspace

NOW = datetime(2026, 2, 1, tzinfo=UTC)


def log(path: Path, *accounts: str) -> Path:
    """Write a log with one record an account."""
    records = [{"time": "2026-01-01T00:00:00Z", "event": "x", "account_id": account} for account in accounts]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return path


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    workspace = open_workspace(tmp_path / "audit", create=True)
    ingest([log(tmp_path / "a.jsonl", "a", "b"), log(tmp_path / "b.jsonl", "c")], workspace=workspace, now=NOW)
    return workspace


def test_records_of_a_source_that_the_manifest_does_not_list_are_refused(workspace: Workspace) -> None:
    manifest = load_manifest(workspace)
    first, second = manifest.sources
    save_manifest(
        workspace, manifest.model_copy(update={"sources": (first.model_copy(update={"source_id": "0"}), second)})
    )

    with pytest.raises(WorkspaceError, match=r"found 0 records of `a\.jsonl`, expected 2 by the manifest"):
        open_activity(workspace)


def test_a_source_that_is_not_listed_at_all_is_refused(workspace: Workspace) -> None:
    manifest = load_manifest(workspace)
    save_manifest(workspace, manifest.model_copy(update={"sources": manifest.sources[:1]}))

    with pytest.raises(WorkspaceError, match=r"found 1 records of a source `\w{16}…` that the manifest doesn't list"):
        open_activity(workspace)


def test_other_numbers_of_records_than_the_manifest_says_are_refused(workspace: Workspace) -> None:
    manifest = load_manifest(workspace)
    more = manifest.sources[0].model_copy(update={"records": 7})
    save_manifest(workspace, manifest.model_copy(update={"sources": (more, manifest.sources[1])}))

    with pytest.raises(WorkspaceError, match=r"found 2 records of `a\.jsonl`, expected 7"):
        open_activity(workspace)


@pytest.mark.parametrize(
    ("name", "sibling"), [("a*b", "axb"), ("a?b", "axb"), ("a[x]b", "axb"), ("a[", "a"), ("a[*]b", "a*b")]
)
def test_a_workspace_is_read_alone_though_its_path_looks_like_a_pattern(
    tmp_path: Path, name: str, sibling: str
) -> None:
    for folder, account in ((sibling, "other"), (name, "own")):
        path = log(tmp_path / folder / "log.jsonl", account)
        ingest([path], workspace=open_workspace(tmp_path / folder / "audit", create=True), now=NOW)

    activity = open_activity(open_workspace(tmp_path / name / "audit", create=False))

    assert [row["account_id"] for row in activity.rows()] == ["own"]
