"""Who acts on a decision reads everywhere which accounts it is about, not only the sternest action of the case."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from auditor.cases.casebook import open_casebook
from auditor.cases.notes import list_cases
from auditor.cli.sealing import build_again
from auditor.records.workspace import open_workspace
from tests.cli.conftest import Run
from tests.cli.samples import RULE, write_log, write_pack

ACCOUNTS = ("acct-1", "acct-2", "acct-3", "acct-4", "acct-5")
TOGETHER = RULE.replace("family: limits", "family: limits\nsubject: none")


@pytest.fixture
def group(auditor: Run, monkeypatch: pytest.MonkeyPatch) -> str:
    """A case about five accounts, and the keys of two people."""
    monkeypatch.setenv("AUDITOR_PASSPHRASE", "correct horse")
    logs = [write_log(Path(f"{account}.jsonl"), account=account) for account in ACCOUNTS]
    auditor("audit", *logs, "--pack", write_pack(Path("pack"), rule=TOGETHER))
    for name in ("anna", "bert"):
        assert auditor("keys", "new", f"{name}.pem").code == 0
    [listed] = json.loads(auditor("case", "list", "--json").out)
    return str(listed["case_id"])


@pytest.fixture
def decided(auditor: Run, group: str) -> str:
    """The same, where one account was suspended and the others were cleared."""
    more = ("--account", "acct-2", "--beyond", "its holder said so", "--key", "anna.pem")
    codes = [
        auditor("case", "propose", group, "--action", "suspend", "--reason", "x", "--by", "Anna", *more).code,
        auditor("case", "approve", group, "--by", "Bert", "--key", "bert.pem").code,
    ]
    assert codes == [0, 0]
    return group


SAID = "suspend for acct-2; none for 4 others"


def test_the_commands_say_which_accounts_were_decided_against(auditor: Run, decided: str) -> None:
    shown = auditor("case", "show", decided).out

    assert f"decided: {SAID}" in shown.splitlines()[0]
    assert "approved: suspend for acct-2; none for acct-1" not in shown
    assert f"  approved: {SAID}; Bert" in shown
    assert f"decided: {SAID}" in auditor("case", "list").out
    assert f"approved: {SAID}, signed" in auditor("ledger", "show").out


def test_both_verifiers_say_which_accounts_were_decided_against(auditor: Run, decided: str) -> None:
    bundle = f"audit/bundles/{decided}"
    alone = subprocess.run(
        [sys.executable, "-I", "-S", f"{bundle}/data/verify.py", bundle], capture_output=True, text=True, check=False
    )

    for text in (auditor("bundle", "verify", bundle).out, alone.stdout):
        assert f"approval: {SAID}; Bert" in text
        assert "beyond what the evidence carries, because: its holder said so" in text


def made_again(folder: Path) -> list[Path]:
    """Seal all cases of a workspace together."""
    workspace = open_workspace(folder, create=False)
    with workspace.lock(), open_casebook(workspace.casebook) as casebook:
        return list(build_again(workspace, casebook, list_cases(casebook), say=lambda _said: None))


def contents(folder: Path) -> dict[str, bytes]:
    """Return every file of a folder."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_decided_bundle_is_left_alone_when_all_are_made_again(decided: str) -> None:
    bundle = Path(f"audit/bundles/{decided}")
    before, inode = contents(bundle), bundle.stat().st_ino

    assert made_again(Path("audit")) == [bundle.absolute()]

    assert "attest/02-approval.dsse.json" in before
    assert (contents(bundle), bundle.stat().st_ino) == (before, inode)


def test_a_decided_bundle_that_is_gone_is_made_again_with_its_signatures(decided: str) -> None:
    bundle = Path(f"audit/bundles/{decided}")
    before = contents(bundle)
    shutil.rmtree(bundle)

    made_again(Path("audit"))

    assert contents(bundle) == before


def test_a_decided_bundle_that_can_not_be_made_as_it_was_is_named_and_left_out(
    decided: str, capfd: pytest.CaptureFixture[str]
) -> None:
    shutil.rmtree(f"audit/bundles/{decided}")
    Path(f"audit/secrets/{decided}").unlink()
    capfd.readouterr()

    assert made_again(Path("audit")) == []

    assert f"no bundle was made of case {decided}, which is decided" in capfd.readouterr().err
    assert not Path(f"audit/bundles/{decided}").exists()


def test_json_has_every_account_of_each_step(auditor: Run, decided: str) -> None:
    expected = [{"account": name, "action": "suspend" if name == "acct-2" else "none"} for name in ACCOUNTS]

    shown = json.loads(auditor("case", "show", decided, "--json").out)
    [listed] = json.loads(auditor("case", "list", "--json").out)

    assert [step["actions"] for step in shown["steps"]] == [expected, expected]
    assert listed["decided"] == expected


def test_the_page_says_it_at_its_head_beside_each_account_and_at_the_step(decided: str) -> None:
    text = Path(f"audit/cases/{decided}.html").read_text()
    said = "suspension for acct-2; nothing for 4 others"
    head, accounts, steps = text.partition("<main>")[0], text.partition("<main>")[2], text.partition('id="decided"')[2]

    assert f"Decided: <bdi>{said}</bdi>." in head
    assert f"approved: <bdi>{said}</bdi>" in steps
    assert all(name in steps for name in ACCOUNTS)
    assert accounts.count(">decided: suspension<") == 1
    assert accounts.count(">decided: nothing<") == 4


def test_the_index_tells_each_step_at_once_and_still_what_the_run_found_new(auditor: Run, decided: str) -> None:
    index = Path("audit/cases/index.html")
    at_first = index.read_text()

    auditor("case", "close", decided, "--reason", "done", "--by", "Anna")

    assert "decided: <bdi>suspension for acct-2; nothing for 4 others</bdi>" in at_first
    assert "closed: <bdi>suspension for acct-2; nothing for 4 others</bdi>" in index.read_text()
    assert '<strong class="label grave">new</strong>' in index.read_text()


def test_a_legal_hold_is_seen_wherever_the_case_is(auditor: Run, group: str) -> None:
    page, index = Path(f"audit/cases/{group}.html"), Path("audit/cases/index.html")
    auditor("case", "hold", group, "--reason", "claim 12 O 34/26", "--by", "Anna")
    [listed] = json.loads(auditor("case", "list", "--json").out)
    held = (auditor("case", "show", group).out, auditor("case", "list").out, page.read_text(), index.read_text())

    auditor("case", "hold", group, "--release", "--reason", "settled", "--by", "Anna")

    lifted = (auditor("case", "show", group).out, auditor("case", "list").out, page.read_text(), index.read_text())
    assert listed["is_held"] is True
    assert "under a legal hold by Anna since " in held[0]
    assert all("legal hold" in text.lower() for text in held)
    assert "claim 12 O 34/26" in held[2]
    assert not [text for text in lifted if "legal hold" in text.lower()]


def test_a_case_that_nobody_decided_says_nothing_of_a_decision(auditor: Run, group: str) -> None:
    auditor("case", "propose", group, "--action", "verify", "--reason", "ask", "--by", "Anna")
    text = Path(f"audit/cases/{group}.html").read_text()
    [listed] = json.loads(auditor("case", "list", "--json").out)

    assert listed["decided"] == []
    assert "decided: " not in text.partition('id="decided"')[0]
