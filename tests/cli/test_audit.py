"""The main way on a small log: fixed outputs, exit codes, and what a second run says."""

import csv
import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.cli.samples import RULE, write_log, write_pack


@pytest.fixture
def log(auditor: Run) -> Path:  # noqa: ARG001  # it moves to the empty folder first
    write_pack(Path("pack"))
    return write_log(Path("log.jsonl"))


def test_ingest_accounts_for_every_line(auditor: Run, log: Path) -> None:
    log.write_bytes(log.read_bytes() + b"not json\n")

    report = json.loads(auditor("ingest", log, "--json").out)

    counts = {name: report[name] for name in ("records", "quarantined", "duplicates", "conflicts")}
    assert counts == {"records": 26, "quarantined": 1, "duplicates": 0, "conflicts": 0}
    assert [source["lines"] for source in report["sources"]] == [27]


def test_strict_ingest_fails_on_bad_lines_of_a_log_that_was_there_already(auditor: Run, log: Path) -> None:
    clean = auditor("ingest", log, "--strict").code
    log.write_bytes(log.read_bytes() + b"not json\n")

    codes = [auditor("ingest", log, *strict).code for strict in (("--strict",), ("--strict",), ())]

    assert (clean, codes) == (0, [3, 3, 0])


def test_ingest_of_the_same_bytes_again_adds_nothing(auditor: Run, log: Path) -> None:
    auditor("ingest", log)

    report = json.loads(auditor("ingest", log, "--json").out)

    assert report["records"] == 0


def test_a_dry_run_shows_the_mapping_and_writes_nothing(auditor: Run, log: Path) -> None:
    ran = auditor("ingest", log, "--dry-run")

    assert ran.code == 0
    assert "canonical" in ran.out and "account_id" in ran.out
    assert "columns as they are" in ran.out and '"account_id"' not in ran.out
    assert not Path("audit").exists()


def test_a_dry_run_of_many_files_shows_a_mapping_once(auditor: Run, log: Path) -> None:
    others = [write_log(Path(f"log-{number}.jsonl"), account=f"acct-{number}") for number in range(3)]
    others[0].write_bytes(others[0].read_bytes() + b"not json\n")

    printed = auditor("ingest", log, *others, "--dry-run").out

    assert printed.count("as they are") == printed.count("columns they provide") == 1
    assert "profile canonical: 4 files" in printed
    rows = [line.split() for line in printed.splitlines() if " jsonlines " in line]
    assert [(Path(row[0]).name, row[-1]) for row in rows] == [
        ("log.jsonl", "0"),
        ("log-0.jsonl", "1"),
        ("log-1.jsonl", "0"),
        ("log-2.jsonl", "0"),
    ]


def test_audit_prints_its_fixed_keys(auditor: Run, log: Path) -> None:
    result = json.loads(auditor("audit", log, "--pack", "pack", "--json").out)

    fixed = {name: result[name] for name in ("records", "rules", "findings", "cases", "not_evaluated", "suppressed")}
    assert fixed == {"records": 26, "rules": 1, "findings": 1, "cases": 1, "not_evaluated": 0, "suppressed": 0}
    assert (Path("audit/runs") / result["run_id"] / "receipt.json").is_file()


def test_audit_says_first_what_is_new(auditor: Run, log: Path) -> None:
    first = auditor("audit", log, "--pack", "pack").out.splitlines()[0]
    second = auditor("audit", log, "--pack", "pack").out.splitlines()[0]

    assert first == "first run: 1 new finding in 1 case"
    assert second == "nothing new since the last run"


def test_fail_on_counts_new_findings_only(auditor: Run, log: Path) -> None:
    codes = [auditor("audit", log, "--pack", "pack", "--fail-on", "medium").code for _ in range(2)]

    assert codes == [1, 0]


def test_fail_on_lets_lighter_findings_pass(auditor: Run, log: Path) -> None:
    assert auditor("audit", log, "--pack", "pack", "--fail-on", "high").code == 0


