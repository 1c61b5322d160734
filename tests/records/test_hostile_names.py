"""Names of files and folders are data: whatever they hold, they are read, shown, and never taken for a pattern."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from auditor.records.dryrun import dry_run
from auditor.records.ingest import ingest
from auditor.records.quarantine import read_quarantine
from auditor.records.sourcebytes import SourceBytes
from auditor.records.store import open_activity
from auditor.records.workspace import Workspace, open_workspace
from tests.cli.conftest import finished, start

NOW = datetime(2026, 2, 1, tzinfo=UTC)
NAMES = {
    "a line feed": "a\nb",
    "quotation marks": "a\"b'c`d",
    "wildcards": "*?[ab]{c,d}",
    "a dollar sign": "$HOME$(id)",
    "percent signs": "%d%s%%",
    "blanks": "  a  b ",
    "letters beyond ASCII": "ü 日本",
    "an escape sequence": "\x1b[31mred",
    "a bidirectional control": "a\u202elog",
    "a leading dash": "--help",
    "SQL": "'); DROP TABLE x; --",
    "a formula": "=1+1",
    "a home folder": "~",
    "a number sign and a question mark": "a#b?c=d",
    "an address": "http:a",
}


def write_log(path: Path, account: str) -> Path:
    record = {"time": "2026-01-01T00:00:00Z", "event": "completion", "account_id": account}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(record) + "\noops\n", encoding="utf-8")
    return path


def accounts(workspace: Workspace) -> list[str]:
    return sorted(row["account_id"] for row in open_activity(workspace).rows())


def test_every_file_of_a_folder_is_read_whatever_its_name(tmp_path: Path) -> None:
    workspace = open_workspace(tmp_path / "audit", create=True)
    for kind, name in NAMES.items():
        write_log(tmp_path / "logs" / name, kind)

    report = ingest([tmp_path / "logs"], workspace=workspace, now=NOW)

    assert (report.failed, report.skipped) == ((), ())
    assert {source.name for source in report.sources} == set(NAMES.values())
    assert {bad.name for bad in read_quarantine(workspace)} == set(NAMES.values())
    assert accounts(workspace) == sorted(NAMES)


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_a_workspace_may_stand_under_any_name(tmp_path: Path, name: str) -> None:
    path = write_log(tmp_path / "log.jsonl", "a")

    ingest([path], workspace=open_workspace(tmp_path / name / name, create=True), now=NOW)

    assert accounts(open_workspace(tmp_path / name / name, create=False)) == ["a"]


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_a_dry_run_shows_the_file_of_any_name(tmp_path: Path, name: str) -> None:
    path = write_log(tmp_path / name, "a")

    (tried,), _ = dry_run([path])

    assert (tried.path, tried.lines, tried.bad, tried.failed) == (str(path), 2, 1, "")


def test_no_control_character_of_a_name_reaches_the_terminal(tmp_path: Path) -> None:
    for kind, name in NAMES.items():
        write_log(tmp_path / "logs" / name, kind)
    (tmp_path / "logs" / "\x1b[2Jbroken\u202e.gz").write_bytes(b"\x1f\x8b\x08\x00cut off")

    ran = finished(start("ingest", "logs", folder=tmp_path))

    assert ran.code == 3
    assert [char for char in "\x1b\u202e" if char in ran.out + ran.err] == []


def test_a_thousand_small_files_in_miniature(tmp_path: Path) -> None:
    """More files than one batch takes, over two days."""
    workspace = open_workspace(tmp_path / "audit", create=True)
    for number in range(210):
        record = {"time": f"2026-01-0{1 + number % 2}T00:00:00Z", "event": "completion", "account_id": f"{number:03}"}
        path = tmp_path / "logs" / f"{number % 7}" / f"{number}.jsonl"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(record) + "\n")

    report = ingest([tmp_path / "logs"], workspace=workspace, now=NOW)

    assert (report.records, len(report.sources), report.failed) == (210, 210, ())
    assert accounts(workspace) == [f"{number:03}" for number in range(210)]


def test_a_linked_file_is_read_once_however_it_is_reached(tmp_path: Path) -> None:
    workspace = open_workspace(tmp_path / "audit", create=True)
    path = write_log(tmp_path / "elsewhere" / "log.jsonl", "a")
    (tmp_path / "logs").mkdir()
    for name in ("first", "second"):
        (tmp_path / "logs" / name).symlink_to(path)

    report = ingest([tmp_path / "logs", path], workspace=workspace, now=NOW)

    assert [source.name for source in report.sources] == ["first"]
    assert accounts(workspace) == ["a"]


def test_a_loop_of_folders_ends_and_a_linked_folder_is_not_entered(tmp_path: Path) -> None:
    workspace = open_workspace(tmp_path / "audit", create=True)
    write_log(tmp_path / "logs" / "log.jsonl", "a")
    write_log(tmp_path / "elsewhere" / "log.jsonl", "b")
    (tmp_path / "logs" / "up").symlink_to("..")
    (tmp_path / "logs" / "self").symlink_to(".")
    (tmp_path / "logs" / "away").symlink_to(tmp_path / "elsewhere")

    report = ingest([tmp_path / "logs"], workspace=workspace, now=NOW)

    assert [source.name for source in report.sources] == ["log.jsonl"]
    assert accounts(workspace) == ["a"]


def test_a_linked_folder_is_read_when_it_is_named(tmp_path: Path) -> None:
    workspace = open_workspace(tmp_path / "audit", create=True)
    write_log(tmp_path / "elsewhere" / "log.jsonl", "b")
    (tmp_path / "logs").symlink_to(tmp_path / "elsewhere")

    ingest([tmp_path / "logs"], workspace=workspace, now=NOW)

    assert accounts(workspace) == ["b"]


def test_a_pipe_and_a_dangling_link_in_a_folder_hold_nothing_up(tmp_path: Path) -> None:
    write_log(tmp_path / "logs" / "log.jsonl", "a")
    os.mkfifo(tmp_path / "logs" / "pipe")
    (tmp_path / "logs" / "dangling").symlink_to("nowhere")

    ran = finished(start("ingest", "logs", folder=tmp_path), seconds=60)

    assert ran.code == 0
    assert "1 new record" in ran.out


@pytest.mark.parametrize("name", [b"back\\slash.jsonl", b"\xff.jsonl", b"a\\\xfe\\b.csv.jsonl"])
def test_a_name_that_duckdb_cannot_take_is_read_all_the_same(tmp_path: Path, name: bytes) -> None:
    workspace = open_workspace(tmp_path / "audit", create=True)
    good = write_log(tmp_path / "logs" / "good.jsonl", "a")
    odd = tmp_path / "logs" / os.fsdecode(name)
    odd.write_bytes(good.read_bytes().replace(b'"a"', b'"b"'))

    (tried, _), _ = dry_run([tmp_path / "logs"])
    report = ingest([tmp_path / "logs"], workspace=workspace, now=NOW)
    again = ingest([tmp_path / "logs"], workspace=workspace, now=NOW)

    assert (tried.failed, report.failed, again.records) == ("", (), 0)
    assert name.decode("utf-8", "backslashreplace") in {source.name for source in report.sources}
    assert accounts(workspace) == ["a", "b"]


def test_a_workspace_whose_name_is_no_utf8_is_refused_in_plain_words(tmp_path: Path) -> None:
    path = write_log(tmp_path / "log.jsonl", "a")
    folder = os.fsdecode(os.fsencode(tmp_path) + b"/w\xff")

    for command in (("ingest", path), ("audit", path), ("audit",)):
        ran = finished(start(*command, "--workspace", folder, folder=tmp_path))

        assert (ran.code, ran.out) == (4, "")
        assert ran.err.startswith(f"error: {tmp_path}/w\\xff: found a folder whose path is no UTF-8")
    assert not Path(folder).exists()


@pytest.mark.parametrize("name", [b"\xff.jsonl", b"d\xfe/\xc3\xa9\xff.jsonl", b"\\xff.jsonl", b"plain.jsonl"])
def test_the_bytes_of_a_record_are_found_whatever_the_name(tmp_path: Path, name: bytes) -> None:
    workspace = open_workspace(tmp_path / "audit", create=True)
    path = write_log(tmp_path / "logs" / os.fsdecode(name), "a")
    (source,) = ingest([path], workspace=workspace, now=NOW).sources
    (row,) = open_activity(workspace).rows()

    with SourceBytes({source.source_id: Path(source.path)}, tmp_path) as originals:
        found = originals.of(source.source_id, row["source_offset"], row["source_length"])

    assert found == path.read_bytes().splitlines()[0]


@pytest.mark.parametrize("name", ["account_id=evil", "time=2020", "json=1", "plan=x", "source_line=5"])
def test_folders_on_the_way_to_the_workspace_are_no_columns(tmp_path: Path, name: str) -> None:
    workspace = open_workspace(tmp_path / name / "w", create=True)
    log = write_log(tmp_path / "log.jsonl", "acct-1")

    ingest([log], workspace=workspace, now=NOW)

    (row,) = open_activity(workspace).rows()
    assert (row["account_id"], row["plan"], row["source_line"]) == ("acct-1", None, 1)
    assert row["time"].year == 2026
