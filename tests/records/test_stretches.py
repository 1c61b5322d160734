"""Large files are read in stretches: what is kept is proven, and every other line is left to be read exactly."""

import gzip
import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from auditor.records.ingest import IngestReport, ingest
from auditor.records.manifest import load_manifest
from auditor.records.profiles import load_profile
from auditor.records.quarantine import read_quarantine
from auditor.records.sql import open_connection
from auditor.records.store import open_activity
from auditor.records.stretches import NotRegularError, QuickReader, QuickRows
from auditor.records.survey import LARGE, survey_lines
from auditor.records.workspace import Workspace, open_workspace

NOW = datetime(2026, 2, 1, tzinfo=UTC)
FIELDS = (
    "record_id",
    "time",
    "event",
    "account_id",
    "client_ip",
    "input_tokens",
    "plan",
    "tags",
    "prompt",
    "prompt_digest",
)
GOOD = {
    "record_id": "r", "time": "2026-01-01T00:00:00Z", "event": "x", "account_id": "a", "client_ip": "10.0.0.1",
    "plan": "p",
}  # fmt: skip
LONG = "x" * 100_000
"""A text that makes a large file of few records."""


def line(**fields: object) -> bytes:
    """Return a good line with some fields changed; None leaves a field out."""
    return json.dumps({name: value for name, value in (GOOD | fields).items() if value is not None}).encode()


def quick_rows(folder: Path, *lines: bytes, each: int = 3) -> list[QuickRows]:
    """Read lines in stretches of so many."""
    path = folder / "log"
    path.write_bytes(b"\n".join(lines) + b"\n")
    size = max(len(b"\n".join(lines[at : at + each])) for at in range(0, len(lines), each))
    survey = survey_lines(path, stretch=size)
    connection = open_connection(folders=[folder], files=[path])
    fields = tuple(name for name in load_profile("canonical").fields if name in FIELDS)
    with connection:
        return QuickReader(
            connection, folder, path, load_profile("canonical"), fields, survey, survey.digest, 2, True
        ).read()


SURE = {
    "an address of IPv6": line(client_ip="::1"),
    "colons in a text": line(plan="a:b:c"),
    "no value": line(plan=None, client_ip=None),
    "a null": line()[:-1] + b', "input_tokens": null}',
    "an empty text": line(account_id=""),
    "labels": line(tags=["a", "b:c"]),
    "a whole number as text": line(input_tokens="7"),
    "an escaped text": line(plan='"\\"'),
    "a trailing comma": line()[:-1] + b",}",
    "white space within": line().replace(b":", b" : ").replace(b"2026-01-01T00 : 00 : 00Z", b"2026-01-01T00:00:00Z"),
    "a colon written as an escape": line().replace(b'"p"', rb'"p\u003aq"'),
}
OTHERWISE_SURE = {
    "a time with an offset": line(time="2026-01-01T00:00:00+00:00"),
    "a time with a blank": line(time="2026-01-01 00:00:00.25Z"),
}
"""Lines that are sure where a stretch has nothing else, and left where it has."""

LEFT = {
    "an unknown field": line(surprise=1),
    "an unknown null": line()[:-1] + b', "surprise": null}',
    "a key twice": line()[:-1] + b', "plan": "q"}',
    "a key again as null": line()[:-1] + b', "plan": null}',
    "a quoted key of a null": line(plan=None)[:-1] + rb', "x\"plan": null}',
    "an unknown field beside a missing one": line(plan=None, surprise="s"),
    "an escaped colon beside an unknown field": line(surprise="s", plan="a").replace(b'"a"', rb'"a\u003ab"'),
    "an escaped NUL": line(plan="a\0"),
    "a fraction as a whole number": line(input_tokens=12.7),
    "a truth value as a number": line(input_tokens=True),
    "an object as a text": line(plan={"plan": None}),
    "NaN as a text": line().replace(b'"p"', b"NaN"),
    "a time without a zone": line(time="2026-01-01T00:00:00"),
    "no time": line(time=None),
    "no id": line(record_id=None),
    "half a line": line()[:30],
    "no object": b"[1]",
    "a text alone": b'"x"',
    "two objects": line() + line(),
    "an object and more": line() + b" {}",
    "a number of another kind": line(input_tokens="7_0"),
    "NaN in capitals": line().replace(b'"p"', b"NAN"),
    "an infinity as a text": line().replace(b'"p"', b"-Infinity"),
    "a list as a text": line(plan=["a"]),
    "a known key in capitals": line()[:-1] + b', "PLAN": "q"}',
    "a byte order mark": b"\xef\xbb\xbf" + line(),
    "no UTF-8": line().replace(b'"p"', b'"\xff"'),
}


@pytest.mark.parametrize("sound", (SURE | OTHERWISE_SURE).values(), ids=(SURE | OTHERWISE_SURE).keys())
def test_sound_line_is_proven(tmp_path: Path, sound: bytes) -> None:
    found = quick_rows(tmp_path, *[line()] * 4, sound, *[line()] * 2)

    assert len(found) > 1
    assert (sum(rows.rows for rows in found), [row for rows in found for row in rows.left]) == (7, [])


@pytest.mark.parametrize("sound", SURE.values(), ids=SURE.keys())
def test_sound_line_is_proven_beside_one_in_doubt(tmp_path: Path, sound: bytes) -> None:
    found = quick_rows(tmp_path, *[line()] * 4, sound, line(surprise=1), line())

    assert [row for rows in found for row in rows.left] == [5]
    assert sum(rows.rows for rows in found) == 6