def test_a_rule_that_cannot_be_evaluated_is_shown_and_strict_exits_3(auditor: Run, log: Path) -> None:
    write_pack(Path("blind"), rule=RULE.replace("status: 429", "status: 429, tls_fingerprint: x"))

    lenient = auditor("audit", log, "--pack", "blind")
    strict = auditor("audit", log, "--pack", "blind", "--strict")

    assert (lenient.code, strict.code) == (0, 3)
    assert "not evaluated: many-refusals (missing: tls_fingerprint)" in lenient.out


def test_since_leaves_out_what_ended_before(auditor: Run, log: Path) -> None:
    result = json.loads(auditor("audit", log, "--pack", "pack", "--since", "2026-03-03", "--json").out)

    assert result["findings"] == 0


def test_cases_out_has_its_fixed_shape(auditor: Run, log: Path) -> None:
    auditor("audit", log, "--pack", "pack", "--cases-out", "cases.jsonl")

    [case] = [json.loads(line) for line in Path("cases.jsonl").read_text().splitlines()]
    [finding] = case["findings"]
    assert {"case_id", "accounts", "findings", "actions", "proposed_action", "severity"} <= case.keys()
    assert case["accounts"] == ["acct-1"] and case["severity"] == "medium"
    assert (
        finding
        | {
            "rule": "many-refusals",
            "conduct": "limit-circumvention",
            "strength": "inferential",
            "family": "limits",
            "account": "acct-1",
            "start": "2026-03-02T09:20:00Z",
            "end": "2026-03-02T09:25:00Z",
        }
        == finding
    )
    assert [action["account"] for action in case["actions"]] == ["acct-1"]
    assert case["proposed_action"] == case["actions"][0]["action"] == "verify"


@pytest.mark.parametrize("name", ["findings.csv", "findings.jsonl"])
def test_findings_out_is_chosen_by_its_ending(auditor: Run, log: Path, name: str) -> None:
    ran = auditor("audit", log, "--pack", "pack", "--findings-out", name)

    text = Path(name).read_text()
    rows = list(csv.DictReader(text.splitlines())) if name.endswith("csv") else [json.loads(text)]
    assert ran.code == 0
    assert len(rows) == 1 and "many-refusals" in text


def test_findings_out_with_another_ending_is_refused(auditor: Run, log: Path) -> None:
    ran = auditor("audit", log, "--pack", "pack", "--findings-out", "findings.xlsx")

    assert ran.code == 2
    assert not Path("audit").exists()


def test_each_case_has_its_page_and_the_index_names_it(auditor: Run, log: Path) -> None:
    auditor("audit", log, "--pack", "pack")

    [case] = json.loads(auditor("case", "list", "--json").out)
    assert (Path("audit/cases") / f"{case['case_id']}.html").is_file()
    assert case["case_id"] in Path("audit/cases/index.html").read_text()


def test_a_pack_without_terms_says_that_it_only_observes(auditor: Run, log: Path) -> None:
    Path("pack/terms/house-terms.yml").unlink()

    ran = auditor("audit", log, "--pack", "pack")

    assert "no terms" in ran.out


def test_hostile_text_reaches_no_terminal(auditor: Run, log: Path) -> None:
    write_log(log, account="\x1b]0;owned\x07\u202etcca")

    ran = auditor("audit", log, "--pack", "pack")

    assert "\\u{001B}" in ran.out
    assert not {"\x1b", "\x07", "\u202e"} & set(ran.out + ran.err)


def test_a_log_that_answers_almost_nothing_is_told_in_one_line(auditor: Run) -> None:
    Path("visits.jsonl").write_text('{"time": "2026-01-05T08:00:00Z", "event": "login", "account_id": "a"}\n')

    lines = [line for line in auditor("audit", "visits.jsonl").out.splitlines() if line.startswith("not evaluated")]

    assert len(lines) == 1 and "; missing: status (" in lines[0] and "`auditor policy coverage`" in lines[0]
