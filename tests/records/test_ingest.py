import gzip
import json
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any  # records of tests hold values of every type

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditor.errors import UsageError, WorkspaceError
from auditor.records.dryrun import dry_run
from auditor.records.ingest import IngestReport, ingest
from auditor.records.memory import record_of
from auditor.records.quarantine import read_quarantine
from auditor.records.store import open_activity
from auditor.records.unfinished import Announcement, announce
from auditor.records.values import BadValueError
from auditor.records.workspace import Workspace, open_workspace

NOW = datetime(2026, 2, 1, tzinfo=UTC)
GOOD = {"time": "2026-01-01T00:00:00Z", "event": "completion", "account_id": "a"}


def line(**fields: object) -> bytes:
    return json.dumps(GOOD | fields).encode() + b"\n"


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return open_workspace(tmp_path / "audit", create=True)


def read(workspace: Workspace, *paths: Path, profile: str | Path = "auto") -> IngestReport:
    return ingest(list(paths), profile=profile, workspace=workspace, now=NOW)


def written(path: Path, *chunks: bytes) -> Path:
    path.write_bytes(b"".join(chunks))
    return path


def rows(workspace: Workspace) -> list[dict[str, Any]]:
    return list(open_activity(workspace).rows())


def accounted(report: IngestReport) -> bool:
    return all(
        source.lines == source.records + source.quarantined + source.duplicates + source.blank
        for source in report.sources
    )


BAD_LINES = {
    "cut off": b'{"time": "2026-01-01T00:00:00Z", "event": "comp\n',
    "no JSON": b"hello\n",
    "a list": b"[1]\n",
    "null": b"null\n",
    "an empty object": b"{}\n",
    "not UTF-8": b'{"time": "2026-01-01T00:00:00Z", "event": "\xff\xfe"}\n',
    "a NUL byte": b'{"time": "2026-01-01T00:00:00Z", "event": "a\x00b"}\n',
    "an escaped NUL": b'{"time": "2026-01-01T00:00:00Z", "event": "a\\u0000b"}\n',
    "a lone surrogate": b'{"time": "2026-01-01T00:00:00Z", "event": "\\ud800"}\n',
    "a bare carriage return between tokens": b'{"time": "2026-01-01T00:00:00Z",\r"event": "x"}\n',
    "a bare carriage return in a text": b'{"time": "2026-01-01T00:00:00Z", "event": "x\ry"}\n',
    "two records on a line": b'{"time": "2026-01-01T00:00:00Z", "event": "x"} {"a": 1}\n',
    "a repeated key": b'{"time": "2026-01-01T00:00:00Z", "event": "x", "event": "y"}\n',
    "a repeated unknown key": b'{"time": "2026-01-01T00:00:00Z", "event": "x", "q": 1, "q": 2}\n',
    "no time": b'{"event": "x"}\n',
    "no event": b'{"time": "2026-01-01T00:00:00Z"}\n',
    "an empty event": line(event=""),
    "a time without a zone": line(time="2026-01-01T00:00:00"),
    "a time that is a number": line(time=1767225600),
    "a day that does not exist": line(time="2026-02-30T00:00:00Z"),
    "a fraction for an integer": line(input_tokens=12.5),
    "a truth value for an integer": line(input_tokens=True),
    "a word for an integer": line(input_tokens="many"),
    "an integer out of range": line(input_tokens=2**63),
    "a decimal out of range": line(cost_usd=1e12),
    "infinity": b'{"time": "2026-01-01T00:00:00Z", "event": "x", "latency_ms": Infinity}\n',
    "not a number for a text": b'{"time": "2026-01-01T00:00:00Z", "event": "x", "account_id": NaN}\n',
    "a number beyond floating point": b'{"time": "2026-01-01T00:00:00Z", "event": "x", "latency_ms": 1e999}\n',
    "an object for an account": line(account_id={"id": 1}),
    "a word for a truth value": line(stream="maybe"),
    "a text for a list": line(tags="red"),
    "deep nesting": b'{"time": "2026-01-01T00:00:00Z", "event": "x", "q": ' + b"[" * 3000 + b"]" * 3000 + b"}\n",
    "a byte order mark in the middle": b"\xef\xbb\xbf" + line(),
}


