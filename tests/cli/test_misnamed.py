"""Names that nothing answers to are warned of: lists of a context, and whom an approval names."""

from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.cli.samples import write_log, write_pack

APPROVAL = "- {%s, conduct: limit-circumvention, reason: a test, approved_by: Anna}\n"


@pytest.fixture
def log(auditor: Run) -> Path:  # noqa: ARG001  # it moves to the empty folder first
    write_pack(Path("pack"))
    return write_log(Path("log.jsonl"))


def test_a_misspelt_list_of_the_context_is_warned_of_wherever_it_is_given(auditor: Run, log: Path) -> None:
    context = Path("c.yml")
    context.write_text("unsuported_countries: [RU]\nunsupported_countries: [KP]\n")
    given = ("--pack", "pack", "--context", context)

    ran = [auditor("audit", log, *given), auditor("policy", "coverage", *given), auditor("policy", "check", *given)]

    assert [item.code for item in ran] == [0, 0, 0]
    for item in ran:
        assert "list `unsuported_countries` of the context is used by nothing in pack pack" in item.err
        assert "did you mean `unsupported_countries`?" in item.err
        assert item.err.count("is used by nothing") == 1


def test_a_list_that_a_rule_asks_for_is_known(auditor: Run, log: Path) -> None:
    rule = Path("pack/rules/many-refusals.yml")
    rule.write_text(rule.read_text().replace("status: 429}", "status: 429, 'model|expand': '%ours%'}"))
    Path("c.yml").write_text("ours: [m]\n")

    assert "warning" not in auditor("audit", log, "--pack", "pack", "--context", "c.yml").err


def test_an_approval_for_nobody_on_record_is_warned_of_by_name(auditor: Run, log: Path) -> None:
    names = (
        "account_id: acct-1",
        "account_id: alise",
        "organization_id: acme",
        "account_id: acct-1, organization_id: x",
    )
    Path("a.yml").write_text("".join(APPROVAL % name for name in names))

    ran = auditor("audit", log, "--pack", "pack", "--approvals", "a.yml")

    assert ran.code == 0
    assert "approvals name an account without any record, so they approve nothing: `alise`\n" in ran.err
    assert "approvals name an organization without any record, so they approve nothing: `acme`\n" in ran.err
    assert ran.err.count("warning") == 2


@pytest.mark.parametrize(("window", "is_warned_of"), [("[2030-01-01T00:00:00Z, null]", True), ("[null, null]", False)])
def test_a_window_without_a_record_is_warned_of(auditor: Run, log: Path, window: str, is_warned_of: bool) -> None:
    Path("c.yml").write_text(f"window: {window}\n")

    ran = auditor("audit", log, "--pack", "pack", "--context", "c.yml")

    assert ("not one record is within `window` of the context" in ran.err) == is_warned_of
