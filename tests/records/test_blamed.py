"""Whoever gets their own lines quarantined is named for it, where the line still says who it was."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from auditor.records.ingest import IngestReport, ingest
from auditor.records.manifest import load_manifest
from auditor.records.quarantine import (
    MOST_ACCOUNTS,
    AccountLines,
    QuarantinedLines,
    lines_by_account,
    quarantined_lines,
    read_quarantine,
)
from auditor.records.workspace import Workspace, open_workspace

NOW = datetime(2026, 2, 1, tzinfo=UTC)
GOOD = {"time": "2026-01-01T00:00:00Z", "event": "completion", "account_id": "acct-7"}


def line(**fields: object) -> bytes:
    return json.dumps(GOOD | fields).encode() + b"\n"


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return open_workspace(tmp_path / "audit", create=True)


def read(workspace: Workspace, path: Path, data: bytes, profile: str = "auto") -> IngestReport:
    path.write_bytes(data)
    return ingest([path], profile=profile, workspace=workspace, now=NOW)


NAMED = {
    "an escaped NUL in a prompt": line(prompt="a\0b"),
    "a word for a temperature": line(temperature="hot"),
    "a lone surrogate": line(prompt="\ud800"),
    "not a number": line(temperature=float("nan")),
    "a byte that is no UTF-8": line().replace(b"completion", b"\xff"),
    "a key twice": line()[:-2] + b', "model": "a", "model": "b"}\n',
    "a line that was cut off": line(prompt="x" * 99)[:-40],
    "two records run together": line()[:-1] + line(),
    "a bare carriage return": line().replace(b", ", b",\r", 1),
    "deep nesting": line()[:-2] + b', "q": ' + b"[" * 3000 + b"]" * 3000 + b"}\n",
    "a prompt that names another": line(prompt='"account_id": "victim" \0'),
}
NAMELESS = {
    "no JSON": b"hello\n",
    "a NUL in the account": line(account_id="acct\0", temperature="hot"),
    "an account that is an object": line(account_id={"id": "acct-7"}),
    "two accounts": line()[:-2] + b', "account_id": "victim"}\n',
    "two accounts in a broken line": line()[:-1] + line(account_id="victim"),
    "a cut in the account": line()[: line().index(b"-7")],
    "a name without end": line(account_id="a" * 5000, temperature="hot"),
    "a list": b'["account_id", "acct-7"]\n',
}


@pytest.mark.parametrize("bad", NAMED.values(), ids=NAMED)
def test_the_account_is_read_from_a_line_with(workspace: Workspace, tmp_path: Path, bad: bytes) -> None:
    report = read(workspace, tmp_path / "log.jsonl", line(account_id="other") + bad)

    (kept,) = read_quarantine(workspace)
    expected = QuarantinedLines(accounts=(AccountLines(account_id="acct-7", lines=1),))
    assert kept.account_id == "acct-7"
    assert report.quarantined_lines == quarantined_lines(workspace, load_manifest(workspace)) == expected


@pytest.mark.parametrize("bad", NAMELESS.values(), ids=NAMELESS)
def test_nobody_is_named_by(workspace: Workspace, tmp_path: Path, bad: bytes) -> None:
    report = read(workspace, tmp_path / "log.jsonl", line(account_id="other") + bad)

    (kept,) = read_quarantine(workspace)
    assert kept.account_id is None
    assert report.quarantined_lines == QuarantinedLines(nameless=1)


def test_an_account_that_a_profile_computes_is_read_too(workspace: Workspace, tmp_path: Path) -> None:
    event: dict[str, object] = {
        "eventTime": "2026-01-01T00:00:00Z",
        "eventName": "InvokeModel",
        "eventSource": "bedrock.amazonaws.com",
    }
    event |= {"eventID": "1", "userIdentity": {"arn": "arn:aws:iam::1:user/eve"}}
    bad = event | {"eventID": "2", "requestParameters": {"prompt": "a\0b"}}

    read(workspace, tmp_path / "log.jsonl", b"".join(json.dumps(one).encode() + b"\n" for one in (event, bad)))

    assert [kept.account_id for kept in read_quarantine(workspace)] == ["arn:aws:iam::1:user/eve"]


def test_a_row_of_a_table_names_its_account_unless_cells_are_missing(workspace: Workspace, tmp_path: Path) -> None:
    table = b"time,event,account_id,temperature\n2026-01-01T00:00:00Z,completion,acct-7,hot\n2026,acct-7\n"

    read(workspace, tmp_path / "log.csv", table)

    assert [kept.account_id for kept in read_quarantine(workspace)] == ["acct-7", None]


def test_accounts_with_most_lines_come_first_and_the_rest_is_counted() -> None:
    accounts = [f"{number:02}" for number in range(MOST_ACCOUNTS + 2) for _ in range(number + 1)]

    summed = lines_by_account([*accounts, None, None])

    assert [item.lines for item in summed.accounts] == list(range(MOST_ACCOUNTS + 2, 2, -1))
    assert (summed.more_accounts, summed.more_lines, summed.nameless) == (2, 3, 2)


def test_half_a_line_that_came_in_whole_later_is_nobodys(workspace: Workspace, tmp_path: Path) -> None:
    whole = line(account_id="a") + line(prompt="x" * 50)
    read(workspace, tmp_path / "log", whole[:-20])
    before = quarantined_lines(workspace, load_manifest(workspace))

    read(workspace, tmp_path / "log", whole)

    assert before.accounts[0].account_id == "acct-7"
    assert quarantined_lines(workspace, load_manifest(workspace)) == QuarantinedLines()


def test_a_quarantine_that_somebody_removed_names_nobody(workspace: Workspace, tmp_path: Path) -> None:
    read(workspace, tmp_path / "log", line() + line(temperature="hot"))
    for path in workspace.quarantine.iterdir():
        path.unlink()

    assert quarantined_lines(workspace, load_manifest(workspace)) == QuarantinedLines(nameless=1)