@pytest.mark.parametrize("bad", BAD_LINES.values(), ids=BAD_LINES.keys())
def test_bad_line_is_kept_byte_for_byte_and_the_rest_loads(workspace: Workspace, tmp_path: Path, bad: bytes) -> None:
    path = written(tmp_path / "log.jsonl", line(record_id="1"), bad, line(record_id="2"))

    report = read(workspace, path)

    (kept,) = read_quarantine(workspace)
    assert (kept.data, kept.line, kept.offset) == (bad.rstrip(b"\n"), 2, len(line(record_id="1")))
    assert kept.reason[0] == kept.reason[0].lower() or kept.reason.startswith("`")
    assert [row["record_id"] for row in rows(workspace)] == ["1", "2"]
    assert (report.records, report.quarantined) == (2, 1)
    assert accounted(report)


def test_line_of_fifty_megabytes_is_quarantined(workspace: Workspace, tmp_path: Path) -> None:
    huge = line(prompt="x" * 50_000_000)
    path = written(tmp_path / "log.jsonl", line(), huge, line(account_id="b"))

    report = read(workspace, path)

    (kept,) = read_quarantine(workspace)
    assert kept.data == huge.rstrip(b"\n")
    assert (report.records, report.quarantined) == (2, 1)


def test_every_kind_of_bad_line_in_one_file_is_accounted_for(workspace: Workspace, tmp_path: Path) -> None:
    chunks = [piece for bad in BAD_LINES.values() for piece in (line(), bad, b"\n")]
    path = written(tmp_path / "log.jsonl", *chunks)

    report = read(workspace, path)

    assert [kept.data + b"\n" for kept in read_quarantine(workspace)] == list(BAD_LINES.values())
    assert report.sources[0].blank == len(BAD_LINES)
    assert accounted(report)


def test_record_points_at_its_bytes(workspace: Workspace, tmp_path: Path) -> None:
    data = b"\xef\xbb\xbf" + line(record_id="1").replace(b"\n", b"\r\n") + b"\r\n  " + line(record_id="2")
    path = written(tmp_path / "log.jsonl", data, line(record_id="3", user_agent="é").rstrip(b"\n"))

    read(workspace, path)

    whole = path.read_bytes()
    for row, number in zip(rows(workspace), (1, 3, 4), strict=True):
        cut = whole[row["source_offset"] : row["source_offset"] + row["source_length"]]
        assert json.loads(cut)["record_id"] == row["record_id"]
        assert row["source_line"] == number


@pytest.mark.parametrize("kind", ["gzip", "zstd", "plain"])
def test_compressed_files_give_the_same_records(workspace: Workspace, tmp_path: Path, kind: str) -> None:
    data = line(record_id="1") + b"oops\n" + line(record_id="2")
    path = written(tmp_path / "log.jsonl", data)
    if kind == "gzip":
        path = written(tmp_path / "log.gz", gzip.compress(data))
    elif kind == "zstd":
        path = tmp_path / "log.zst"
        if subprocess.run(["zstd", "-qf", tmp_path / "log.jsonl", "-o", path], check=False).returncode:
            pytest.skip("no zstd program to write the test file with")

    report = read(workspace, path)

    assert [(row["record_id"], row["source_line"], row["source_offset"]) for row in rows(workspace)] == [
        ("1", 1, 0),
        ("2", 3, len(line(record_id="1")) + 5),
    ]
    assert report.sources[0].compression == kind


def test_cut_off_gzip_fails_alone(workspace: Workspace, tmp_path: Path) -> None:
    broken = written(tmp_path / "a.gz", gzip.compress(line() * 1000)[:-20])
    good = written(tmp_path / "b.jsonl", line())

    report = read(workspace, broken, good)

    assert len(report.failed) == 1
    assert report.records == 1


