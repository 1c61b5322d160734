"""From a proposal to a verified decision on the command line."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.cli.samples import write_log, write_pack


@pytest.fixture
def case(auditor: Run, monkeypatch: pytest.MonkeyPatch) -> str:
    """A case on which the machine proposes `verify`, and the keys of three people."""
    monkeypatch.setenv("AUDITOR_PASSPHRASE", "correct horse")
    auditor("audit", write_log(Path("log.jsonl")), "--pack", write_pack(Path("pack")))
    for name in ("anna", "bert", "cara"):
        assert auditor("keys", "new", f"{name}.pem").code == 0
    [listed] = json.loads(auditor("case", "list", "--json").out)
    return str(listed["case_id"])


def propose(auditor: Run, case: str, *more: str) -> int:
    """Propose as Anna."""
    return auditor("case", "propose", case, "--reason", "keys hop", "--by", "Anna", *more).code


SUSPEND = ("--action", "suspend", "--beyond", "they admitted it", "--key", "anna.pem")
TRUST = ("--trust", "anna.pem.pub", "--trust", "bert.pem.pub", "--trust", "cara.pem.pub")


def test_decision_of_two_people_is_verified_by_both_verifiers(auditor: Run, case: str) -> None:
    bundle = f"audit/bundles/{case}"
    codes = [
        propose(auditor, case, *SUSPEND),
        auditor("case", "approve", case, "--by", "Bert", "--key", "bert.pem").code,
    ]

    report = json.loads(auditor("bundle", "verify", bundle, *TRUST, "--json").out)
    alone = subprocess.run(
        [sys.executable, "-I", "-S", f"{bundle}/data/verify.py", bundle, *TRUST],
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert codes == [0, 0]
    assert (report["verdict"], report["stage"]) == ("verified", "approval")
    assert alone.stdout.splitlines()[-1] == "verified"
    assert json.loads(auditor("case", "list", "--json").out)[0]["status"] == "decided"


def test_a_proposal_says_the_whole_command_that_approves_it(auditor: Run, case: str) -> None:
    why = ("--action", "verify", "--reason", "keys hop", "--by", "Anna")
    Path("audit").rename("other place")

    unsigned = auditor("case", "propose", case, *why, "--workspace", "other place").out
    signed = auditor("case", "propose", case, *why, "--key", "anna.pem", "--workspace", "other place").out

    assert f"`auditor case approve {case} --by NAME --workspace 'other place'`" in unsigned
    assert f"`auditor case approve {case} --by NAME --key FILE --workspace 'other place'`" in signed


def test_decision_is_unproven_to_who_trusts_nobody(auditor: Run, case: str) -> None:
    propose(auditor, case, *SUSPEND)

    assert auditor("bundle", "verify", f"audit/bundles/{case}").code == 3


def test_more_than_the_evidence_carries_is_refused(auditor: Run, case: str) -> None:
    ended = auditor("case", "propose", case, "--action", "suspend", "--reason", "x", "--by", "Anna")

    assert ended.code == 2
    assert "beyond what the evidence carries, which is at most `verify`" in ended.err


def test_bundle_made_anew_carries_what_was_signed(auditor: Run, case: str) -> None:
    propose(auditor, case, *SUSPEND)
    auditor("case", "approve", case, "--by", "Bert", "--key", "bert.pem")

    auditor("bundle", "build", case, "--out", "elsewhere")

    assert auditor("bundle", "verify", "elsewhere", *TRUST).code == 0


def test_bundle_of_a_decided_case_is_the_one_that_was_decided_on(auditor: Run, case: str) -> None:
    propose(auditor, case, *SUSPEND)
    auditor("case", "approve", case, "--by", "Bert", "--key", "bert.pem")
    auditor("audit", write_log(Path("more.jsonl"), refusals=30), "--pack", "pack")

    codes = [auditor("bundle", "build", case, "--out", out).code for out in ("elsewhere", "elsewhere.zip")]

    assert codes == [0, 0]
    assert [auditor("bundle", "verify", out, *TRUST).code for out in ("elsewhere", "elsewhere.zip")] == [0, 0]


def test_case_file_tells_what_people_decided(auditor: Run, case: str) -> None:
    propose(auditor, case, *SUSPEND)

    page = (Path("audit/cases") / f"{case}.html").read_text()

    assert "What people decided" in page
    assert "they admitted it" in page


def test_what_is_in_force_stands_where_one_looks_first(auditor: Run, case: str) -> None:
    auditor("case", "propose", case, "--action", "warn", "--reason", "a first time", "--by", "A. Reviewer")
    auditor("case", "approve", case, "--by", "B. Lead")

    assert "decided: warn" in auditor("case", "list").out
    assert "decided: warn for acct-1" in auditor("case", "show", case).out.splitlines()[0]
    assert "Decided: <bdi>a warning for acct-1</bdi>." in (Path("audit/cases") / f"{case}.html").read_text()


def test_proposal_is_void_when_the_case_changes(auditor: Run, case: str) -> None:
    propose(auditor, case, *SUSPEND)
    auditor("audit", write_log(Path("more.jsonl"), refusals=30), "--pack", "pack")

    ended = auditor("case", "approve", case, "--by", "Bert", "--key", "bert.pem")

    assert ended.code == 2
    assert "has changed since it was proposed" in ended.err


def test_appeal_is_heard_and_shown(auditor: Run, case: str) -> None:
    propose(auditor, case, *SUSPEND)
    auditor("case", "approve", case, "--by", "Bert", "--key", "bert.pem")
    auditor("case", "appeal", case, "--reason", "stolen key", "--by", "Anna", "--to", "Cara")

    heard = auditor(
        "case", "appeal", case, "--outcome", "overturned", "--reason", "it was", "--by", "Cara", "--key", "cara.pem"
    )

    shown = auditor("case", "show", case).out
    assert heard.code == 0
    assert "heard: none for acct-1; Cara" in shown
    assert json.loads(auditor("bundle", "verify", f"audit/bundles/{case}", *TRUST, "--json").out)["stage"] == "appeal"


def test_case_file_tells_what_came_of_an_appeal_though_the_bundle_is_gone(auditor: Run, case: str) -> None:
    propose(auditor, case, *SUSPEND)
    auditor("case", "approve", case, "--by", "Bert", "--key", "bert.pem")
    auditor("case", "appeal", case, "--reason", "stolen key", "--by", "Anna", "--to", "Cara")
    shutil.rmtree(f"audit/bundles/{case}")

    outcome = ("--outcome", "overturned", "--reason", "a thief had it", "--by", "Cara", "--key", "cara.pem")
    heard = auditor("case", "appeal", case, *outcome)

    assert f"`auditor bundle build {case}` puts it into the bundle" in heard.err
    assert "a thief had it" in (Path("audit/cases") / f"{case}.html").read_text()


def test_steps_are_in_the_ledger(auditor: Run, case: str) -> None:
    auditor("case", "assign", case, "--to", "Anna", "--by", "Lead")
    propose(auditor, case, "--action", "verify")
    auditor("case", "approve", case, "--by", "Anna")
    auditor("case", "close", case, "--reason", "answered", "--by", "Anna")

    listed = json.loads(auditor("ledger", "show", "--json", "--head-out", "head.json").out)

    assert [entry["kind"] for entry in listed["entries"]] == ["assigned", "proposed", "approved", "closed"]
    assert auditor("ledger", "verify", "--head", "head.json").code == 0
    assert auditor("ledger", "show").code == 0


def test_signed_file_of_a_bundle_holds_the_ledger_to_what_it_was(auditor: Run, case: str) -> None:
    auditor("case", "note", case, "seen", "--by", "Anna")
    propose(auditor, case, *SUSPEND)
    kept = f"audit/bundles/{case}/attest/01-proposal.dsse.json"

    assert auditor("ledger", "verify", "--head", kept, "--trust", "anna.pem.pub").code == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ("propose", "--action", "ban", "--reason", "x", "--by", "A"),
        ("propose", "--action", "verify", "--reason", "x", "--by", "A", "--key", "nowhere.pem"),
        ("approve", "--by", "A"),
        ("appeal", "--reason", "x", "--by", "A"),
        ("appeal", "--reason", "x", "--by", "A", "--to", "C"),
        ("close", "--reason", " ", "--by", "A"),
    ],
    ids=lambda arguments: " ".join(arguments),
)
def test_step_that_makes_no_sense_is_wrong_usage(auditor: Run, case: str, arguments: tuple[str, ...]) -> None:
    assert auditor("case", arguments[0], case, *arguments[1:]).code == 2


def test_key_is_shown_by_its_name(auditor: Run, case: str) -> None:
    assert case
    shown = json.loads(auditor("keys", "show", "anna.pem", "--json").out)

    assert shown["public_key"] == Path("anna.pem.pub").read_text()


def test_passphrase_may_come_from_a_file(auditor: Run, case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AUDITOR_PASSPHRASE")
    Path("secret").write_text("correct horse\n")

    assert propose(auditor, case, *SUSPEND, "--passphrase-file", "secret") == 0
    assert propose(auditor, case, *SUSPEND) == 2


def test_the_list_of_cases_shows_how_far_they_have_come_once_people_did_something(auditor: Run, case: str) -> None:
    before = auditor("case", "list").out
    propose(auditor, case, "--action", "verify")

    after = auditor("case", "list").out

    assert "status" not in before
    assert "proposed  " in after.splitlines()[2]
    assert after.splitlines()[0].split()[:4] == ["case", "severity", "proposed", "status"]


def test_closing_a_case_says_that_its_proposal_is_dropped(auditor: Run, case: str) -> None:
    propose(auditor, case, "--action", "verify")

    closed = auditor("case", "close", case, "--reason", "a failover", "--by", "Bert")

    assert closed.code == 0
    assert "the proposal of Anna, which nobody had approved, is dropped" in closed.err


def test_closing_a_case_without_a_waiting_proposal_says_nothing_of_one(auditor: Run, case: str) -> None:
    propose(auditor, case, "--action", "verify")
    auditor("case", "approve", case, "--by", "Bert")

    assert "dropped" not in auditor("case", "close", case, "--reason", "done", "--by", "Bert").err


def test_a_public_key_where_a_private_one_is_meant_is_told_as_such(auditor: Run, case: str) -> None:
    why = ("--action", "verify", "--reason", "keys hop", "--by", "Anna")

    ran = auditor("case", "propose", case, *why, "--key", "anna.pem.pub")

    assert ran.code == 2
    assert "anna.pem.pub: this is a public key, expected the private one that goes with it" in ran.err
    assert "chmod" not in ran.err


def test_a_misspelt_outcome_is_told_with_what_was_meant(auditor: Run, case: str) -> None:
    ran = auditor("case", "appeal", case, "--outcome", "overturn", "--reason", "it was", "--by", "Cara")

    assert ran.code == 2
    assert "found `overturn`, expected one of upheld, milder, overturned\n  hint: did you mean `overturned`?" in ran.err
