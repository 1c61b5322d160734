"""Notices on the command line: drafts before a decision, what the ledger tells afterwards."""

import json
import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.cli.samples import write_log, write_pack


@pytest.fixture
def case(auditor: Run) -> str:
    auditor("audit", write_log(Path("log.jsonl")), "--pack", write_pack(Path("pack")))
    [listed] = json.loads(auditor("case", "list", "--json").out)
    return str(listed["case_id"])


def decide(auditor: Run, case: str, *more: str) -> None:
    why = ("--reason", "six refusals got around the limit", "--by", "A. Reviewer")
    assert auditor("case", "propose", case, "--action", "throttle", *why, *more).code == 0
    assert auditor("case", "approve", case, "--by", "B. Lead").code == 0


def test_before_a_decision_a_notice_is_a_draft(auditor: Run, case: str) -> None:
    printed = auditor("case", "notice", case).out

    assert "must not be sent" in printed
    assert "“Do not get around limits.”" in printed


def test_a_decided_notice_says_what_was_decided_and_by_when_to_complain(auditor: Run, case: str) -> None:
    decide(auditor, case, "--beyond", "it went on after a warning")

    [notice] = json.loads(auditor("case", "notice", case, "--language", "fr", "--json").out)["notices"]

    assert (notice["account"], notice["is_draft"], notice["language"]) == ("acct-1", False, "fr")
    assert "est limité à moins de requêtes" in notice["text"]
    assert "approuvée par une autre" in notice["text"]


def test_one_person_who_proposed_and_approved_is_not_told_as_two(auditor: Run, case: str) -> None:
    why = ("--reason", "six refusals", "--by", "A. Reviewer")
    auditor("case", "propose", case, "--action", "verify", *why)
    auditor("case", "approve", case, "--by", "a.  reviewer")

    printed = auditor("case", "notice", case).out

    assert "The decision was made by a person." in printed
    assert "approved by another" not in printed


def test_who_appealed_with_success_is_told_that_the_decision_was_withdrawn(auditor: Run, case: str) -> None:
    decide(auditor, case, "--beyond", "it went on after a warning")
    auditor("case", "appeal", case, "--reason", "the key was stolen", "--by", "A. Reviewer", "--to", "C. Third")
    auditor("case", "appeal", case, "--outcome", "overturned", "--reason", "it was", "--by", "C. Third")

    printed = auditor("case", "notice", case).out

    assert "was withdrawn on" in printed
    assert "it was" in printed
    assert "prohibits this" not in printed


def test_a_complaint_that_waits_is_told_and_none_is_invited_anew(auditor: Run, case: str) -> None:
    decide(auditor, case, "--beyond", "it went on after a warning")
    auditor("case", "appeal", case, "--reason", "the key was stolen", "--by", "A. Reviewer", "--to", "C. Third")

    printed = auditor("case", "notice", case).out

    assert "is being examined by a person who took no part" in printed
    assert "You can complain" not in printed


@pytest.mark.parametrize(
    ("outcome", "told"),
    [(("upheld",), "The decision stands."), (("milder", "--action", "warn"), "was made milder")],
    ids=["upheld", "milder"],
)
def test_who_appealed_is_told_what_came_of_it_and_why(
    auditor: Run, case: str, outcome: tuple[str, ...], told: str
) -> None:
    decide(auditor, case, "--beyond", "it went on after a warning")
    auditor("case", "appeal", case, "--reason", "the key was stolen", "--by", "A. Reviewer", "--to", "C. Third")
    auditor("case", "appeal", case, "--outcome", *outcome, "--reason", "looked at anew", "--by", "C. Third")

    printed = auditor("case", "notice", case).out

    assert told in printed and "looked at anew" in printed
    assert "six refusals got around the limit" in printed and "approved by another" in printed
    assert "You can complain" not in printed


def test_why_people_went_beyond_the_evidence_is_told_as_long_as_they_do(auditor: Run, case: str) -> None:
    decide(auditor, case, "--beyond", "it went on after a warning")
    before = auditor("case", "notice", case).out
    auditor("case", "appeal", case, "--reason", "the key was stolen", "--by", "A. Reviewer", "--to", "C. Third")
    auditor("case", "appeal", case, "--outcome", "milder", "--action", "verify", "--reason", "so", "--by", "C. Third")

    assert "beyond what the records carry by themselves" in before and "it went on after a warning" in before
    assert "it went on after a warning" not in auditor("case", "notice", case).out
    assert "beyond" not in auditor("case", "show", case).out.split("heard")[-1].splitlines()[0]


def test_the_record_of_a_decision_is_printed_on_one_line(auditor: Run, case: str) -> None:
    before = auditor("case", "notice", case, "--record")
    decide(auditor, case, "--beyond", "it went on after a warning")

    record = json.loads(auditor("case", "notice", case, "--record").out)

    assert (before.code, before.out) == (0, "")
    assert "no decision in force restricts an account" in before.err
    assert record["decision_provision"] == "DECISION_PROVISION_PARTIAL_SUSPENSION"
    assert record["automated_decision"] == "AUTOMATED_DECISION_PARTIALLY"
    assert not any("acct-1" in str(value) or "Reviewer" in str(value) for value in record.values())


def test_pages_and_texts_are_written_under_plain_names(auditor: Run, case: str) -> None:
    ran = auditor("case", "notice", case, "--out", "told", "--language", "de")

    assert ran.code == 0
    assert sorted(path.suffix for path in Path("told").iterdir()) == [".html", ".txt"]
    assert all(path.name.isascii() and "acct" not in path.name for path in Path("told").iterdir())


@pytest.mark.parametrize(
    "arguments", [["--language", "xx"], ["--account", "nobody"]], ids=["no such language", "no such account"]
)
def test_what_can_not_be_told_is_wrong_usage(auditor: Run, case: str, arguments: list[str]) -> None:
    assert auditor("case", "notice", case, *arguments).code == 2


def test_what_the_rule_says_of_itself_stands_in_notice_case_and_page(auditor: Run, case: str) -> None:
    notice, shown = auditor("case", "notice", case).out, auditor("case", "show", case).out
    page = Path("audit/cases", f"{case}.html").read_text(encoding="utf-8")

    assert "What the rule looks for: “An account that is refused again and again keeps on calling.”" in notice
    assert "- Many refusals in an hour: a client that retries too eagerly" in notice.partition("WHAT SPEAKS FOR YOU")[2]
    speaks = shown.partition("What speaks for the accounts")[2]
    assert "what else can look like “Many refusals in an hour”: a client that retries too eagerly" in speaks
    assert "a client that retries too eagerly" in page.partition('id="for"')[2].partition('id="not-evaluated"')[0]


def test_a_case_and_its_notice_are_told_without_the_rules_where_these_are_gone(auditor: Run, case: str) -> None:
    for run in Path("audit/runs").iterdir():
        shutil.rmtree(run / "policy")

    shown, notice = auditor("case", "show", case), auditor("case", "notice", case)

    assert (shown.code, notice.code) == (0, 0)
    assert "without what the rules say of themselves" in shown.err
