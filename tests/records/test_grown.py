"""A log that grew counts its old lines once, whatever compression and rotation did to it."""

import gzip
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from auditor.records.dryrun import dry_run
from auditor.records.ingest import IngestReport, ingest
from auditor.records.quarantine import read_quarantine
from auditor.records.sourcebytes import SourceBytes
from auditor.records.store import open_activity
from auditor.records.workspace import Workspace, open_workspace

NOW = datetime(2026, 2, 1, tzinfo=UTC)
PROFILE = rb"""
profile: short
pattern: (?P<ts>\S+) (?P<who>\S+)
columns: {time: ts, event: "'completion'", account_id: who}
"""


def access(*users: str) -> bytes:
    return b"".join(
        f'10.0.0.1 - {user} [31/Jan/2026:10:00:00 +0000] "GET /v1 HTTP/1.1" 200 5\n'.encode() for user in users
    )


def lines(*users: str) -> bytes:
    records = ({"time": "2026-01-01T00:00:00Z", "event": "completion", "account_id": user} for user in users)
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


def table(*users: str) -> bytes:
    return b"time,event,account_id\n" + b"".join(f"2026-01-01T00:00:00Z,completion,{one}\n".encode() for one in users)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return open_workspace(tmp_path / "audit", create=True)


def read(workspace: Workspace, *paths: Path, profile: str | Path = "auto") -> IngestReport:
    return ingest(list(paths), profile=profile, workspace=workspace, now=NOW)


def written(path: Path, data: bytes) -> Path:
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


def found(workspace: Workspace) -> list[tuple[str, int]]:
    return sorted((row["account_id"], row["source_line"]) for row in open_activity(workspace).rows())


def accounted(report: IngestReport) -> bool:
    return all(one.lines == one.records + one.quarantined + one.duplicates + one.blank for one in report.sources)


@pytest.mark.parametrize("made", [access, lines, table], ids=["text log", "JSON Lines", "CSV"])
@pytest.mark.parametrize(
    ("before", "after"),
    [("log", "log"), ("log.gz", "log.gz"), ("log", "log.1.gz"), ("log.gz", "log.1")],
    ids=["plain", "gzip", "plain, then rotated and compressed", "gzip, then plain"],
)
def test_only_new_lines_of_a_grown_log_count(
    workspace: Workspace, tmp_path: Path, made: Callable[..., bytes], before: str, after: str
) -> None:
    first = read(workspace, written(tmp_path / before, made("a", "b", "a")))

    report = read(workspace, written(tmp_path / after, made("a", "b", "a", "a", "c")))

    (source,) = report.sources
    header = int(made is table)
    assert found(workspace) == sorted(
        [("a", 1), ("b", 2), ("a", 3), ("a", 4), ("c", 5)]
        if not header
        else [("a", 2), ("b", 3), ("a", 4), ("a", 5), ("c", 6)]
    )
    assert (report.records, report.duplicates, report.quarantined) == (2, 3, 0)
    assert source.grew_from is not None
    assert (source.grew_from.source_id, source.grew_from.lines) == (first.sources[0].source_id, 3)
    assert accounted(report)


def test_a_bad_line_stands_in_quarantine_once(workspace: Workspace, tmp_path: Path) -> None:
    old = lines("a") + b"oops\n\n" + lines("b")
    read(workspace, written(tmp_path / "log", old))

    report = read(workspace, written(tmp_path / "log", old + b"oops too\n" + lines("c")))

    assert [(kept.data, kept.line) for kept in read_quarantine(workspace)] == [(b"oops", 2), (b"oops too", 5)]
    assert (report.records, report.duplicates, report.quarantined, report.sources[0].blank) == (1, 3, 1, 1)
    assert accounted(report)


def test_line_numbers_and_offsets_are_those_of_the_grown_file(workspace: Workspace, tmp_path: Path) -> None:
    whole = access("a", "b", "c")
    read(workspace, written(tmp_path / "log", access("a", "b")))

    read(workspace, written(tmp_path / "log", whole))

    row = max(open_activity(workspace).rows(), key=lambda row: row["source_line"])
    cut = whole[row["source_offset"] : row["source_offset"] + row["source_length"]]
    assert (row["source_line"], cut + b"\n") == (3, access("c"))


def test_a_compressed_copy_adds_nothing(workspace: Workspace, tmp_path: Path) -> None:
    read(workspace, written(tmp_path / "log", access("a", "b")))

    report = read(workspace, written(tmp_path / "log.gz", access("a", "b")))

    assert (report.records, report.duplicates) == (0, 2)
    assert accounted(report)


def test_a_rotated_log_and_its_successor_count_every_line_once(workspace: Workspace, tmp_path: Path) -> None:
    read(workspace, written(tmp_path / "logs", access("a")))
    (tmp_path / "logs").unlink()
    (tmp_path / "logs").mkdir()
    written(tmp_path / "logs" / "log", access("c"))
    written(tmp_path / "logs" / "log.1", access("a", "b"))

    report = read(workspace, tmp_path / "logs")

    assert found(workspace) == [("a", 1), ("b", 2), ("c", 1)]
    assert accounted(report)


def test_files_of_one_call_are_held_against_each_other_and_the_longest_beginning_counts(
    workspace: Workspace, tmp_path: Path
) -> None:
    paths = [written(tmp_path / f"{number}", access(*"abcd"[:number])) for number in (1, 2, 4)]

    report = read(workspace, *paths)

    assert [(one.records, one.duplicates) for one in report.sources] == [(1, 0), (1, 1), (2, 2)]
    assert found(workspace) == [("a", 1), ("b", 2), ("c", 3), ("d", 4)]
    assert report.records == 4


