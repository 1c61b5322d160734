"""Cases of linked accounts: who belongs to one, how it lives on, and how far it carries a proposal for each member."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from auditor.cases.casebook import Casebook, open_casebook
from auditor.cases.export import cases_out
from auditor.cases.holds import hold, must_be_free, release
from auditor.cases.model import Action, ActionName, Case
from auditor.cases.notes import list_cases
from auditor.checker.findings import Finding
from auditor.errors import UsageError
from auditor.linking.model import Links
from auditor.policy.pack import Approval
from auditor.policy.rule import Family
from auditor.records.totals import AccountTotal
from tests.cases.factories import at, cluster, edge, finding, on_cluster, receipt, run

CREW = cluster("L-1", "a", "b", "c")
CONTENT = {"rule": "one-template", "family": "content", "columns": ["template_group"]}
STRANGERS = {"rule": "end-users", "family": "access", "columns": ["end_user_id"]}


@pytest.fixture
def casebook(tmp_path: Path) -> Iterator[Casebook]:
    with open_casebook(tmp_path / "casebook.db") as opened:
        yield opened


def linked(*clusters: object) -> Links:
    return Links.model_validate({"clusters": clusters})


def content(*accounts: str, **given: object) -> Finding:
    return finding(*accounts, **{**CONTENT, **given})  # type: ignore[arg-type]  # fields by name


def strangers(*accounts: str, **given: object) -> Finding:
    return finding(*accounts, **{**STRANGERS, **given})  # type: ignore[arg-type]  # fields by name


def only_case(casebook: Casebook) -> Case:
    (case,) = list_cases(casebook)
    return case


def action_of(case: Case, account: str) -> Action:
    return next(action for action in case.actions if action.account == account)


def test_all_members_are_accounts_of_the_case_and_those_without_records_get_none(casebook: Casebook) -> None:
    run(casebook, "r1", [on_cluster(finding("a", "b"), CREW)], links=linked(CREW))

    case = only_case(casebook)

    assert case.accounts == ("a", "b", "c")
    assert {action.account: action.action for action in case.actions} == {"a": "verify", "b": "verify", "c": "none"}
    assert "linked to the others (card and device)" in action_of(case, "c").because[0]


def test_a_finding_on_a_cluster_is_one_object_an_account_with_cited_records(casebook: Casebook) -> None:
    run(casebook, "r1", [on_cluster(finding("a", "b"), CREW)], links=linked(CREW))

    written = cases_out(list_cases(casebook), receipt("r1"))

    assert written.count(b'"account":"a","conduct"') == written.count(b'"account":"b","conduct"') == 1
    assert b'"account":"c","conduct"' not in written


def test_accounts_of_one_cluster_share_a_case_whatever_found_them(casebook: Casebook) -> None:
    run(casebook, "r1", [finding("a"), finding("b")], links=linked(CREW))

    assert only_case(casebook).accounts == ("a", "b")


def test_a_cluster_that_grows_keeps_its_case(casebook: Casebook) -> None:
    run(casebook, "r1", [on_cluster(finding("a", "b"), CREW)], links=linked(CREW))
    before = only_case(casebook)
    grown = cluster("L-1", "a", "b", "c", "d")

    run(casebook, "r2", [on_cluster(finding("a", "b", "d"), grown)], links=linked(grown))

    after = only_case(casebook)
    assert (after.id, after.accounts) == (before.id, ("a", "b", "c", "d"))
    assert "1 accounts were linked to the others, 0 are no more" in after.findings[0].supersedes


def test_clusters_that_merge_become_one_case_under_the_older_id(casebook: Casebook) -> None:
    other = cluster("L-2", "x", "y")
    found = [on_cluster(finding("a", "b"), CREW), on_cluster(finding("x", "y"), other)]
    run(casebook, "r1", found[:1], links=linked(CREW), hour=100)
    run(casebook, "r2", found, links=linked(CREW, other), hour=200)
    oldest, newest = sorted(list_cases(casebook), key=lambda case: case.opened)
    merged = cluster("L-1", "a", "b", "c", "x", "y", formerly=["L-2"])

    run(casebook, "r3", [on_cluster(finding("a", "x"), merged)], links=linked(merged), hour=300)

    case = only_case(casebook)
    assert (case.id, case.formerly) == (oldest.id, (newest.id,))


def test_a_legal_hold_goes_with_a_case_into_another(casebook: Casebook) -> None:
    other = cluster("L-2", "x", "y")
    found = [on_cluster(finding("a", "b"), CREW), on_cluster(finding("x", "y"), other)]
    run(casebook, "r1", found[:1], links=linked(CREW), hour=100)
    run(casebook, "r2", found, links=linked(CREW, other), hour=200)
    oldest, newest = sorted(list_cases(casebook), key=lambda case: case.opened)
    for case in (oldest, newest):
        hold(casebook, case.id, reason=f"litigation over {case.id}", person="Ada", now=at(250))
    release(casebook, oldest.id, reason="settled", person="Ada", now=at(260))
    merged = cluster("L-1", "a", "b", "c", "x", "y", formerly=["L-2"])

    run(casebook, "r3", [on_cluster(finding("a", "x"), merged)], links=linked(merged), hour=300)

    joined = only_case(casebook)
    assert joined.hold is not None and joined.hold.reason == f"litigation over {newest.id}"
    with pytest.raises(UsageError, match="legal hold"):
        must_be_free("x", [joined])
    release(casebook, joined.id, reason="settled, too", person="Ada", now=at(310))
    assert only_case(casebook).hold is None


def test_a_finding_that_pools_everybody_glues_no_clusters_together(casebook: Casebook) -> None:
    other = cluster("L-2", "x", "y")
    pooled = finding("a", "x", "lone", "other", subject_kind="none", subject=[], by=[("asn", "7")])

    change = run(casebook, "r1", [pooled, finding("b"), finding("y")], links=linked(CREW, other))

    cases = {case.accounts: case for case in list_cases(casebook)}
    assert set(cases) == {("a", "b"), ("x", "y"), ("lone", "other")}
    assert len(change.new_findings) == 3
    parts = {accounts: [part.account for item in case.findings for part in item.parts if item.finding.id == pooled.id]
             for accounts, case in cases.items()}  # fmt: skip
    assert parts == {("a", "b"): ["a"], ("x", "y"): ["x"], ("lone", "other"): ["lone", "other"]}


def test_a_divided_finding_that_changes_is_the_same_in_each_of_its_cases(casebook: Casebook) -> None:
    other = cluster("L-2", "x", "y")
    links, where = linked(CREW, other), {"subject_kind": "none", "subject": [], "by": [("asn", "7")]}
    run(casebook, "r1", [finding("a", "x", **where)], links=links)  # type: ignore[arg-type]  # fields by name

    change = run(casebook, "r2", [finding("a", "x", end=3, **where)], links=links)  # type: ignore[arg-type]  # as above
    again = run(casebook, "r3", [finding("a", "x", end=3, **where)], links=links)  # type: ignore[arg-type]  # as above

    assert (len(change.changed_findings), change.new_findings, change.stale_findings) == (1, (), ())
    assert len(change.changed_cases) == 2
    assert not again.changed_cases
    assert [[item.status for item in case.findings] for case in list_cases(casebook)] == [["held"], ["held"]]


def test_two_independent_families_on_a_cluster_carry_throttle(casebook: Casebook) -> None:
    findings = [on_cluster(content("a", "b"), CREW), on_cluster(strangers("a", "b"), CREW)]

    run(casebook, "r1", findings, links=linked(CREW))

    assert action_of(only_case(casebook), "a").action is ActionName.THROTTLE


@pytest.mark.parametrize("family", ["coordination", "limits"])
def test_how_linked_accounts_share_out_their_work_is_no_second_family(casebook: Casebook, family: Family) -> None:
    balance = finding("a", "b", rule="balance", family=family, columns=["status"])

    run(casebook, "r1", [on_cluster(content("a", "b"), CREW), on_cluster(balance, CREW)], links=linked(CREW))

    action = action_of(only_case(casebook), "a")
    assert action.action is ActionName.VERIFY
    assert any("how linked accounts share out what they do" in reason for reason in action.because)


@pytest.mark.parametrize("family", ["coordination", "limits"])
def test_shared_out_work_counts_where_exits_of_several_providers_hide_who_they_are(
    casebook: Casebook, family: Family
) -> None:
    balance = finding("a", "b", rule="balance", family=family, columns=["status"])
    hidden = CREW.edges[0].model_copy(update={"signal": "pool", "is_strong": False, "columns": ("asn", "client_ip")})
    crew = CREW.model_copy(update={"edges": (*CREW.edges, hidden)})

    run(casebook, "r1", [on_cluster(content("a", "b"), crew), on_cluster(balance, crew)], links=linked(crew))

    assert action_of(only_case(casebook), "b").action is ActionName.THROTTLE


def of_domains(domains: str) -> dict[str, AccountTotal]:
    """Return totals of the accounts a, b, c ... whose mail domains are so many letters; a dash is one not known."""
    return {
        account: AccountTotal(700, at(0), at(1), mail_domain=None if domain == "-" else domain)
        for account, domain in zip("abcdefghij", domains, strict=False)
    }


@pytest.mark.parametrize(
    ("cards", "domains", "action"),
    [
        ([("a", "b"), ("c", "d"), ("e", "f")], "xxxyyz", ActionName.THROTTLE),
        ([("a", "b"), ("a", "d"), ("e", "f")], "xxxyyz", ActionName.VERIFY),
        ([("a", other) for other in "bcdef"], "xxxyyz", ActionName.VERIFY),
        ([("a", "b"), ("c", "d"), ("e", "f")], "xxxxyz", ActionName.VERIFY),
        ([("a", "b"), ("c", "d"), ("e", "f")], "xxyyz-", ActionName.VERIFY),
    ],
    ids=[
        "three payers and no name",
        "two payers",
        "one payer, as a firm has",
        "three departments' cards and one mail domain",
        "mail domains that are not all known",
    ],
)
def test_shared_out_work_counts_where_several_payers_hide_who_they_are(
    casebook: Casebook, cards: list[tuple[str, str]], domains: str, action: ActionName
) -> None:
    kinds = {"device": [("a", other) for other in "bcdef"], "card": cards}
    made = [edge(first, other, kind) for kind, pairs in kinds.items() for first, other in pairs]
    crew = cluster("L-1", *"abcdef").model_copy(update={"edges": tuple(made)})
    balance = finding(*"abcdef", rule="balance", family="coordination", columns=["status"])
    found = [on_cluster(content(*"abcdef"), crew), on_cluster(balance, crew)]

    run(casebook, "r1", found, links=linked(crew), totals=of_domains(domains))

    assert action_of(only_case(casebook), "b").action is action


@pytest.mark.parametrize(
    ("kind", "records", "lead"),
    [("phone", 700, 0), ("device", 3, 0), ("device", 700, 24 * 8)],
    ids=["who state the firm's telephone number", "who do nothing", "who copied its device after a week"],
)
def test_strangers_with_cards_of_their_own_make_no_firm_look_like_several_payers(
    casebook: Casebook, kind: str, records: int, lead: float
) -> None:
    cards = [("a", "b"), ("a", "c"), ("s", "t"), ("u", "v")]
    firm = [edge("a", other, "device") for other in "bc"] + [edge(*pair, "card") for pair in cards]
    held = (at(0), at(lead)) if lead else None
    strangers = [edge("a", other, kind).model_copy(update={"held": held}) for other in "stuv"]
    joined = cluster("L-1", *"abcstuv").model_copy(update={"edges": (*firm, *strangers)})
    counts = tuple((account, 700 if account in "abc" else records) for account in "abcstuv")
    balance = finding(*"abcstuv", rule="balance", family="coordination", columns=["status"])
    found = [
        on_cluster(item, joined).model_copy(update={"account_records": counts})
        for item in (content(*"abcstuv"), balance)
    ]

    domains = {account: AccountTotal(700, at(0), at(1), mail_domain=account) for account in "abcstuv"}

    run(casebook, "r1", found, links=linked(joined), totals=domains)

    assert {action_of(only_case(casebook), account).action for account in "abc"} == {ActionName.VERIFY}


def test_who_came_among_a_crew_with_a_card_of_its_own_hides_nothing(casebook: Casebook) -> None:
    kinds = {"device": [("a", other) for other in "bcdefg"], "card": [("a", "b"), ("c", "d"), ("e", "f")]}
    made = [edge(first, other, kind) for kind, pairs in kinds.items() for first, other in pairs]
    crew = cluster("L-1", *"abcdefg").model_copy(update={"edges": tuple(made)})
    balance = finding(*"abcdefg", rule="balance", family="coordination", columns=["status"])
    found = [on_cluster(content(*"abcdefg"), crew), on_cluster(balance, crew)]

    run(casebook, "r1", found, links=linked(crew), totals=of_domains("xxxyyzz"))

    actions = [action_of(only_case(casebook), account).action for account in "fg"]
    assert actions == [ActionName.THROTTLE, ActionName.VERIFY]


def test_what_joined_the_cluster_is_no_second_family(casebook: Casebook) -> None:
    by_card = finding("a", "b", rule="one-card", family="account", columns=["payment_fingerprint"])

    run(casebook, "r1", [on_cluster(content("a", "b"), CREW), on_cluster(by_card, CREW)], links=linked(CREW))

    action = action_of(only_case(casebook), "a")
    assert action.action is ActionName.VERIFY
    assert "share payment and count as one" in action.because[0]


def test_a_shared_card_alone_never_leads_to_throttle(casebook: Casebook) -> None:
    agency = cluster("L-1", "a", "b", "c", kinds={"b": ["card"], "c": ["card", "device"]})
    found = [on_cluster(content("a", "b", "c"), agency), on_cluster(strangers("a", "b", "c"), agency)]

    run(casebook, "r1", found, links=linked(agency))

    case = only_case(casebook)
    assert [action_of(case, account).action for account in "bc"] == [ActionName.VERIFY, ActionName.THROTTLE]
    assert any("a shared card alone links this account" in reason for reason in action_of(case, "b").because)


@pytest.mark.parametrize(
    "kinds", [("card", "phone"), ("card", "e-mail"), ("phone",), ("card", "phone", "e-mail")], ids=" and ".join
)
def test_what_a_stranger_can_enter_of_a_victim_never_leads_to_throttle(
    casebook: Casebook, kinds: tuple[str, ...]
) -> None:
    poisoned = cluster("L-1", "a", "b", "c", kinds={"b": kinds, "c": [*kinds, "device"]})
    found = [on_cluster(content("a", "b", "c"), poisoned), on_cluster(strangers("a", "b", "c"), poisoned)]

    run(casebook, "r1", found, links=linked(poisoned))

    case = only_case(casebook)
    assert [action_of(case, account).action for account in "bc"] == [ActionName.VERIFY, ActionName.THROTTLE]
    assert any("only what somebody else can enter" in reason for reason in action_of(case, "b").because)
    assert any("only what somebody else can enter" in fact for fact in facts_about(case, "b"))


@pytest.mark.parametrize(
    ("lead", "action"),
    [(24 * 8, ActionName.VERIFY), (24 * 6, ActionName.THROTTLE), (-24 * 8, ActionName.THROTTLE)],
    ids=["eight days before the others", "six days before", "eight days after"],
)
def test_who_had_card_and_device_long_before_the_others_is_taken_for_one_that_they_copied(
    casebook: Casebook, lead: float, action: ActionName
) -> None:
    framed = cluster("L-1", "b", "a", "c", lead=lead)
    found = [on_cluster(content("a", "b", "c"), framed), on_cluster(strangers("a", "b", "c"), framed)]

    run(casebook, "r1", found, links=linked(framed))

    case = only_case(casebook)
    assert action_of(case, "b").action is action
    if lead > 0:
        assert action_of(case, "a").action is ActionName.THROTTLE
    assert any("they may have copied it" in reason for reason in action_of(case, "b").because) == (lead == 24 * 8)


def test_a_bright_line_finding_on_a_cluster_suspends_nobody(casebook: Casebook) -> None:
    run(casebook, "r1", [on_cluster(finding("a", "b", strength="bright-line"), CREW)], links=linked(CREW))

    assert {action.action for action in only_case(casebook).actions} == {ActionName.VERIFY, ActionName.NONE}


def test_an_account_that_did_little_of_it_is_not_throttled_for_it(casebook: Casebook) -> None:
    counts = (("a", 1000), ("b", 1000), ("c", 3))
    found = [
        on_cluster(item, CREW).model_copy(update={"account_records": counts})
        for item in (content("a", "b", "c", records=700), strangers("a", "b", "c", records=700))
    ]

    run(casebook, "r1", found, links=linked(CREW))

    case = only_case(casebook)
    assert [action_of(case, account).action for account in "ac"] == [ActionName.THROTTLE, ActionName.VERIFY]


def test_conduct_shown_on_members_with_text_reaches_one_with_digests_through_strong_links(casebook: Casebook) -> None:
    weakly = cluster("L-1", "a", "b", "c", "d", kinds={"d": ["e-mail"]})
    found = [on_cluster(content("a", "b"), weakly), on_cluster(strangers("a", "b", "c", "d"), weakly)]
    digests_only = AccountTotal(10, at(0), at(1), prompts=0)

    run(casebook, "r1", found, links=linked(weakly), totals={"c": digests_only, "d": digests_only})

    case = only_case(casebook)
    assert [action_of(case, account).action for account in "cd"] == [ActionName.THROTTLE, ActionName.VERIFY]
    assert "strong links alone (card and device) connect with this one" in action_of(case, "c").because[0]


def test_content_reaches_nobody_whose_prompts_are_known(casebook: Casebook) -> None:
    found = [on_cluster(content("a", "b"), CREW), on_cluster(strangers("a", "b", "c"), CREW)]

    run(casebook, "r1", found, links=linked(CREW), totals={"c": AccountTotal(10, at(0), at(1), prompts=4)})

    assert action_of(only_case(casebook), "c").action is ActionName.VERIFY


def test_an_approval_counts_for_its_account_of_the_cluster_alone(casebook: Casebook) -> None:
    evaluation = Approval(organization_id="org-b", conduct="distillation", reason="evaluation", approved_by="Ada")
    totals = {"b": AccountTotal(10, at(0), at(1), (("org-b", at(0)),))}

    run(
        casebook, "r1", [on_cluster(finding("a", "b"), CREW)], links=linked(CREW), approvals=[evaluation], totals=totals
    )

    case = only_case(casebook)
    assert [action_of(case, account).action for account in "ab"] == [ActionName.VERIFY, ActionName.NONE]


def test_a_victim_in_a_cluster_is_protected_and_nothing_is_proposed_for_it(casebook: Casebook) -> None:
    theft = finding("b", rule="theft", conducts=["credential-theft"], family="account", columns=["asn"], end=2)
    found = [on_cluster(content("a", "b"), CREW), on_cluster(strangers("a", "b"), CREW), theft]

    run(casebook, "r1", found, links=linked(CREW))

    action = action_of(only_case(casebook), "b")
    assert (action.action, action.protect) == (ActionName.NONE, ("freeze_key", "notify"))


def facts_about(case: Case, account: str) -> list[str]:
    return [item.fact for item in case.speaks_for if item.account == account]


def test_facts_say_how_weak_a_link_is_and_who_else_is_linked_so(casebook: Casebook) -> None:
    agency = cluster("L-1", "a", "b", "c", kinds={"b": ["card"], "c": ["device"]})

    run(casebook, "r1", [on_cluster(finding("a", "b"), agency)], links=linked(agency))

    case = only_case(casebook)
    assert "only a shared card links this account to the others" in facts_about(case, "b")
    assert any("a parent company pays for several customers" in fact for fact in facts_about(case, "b"))
    assert "one link alone joins this account to the others (device)" in facts_about(case, "c")
    assert "1 of the 3 linked accounts of cluster L-1 have no cited record of their own" in facts_about(case, "")