def test_array_csv_and_parquet_give_the_same_records(workspace: Workspace, tmp_path: Path) -> None:
    record = GOOD | {"record_id": "1", "input_tokens": 5, "cost_usd": 0.5, "note": "x"}
    array = written(tmp_path / "a.json", json.dumps([record | {"record_id": "a"}], indent=1).encode())
    table = written(
        tmp_path / "b.csv",
        b"record_id,time,event,account_id,input_tokens,cost_usd,note\r\nb,2026-01-01T00:00:00Z,completion,a,5,0.5,x\r\n",
    )
    parquet = tmp_path / "c.parquet"
    duckdb.execute(
        "COPY (SELECT 'c' AS record_id, TIMESTAMPTZ '2026-01-01 00:00:00+00' AS time, 'completion' AS event, "
        "'a' AS account_id, 5 AS input_tokens, 0.5 AS cost_usd, 'x' AS note) "
        f"TO '{parquet}' (FORMAT parquet)"
    )

    report = read(workspace, array, table, parquet)

    shared = ("time", "event", "account_id", "input_tokens", "cost_usd", "extra")
    found = {row["record_id"]: tuple(row[name] for name in shared) for row in rows(workspace)}
    assert (report.quarantined, report.failed) == (0, ())
    assert found["a"] == found["b"] == found["c"]
    assert accounted(report)


def test_array_elements_point_at_their_bytes_and_the_cut_off_rest_is_kept(workspace: Workspace, tmp_path: Path) -> None:
    first, second = json.dumps(GOOD | {"user_agent": "é"}, indent=2, ensure_ascii=False).encode(), line().strip()
    path = written(tmp_path / "a.json", b"[\n", first, b" ,\n", second, b', {"time": "2026')

    report = read(workspace, path)

    whole = path.read_bytes()
    cuts = [whole[row["source_offset"] : row["source_offset"] + row["source_length"]] for row in rows(workspace)]
    assert cuts == [first, second]
    assert [kept.data for kept in read_quarantine(workspace)] == [b'{"time": "2026']
    assert accounted(report)


def test_csv_row_of_wrong_length_is_quarantined(workspace: Workspace, tmp_path: Path) -> None:
    good = b'2026-01-01T00:00:00Z,"a ""b""\nc",x\n'
    path = written(tmp_path / "a.csv", b"time,event,account_id\n", good, b"2026-01-01T00:00:00Z,e\n", b"\n", good)

    report = read(workspace, path)

    assert [kept.data for kept in read_quarantine(workspace)] == [b"2026-01-01T00:00:00Z,e\n"]
    assert [(row["event"], row["source_line"]) for row in rows(workspace)] == [('a "b"\nc', 2), ('a "b"\nc', 6)]
    assert accounted(report)


def test_same_bytes_twice_change_nothing(workspace: Workspace, tmp_path: Path) -> None:
    first = written(tmp_path / "a.jsonl", line(), line())
    again = written(tmp_path / "b.jsonl", line(), line())
    read(workspace, first)
    before = {path.name: path.read_bytes() for path in workspace.activity.iterdir()}

    report = read(workspace, again, first)

    assert report.records == 0
    assert all(source.already_known for source in report.sources)
    assert {path.name: path.read_bytes() for path in workspace.activity.iterdir()} == before


@pytest.mark.parametrize("calls", [1, 2], ids=["in one call", "in two calls"])
def test_overlapping_exports_count_a_record_once(workspace: Workspace, tmp_path: Path, calls: int) -> None:
    first = written(tmp_path / "a.jsonl", line(record_id="1", q={"x": 1, "y": 2}), line(record_id="2"))
    second = written(
        tmp_path / "b.jsonl", line(record_id="2"), line(record_id="1", q={"y": 2, "x": 1}), line(record_id="3")
    )

    reports = [read(workspace, first, second)] if calls == 1 else [read(workspace, first), read(workspace, second)]

    assert sum(report.records for report in reports) == 3
    assert sum(report.duplicates for report in reports) == 2
    assert sorted(row["record_id"] for row in rows(workspace)) == ["1", "2", "3"]
    assert all(accounted(report) for report in reports)


def test_same_id_with_other_content_is_kept_as_a_conflict(workspace: Workspace, tmp_path: Path) -> None:
    path = written(tmp_path / "a.jsonl", line(record_id="1"), line(record_id="1", model="m"), line(record_id="1"))

    report = read(workspace, path)

    assert (report.records, report.conflicts, report.duplicates) == (2, 1, 1)
    assert accounted(report)


