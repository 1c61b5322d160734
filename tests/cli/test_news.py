"""What a run says when its proposals differ from before, and when it looked at a part only."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.cli.samples import RULE, write_log, write_pack

APPROVALS = """\
- account_id: acct-1
  conduct: limit-circumvention
  reason: a load test
  approved_by: A. Owner
  expires: 2027-01-01T00:00:00Z
"""
POOR = """\
profile: poor
title: A log without status
columns:
  record_id: record_id
  time: time
  event: "'completion'"
  account_id: account_id
"""


@pytest.fixture
def log(auditor: Run) -> Path:  # noqa: ARG001  # it moves to the empty folder first
    write_pack(Path("pack"))
    Path("approvals.yml").write_text(APPROVALS)
    return write_log(Path("log.jsonl"))


def case_of(auditor: Run) -> str:
    [case] = json.loads(auditor("case", "list", "--json").out)
    return str(case["case_id"])


def test_a_proposal_that_jumps_is_news_although_no_finding_is_new(auditor: Run, log: Path) -> None:
    auditor("audit", log, "--pack", "pack", "--approvals", "approvals.yml")

    first, second, *_ = auditor("audit", "--pack", "pack").out.splitlines()

    assert first == "new since the last run: no finding, but other proposals"
    assert second == f"1 case has another proposal: {case_of(auditor)} none → verify"


def test_a_changed_proposal_is_in_the_json_with_its_account(auditor: Run, log: Path) -> None:
    auditor("audit", log, "--pack", "pack", "--approvals", "approvals.yml")

    new = json.loads(auditor("audit", "--pack", "pack", "--json").out)["new"]

    case = case_of(auditor)
    assert new["changed_cases"] == [case]
    assert new["changed_proposals"] == [
        {"case_id": case, "before": "none", "after": "verify", "accounts": ["acct-1"]},
    ]


def test_a_run_without_the_approvals_of_before_warns_and_says_where_they_lie(auditor: Run, log: Path) -> None:
    first = auditor("audit", log, "--pack", "pack", "--approvals", "approvals.yml")
    second = auditor("audit", "--pack", "pack")
    kept = second.err.split("`--approvals ")[1].split("`")[0]
    third = auditor("audit", "--pack", "pack", "--approvals", kept)

    assert "warning" not in first.err + third.err
    assert "was given `--approvals`, this run was not" in second.err
    assert Path(kept).read_text() == APPROVALS


def test_a_run_of_another_pack_without_approvals_warns_and_says_where_they_lie(auditor: Run, log: Path) -> None:
    auditor("audit", log, "--pack", "pack", "--approvals", "approvals.yml")
    Path("pack").rename("another-pack")

    other = auditor("audit", "--pack", "another-pack")

    kept = other.err.split("`--approvals ")[1].split("`")[0]
    assert "of this workspace was given `--approvals`, this run was not" in other.err
    assert Path(kept).read_text() == APPROVALS


@pytest.fixture
def two_weeks(auditor: Run, log: Path) -> Path:
    """A second account does the same a week later; both are in the casebook."""
    later = write_log(Path("later.jsonl"), account="acct-2")
    later.write_text(later.read_text().replace("2026-03-02", "2026-03-09"))
    auditor("audit", log, later, "--pack", "pack")
    return later


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ("--as-of", "as if nothing later than 2026-03-05T00:00:00Z had been recorded"),
        ("--until", "only incidents that end before 2026-03-05T00:00:00Z"),
    ],
)
@pytest.mark.usefixtures("two_weeks")
def test_a_narrow_run_lists_its_own_findings_and_counts_the_others(auditor: Run, option: str, words: str) -> None:
    ran = auditor(
        "audit", "--pack", "pack", option, "2026-03-05", "--findings-out", "f.jsonl", "--cases-out", "c.jsonl"
    )

    [finding] = [json.loads(line) for line in Path("f.jsonl").read_text().splitlines()]
    [case] = [json.loads(line) for line in Path("c.jsonl").read_text().splitlines()]
    assert finding["finding"]["accounts"] == case["accounts"] == ["acct-1"]
    assert words in ran.out and finding["finding"]["id"] in ran.out
    assert "acct-2" not in ran.out
    assert "1 finding " in ran.out and "the findings of 1 more case are out of this run's sight" in ran.out


def test_an_incident_cut_short_by_as_of_is_among_the_findings_as_it_was_then(auditor: Run, log: Path) -> None:
    auditor("audit", log, "--pack", "pack")

    ran = auditor("audit", "--pack", "pack", "--as-of", "2026-03-02T09:24:30Z", "--findings-out", "f.jsonl")

    [finding] = [json.loads(line) for line in Path("f.jsonl").read_text().splitlines()]
    assert (finding["finding"]["end"], finding["finding"]["records"]) == ("2026-03-02T09:24:00Z", 5)
    assert finding["supersedes"] == [
        "the casebook knows it from 2026-03-02T09:20:00Z to 2026-03-02T09:25:00Z, 6 records"
    ]
    assert "1 finding " in ran.out and "2026-03-02T09:24:00Z" in ran.out


def test_an_incident_cut_short_by_as_of_is_judged_in_part_on_page_and_terminal(auditor: Run, log: Path) -> None:
    auditor("audit", log, "--pack", "pack")

    ran = auditor("audit", "--pack", "pack", "--as-of", "2026-03-02T09:24:30Z")

    page = Path(f"audit/cases/{case_of(auditor)}.html").read_text()
    assert "1 finding · 0 suppressed by exemptions · 1 case" in ran.out and "not judged" not in ran.out
    assert "Judged in part by this audit." in page and "09:24:30 UTC: 5 of 6 records" in page
    assert "not judged" not in page.lower() + Path("audit/cases/index.html").read_text().lower()


def test_an_incident_that_was_none_yet_at_as_of_is_judged_nowhere(auditor: Run, log: Path) -> None:
    auditor("audit", log, "--pack", "pack")

    ran = auditor("audit", "--pack", "pack", "--as-of", "2026-03-02T09:22:30Z")

    page = Path(f"audit/cases/{case_of(auditor)}.html").read_text()
    assert "the findings of 1 more case are out of this run's sight" in ran.out
    assert "Not judged by this audit." in page and "in part" not in page
    assert "not judged" in Path("audit/cases/index.html").read_text()


def test_a_note_after_a_narrow_run_leaves_the_page_saying_the_same(auditor: Run, log: Path) -> None:
    auditor("audit", log, "--pack", "pack")
    auditor("audit", "--pack", "pack", "--as-of", "2026-03-02T09:24:30Z")

    auditor("case", "note", case_of(auditor), "looked at it", "--by", "A. Reviewer")

    assert "Judged in part by this audit." in Path(f"audit/cases/{case_of(auditor)}.html").read_text()


@pytest.mark.parametrize("as_of", ["2026-03-05", "2026-03-09T09:24:30Z"], ids=["between two incidents", "inside one"])
def test_a_narrow_run_is_no_news_and_neither_is_the_whole_one_after_it(auditor: Run, log: Path, as_of: str) -> None:
    later = write_log(Path("later.jsonl"))
    later.write_text(later.read_text().replace("2026-03-02", "2026-03-09").replace('"acct-1-', '"later-'))
    auditor("audit", log, later, "--pack", "pack")

    news = [auditor("audit", "--pack", "pack", *given).out.splitlines()[0] for given in (("--as-of", as_of), ())]

    assert news == ["nothing new since the last run"] * 2


@pytest.mark.usefixtures("two_weeks")
def test_the_json_of_a_narrow_run_counts_the_cases_that_it_judged(auditor: Run) -> None:
    made = json.loads(auditor("audit", "--pack", "pack", "--since", "2026-03-05", "--json").out)

    assert (made["findings"], made["cases"], made["cases_not_judged"]) == (1, 1, 1)


def test_a_case_that_no_longer_holds_is_not_in_the_table(auditor: Run, log: Path) -> None:
    auditor("audit", log, "--pack", "pack")
    write_pack(Path("pack"), rule=RULE.replace("refusals >= 5", "refusals >= 500"))

    ran = auditor("audit", "--pack", "pack")

    assert "1 no longer hold" in ran.out and "no case" in ran.out


def test_the_index_keeps_the_cases_of_another_pack(auditor: Run, log: Path) -> None:
    auditor("audit", log, "--pack", "pack")
    case = case_of(auditor)
    auditor("audit", "--pack", write_pack(Path("other"), rule=RULE.replace("refusals >= 5", "refusals >= 500")))

    index = Path("audit/cases/index.html").read_text()

    assert f'href="{case}.html"' in index
    assert "other" in index and "many-refusals" not in index.split("<main>")[0]


def test_columns_that_sources_lack_are_named_in_summary_and_coverage(auditor: Run, log: Path) -> None:
    poor = write_log(Path("poor.jsonl"), account="acct-3", refusals=0)
    poor.write_text(poor.read_text().replace('"status": 200', '"route": "/v1"'))
    poor_profile = Path("poor.yml")
    poor_profile.write_text(POOR)
    auditor("ingest", poor, "--profile", poor_profile)

    ran = auditor("audit", log, "--pack", "pack")
    covered = auditor("policy", "coverage", "pack")

    assert "partly evaluated: many-refusals leaves out sources that lack status (1 source)" in ran.out
    assert covered.out.splitlines()[-1].split() == ["many-refusals", "yes", "1", "1", "status"]


@pytest.mark.parametrize(
    ("text", "line"), {"": "0 records", "no log\n{}\n": "0 records, 2 lines in quarantine"}.items()
)
def test_without_a_record_the_first_line_says_that_nothing_could_be_judged(
    auditor: Run, log: Path, text: str, line: str
) -> None:
    profile, empty = Path("poor.yml"), Path("empty.jsonl")
    profile.write_text(POOR)
    empty.write_text(text)

    ran = auditor("audit", empty, "--profile", profile, "--pack", "pack")

    assert ran.out.splitlines()[0] == f"nothing could be judged: {line}"
    assert "not one record could be read" in ran.err
    assert "not one record could be read" not in auditor("ingest", log).err
