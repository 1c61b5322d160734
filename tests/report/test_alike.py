"""What is alike of many accounts is said once, and every account is still named."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from auditor.cases.linked import LinkedBy
from auditor.cases.model import AccountPart, Action, ActionName, Case, ConductStanding, SpeaksFor
from auditor.report.alike import facts_alike, proposals_alike, standings_alike, ties_alike
from auditor.report.page import render_case
from tests.evidence.arrange import World, world
from tests.report.reading import page_of

MANY = tuple(f"acct-{number:02}" for number in range(20))


def action(account: str, name: ActionName = ActionName.VERIFY, because: tuple[str, ...] = ("ground",)) -> Action:
    """Return a proposal."""
    return Action(account=account, action=name, because=because)


def standing(conduct: str = "distillation", because: str = "clause 1") -> ConductStanding:
    """Return what the terms say of a conduct."""
    return ConductStanding(conduct=conduct, standing="prohibited", because=because, covered=3, records=3)


@pytest.fixture
def small(tmp_path: Path) -> World:
    """One case of one account."""
    return world(tmp_path)


def with_accounts(case: Case, actions: tuple[Action, ...], facts: tuple[SpeaksFor, ...] = ()) -> Case:
    """Give a case many accounts."""
    accounts = tuple(action.account for action in actions)
    finding = case.findings[0].finding.model_copy(
        update={"accounts": accounts, "account_records": tuple((account, 7) for account in accounts)}
    )
    findings = (case.findings[0].model_copy(update={"finding": finding}),)
    return case.model_copy(update={"accounts": accounts, "actions": actions, "speaks_for": facts, "findings": findings})


def test_accounts_with_the_same_proposal_and_ground_stand_together_gravest_first(small: World) -> None:
    case = with_accounts(
        small.case, (action("a"), action("b", ActionName.SUSPEND), action("c"), action("d", because=("other",)))
    )

    groups = proposals_alike(case, {case.findings[0].finding.id: 1}, [("a", "org")])

    assert [[member.action.account for member in group.members] for group in groups] == [["b"], ["a", "c"], ["d"]]


def test_member_shows_its_own_records_and_organization(small: World) -> None:
    case = with_accounts(small.case, (action("a"), action("b")))

    (group,) = proposals_alike(case, {case.findings[0].finding.id: 4}, [("a", "org")])

    assert [(item.organizations, item.cited) for item in group.members] == [(("org",), ((4, 7),)), ((), ((4, 7),))]


def test_facts_of_the_case_come_first_then_of_many_then_of_one() -> None:
    facts = [
        SpeaksFor(account="a", fact="only a"),
        SpeaksFor(account="a", fact="both"),
        SpeaksFor(account="b", fact="both"),
        SpeaksFor(account="", fact="all"),
    ]

    groups = facts_alike(facts)

    assert [(item.fact, item.accounts) for item in groups] == [("all", ()), ("both", ("a", "b")), ("only a", ("a",))]


def test_accounts_of_which_the_terms_say_the_same_stand_together() -> None:
    parts = [
        AccountPart(account="a", records=2, standings=(standing(),)),
        AccountPart(account="b", records=3, standings=(standing(),)),
        AccountPart(account="c", records=5, standings=(standing(),), within_theft=4),
    ]

    groups = standings_alike(parts)

    assert [(item.accounts, item.records, item.within_theft) for item in groups] == [(("a", "b"), 5, 0), (("c",), 5, 4)]


@pytest.mark.parametrize("number", [2, 4, 12, 20], ids=lambda number: f"{number} accounts")
def test_every_account_reason_and_fact_is_on_the_page_whatever_their_number(small: World, number: int) -> None:
    actions = tuple(action(account, because=("ground", f"reason of {account}")) for account in MANY[:number])
    facts = tuple(SpeaksFor(account=account, fact=f"fact of {account}") for account in MANY[:number])
    dossier = small.dossier().model_copy(update={"case": with_accounts(small.case, actions, facts)})

    text = page_of(render_case(dossier)).text

    wanted = [f"{what}{account}" for account in MANY[:number] for what in ("", "reason of ", "fact of ")]
    assert [words for words in wanted if words not in text] == []


def test_same_reasons_of_many_accounts_are_printed_once(small: World) -> None:
    actions = tuple(action(account, because=("ground", "the one reason")) for account in MANY)
    dossier = small.dossier().model_copy(update={"case": with_accounts(small.case, actions)})

    text = page_of(render_case(dossier)).text

    assert text.count("the one reason") == 1


def test_a_card_that_many_hold_is_one_reason_with_all_its_accounts() -> None:
    since = datetime(2026, 1, 5, tzinfo=UTC)
    cards = [LinkedBy(other=one, kind="card", is_strong=True, since=since, reason="same card") for one in ("b", "c")]
    device = LinkedBy(other="b", kind="device", is_strong=True, since=since, reason="same device")

    groups = ties_alike([*cards, device])

    assert [(group.kind, group.others) for group in groups] == [("card", ("b", "c")), ("device", ("b",))]
