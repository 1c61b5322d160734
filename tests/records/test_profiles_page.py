"""docs/profiles.md and the program say the same: columns, shipped profiles, formats, keys, reasons, both examples."""

import json
import re
import shlex
from datetime import UTC, datetime
from pathlib import Path

import pytest

from auditor.digests import rfc3339
from auditor.errors import PolicyError
from auditor.records import profiles
from auditor.records.dryrun import dry_run
from auditor.records.ingest import ingest
from auditor.records.quarantine import read_quarantine
from auditor.records.schema import COLUMNS
from auditor.records.store import open_activity
from auditor.records.workspace import open_workspace
from tests.cli.conftest import finished, start
from tests.docs.pages import files_of, outputs_of, page, shell_lines

NOW = datetime(2026, 8, 1, tzinfo=UTC)
PAGE = page("docs/profiles.md")
GOOD = '"time": "2026-01-01T00:00:00Z", "event": "e"'
ACCESS_LINE = b'192.0.2.1 - - [17/May/2015:10:05:00 +0000] "GET / HTTP/1.1" 200 1 "-" "M"\n'
BAD_FILES = {
    "a.jsonl": "\n".join(
        (
            f"{{{GOOD}}}",
            '{"event": "e"}',
            '{"time": "2026-01-01T00:00:00Z"}',
            '{"time": "2026-01-01T00:00:00", "event": "e"}',
            f'{{{GOOD}, "status": "many"}}',
            f'{{{GOOD}, "account_id": [1]}}',
            f'{{{GOOD}, "account_id": {{"a": 1}}}}',
            f'{{{GOOD}, "acc',
            "[1]",
            f'{{{GOOD}, "event": "f"}}',
            f'{{{GOOD}, "model": NaN}}',
            f'{{{GOOD}, "model": "a\0b"}}',
            f'{{{GOOD}, "model": "a\\u0000b"}}',
            f'{{{GOOD}, "model": "a\rb"}}',
            f'{{{GOOD}, "q": {"[" * 70}{"]" * 70}}}',
        )
    ).encode()
    + b'\n{"time": "\xff"}\n',
    "b.json": f'[{{{GOOD}}}, {{"time": '.encode(),
    "c.json": f"[{{{GOOD}}}] [1]".encode(),
    "d.log": ACCESS_LINE + b"hello\n" + b"x" * 300_000 + b"\n",
    "e.csv": b'time,event\n2026-01-01T00:00:00Z\n2026-01-01T00:00:00Z,"a"b\n',
}


def tables() -> list[list[list[str]]]:
    """Return the page's tables: rows of cells, the head first."""
    blocks = re.findall(r"(?:^\|.*\|\n)+", PAGE, re.MULTILINE)
    rows = [[re.split(r"(?<!\\)\|", line)[1:-1] for line in block.splitlines()] for block in blocks]
    return [[[cell.strip() for cell in row] for row in table if not row[0].startswith("---")] for table in rows]


def table(*head: str) -> list[list[str]]:
    """Return the rows of the table under a head."""
    (found,) = [rows[1:] for rows in tables() if rows[0][: len(head)] == list(head)]
    return found


def ticked(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)


def test_every_column_is_told_with_its_type_and_meaning() -> None:
    told = [(ticked(name)[0], kind, meaning) for name, kind, meaning in table("column", "type", "meaning")]

    units = {name: f" ({column.unit})" if column.unit else "" for name, column in COLUMNS.items()}
    fact = {name: "; account fact" if column.is_fact else "" for name, column in COLUMNS.items()}
    expected = [(c.name, c.type.value, f"{c.meaning}{units[c.name]}{fact[c.name]}") for c in COLUMNS.values()]
    assert told == expected


def test_every_type_is_told() -> None:
    assert {row[0] for row in table("type", "what is taken")} == {column.type.value for column in COLUMNS.values()}


def test_every_shipped_profile_is_told_with_what_it_is_recognised_by() -> None:
    told = {ticked(row[0])[0]: ticked(row[2]) for row in table("profile", "what it reads")}

    expected = {name: list(profiles.load_profile(name).recognise) for name in profiles.SHIPPED}
    assert told == expected


def test_every_format_is_told() -> None:
    assert {ticked(row[0])[0] for row in table("word", "what it is")} == set(profiles.FORMATS)


