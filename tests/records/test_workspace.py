import errno
from pathlib import Path

import pytest

from auditor.errors import WorkspaceError
from auditor.records.workspace import (
    TEMPORARY,
    disk_errors,
    open_workspace,
    replace_folder,
    temporary_name,
    write_atomically,
)


def test_newer_version_is_named_with_ours(tmp_path: Path) -> None:
    (tmp_path / "workspace.json").write_text('{"format_version": 9}')

    with pytest.raises(WorkspaceError, match=r"version 9.* up to 1"):
        open_workspace(tmp_path, create=True)


def test_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.doc").touch()

    with pytest.raises(WorkspaceError, match="expected a workspace or an empty folder"):
        open_workspace(tmp_path, create=True)


@pytest.mark.parametrize("create", [True, False])
def test_file_in_the_way_is_said(tmp_path: Path, create: bool) -> None:
    (tmp_path / "audit").touch()

    with pytest.raises(WorkspaceError, match="file"):
        open_workspace(tmp_path / "audit", create=create)


def test_failed_write_leaves_the_old_bytes_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "a"
    write_atomically(path, b"old")
    temporary_name(path).mkdir()

    with pytest.raises(WorkspaceError):
        write_atomically(path, b"new")

    assert path.read_bytes() == b"old"


def test_replaced_folder_has_the_new_content_only(tmp_path: Path) -> None:
    final, new = tmp_path / "cases", temporary_name(tmp_path / "cases")
    for folder, name in ((final, "old"), (new, "new")):
        folder.mkdir()
        (folder / name).touch()

    replace_folder(new, final)

    assert [path.name for path in final.iterdir()] == ["new"]
    assert [path.name for path in tmp_path.iterdir()] == ["cases"]


def test_full_disk_is_named(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match="no space left"), disk_errors(tmp_path):
        raise OSError(errno.ENOSPC, "No space left on device")


def test_lock_sweeps_what_a_killed_run_left(tmp_path: Path) -> None:
    workspace = open_workspace(tmp_path / "audit", create=True)
    (workspace.folder / ".partial-1-old-cases").mkdir()
    (workspace.folder / ".partial-1-x").touch()

    with workspace.lock():
        left = sorted(path.name for path in workspace.folder.iterdir())

    assert left == [".lock", "cases", "workspace.json"]


def test_unfinished_names_within_each_other_are_swept_at_once(tmp_path: Path) -> None:
    workspace = open_workspace(tmp_path / "w", create=True)
    inner = workspace.folder / f"{TEMPORARY}1-outer" / f"{TEMPORARY}1-inner"
    inner.mkdir(parents=True)

    with workspace.lock():
        left = list(workspace.folder.glob(f"{TEMPORARY}*"))

    assert left == []