def test_unknown_fields_go_to_extra_even_when_they_come_late(workspace: Workspace, tmp_path: Path) -> None:
    lines = [line(record_id=str(number)) for number in range(3000)]
    late = line(record_id="late", surprise={"n": 12345678901234567890123}, asn=7)
    path = written(tmp_path / "a.jsonl", *lines, late)

    read(workspace, path)

    (found,) = [row for row in rows(workspace) if row["record_id"] == "late"]
    assert (found["extra"], found["asn"]) == ('{"surprise":{"n":12345678901234567890123}}', 7)


def test_empty_and_blank_files_are_said_and_harmless(workspace: Workspace, tmp_path: Path) -> None:
    report = read(workspace, written(tmp_path / "a.jsonl", b""), written(tmp_path / "b.jsonl", b"\n \n"))

    assert [(source.format, source.lines, source.blank) for source in report.sources] == [
        ("empty", 0, 0),
        ("empty", 2, 2),
    ]
    assert accounted(report)


def test_folders_are_read_in_order_and_hidden_files_are_named(workspace: Workspace, tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    (folder / "sub[1]").mkdir(parents=True)
    written(folder / "sub[1]" / "*.jsonl", line(account_id="x"))
    written(folder / "a.jsonl", line(account_id="y"))
    written(folder / ".hidden", line())

    report = read(workspace, folder)

    assert [source.name for source in report.sources] == ["a.jsonl", "sub[1]/*.jsonl"]
    assert report.skipped == (f"{folder / '.hidden'}: hidden",)


def test_missing_path_is_a_usage_error(workspace: Workspace, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no file or folder"):
        read(workspace, tmp_path / "nowhere")


def test_file_nobody_recognises_is_named_and_the_rest_loads(workspace: Workspace, tmp_path: Path) -> None:
    report = read(workspace, written(tmp_path / "a.txt", b"just words\n"), written(tmp_path / "b.jsonl", line()))

    assert (len(report.failed), report.records) == (1, 1)


def test_killed_run_leaves_nothing_that_counts(workspace: Workspace, tmp_path: Path) -> None:
    read(workspace, written(tmp_path / "a.jsonl", line()))
    announce(workspace, Announcement(batch="0123456789abcdef"))
    stray = written(workspace.activity / "2026-01-01-0123456789abcdef.parquet", b"half")
    partial = workspace.folder / ".partial-ingest"
    partial.mkdir()

    read(workspace, written(tmp_path / "b.jsonl", line(account_id="b")))

    assert not stray.exists()
    assert not partial.exists()
    assert len(rows(workspace)) == 2


def test_second_writer_is_refused(workspace: Workspace, tmp_path: Path) -> None:
    path = written(tmp_path / "a.jsonl", line())

    with workspace.lock(), pytest.raises(WorkspaceError, match="another run"):
        read(workspace, path)


def test_profile_of_ones_own_maps_and_keeps_what_it_transforms(workspace: Workspace, tmp_path: Path) -> None:
    profile = written(
        tmp_path / "mine.yml",
        b"profile: mine\nzone: Europe/Berlin\ncolumns:\n  time: ts\n  event: \"'completion'\"\n"
        b"  account_id: who\n  input_tokens: CAST(kilo AS INTEGER) * 1000\n",
    )
    path = written(tmp_path / "a.jsonl", b'{"ts": "2026-07-01 12:00:00", "who": "w", "kilo": 2, "z": 1}\n')

    read(workspace, path, profile=profile)

    (row,) = rows(workspace)
    assert (row["time"], row["account_id"], row["input_tokens"]) == (datetime(2026, 7, 1, 10, tzinfo=UTC), "w", 2000)
    assert json.loads(row["extra"]) == {"kilo": 2, "z": 1}


def test_dry_run_shows_mapping_columns_and_first_problems(tmp_path: Path) -> None:
    path = written(tmp_path / "a.jsonl", line(), b"oops\n")

    (tried,), _ = dry_run([path])

    assert (tried.profile, tried.lines, tried.bad) == ("canonical", 2, 1)
    assert tried.provides == ("account_id", "event", "time")
    assert tried.problems[0].startswith(f"{path}:2: ")


TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**64), 2**64),
    TEXTS,
    st.sampled_from(["12", "-3", "1.5", "1e3", "", "true", "{", "NaN"]),
)
TIMES = st.one_of(
    st.datetimes(datetime(1000, 1, 2), datetime(2999, 12, 30)).map(lambda time: f"{time.isoformat()}+05:30"),  # noqa: DTZ001
    st.sampled_from(
        ["2026-01-01T00:00:00Z", "2026-01-01T00:00:00", "2026-13-01T00:00:00Z", "2026-01-01 10:00:00.1234567-0800"]
    ),
)
FIELDS = {
    "time": TIMES,
    "event": st.sampled_from(["completion", "login", ""]),
    "account_id": SCALARS,
    "input_tokens": SCALARS,
    "latency_ms": st.one_of(SCALARS, st.floats(allow_nan=False, allow_infinity=False)),
    "cost_usd": st.one_of(SCALARS, st.decimals(-(10**10), 10**10, places=11).map(str)),
    "stream": SCALARS,
    "client_ip": st.one_of(st.ip_addresses().map(str), TEXTS),
    "tags": st.one_of(st.none(), st.lists(TEXTS, max_size=3), TEXTS),
    "prompt": SCALARS,
    "model": SCALARS,
}
RECORDS = st.fixed_dictionaries(
    {"time": TIMES}, optional={name: made for name, made in FIELDS.items() if name != "time"}
)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(RECORDS, min_size=1, max_size=12))
def test_store_holds_what_the_plain_definition_says(
    tmp_path_factory: pytest.TempPathFactory, records: list[dict[str, Any]]
) -> None:
    folder = tmp_path_factory.mktemp("w")
    workspace = open_workspace(folder / "audit", create=True)
    path = written(folder / "log.jsonl", *(json.dumps(record).encode() + b"\n" for record in records))
    expected, refused = {}, set()
    for number, record in enumerate(records, start=1):
        try:
            expected[number] = record_of(record, number)
        except BadValueError:
            refused.add(number)

    read(workspace, path, profile="canonical")

    provenance = ("source_id", "source_offset", "source_length", "record_id", "time")
    found = {row["source_line"]: row for row in rows(workspace)}
    assert {kept.line for kept in read_quarantine(workspace)} == refused
    assert set(found) == set(expected)
    differing = {
        (number, name): (value, expected[number][name])
        for number, row in found.items()
        for name, value in row.items()
        if name not in provenance and value != expected[number][name]
    }
    assert differing == {}
    assert all(row["time"].replace(tzinfo=None) == expected[number]["time"] for number, row in found.items())


