"""Case files are made again when they would come out otherwise, and only then."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.cli.samples import RULE, TERMS, write_log, write_pack

APPROVALS = """\
- account_id: acct-1
  conduct: limit-circumvention
  reason: a load test
  approved_by: A. Owner
  expires: 2027-01-01T00:00:00Z
"""
CASES = Path("audit/cases")


@pytest.fixture
def pages(auditor: Run) -> dict[str, Path]:
    """The case files of two accounts, after a first audit, by account."""
    write_pack(Path("pack"))
    Path("approvals.yml").write_text(APPROVALS)
    logs = [write_log(Path(f"{account}.jsonl"), account=account) for account in ("acct-1", "acct-2")]
    auditor("audit", *logs, "--pack", "pack")
    cases = json.loads(auditor("case", "list", "--json").out)
    return {case["accounts"][0]: CASES / f"{case['case_id']}.html" for case in cases}


def stamps(pages: dict[str, Path]) -> dict[str, int]:
    """Return which file each page is; a page that is written anew is another file."""
    return {account: page.stat().st_ino for account, page in pages.items()}


def test_an_audit_that_sees_the_same_leaves_the_case_files_alone(auditor: Run, pages: dict[str, Path]) -> None:
    before = stamps(pages)

    ran = auditor("audit", "--pack", "pack")

    assert (ran.code, stamps(pages)) == (0, before)


def test_the_index_always_names_the_last_run(auditor: Run, pages: dict[str, Path]) -> None:  # noqa: ARG001
    run = json.loads(auditor("audit", "--pack", "pack", "--json").out)["run_id"]

    assert run in (CASES / "index.html").read_text()


def test_a_note_shows_on_its_case_file_alone(auditor: Run, pages: dict[str, Path]) -> None:
    before = stamps(pages)

    auditor("case", "note", pages["acct-1"].stem, "called the customer", "--by", "A. Reviewer")

    assert "called the customer" in pages["acct-1"].read_text()
    assert {account for account, stamp in stamps(pages).items() if stamp != before[account]} == {"acct-1"}


def test_a_note_stays_on_the_page_after_the_next_audit(auditor: Run, pages: dict[str, Path]) -> None:
    auditor("case", "note", pages["acct-1"].stem, "called the customer", "--by", "A. Reviewer")

    auditor("audit", "--pack", "pack")

    assert "called the customer" in pages["acct-1"].read_text()


def _approve() -> tuple[str, ...]:
    return ("--approvals", "approvals.yml")


def _change_the_rule() -> tuple[str, ...]:
    write_pack(Path("pack"), rule=RULE.replace("An account that is refused again", "One that is turned away again"))
    return ()


def _change_the_terms() -> tuple[str, ...]:
    Path("pack/terms/house-terms.yml").write_text(TERMS.replace("prohibits}", "permits}"))
    return ()


def _read_more() -> tuple[str, ...]:
    return (str(write_log(Path("more.jsonl"), account="acct-3", refusals=0)),)


def _look_at_less() -> tuple[str, ...]:
    return ("--until", "2026-03-02T09:10:00Z")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        pytest.param(_approve, "approved by A. Owner", id="an approval"),
        pytest.param(_change_the_rule, "turned away again", id="the rule's text"),
        pytest.param(_change_the_terms, "<strong>permits</strong>", id="what the terms say"),
        pytest.param(_read_more, "more.jsonl", id="the sources that were read"),
        pytest.param(_look_at_less, "not judged by this audit", id="what the audit looked at"),
    ],
)
def test_what_changed_shows(
    auditor: Run, pages: dict[str, Path], change: Callable[[], tuple[str, ...]], words: str
) -> None:
    auditor("audit", "--pack", "pack", *change())

    assert words in pages["acct-1"].read_text()


@pytest.mark.parametrize("damage", [b"", b"<p>nothing was seen</p>"], ids=["cut short", "changed by hand"])
def test_a_damaged_case_file_is_made_again(auditor: Run, pages: dict[str, Path], damage: bytes) -> None:
    pages["acct-1"].write_bytes(damage)

    auditor("audit", "--pack", "pack")

    assert "acct-1" in pages["acct-1"].read_text()


def test_a_case_file_that_is_gone_is_made_again(auditor: Run, pages: dict[str, Path]) -> None:
    pages["acct-1"].unlink()

    auditor("audit", "--pack", "pack")

    assert "acct-1" in pages["acct-1"].read_text()


@pytest.mark.parametrize("damage", ["", "[]", "{"], ids=["empty", "of another shape", "no JSON"])
def test_a_damaged_list_of_pages_costs_only_time(auditor: Run, pages: dict[str, Path], damage: str) -> None:
    (CASES / "pages.json").write_text(damage)

    ran = auditor("audit", "--pack", "pack")

    assert (ran.code, set(json.loads((CASES / "pages.json").read_text())["pages"])) == (
        0,
        {page.stem for page in pages.values()},
    )


def test_a_folder_of_case_files_that_is_a_link_is_refused(auditor: Run, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    log = write_log(Path("log.jsonl"))
    auditor("ingest", log)
    (tmp_path / CASES).symlink_to(elsewhere)

    ran = auditor("audit", "--pack", write_pack(Path("pack")))

    assert (ran.code, list(elsewhere.iterdir())) == (4, [])
    assert "cases: found a symbolic link" in ran.err


@pytest.mark.parametrize(
    ("expires", "is_split"),
    [
        pytest.param("2026-03-02T09:20:00Z", False, id="when the finding starts"),
        pytest.param("2026-03-02T09:22:30Z", True, id="inside it"),
        pytest.param("2026-03-02T09:25:00Z", True, id="with its last record"),
        pytest.param("2026-03-02T09:25:01Z", False, id="after it"),
    ],
)
def test_an_approval_that_ends_inside_a_finding_is_said_to_cover_its_beginning(
    auditor: Run, pages: dict[str, Path], expires: str, is_split: bool
) -> None:
    Path("approvals.yml").write_text(APPROVALS.replace("2027-01-01T00:00:00Z", expires))

    auditor("audit", "--pack", "pack", *_approve())

    page = pages["acct-1"].read_text()
    words = f"ended on {expires}, inside this finding; it covers the records before that and none from then on"
    assert (words in page, "covers the first of these records" in page) == (is_split, is_split)
    assert ("whether the others alone reach the threshold, is not counted" in page) == is_split
    assert ("The platform approved this conduct" in page) == (expires == "2026-03-02T09:25:01Z")