@pytest.mark.parametrize("key", [ticked(row[0])[0] for row in table("key", "what it says")])
def test_a_key_that_is_told_is_a_key_of_a_profile(key: str) -> None:
    told_wrongly = f"`{key}` is no key"

    with pytest.raises(PolicyError) as caught:
        profiles.profile_of(f"{key}: {{}}\n".encode(), "mine.yml")

    assert [problem for problem in caught.value.problems if told_wrongly in problem.message] == []


def test_every_key_of_a_profile_is_told() -> None:
    with pytest.raises(PolicyError) as caught:
        profiles.profile_of(b"nonsense: x\n", "mine.yml")
    (hint,) = {problem.hint for problem in caught.value.problems if "nonsense" in problem.message}

    told = {ticked(row[0])[0] for row in table("key", "what it says")}

    assert told == set(hint.removeprefix("use ").split(", "))


def test_every_reason_of_a_bad_line_is_told_and_every_told_reason_happens(tmp_path: Path) -> None:
    for name, data in BAD_FILES.items():
        (tmp_path / name).write_bytes(data)
    workspace = open_workspace(tmp_path / "audit", create=True)
    told = {row[0]: re.escape(row[0]).replace("…", ".*") for row in table("reason", "what to do")}

    report = ingest([tmp_path / name for name in BAD_FILES], workspace=workspace, now=NOW)

    reasons = [bad.reason for bad in read_quarantine(workspace)]
    untold = [reason for reason in reasons if not any(re.fullmatch(p, reason) for p in told.values())]
    unseen = [text for text, pattern in told.items() if not any(re.fullmatch(pattern, r) for r in reasons)]
    assert (report.failed, untold, unseen) == ((), [], [])


def test_the_worked_example_prints_what_the_page_shows(tmp_path: Path) -> None:
    for name, text in files_of(PAGE).items():
        (tmp_path / name).write_text(text)
    rehearse, read = [shlex.split(line)[1:] for line in shell_lines(PAGE) if "gateway" in line]

    rehearsed, ran = [finished(start(*command, folder=tmp_path)) for command in (rehearse, read)]

    assert (rehearsed.code, ran.code) == (0, 0)
    assert "expected a time with a zone" in rehearsed.out
    assert ran.out == next(output for output in outputs_of(PAGE) if output.startswith("source"))


def test_the_worked_example_gives_the_records_that_the_page_shows(tmp_path: Path) -> None:
    for name, text in files_of(PAGE).items():
        (tmp_path / name).write_text(text)
    workspace = open_workspace(tmp_path / "audit", create=True)
    names = ("record_id", "time", "event", "account_id", "input_tokens", "status")

    ingest([tmp_path / "gateway.jsonl"], profile=tmp_path / "gateway.yml", workspace=workspace, now=NOW)

    rows = [row | {"time": rfc3339(row["time"])} for row in open_activity(workspace).rows()]
    found = sorted([str(row[name] or "") for name in names] for row in rows)
    extra = [json.loads(row["extra"]) for row in rows if row["record_id"] == "r-1"]
    assert found == table(*names)
    assert [sorted(one) for one in extra] == [["op", "region", "result", "tenant", "usage"]]


def test_the_example_of_lines_is_read_as_the_page_says(tmp_path: Path) -> None:
    for name, text in files_of(PAGE).items():
        (tmp_path / name).write_text(text)

    (tried,), _ = dry_run([tmp_path / "lines.log"], profile=tmp_path / "lines.yml")

    assert (tried.format, tried.lines, tried.bad) == ("textlog", 3, 1)
    assert {"account_id", "status", "endpoint"} < set(tried.provides)


@pytest.mark.parametrize("row", table("in the log", "expression", "zone"), ids=lambda row: row[0])
def test_a_time_in_other_clothes_is_read_by_its_expression(tmp_path: Path, row: list[str]) -> None:
    text, expression, zones = ticked(row[0])[0], ticked(row[1])[0], ticked(row[2])
    zone = zones[0] if zones else "Europe/Berlin" if row[2] else ""
    profile = {"columns": {"time": expression, "event": "'e'"}} | ({"zone": zone} if zone else {})
    (tmp_path / "mine.yml").write_text(json.dumps(profile))
    (tmp_path / "log.jsonl").write_text(json.dumps({"n": text}) + "\n" + json.dumps({"n": "hostile"}) + "\n")

    (tried,), _ = dry_run([tmp_path / "log.jsonl"], profile=tmp_path / "mine.yml")

    assert (tried.bad, tried.problems[0].split(": ")[1][:6]) == (1, "`time`")
