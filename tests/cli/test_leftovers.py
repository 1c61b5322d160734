"""What is missing or left over in a workspace is said, not passed over."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.cli.samples import write_log, write_pack

CASEBOOK = Path("audit/casebook.db")
CUT_OFF = Path("audit/runs/20260101T000000Z-0a1b2c")


@pytest.fixture
def audited(auditor: Run) -> Run:
    """The program, after a first audit."""
    ran = auditor("audit", write_log(Path("log.jsonl")), "--pack", write_pack(Path("pack")))
    assert (ran.code, ran.err) == (0, "")
    return auditor


@pytest.mark.parametrize("command", [("audit", "--pack", "pack"), ("case", "list")], ids=" ".join)
def test_a_casebook_that_is_gone_is_said_with_where_to_put_a_backup(audited: Run, command: tuple[str, ...]) -> None:
    CASEBOOK.unlink()

    ran = audited(*command)

    assert ran.code == 0
    assert "warning: the casebook `audit/casebook.db` is gone" in ran.err and "notes" in ran.err
    assert "put it back as `audit/casebook.db`" in ran.err


def test_the_warning_is_not_in_the_json(audited: Run) -> None:
    CASEBOOK.unlink()

    assert json.loads(audited("audit", "--pack", "pack", "--json").out)["findings"] == 1


@pytest.mark.parametrize("error", ["", "the rule failed"], ids=["no run yet", "only a run that failed"])
def test_a_first_casebook_is_no_loss(auditor: Run, error: str) -> None:
    auditor("ingest", write_log(Path("log.jsonl")))
    if error:
        auditor("audit", "--pack", write_pack(Path("pack")))
        CASEBOOK.unlink()
        [receipt] = Path("audit/runs").glob("*/receipt.json")
        receipt.write_text(json.dumps({**json.loads(receipt.read_text()), "error": error}))

    ran = auditor("audit", "--pack", write_pack(Path("pack")))

    assert (ran.code, ran.err) == (0, "")


def test_a_run_that_was_killed_before_its_receipt_is_named_and_removed(audited: Run) -> None:
    (CUT_OFF / "policy").mkdir(parents=True)

    ran = audited("audit", "--pack", "pack")

    assert f"run {CUT_OFF.name} was cut off" in ran.err
    assert not CUT_OFF.exists()
    assert all(run.joinpath("receipt.json").is_file() for run in Path("audit/runs").iterdir())


def test_a_half_written_file_of_a_killed_run_is_removed(audited: Run) -> None:
    [run] = Path("audit/runs").iterdir()
    partial = run / ".partial-1-citations.parquet"
    partial.write_bytes(b"PAR1")

    audited("audit", "--pack", "pack")

    assert not partial.exists() and (run / "citations.parquet").is_file()


@pytest.mark.parametrize("name", ["my-notes", CUT_OFF.name], ids=["another folder", "a run with citations"])
def test_what_may_be_somebodys_is_never_removed(audited: Run, name: str) -> None:
    kept = Path("audit/runs") / name / "citations.parquet"
    kept.parent.mkdir()
    kept.write_bytes(b"PAR1")

    audited("audit", "--pack", "pack")

    assert kept.is_file()