def test_loose_lines_are_left_out_wherever_they_stand(tmp_path: Path) -> None:
    lines = [b"x", line(), line(), line(), b"[", b"]", line(), line(), b"y"]

    found = quick_rows(tmp_path, *lines, each=9)

    assert [row for rows in found for row in rows.left] == [0, 4, 5, 8]
    assert sum(rows.rows for rows in found) == 5


@pytest.mark.parametrize("open_line", LEFT.values(), ids=LEFT.keys())
def test_line_in_doubt_is_left_alone_of_its_stretch(tmp_path: Path, open_line: bytes) -> None:
    found = quick_rows(tmp_path, *[line()] * 3, open_line, *[line()] * 3)

    assert [row for rows in found for row in rows.left] == [3]
    assert sum(rows.rows for rows in found) == 6


def test_prompts_of_which_few_have_a_digest_are_read_the_quick_way(tmp_path: Path) -> None:
    lines = [line(prompt="p"), line(prompt="q", prompt_digest="d"), line(prompt_digest="e"), line(), line(prompt="")]

    found = quick_rows(tmp_path, *lines, each=9)

    assert [rows.left for rows in found] == [()]
    assert [rows.values["prompt_digest"] for rows in found] == [3]


def test_unknown_fields_are_found_where_digests_are_made_of_prompts(tmp_path: Path) -> None:
    lines = [line(prompt="p"), line(prompt="q", surprise="s"), line(prompt="r", prompt_digest="d"), line(surprise=None)]

    (found,) = quick_rows(tmp_path, *lines, each=9)

    assert (found.left, found.rows, found.values["prompt_digest"]) == ((1,), 3, 2)


def test_a_file_of_which_much_is_in_doubt_is_given_up(tmp_path: Path) -> None:
    with pytest.raises(NotRegularError):
        quick_rows(tmp_path, *[line()] * 3, *[line(surprise=1)] * 3)


def large(*others: bytes, start: int = 0) -> bytes:
    """Return a log that is read in several stretches, with other lines in its middle."""
    count = LARGE // len(LONG) + 10
    lines = [line(record_id=str(number), prompt=LONG) for number in range(start, start + count)]
    return b"\n".join([*lines[: count // 2], *others, *lines[count // 2 :]]) + b"\n"


def read(workspace: Workspace, path: Path, data: bytes) -> IngestReport:
    """Write a log and read it."""
    path.write_bytes(data)
    return ingest([path], workspace=workspace, now=NOW)


def test_lines_of_a_large_log_are_all_accounted_for_in_their_places(tmp_path: Path) -> None:
    others = (line(record_id="s", surprise=1), b"half a li", line(record_id="v", client_ip="::1"), line(record_id="s"))
    data, workspace = large(*others), open_workspace(tmp_path / "w", create=True)

    report = read(workspace, tmp_path / "log.jsonl", data)

    lines = data.split(b"\n")[:-1]
    assert (len(lines) - 1, 1, 1) == (report.records, report.quarantined, report.conflicts)
    assert [kept.data.decode() for kept in read_quarantine(workspace)] == ["half a li"]
    rows = list(open_activity(workspace).rows())
    assert len(lines) - 1 == len(rows)
    for row in rows:
        cut = data[row["source_offset"] : row["source_offset"] + row["source_length"]]
        assert cut == lines[row["source_line"] - 1]
        assert json.loads(cut)["record_id"] == row["record_id"]
    assert [row["client_ip_number"] for row in rows if row["record_id"] == "v"] == [1]
    assert [row["extra"] for row in rows if row["extra"]] == ['{"surprise":1}']
    assert len(rows) == sum(stored.records for stored in load_manifest(workspace).files)


@pytest.mark.parametrize("pack", [bytes, partial(gzip.compress, compresslevel=1)], ids=["plain", "gzip"])
def test_records_of_a_large_log_name_the_file_as_the_manifest_does(
    tmp_path: Path, pack: Callable[[bytes], bytes]
) -> None:
    workspace = open_workspace(tmp_path / "w", create=True)
    path = tmp_path / "log.jsonl"
    path.write_bytes(pack(large().replace(b'"record_id"', b'"session_id"')))

    ingest([path], workspace=workspace, now=NOW)

    (source,) = load_manifest(workspace).sources
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    rows = list(open_activity(workspace).rows())
    assert source.source_id == digest and source.records == len(rows)
    assert {row["source_id"] for row in rows} == {digest}
    assert {row["record_id"] for row in rows} == {f"{digest}:{row['source_line']}" for row in rows}


def test_overlapping_and_grown_large_logs_count_a_record_once(tmp_path: Path) -> None:
    first, workspace = large(), open_workspace(tmp_path / "w", create=True)
    count = first.count(b"\n")
    read(workspace, tmp_path / "first.jsonl", first)

    grown = read(workspace, tmp_path / "grown.jsonl", first + line(record_id="new") + b"\n")
    overlap = read(workspace, tmp_path / "overlap.jsonl", large(start=count // 2 + 10))

    assert (1, count) == (grown.records, grown.duplicates)
    assert (count // 2 + 10, count - count // 2 - 10) == (overlap.records, overlap.duplicates)
    ids = [row["record_id"] for row in open_activity(workspace).rows()]
    assert len(ids) == len(set(ids)) == count + 1 + count // 2 + 10


@pytest.mark.parametrize(
    ("data", "is_dense"),
    [(b"{}\n{}\n", True), (b"{}\n{}", True), (b"{} \n{}", False), (b" {}\n{}", False), (b"{}\n\n{}", False)],
)
def test_rows_are_dense_where_line_feeds_alone_lie_between_them(tmp_path: Path, data: bytes, is_dense: bool) -> None:
    path = tmp_path / "log"
    path.write_bytes(data)

    assert survey_lines(path).positions.is_dense is is_dense
