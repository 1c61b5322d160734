"""Forgetting an account erases what it wrote, the secrets of its cases and their bundles, and nothing under a hold."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from auditor.cases.casebook import open_casebook
from auditor.cases.holds import hold, release
from auditor.cases.ledger import entries_of, faults_of
from auditor.cases.model import ActionName
from auditor.cases.steps import close
from auditor.cli.forgetting import Forgotten, forget, show
from auditor.cli.sealing import build
from auditor.digests import digest_of_file
from auditor.errors import UsageError
from auditor.evidence.deciding import Signer, approve, propose
from auditor.evidence.verify import verify_bundle
from auditor.records.store import open_activity
from tests.evidence.journeys import Audited, audited, row

NOW = datetime(2025, 7, 1, tzinfo=UTC)
SECRET_TEXT = "what the account asked in confidence"


@pytest.fixture
def made(tmp_path: Path) -> Audited:
    """Two accounts with a case each, over two days, both with content; their bundles are sealed."""
    rows = [
        row(number, account=name, prompt=f"{SECRET_TEXT} of {name}", note="beside the columns")
        for number in (*range(7), 1440)
        for name in "ab"
    ]
    made = audited(tmp_path, rows)
    made.bundles()
    return made


def case_of(made: Audited, account: str) -> str:
    """Return the id of an account's case."""
    return next(case.id for case in made.cases if case.accounts == (account,))


def close_case(made: Audited, account: str) -> None:
    """Close the case of an account."""
    with open_casebook(made.workspace.casebook) as casebook:
        close(casebook, case_of(made, account), reason="done", person="Anna", now=NOW)


def forgotten(made: Audited, account: str, *, is_meant: bool = True) -> Forgotten:
    """Forget an account."""
    folder = made.workspace.folder
    return forget(folder, account, reason="asked for it", person="Anna", now=NOW, is_meant=is_meant)


def prompts(made: Audited) -> list[tuple[str, str | None, str | None]]:
    """Return account, prompt and whatever else each record of the store says."""
    activity = open_activity(made.workspace)
    query = "SELECT account_id, prompt, extra FROM records ORDER BY ALL"
    return activity.connection.execute(query).fetchall()


def test_what_the_account_wrote_is_nowhere_in_the_workspace_afterwards(made: Audited) -> None:
    close_case(made, "a")

    forgotten(made, "a")

    holding = [path for path in made.workspace.folder.rglob("*") if path.is_file() and path != made.log]
    assert [path.name for path in holding if f"{SECRET_TEXT} of a".encode() in path.read_bytes()] == []
    assert [found for found in prompts(made) if found[0] == "a"] == [("a", None, None)] * 8
    assert not (made.workspace.secrets / case_of(made, "a")).exists()
    assert not (made.workspace.bundles / case_of(made, "a")).exists()


def test_others_are_left_as_they_are(made: Audited) -> None:
    before = [found for found in prompts(made) if found[0] == "b"]
    close_case(made, "a")

    forgotten(made, "a")

    assert [found for found in prompts(made) if found[0] == "b"] == before
    assert verify_bundle(made.workspace.bundles / case_of(made, "b")).verdict == "unproven"


def test_ledger_keeps_that_it_happened(made: Audited) -> None:
    close_case(made, "a")

    forgotten(made, "a")

    with open_casebook(made.workspace.casebook) as casebook, casebook.reading() as db:
        entry = entries_of(db)[-1]
        assert faults_of(db) == ()
    assert (entry.kind, entry.person, entry.details["account"], entry.details["records"]) == (
        "forgotten",
        "Anna",
        "a",
        8,
    )
    assert entry.details["secrets"] == [case_of(made, "a")]


def test_nothing_is_done_unless_it_is_meant(made: Audited) -> None:
    close_case(made, "a")
    before = prompts(made)

    found = forgotten(made, "a", is_meant=False)

    assert (found.records, found.ledger, prompts(made)) == (8, 0, before)
    assert (made.workspace.bundles / case_of(made, "a")).exists()


def test_open_case_keeps_what_it_rests_on(made: Audited) -> None:
    with pytest.raises(UsageError, match="is open"):
        forgotten(made, "a")

    assert (made.workspace.secrets / case_of(made, "a")).exists()


def test_hold_wins_until_it_is_lifted(made: Audited) -> None:
    close_case(made, "a")
    with open_casebook(made.workspace.casebook) as casebook:
        hold(casebook, case_of(made, "a"), reason="a claim", person="Anna", now=NOW)
        with pytest.raises(UsageError, match="already"):
            hold(casebook, case_of(made, "a"), reason="a claim", person="Anna", now=NOW)

    with pytest.raises(UsageError, match="under a legal hold"):
        forgotten(made, "a")

    with open_casebook(made.workspace.casebook) as casebook:
        release(casebook, case_of(made, "a"), reason="settled", person="Anna", now=NOW)
    assert forgotten(made, "a").records == 8


def test_bundle_made_afterwards_quotes_nothing_and_holds(made: Audited) -> None:
    close_case(made, "a")
    forgotten(made, "a")

    bundle = next(path for path in made.bundles() if path.name == case_of(made, "a"))

    lines = [json.loads(line) for line in (bundle / "data/records/cited.jsonl").read_bytes().splitlines()]
    assert {line["source"].get("without_bytes", "")[:24] for line in lines} == {"the account is forgotten"}
    assert verify_bundle(bundle).verdict == "unproven"


def test_account_that_is_forgotten_has_nothing_to_forget(made: Audited) -> None:
    close_case(made, "a")
    forgotten(made, "a")

    with pytest.raises(UsageError, match="nothing is kept"):
        forgotten(made, "a")
    with pytest.raises(UsageError, match="nothing is kept"):
        forgotten(made, "nobody")


def decide(made: Audited, account: str) -> None:
    """Let one person decide the case of an account on its bundle."""
    case_id = case_of(made, account)
    bundle = digest_of_file(made.workspace.bundles / case_id / "tagmanifest-sha256.txt")
    anna = Signer("Anna")
    with open_casebook(made.workspace.casebook) as casebook:
        propose(
            casebook, case_id, action=ActionName.NONE, accounts=(), reason="ours", beyond="", signer=anna,
            bundle=bundle, root="", strike_days=365, now=NOW,
        )  # fmt: skip
        approve(casebook, case_id, reason="", signer=anna, bundle=bundle, now=NOW)


def test_decided_cases_are_named_before_anything_is_done(made: Audited, capsys: pytest.CaptureFixture[str]) -> None:
    decide(made, "a")
    close_case(made, "a")

    found = forgotten(made, "a", is_meant=False)
    show(found, is_json=False)

    assert found.decided == (case_of(made, "a"),)
    said = capsys.readouterr().out
    assert f"what people decided on in {case_of(made, 'a')}: that bundle could never be made again" in said


def test_bundle_that_was_decided_on_is_refused_by_the_entry_of_the_ledger(made: Audited) -> None:
    decide(made, "a")
    close_case(made, "a")
    entry = forgotten(made, "a").ledger

    with pytest.raises(UsageError, match=rf"account 'a' was forgotten on 2025-07-01\S* \(ledger entry {entry}\)"):
        build(made.workspace.folder, case_of(made, "a"), None)
