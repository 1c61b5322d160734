"""What terms and approvals say of a finding, and which signals it rests on."""

from datetime import datetime

import pytest

from auditor.cases.independence import NUMBER_OF_RECORDS, independent_pair, shared_signals, signals_of
from auditor.cases.standing import judged, standing_of
from auditor.checker.findings import Finding
from auditor.policy.pack import Approval
from auditor.policy.rule import Family
from auditor.records.totals import AccountTotal
from tests.cases.factories import at, clause, finding, part_of_finding, unattributed


def standing(item: Finding, *approvals: Approval, total: AccountTotal | None = None) -> str:
    return standing_of(item, "a", "distillation", approvals=approvals, total=total).standing


def approval(**changes: object) -> Approval:
    given = {"account_id": "a", "conduct": "distillation", "reason": "evaluation", "approved_by": "Ada", **changes}
    return Approval.model_validate(given)


def member_of(organization: str, since: float) -> AccountTotal:
    return AccountTotal(10, at(0), at(9), ((organization, at(since)),))


@pytest.mark.parametrize(
    ("stances", "expected"),
    [
        ([], "observed"),
        (["permits"], "permitted"),
        (["limits"], "limited"),
        (["permits", "limits"], "limited"),
        (["permits", "limits", "prohibits"], "prohibited"),
    ],
)
def test_the_gravest_clause_decides(stances: list[str], expected: str) -> None:
    clauses = [clause(stance=stance) for stance in stances]  # type: ignore[arg-type]  # words of the table above

    assert standing(finding("a", clauses=clauses)) == expected


def test_a_clause_about_another_conduct_says_nothing() -> None:
    assert standing(finding("a", clauses=[clause("resale")])) == "observed"


def test_a_version_that_changes_inside_a_finding_covers_only_its_own_records() -> None:
    item = finding("a", clauses=[clause(records=4, version="2"), clause(records=3, version="3")])

    judgement = standing_of(item, "a", "distillation", approvals=(), total=None)

    assert (judgement.covered, judgement.records) == (7, 10)


def test_two_clauses_of_one_version_cover_the_same_records() -> None:
    item = finding("a", clauses=[clause(records=4), clause(records=4)])

    judgement = standing_of(item, "a", "distillation", approvals=(), total=None)

    assert judgement.covered == 4
    assert not judgement.is_mostly_covered


def test_a_document_that_may_be_the_other_accounts_covers_nobody_for_sure() -> None:
    item = finding("a", "b", records=10, clauses=[clause(records=12), clause(stance="permits", records=8, version="x")])

    parts = [part_of_finding(item, name, approvals=(), total=None) for name in ("a", "b")]

    assert [(part.worst.standing, part.worst.covered, part.worst.records) for part in parts] == [
        ("prohibited", 2, 10),
        ("prohibited", 2, 10),
    ]
    assert not parts[0].worst.is_mostly_covered


def test_every_alternative_is_listed_and_the_worst_counts() -> None:
    item = finding("a", conducts=["resale", "distillation"], clauses=[clause("distillation")])

    part = part_of_finding(item, "a", approvals=(), total=None)

    assert [s.standing for s in part.standings] == ["observed", "prohibited"]
    assert part.worst.conduct == "distillation"


@pytest.mark.parametrize(
    ("changes", "is_covered"),
    [
        ({}, True),
        ({"expires": at(2)}, True),
        ({"expires": at(1)}, False),
        ({"expires": at(0.5)}, False),
        ({"account_id": "b"}, False),
        ({"account_id": "b", "organization_id": "org"}, False),
        ({"account_id": "", "organization_id": "org"}, True),
        ({"account_id": "", "organization_id": "other"}, False),
        ({"account_id": "", "organization_id": ""}, False),
    ],
)
def test_an_approval_covers_its_account_or_organization_until_it_expires(
    changes: dict[str, object], is_covered: bool
) -> None:
    judgement = standing(finding("a", end=1), approval(**changes), total=member_of("org", since=0))

    assert judgement == ("approved" if is_covered else "prohibited")


