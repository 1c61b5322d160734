"""Cases, notes and bundles on the command line."""

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


def test_case_list_has_its_fixed_keys(auditor: Run, case: str) -> None:
    [listed] = json.loads(auditor("case", "list", "--json").out)

    assert listed == {
        "case_id": case,
        "accounts": ["acct-1"],
        "severity": "medium",
        "proposed_action": "verify",
        "status": "open",
    } | {key: listed[key] for key in listed.keys() - {"case_id", "accounts", "severity", "proposed_action", "status"}}


@pytest.mark.parametrize(("status", "shown"), [("open", 1), ("closed", 0)])
def test_case_list_can_be_asked_for_one_status(auditor: Run, case: str, status: str, shown: int) -> None:
    listed = json.loads(auditor("case", "list", "--status", status, "--json").out)

    assert [item["case_id"] for item in listed] == [case] * shown


@pytest.mark.usefixtures("case")
def test_a_status_that_there_is_not_is_wrong_usage(auditor: Run) -> None:
    ran = auditor("case", "list", "--status", "opened")

    assert ran.code == 2
    assert "did you mean `open`?" in ran.err


def test_case_show_tells_clause_measure_and_reason(auditor: Run, case: str) -> None:
    shown = auditor("case", "show", case).out

    told = ["Many refusals in an hour", "2.1", "Do not get around limits.", "records: 6 (threshold: at least 5)"]
    for words in [*told, "acct-1: verify"]:
        assert words in shown


def test_a_note_outlives_the_next_audit(auditor: Run, case: str) -> None:
    written = auditor("case", "note", case, "called them", "--by", "A. Reviewer")
    auditor("audit", "--pack", "pack")

    notes = json.loads(auditor("case", "show", case, "--json").out)["notes"]
    assert written.out == f"note 1 on {case}\n"
    assert [(note["author"], note["text"]) for note in notes] == [("A. Reviewer", "called them")]


def test_a_note_is_on_the_page_of_its_case_at_once(auditor: Run, case: str) -> None:
    page = Path("audit/cases") / f"{case}.html"
    before = page.read_text()

    auditor("case", "note", case, "called the customer", "--by", "A. Reviewer")

    assert "called the customer" not in before
    assert "called the customer" in page.read_text()
    assert page.read_text().split("<footer")[-1] == before.split("<footer")[-1]


def test_a_note_is_kept_when_its_page_cannot_be_made(auditor: Run, case: str) -> None:
    shutil.rmtree("audit/runs")

    ran = auditor("case", "note", case, "called them", "--by", "A. Reviewer")

    assert ran.code == 0 and "the note is kept" in ran.err
    assert json.loads(auditor("case", "show", case, "--json").out)["notes"][0]["text"] == "called them"


@pytest.mark.parametrize(("text", "by"), [("", "A"), ("x", " ")], ids=["no text", "no author"])
def test_an_empty_note_is_refused(auditor: Run, case: str, text: str, by: str) -> None:
    assert auditor("case", "note", case, text, "--by", by).code == 2


def test_export_is_one_json_object_on_screen_and_in_a_file(auditor: Run, case: str) -> None:
    printed = auditor("case", "export", case).out
    auditor("case", "export", case, "--out", "case.json")

    assert Path("case.json").read_text() == printed
    assert json.loads(printed)["case_id"] == case


def test_a_bundle_is_built_where_its_path_says_and_is_unproven_without_a_signature(auditor: Run, case: str) -> None:
    built = auditor("bundle", "build", case)
    verified = auditor("bundle", "verify", built.out.strip())

    assert built.code == 0 and Path(built.out.strip()) == Path.cwd() / "audit" / "bundles" / case
    assert verified.code == 3 and "unproven" in verified.out


def test_a_changed_byte_in_a_bundle_fails_and_names_the_file(auditor: Run, case: str) -> None:
    bundle = Path(auditor("bundle", "build", case, "--out", "sealed").out.strip())
    target = bundle / "data" / "case.json"
    target.write_bytes(target.read_bytes().replace(b"acct-1", b"acct-2", 1))

    verified = auditor("bundle", "verify", bundle)

    assert verified.code == 1
    assert "data/case.json" in verified.out


def test_a_check_that_fails_in_many_places_is_told_and_counted_once(auditor: Run, case: str) -> None:
    bundle = Path(auditor("bundle", "build", case, "--out", "sealed").out.strip())
    whole = auditor("bundle", "verify", bundle).out
    (bundle / "data" / "case.json").write_bytes(b"{")
    (bundle / "data" / "records" / "cited.jsonl").unlink()

    changed = auditor("bundle", "verify", bundle).out

    heads = [line.split(": ")[2] for line in changed.splitlines() if line.startswith("failed: ") and "hold" not in line]
    assert len(heads) == len(set(heads)) > 3
    assert "finding: every finding rests on the cited records:\n  data/" in changed
    assert whole.split(" of ")[1].split()[0] == changed.split(" of ")[-1].split()[0]


def test_a_bundle_made_after_the_policy_changed_seals_the_policy_of_the_run(auditor: Run, case: str) -> None:
    before = Path("pack/rules/many-refusals.yml").read_text()
    Path("pack/rules/many-refusals.yml").write_text(before.replace("refusals >= 5", "refusals >= 500"))

    bundle = Path(auditor("bundle", "build", case).out.strip())

    assert (bundle / "data" / "policy" / "rules" / "many-refusals.yml").read_text() == before


def test_a_kept_policy_that_is_no_text_any_more_is_named(auditor: Run, case: str) -> None:
    [kept] = Path("audit/runs").glob("*/policy/*/rules/many-refusals.yml")
    kept.write_bytes(b"\xff")

    ended = auditor("bundle", "build", case)

    assert "unexpected" not in ended.err
    assert "many-refusals.yml" in ended.err


@pytest.mark.parametrize("arguments", [["none"], [".", "--trust", "none.pub"]], ids=["no bundle", "no key"])
def test_verifying_what_is_not_there_is_wrong_usage(auditor: Run, arguments: list[str]) -> None:
    assert auditor("bundle", "verify", *arguments).code == 2


def test_an_account_with_an_endless_id_leaves_the_table_narrow(auditor: Run) -> None:
    endless = write_log(Path("log.jsonl"), account="z" * 5000)
    auditor("audit", endless, write_log(Path("other.jsonl")), "--pack", write_pack(Path("pack")))

    listed = auditor("case", "list").out

    assert max(map(len, listed.splitlines())) < 140
    assert "acct-1" in listed