def test_bad_times_of_text_logs_are_told_as_such_and_not_as_json(workspace: Workspace, tmp_path: Path) -> None:
    log = written(tmp_path / "a.log", access_line(time="31/Feb/2015:10:09:00 +0000"))
    table = written(tmp_path / "b.csv", b"time,event\n,completion\n")

    read(workspace, log, table)

    assert [kept.reason for kept in read_quarantine(workspace)] == ["`time` is missing, expected a value"] * 2


def test_what_only_json_forbids_gets_no_line_of_a_text_log_out_of_sight(workspace: Workspace, tmp_path: Path) -> None:
    log = written(tmp_path / "a.log", access_line(user="nan", agent="[bot"), access_line(agent='\\\\u0000{"a": NaN}'))
    table = written(
        tmp_path / "b.csv",
        b"time,event,account_id,user_agent\n2026-01-01T00:00:00Z,completion,nan,{bot\n",
        b"2026-01-01T00:00:00Z,completion,inf,\\u0000\n",
    )

    report = read(workspace, log, table)

    assert (report.quarantined, report.records) == (0, 4)


def test_text_that_shows_an_escaped_nul_is_no_nul(workspace: Workspace, tmp_path: Path) -> None:
    shown, real = line(prompt="what is \\u0000 ?", note="\\\\u0000"), line(prompt="a\\\0")

    report = read(workspace, written(tmp_path / "a.jsonl", shown, real, line(user_agent="\0")))

    assert (report.records, report.quarantined) == (1, 2)
    assert rows(workspace)[0]["prompt"] == "what is \\u0000 ?"


def access_line(*, user: str = "bob", time: str = "17/May/2015:10:09:00 +0000", agent: str = "Mozilla") -> bytes:
    return f'192.0.2.7 - {user} [{time}] "GET / HTTP/1.1" 200 10 "-" "{agent}"\n'.encode()