def test_an_approval_that_ended_inside_a_finding_leaves_no_record_surely_prohibited() -> None:
    ended = approval(expires=at(0.5))

    judgement = standing_of(finding("a", end=1), "a", "distillation", approvals=[ended], total=None)

    assert judgement.standing == "prohibited"
    assert judgement.covered == 0
    assert (
        "ended on 2026-01-05T00:30:00Z, inside this finding; it covers the records before that and none from then on"
        in judgement.ended
    )


def test_an_organization_joined_after_the_finding_covers_nothing() -> None:
    for_organization = approval(account_id="", organization_id="org")

    assert standing(finding("a", end=1), for_organization, total=member_of("org", since=2)) == "prohibited"


def test_a_finding_on_an_organization_is_covered_by_its_approval() -> None:
    for_organization = approval(account_id="", organization_id="org")
    item = finding("a", subject_kind="organization", subject=["org"])

    assert standing(item, for_organization) == "approved"


def test_an_approval_for_one_account_leaves_the_other_prohibited() -> None:
    item = finding("a", "b")
    parts = [part_of_finding(item, name, approvals=[approval()], total=None) for name in ("a", "b")]

    whole = judged(item, parts, status="new", first_run="r", last_run="r")

    assert [part.worst.standing for part in parts] == ["approved", "prohibited"]
    assert whole.standing == "prohibited"
    assert len(whole.approved) == 1


def test_a_finding_about_nobody_is_judged_by_its_clauses() -> None:
    item = unattributed(finding(), "org")

    assert judged(item, [], status="new", first_run="r", last_run="r").standing == "prohibited"


def test_columns_of_the_subject_carry_no_signal() -> None:
    on_keys = finding("a", subject_kind="api_key", columns=["api_key_id", "cost_usd"])

    assert signals_of(on_keys) == {"usage"}


def test_a_key_that_is_no_subject_is_a_signal() -> None:
    assert signals_of(finding("a", columns=["api_key_id"])) == {"key"}


def test_a_rule_with_generic_columns_only_rests_on_the_number_of_records() -> None:
    assert signals_of(finding("a", columns=["status"])) == {NUMBER_OF_RECORDS}


def test_findings_of_one_family_are_never_independent() -> None:
    findings = [finding("a", columns=["client_ip"]), finding("a", columns=["output_tokens"])]

    assert independent_pair(findings) is None


def test_hundreds_of_findings_are_compared_as_the_few_kinds_they_are() -> None:
    families: tuple[Family, ...] = ("limits", "access")
    findings = [finding("a", start=n, end=n, family=f, columns=["country"]) for n in range(500) for f in families]

    assert independent_pair(findings) is None
    assert shared_signals(findings) == ("network",)


def test_an_approval_that_ended_inside_a_finding_under_no_clause_is_stated_too() -> None:
    judgement = standing_of(
        finding("a", end=1, clauses=()), "a", "distillation", approvals=[approval(expires=at(0.5))], total=None
    )

    assert (judgement.standing, "ended on 2026-01-05T00:30:00Z" in judgement.ended) == ("observed", True)


@pytest.mark.parametrize(
    ("start", "expires", "expected"),
    [
        (None, None, "approved"),
        (at(0), None, "approved"),
        (at(0), at(5), "approved"),
        (at(2), None, "prohibited"),
        (at(5), None, "prohibited"),
        (at(0), at(4), "prohibited"),
    ],
    ids=["always", "from its start", "around it", "given inside it", "given after it", "ended at its end"],
)
def test_an_approval_covers_what_was_done_while_it_was_there(
    start: datetime | None, expires: datetime | None, expected: str
) -> None:
    item = finding("a", start=0, end=4, clauses=[clause()])

    assert standing(item, approval(start=start, expires=expires)) == expected


def test_an_approval_that_began_inside_a_finding_leaves_no_record_surely_covered_by_the_clause() -> None:
    item = finding("a", start=0, end=4, clauses=[clause()])

    parts = [
        standing_of(item, "a", "distillation", approvals=[approval(start=start)], total=None)
        for start in (at(2), at(5))
    ]

    assert "began on 2026-01-05T02:00:00Z, inside this finding; records before that are not covered" in parts[0].ended
    assert (parts[0].covered, parts[1].ended, parts[1].covered > 0) == (0, "", True)
