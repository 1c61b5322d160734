"""An account that got its own lines quarantined is named by `ingest`, by the audit and in its receipt."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run


def write_log(path: Path, accounts: dict[str, int]) -> Path:
    good = {"time": "2026-01-01T00:00:00Z", "event": "completion", "account_id": "good", "record_id": "1"}
    bad = [good | {"account_id": name, "temperature": "hot"} for name, lines in accounts.items() for _ in range(lines)]
    path.write_text("".join(json.dumps(record) + "\n" for record in (good, *bad)) + "oops\n")
    return path


def test_ingest_and_audit_name_accounts_behind_quarantined_lines(auditor: Run, tmp_path: Path) -> None:
    log = write_log(tmp_path / "log.jsonl", {"acct-9": 1, "acct-7": 3})
    expected = "3 quarantined lines of `acct-7`, 1 of `acct-9`, 1 whose account can't be read"

    read = auditor("ingest", log)
    audited = auditor("audit")

    assert expected in read.out.splitlines()
    assert f"not judged: {expected}" in audited.out.splitlines()


def test_json_and_receipt_name_them_too(auditor: Run, tmp_path: Path) -> None:
    log = write_log(tmp_path / "log.jsonl", {"acct-7": 2})
    expected = {
        "accounts": [{"account_id": "acct-7", "lines": 2}], "more_accounts": 0, "more_lines": 0, "nameless": 1,
    }  # fmt: skip

    read = json.loads(auditor("ingest", log, "--json").out)
    audited = json.loads(auditor("audit", "--json").out)

    receipt = json.loads((tmp_path / "audit" / "runs" / audited["run_id"] / "receipt.json").read_bytes())
    assert read["quarantined_lines"] == audited["quarantined_lines"] == receipt["quarantined"] == expected


@pytest.mark.parametrize("name", ["\x1b[31mred", "a\u202eb", "x" * 100], ids=["escape", "override", "long"])
def test_a_hostile_name_is_cut_and_made_visible(auditor: Run, tmp_path: Path, name: str) -> None:
    log = write_log(tmp_path / "log.jsonl", {name: 1})

    (line,) = [line for line in auditor("ingest", log).out.splitlines() if "quarantined line of" in line]

    assert line.isprintable()
    assert len(line) < 130
