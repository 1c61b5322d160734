"""Taking a source back: what it says first, what keeps it from being done, and what the ledger and the cases keep."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from auditor.cases.casebook import open_casebook
from auditor.cases.holds import hold, release
from auditor.cases.ledger import Entry, entries_of, faults_of
from auditor.cases.model import Case
from auditor.cases.notes import list_cases
from auditor.cases.steps import close
from auditor.cli import retracting
from auditor.cli.app import run
from auditor.cli.journey import Order, travel
from auditor.cli.retracting import Outcome, retract_sources, show
from auditor.cli.sealing import build
from auditor.errors import AuditorError, UsageError
from auditor.evidence.verify import verify_bundle
from auditor.records.ingest import ingest
from auditor.records.store import open_activity
from tests.cli.test_forget import case_of, close_case, decide
from tests.evidence.journeys import Audited, audited, quiet, row

NOW = datetime(2025, 7, 1, tzinfo=UTC)


@pytest.fixture
def made(tmp_path: Path) -> Audited:
    """Two accounts with a case each, of one log whose records have ids."""
    rows = [row(number, account=name, record_id=f"{name}{number}") for number in range(7) for name in "ab"]
    return audited(tmp_path, rows)


def taken_back(made: Audited, *names: str, is_meant: bool = True) -> Outcome:
    return retract_sources(
        made.workspace.folder, names or ("log.jsonl",), reason="the wrong month", person="Anna", folder=None,
        profiles=(), now=NOW, is_meant=is_meant,
    )  # fmt: skip


def records(made: Audited) -> int:
    return len(list(open_activity(made.workspace).rows()))


def entries(made: Audited) -> tuple[Entry, ...]:
    with open_casebook(made.workspace.casebook) as casebook, casebook.reading() as db:
        assert faults_of(db) == ()
        return entries_of(db)


def audited_again(made: Audited) -> tuple[Case, ...]:
    order = Order(paths=(), pack=str(made.log.parent / "pack"))
    travel(order, folder=made.workspace.folder, clock=lambda: NOW, say=quiet)
    with open_casebook(made.workspace.casebook) as casebook:
        return list_cases(casebook)


def test_nothing_is_done_unless_it_is_meant(made: Audited, capsys: pytest.CaptureFixture[str]) -> None:
    found = taken_back(made, is_meant=False)
    show(found, is_json=False)

    assert (found.ledger, records(made), entries(made)) == (0, 14, ())
    said = capsys.readouterr().out
    assert "14 records, 0 quarantined lines: would be taken back" in said
    assert f"case {case_of(made, 'a')} (open) cites it in 1 finding: the next audit says what still holds" in said


def test_ledger_keeps_who_took_what_back_and_why(made: Audited) -> None:
    found = taken_back(made)

    (entry,) = entries(made)
    assert (records(made), found.ledger, entry.kind, entry.person) == (0, 1, "retracted", "Anna")
    assert entry.details["reason"] == "the wrong month"
    assert [(source["name"], source["records"]) for source in entry.details["sources"]] == [("log.jsonl", 14)]
    assert {case["case_id"] for case in entry.details["cases"]} == {case.id for case in made.cases}


def test_next_audit_says_that_findings_no_longer_hold(made: Audited) -> None:
    taken_back(made)

    cases = audited_again(made)

    assert {case.id for case in cases} == {case.id for case in made.cases}
    assert {item.status for case in cases for item in case.findings} == {"stale"}
    assert {case.proposed_action for case in cases} == {"none"}


def test_case_whose_records_another_source_holds_as_well_goes_on(made: Audited, tmp_path: Path) -> None:
    copy = tmp_path / "copy.jsonl"
    copy.write_bytes(b"\n" + made.log.read_bytes())
    ingest([copy], workspace=made.workspace, now=NOW)
    before = {case.id: [item.finding.records for item in case.findings] for case in made.cases}

    found = taken_back(made)
    cases = audited_again(made)
    sealed = [verify_bundle(build(made.workspace.folder, case.id, None)).verdict for case in cases]

    assert sealed == ["unproven"] * len(cases)
    assert [(source.name, source.records) for source in found.again] == [("copy.jsonl", 14)]
    assert {case.id: [item.finding.records for item in case.findings] for case in cases} == before
    assert {item.status for case in cases for item in case.findings} != {"stale"}


def test_case_without_its_records_can_neither_be_sealed_nor_decided(made: Audited) -> None:
    taken_back(made)

    with pytest.raises(AuditorError, match="the store gave 0"):
        build(made.workspace.folder, case_of(made, "a"), None)
    with pytest.raises(AuditorError, match="the store gave 0"):
        made.bundles()


def test_case_says_that_a_source_was_taken_back_until_it_is_judged_anew(
    made: Audited, capsys: pytest.CaptureFixture[str]
) -> None:
    show = ["case", "show", case_of(made, "a"), "--workspace", str(made.workspace.folder)]
    said = []

    for step in (lambda: None, lambda: taken_back(made), lambda: audited_again(made)):
        step()
        capsys.readouterr()
        assert run(show) == 0
        said.append("was taken back" in capsys.readouterr().err)

    assert said == [False, True, False]


def test_hold_wins_until_it_is_lifted(made: Audited) -> None:
    with open_casebook(made.workspace.casebook) as casebook:
        hold(casebook, case_of(made, "a"), reason="a claim", person="Anna", now=NOW)

    for is_meant in (False, True):
        with pytest.raises(UsageError, match=f"case {case_of(made, 'a')} cites this source and is under a legal hold"):
            taken_back(made, is_meant=is_meant)
    assert records(made) == 14

    with open_casebook(made.workspace.casebook) as casebook:
        release(casebook, case_of(made, "a"), reason="settled", person="Anna", now=NOW)
    assert taken_back(made).ledger == 3


def test_hold_on_a_closed_case_wins_as_well(made: Audited) -> None:
    close_case(made, "a")
    with open_casebook(made.workspace.casebook) as casebook:
        hold(casebook, case_of(made, "a"), reason="a claim", person="Anna", now=NOW)

    with pytest.raises(UsageError, match="under a legal hold"):
        taken_back(made)


def test_what_people_decided_on_stays_until_the_case_is_closed(made: Audited) -> None:
    bundle = made.bundles()[0].parent / case_of(made, "a")
    decide(made, "a")

    with pytest.raises(UsageError, match=f"case {case_of(made, 'a')} cites this source and is decided"):
        taken_back(made)

    with open_casebook(made.workspace.casebook) as casebook:
        close(casebook, case_of(made, "a"), reason="done", person="Anna", now=NOW)
    taken_back(made)
    assert build(made.workspace.folder, case_of(made, "a"), None) == bundle
    (bundle / "data/case.json").unlink()
    with pytest.raises(UsageError, match=r"source 'log.jsonl' was taken back on 2025-07-01\S* \(ledger entry 4\)"):
        build(made.workspace.folder, case_of(made, "a"), None)


def test_run_killed_before_the_ledger_is_recorded_by_the_next(made: Audited, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(retracting, "append", killed)
        with pytest.raises(KeyboardInterrupt):
            taken_back(made)
    assert (records(made), entries(made)) == (0, ())

    def taken_back_by_eve(*names: str, is_meant: bool = True) -> Outcome:
        return retract_sources(
            made.workspace.folder, names, reason="just looking", person="Eve", folder=None, profiles=(), now=NOW,
            is_meant=is_meant,
        )  # fmt: skip

    assert (taken_back_by_eve("log.jsonl", is_meant=False).ledger, entries(made)) == (0, ())
    with pytest.raises(UsageError, match=r"found another source beside `log\.jsonl`"):
        taken_back_by_eve("log.jsonl", "b.jsonl")

    found = taken_back_by_eve("log.jsonl")

    (entry,) = entries(made)
    assert (entry.kind, found.ledger, found.sources[0].records) == ("retracted", 1, 14)
    assert (entry.person, entry.details["reason"]) == ("Anna", "the wrong month")
    with pytest.raises(UsageError, match=r"found no source 'log\.jsonl'"):
        taken_back(made)


def test_command_line_says_what_it_did(
    made: Audited, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = str(made.workspace.folder)
    given = ["retract", str(made.log), "--reason", "wrong", "--by", "Anna", "--workspace", folder]

    assert [run([*given, "--sources", "nowhere"]), run(["retract", "another", *given[2:]])] == [2, 2]
    monkeypatch.chdir(made.log.parent.parent)
    relative = str(made.log.relative_to(made.log.parent.parent))
    assert [run(["retract", relative, *given[2:]]), run(given), records(made)] == [0, 0, 14]
    capsys.readouterr()
    assert run([*given, "--yes", "--json"]) == 0

    said = json.loads(capsys.readouterr().out)
    assert (said["is_done"], said["ledger"], said["sources"][0]["name"], said["again"]) == (True, 1, "log.jsonl", [])
    assert run(["ledger", "show", "--workspace", folder]) == 0
    assert "taken back: log.jsonl: wrong" in capsys.readouterr().out