def test_a_file_that_was_rewritten_did_not_grow(workspace: Workspace, tmp_path: Path) -> None:
    read(workspace, written(tmp_path / "log", access("a", "b")))

    report = read(workspace, written(tmp_path / "log", access("x", "b", "c")))

    assert (report.records, report.duplicates, report.sources[0].grew_from) == (3, 0, None)


CUT = {
    "in the middle of a line": (lines("a") + lines("b")[:20], [("a", 1), ("b", 2), ("c", 3)], 1),
    "before its line feed": (lines("a", "b")[:-1], [("a", 1), ("b", 2), ("c", 3)], 2),
    "before the last bracket": (lines("a", "b")[:-2], [("a", 1), ("b", 2), ("c", 3)], 1),
}


@pytest.mark.parametrize(("cut", "expected", "known"), CUT.values(), ids=CUT)
def test_a_log_that_was_cut_off_has_every_line_once(
    workspace: Workspace, tmp_path: Path, cut: bytes, expected: list[tuple[str, int]], known: int
) -> None:
    first = read(workspace, written(tmp_path / "log", cut))

    report = read(workspace, written(tmp_path / "log", lines("a", "b", "c")))

    assert found(workspace) == expected
    assert (report.duplicates, report.quarantined) == (known, 0)
    assert accounted(first)
    assert accounted(report)


@pytest.mark.parametrize("calls", [1, 2], ids=["in one call", "in two calls"])
def test_a_record_of_half_a_line_gives_way_to_the_whole_one(workspace: Workspace, tmp_path: Path, calls: int) -> None:
    profile = written(tmp_path / "short.yml", PROFILE)
    whole = b"2026-01-01T00:00:00Z alice\n2026-01-01T00:00:01Z bertram\n2026-01-01T00:00:02Z carol\n"
    paths = [written(tmp_path / "1", whole[: whole.index(b"tram")]), written(tmp_path / "2", whole)]

    reports = [
        read(workspace, *group, profile=profile) for group in ([paths] if calls == 1 else [paths[:1], paths[1:]])
    ]

    assert found(workspace) == [("alice", 1), ("bertram", 2), ("carol", 3)]
    assert [(one.records, one.duplicates) for one in reports[-1].sources][-1] == (2, 1)
    activity = open_activity(workspace)
    assert sorted(source.records for source in activity.sources) == [1, 2]
    assert all(accounted(report) for report in reports)


def test_a_row_over_several_lines_that_was_cut_off_is_one_record(workspace: Workspace, tmp_path: Path) -> None:
    whole = table("a") + b'2026-01-01T00:00:00Z,"comp\nletion",b\n' + table("c").partition(b"\n")[2]
    first = read(workspace, written(tmp_path / "log", whole[: whole.index(b"\nletion") + 1]))

    report = read(workspace, written(tmp_path / "log", whole))

    assert found(workspace) == [("a", 2), ("b", 3), ("c", 5)]
    assert accounted(first)
    assert accounted(report)


def test_two_records_run_together_leave_the_first_one_alone(workspace: Workspace, tmp_path: Path) -> None:
    read(workspace, written(tmp_path / "log", lines("a")[:-1]))

    report = read(workspace, written(tmp_path / "log", lines("a")[:-1] + lines("b", "c")))

    assert found(workspace) == [("a", 1), ("c", 2)]
    assert (report.records, report.quarantined, report.duplicates) == (1, 1, 0)


def test_a_dry_run_tells_new_lines_from_known_ones(workspace: Workspace, tmp_path: Path) -> None:
    old = written(tmp_path / "old", lines("a") + b"oops\n")
    read(workspace, old)
    grown = written(tmp_path / "new", lines("a") + b"oops\n" + b"oops too\n" + lines("b"))

    (known, tried), _ = dry_run([old, grown], workspace=workspace)

    assert (known.already_known, known.known, known.lines) == (True, 2, 2)
    assert (tried.lines, tried.known, tried.bad) == (4, 2, 1)
    assert tried.grew_from is not None
    assert tried.grew_from.name == "old"
    assert [problem.split(": ")[0] for problem in tried.problems] == [f"{grown}:3"]


def test_the_bytes_of_old_records_are_found_in_the_grown_log(workspace: Workspace, tmp_path: Path) -> None:
    log = written(tmp_path / "log", access("a", "b"))
    (source,) = read(workspace, log).sources
    row = max(open_activity(workspace).rows(), key=lambda row: row["source_line"])
    written(log, access("a", "b", "c"))

    with SourceBytes({source.source_id: log}, tmp_path, {source.source_id: source.bytes}) as originals:
        found = originals.of(source.source_id, row["source_offset"], row["source_length"])

    assert found == access("b").rstrip(b"\n")


def test_a_log_that_was_cut_and_filled_again_gives_no_bytes(workspace: Workspace, tmp_path: Path) -> None:
    log = written(tmp_path / "log", access("a", "b"))
    (source,) = read(workspace, log).sources
    written(log, access("x", "y", "z"))

    with SourceBytes({source.source_id: log}, tmp_path, {source.source_id: source.bytes}) as originals:
        found = originals.of(source.source_id, 0, 5)
        why = originals.why_not(source.source_id, 0)

    assert (found, why) == (None, "the original file has changed since it was read")
