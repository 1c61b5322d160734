"""Who a case is about, in one line."""

from datetime import UTC, datetime

import pytest

from auditor.cases.model import ActionName, Case
from auditor.cases.standing import judged
from auditor.cases.who import SHOWN, who
from auditor.checker.findings import Finding
from auditor.policy.rule import Level
from tests.cases.factories import finding, unattributed

NOW = datetime(2026, 1, 5, tzinfo=UTC)


def about(*accounts: str, findings: tuple[Finding, ...] = ()) -> Case:
    return Case(
        id="C-1", pack="example", accounts=accounts, severity=Level.HIGH, status="open",
        proposed_action=ActionName.NONE, actions=(), opened=NOW, updated=NOW, last_run="r",
        findings=tuple(judged(item, [], status="new", first_run="r", last_run="r") for item in findings),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("accounts", "shown", "expected"),
    [
        pytest.param(("a",), 1, "a", id="one account"),
        pytest.param(("a", "b", "c"), 1, "a and 2 more", id="several, the first shown"),
        pytest.param(("a", "b", "c"), 3, "a, b, c", id="several, all shown"),
    ],
)
def test_accounts_are_named_and_the_others_counted(accounts: tuple[str, ...], shown: int, expected: str) -> None:
    assert expected == who(about(*accounts), shown)


def test_two_long_ids_that_differ_at_their_ends_stay_different() -> None:
    role = "arn:aws:sts::123456789012:assumed-role/" + "very-long-path/" * 10
    names = [who(about(role + end)) for end in ("reader", "writer")]

    assert names[0] != names[1]
    assert all(len(name) == SHOWN + 1 for name in names)


def test_an_id_of_ordinary_length_is_never_cut() -> None:
    role = "arn:aws:sts::123456789012:assumed-role/AWSReservedSSO_Reader_0123456789abcdef/someone@example.org"

    assert role == who(about(role))


def test_a_case_without_accounts_says_what_its_rule_divided_the_records_by() -> None:
    item = unattributed(finding(by=[("client_ip", "86.76.247.183")]))
    nobody = item.model_copy(update={"subject_kind": "none"})

    assert who(about(findings=(nobody,))) == "no account (client_ip 86.76.247.183)"


def test_a_case_without_accounts_names_the_subject_of_its_findings() -> None:
    assert who(about(findings=(unattributed(finding(), "org-1"),))) == "no account (organization org-1)"


def test_a_case_about_nothing_we_know_says_so() -> None:
    item = unattributed(finding()).model_copy(update={"subject_kind": "none"})

    assert who(about(findings=(item,))) == "no account"
