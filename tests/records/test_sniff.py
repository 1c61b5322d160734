"""What a file is, is told by most of it: no single line can make it something else."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from auditor.records.ingest import ingest
from auditor.records.store import open_activity
from auditor.records.workspace import open_workspace

RECORD = {"time": "2026-01-01T00:00:00Z", "event": "completion", "account_id": "a"}
LINE = json.dumps(RECORD) + "\n"
LONG = json.dumps(RECORD | {"prompt": "x" * 3_000_000}) + "\n"
COMBINED = '203.0.113.7 - - [01/Jan/2026:00:00:00 +0000] "GET / HTTP/1.1" 200 5 "-" "x"\n'
FILES = {
    "an open bracket first": ("[garbage\n" + LINE * 3, 3),
    "an open bracket before one record": ("[garbage\n" + LINE, 1),
    "a list first": ("[1]\n" + LINE * 3, 3),
    "an array that is cut off first": (f"[{LINE.strip()},\n" + LINE * 3, 3),
    "a wrapped array first": ('{"Records": [{"x": 1}]}\n' + LINE * 3, 3),
    "the mark of Parquet first": ("PAR1\n" + LINE * 3, 3),
    "a table's header first": ("time,event\n" + LINE * 3, 3),
    "200 comments first": ("# comment\n" * 200 + LINE * 3, 3),
    "a megabyte of junk first": ("junk\n" * 300_000 + LINE * 3, 3),
    "a first line of three megabytes": (LONG + LINE * 3, 4),
    "a first line beyond every limit": ("x" * 17_000_000 + "\n" + LINE * 3, 3),
    "blank lines first": ("\n" * 1_100_000 + LINE * 3, 3),
    "an array of one long element": (f"[{LONG.strip()}]", 1),
    "an array, one element a line": ("[" + ",\n".join([LINE.strip()] * 3) + "]", 3),
    "a wrapped array, one element a line": ('{"Records": [' + ",\n".join([LINE.strip()] * 3) + "]}", 3),
    "a table whose cells hold JSON lines": (
        'time,event,account_id,prompt\n2026-01-01T00:00:00Z,e,a,"see\n{""x"": 1}\n{}\n"\n', 1
    ),
    "an access log after junk": ("junk\n" * 300 + COMBINED * 3, 3),
}  # fmt: skip


@pytest.mark.parametrize(("text", "records"), FILES.values(), ids=FILES)
def test_a_file_is_read_whatever_its_first_lines_are(tmp_path: Path, text: str, records: int) -> None:
    (tmp_path / "log").write_text(text)
    workspace = open_workspace(tmp_path / "audit", create=True)

    report = ingest([tmp_path / "log"], workspace=workspace, now=datetime(2026, 2, 1, tzinfo=UTC))

    assert (report.failed, report.records) == ((), records)
    assert len(list(open_activity(workspace).rows())) == records
