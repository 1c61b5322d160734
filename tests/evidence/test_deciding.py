"""From a proposal to the outcome of an appeal: who may do what, and that nothing is done that isn't recorded."""

import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from auditor.cases.casebook import Casebook, open_casebook
from auditor.cases.decisions import course_of, sternest
from auditor.cases.ledger import Entry, Head, entries_of
from auditor.cases.model import ActionName, Case
from auditor.cases.notes import list_cases, show_case
from auditor.cases.steps import appeal, assign, close
from auditor.errors import UsageError, WorkspaceError
from auditor.evidence.deciding import Signer, approve, attested, hear, propose
from auditor.evidence.ledger_check import check_ledger
from auditor.evidence.standalone.envelopes import envelope_in
from auditor.policy.rule import Level
from tests.cases.factories import at, finding, run
from tests.evidence.signers import ANNA, BERT, CARA, key_of

BUNDLE = "b" * 64
ROOT = "d" * 64
NOBODY = Signer("Anna Alm")


@pytest.fixture
def casebook(tmp_path: Path) -> Iterator[Casebook]:
    """A casebook with one case, on which the machine proposes to suspend `a` and nothing for `b`."""
    with open_casebook(tmp_path / "casebook.db") as opened:
        run(opened, "r1", [finding("a", strength="bright-line"), finding("b", rule="bulk-output", start=9, end=10)])
        yield opened


@pytest.fixture
def case(casebook: Casebook) -> Case:
    """The case on account `a`."""
    return next(item for item in list_cases(casebook) if item.accounts == ("a",))


def proposed(casebook: Casebook, case: Case, signer: Signer = ANNA, **fields: Any) -> Entry:
    """Propose to suspend, an hour after the start."""
    made: dict[str, Any] = {
        "action": ActionName.SUSPEND, "accounts": (), "reason": "it says so", "beyond": "", "bundle": BUNDLE,
        "root": ROOT, "strike_days": 180, "now": at(1),
    }  # fmt: skip
    return propose(casebook, case.id, signer=signer, **(made | fields))


def approved(casebook: Casebook, case: Case, signer: Signer = BERT, **fields: Any) -> Entry:
    """Approve what was proposed, an hour later."""
    made: dict[str, Any] = {"reason": "", "bundle": BUNDLE, "now": at(2)}
    return approve(casebook, case.id, signer=signer, **(made | fields))


def appealed(casebook: Casebook, case: Case, to: str = CARA.name) -> Entry:
    """Appeal, an hour later."""
    return appeal(casebook, case.id, reason="the key was stolen", to=to, person="Anna Alm", now=at(3))


def heard(casebook: Casebook, case: Case, outcome: str, signer: Signer = CARA, **fields: Any) -> Entry:
    """Decide an appeal, an hour later."""
    made: dict[str, Any] = {"action": None, "reason": "looked at it anew", "now": at(4)}
    return hear(casebook, case.id, outcome=outcome, signer=signer, **(made | fields))


def status(casebook: Casebook, case: Case) -> str:
    """Return how far a case is."""
    return show_case(casebook, case.id).status


def in_force(casebook: Casebook, case: Case) -> ActionName:
    """Return the sternest action that is in force."""
    return sternest(course_of(entries_of(casebook.db, case.id)).actions)


def test_suspension_is_decided_by_two_people(casebook: Casebook, case: Case) -> None:
    proposed(casebook, case)
    before = (status(casebook, case), in_force(casebook, case))

    approved(casebook, case)

    assert before == ("proposed", ActionName.NONE)
    assert (status(casebook, case), in_force(casebook, case)) == ("decided", ActionName.SUSPEND)


@pytest.mark.parametrize(
    ("second", "words"),
    [
        pytest.param(ANNA, "another person", id="the proposer"),
        pytest.param(Signer("ANNA  alm", key_of(7)), "another person", id="the proposer spelled differently"),
        pytest.param(Signer("Dora", ANNA.key), "another key", id="the proposer's key"),
        pytest.param(Signer("Bert Bo"), "found all steps|with a key", id="no key"),
    ],
)
def test_suspension_takes_another_person_with_another_key(
    casebook: Casebook, case: Case, second: Signer, words: str
) -> None:
    proposed(casebook, case)

    with pytest.raises(UsageError, match=words):
        approved(casebook, case, second)

    assert status(casebook, case) == "proposed"


def test_suspension_without_a_key_is_refused(casebook: Casebook, case: Case) -> None:
    with pytest.raises(UsageError, match="both sign the bundle"):
        proposed(casebook, case, NOBODY)


def test_milder_action_may_be_decided_by_one_person_without_a_key(casebook: Casebook, case: Case) -> None:
    proposed(casebook, case, NOBODY, action=ActionName.VERIFY)
    approved(casebook, case, NOBODY)

    assert in_force(casebook, case) is ActionName.VERIFY


def test_key_belongs_to_whoever_signed_with_it_first(casebook: Casebook, case: Case) -> None:
    proposed(casebook, case)

    with pytest.raises(UsageError, match="signed as `Anna Alm`"):
        proposed(casebook, case, Signer("Somebody else", ANNA.key))


def test_going_beyond_the_evidence_takes_a_reason_of_its_own(casebook: Casebook, case: Case) -> None:
    with pytest.raises(UsageError, match="beyond what the evidence carries, which is at most `suspend`"):
        proposed(casebook, case, action=ActionName.TERMINATE)

    entry = proposed(casebook, case, action=ActionName.TERMINATE, beyond="a court ordered it")

    assert (entry.details["is_beyond"], entry.details["beyond"]) == (True, "a court ordered it")


def test_member_of_a_group_is_not_treated_by_what_another_did(tmp_path: Path) -> None:
    with open_casebook(tmp_path / "casebook.db") as casebook:
        both = finding("a", "b", rule="shared", records=3, level=Level.MEDIUM)
        run(casebook, "r1", [finding("a", strength="bright-line"), both])
        [case] = list_cases(casebook)

        entry = proposed(casebook, case)
        with pytest.raises(UsageError, match="beyond what the evidence carries"):
            proposed(casebook, case, accounts=("b",))

    assert entry.details["actions"] == [{"account": "a", "action": "suspend"}, {"account": "b", "action": "verify"}]


def test_account_of_another_case_is_refused(casebook: Casebook, case: Case) -> None:
    with pytest.raises(UsageError, match="`zz` is no account of case"):
        proposed(casebook, case, accounts=("zz",))


def test_case_that_changed_since_it_was_proposed_is_not_approved(casebook: Casebook, case: Case) -> None:
    proposed(casebook, case)

    with pytest.raises(UsageError, match="has changed since it was proposed"):
        approved(casebook, case, bundle="c" * 64)


def test_new_proposal_takes_the_place_of_one_that_waits(casebook: Casebook, case: Case) -> None:
    proposed(casebook, case)
    proposed(casebook, case, BERT, action=ActionName.WARN, now=at(2))
    approved(casebook, case, CARA, now=at(3))

    assert in_force(casebook, case) is ActionName.WARN


def test_decided_case_takes_no_proposal(casebook: Casebook, case: Case) -> None:
    proposed(casebook, case)
    approved(casebook, case)

    with pytest.raises(UsageError, match="is decided; only one that is open or proposed"):
        proposed(casebook, case)


def test_decided_case_is_not_changed_by_the_next_audit(casebook: Casebook, case: Case) -> None:
    proposed(casebook, case)
    approved(casebook, case)
    before = show_case(casebook, case.id)

    run(casebook, "r2", [finding("a", strength="bright-line", records=99)])

    assert show_case(casebook, case.id) == before
    assert [item.refers_to for item in list_cases(casebook) if item.accounts == ("a",) and item.id != case.id] == [
        case.id
    ]


@pytest.mark.parametrize("to", [ANNA.name, BERT.name, "bert  BO"])
def test_appeal_goes_to_a_third_person(casebook: Casebook, case: Case, to: str) -> None:
    proposed(casebook, case)
    approved(casebook, case)

    with pytest.raises(UsageError, match="an appeal takes another person"):
        appealed(casebook, case, to)


@pytest.mark.parametrize(
    ("outcome", "action", "after"),
    [
        ("upheld", None, ActionName.SUSPEND),
        ("milder", ActionName.WARN, ActionName.WARN),
        ("overturned", None, ActionName.NONE),
    ],
)
def test_appeal_has_three_outcomes(
    casebook: Casebook, case: Case, outcome: str, action: ActionName | None, after: ActionName
) -> None:
    proposed(casebook, case)
    approved(casebook, case)
    appealed(casebook, case)
    before = status(casebook, case)

    heard(casebook, case, outcome, action=action)

    assert (before, status(casebook, case), in_force(casebook, case)) == ("appealed", "decided", after)


@pytest.mark.parametrize(
    ("outcome", "action"),
    [("milder", None), ("upheld", ActionName.WARN), ("milder", ActionName.TERMINATE), ("maybe", None)],
)
def test_other_outcomes_are_refused(casebook: Casebook, case: Case, outcome: str, action: ActionName | None) -> None:
    proposed(casebook, case)
    approved(casebook, case)
    appealed(casebook, case)

    with pytest.raises(UsageError):
        heard(casebook, case, outcome, action=action)


def test_appeal_is_decided_by_who_was_to_hear_it(casebook: Casebook, case: Case) -> None:
    proposed(casebook, case)
    approved(casebook, case)
    appealed(casebook, case)

    with pytest.raises(UsageError, match="given to `Cara Cid`"):
        heard(casebook, case, "upheld", Signer("Dora", key_of(8)))


def test_case_in_appeal_is_not_closed(casebook: Casebook, case: Case) -> None:
    proposed(casebook, case)
    approved(casebook, case)
    appealed(casebook, case)

    with pytest.raises(UsageError, match="is appealed"):
        close(casebook, case.id, reason="done", person="Anna Alm", now=at(4))


def test_closed_case_takes_nothing_more(casebook: Casebook, case: Case) -> None:
    close(casebook, case.id, reason="a failover", person="Anna Alm", now=at(1))

    with pytest.raises(UsageError, match="is closed"):
        proposed(casebook, case)
    with pytest.raises(UsageError, match="is closed"):
        assign(casebook, case.id, to="B", person="A", now=at(2))


def test_assigned_person_stays_after_the_next_audit(casebook: Casebook, case: Case) -> None:
    assign(casebook, case.id, to="Bert Bo", person="Anna Alm", now=at(1))
    run(casebook, "r2", [finding("a", strength="bright-line", records=99)])

    assert show_case(casebook, case.id).assignee == "Bert Bo"


@pytest.mark.parametrize(("days", "count"), [(1, 1), (179, 1), (181, 0)])
def test_strikes_decay(casebook: Casebook, case: Case, days: int, count: int) -> None:
    proposed(casebook, case)
    approved(casebook, case)
    run(casebook, "r2", [finding("a", strength="bright-line", records=99)])
    later = next(item for item in list_cases(casebook) if item.refers_to == case.id)

    entry = proposed(casebook, later, now=at(2) + timedelta(days=days))

    assert entry.details["strikes"] == ({"a": count} if count else {})


def test_decision_that_was_overturned_is_no_strike(casebook: Casebook, case: Case) -> None:
    proposed(casebook, case)
    approved(casebook, case)
    appealed(casebook, case)
    heard(casebook, case, "overturned")
    run(casebook, "r2", [finding("a", strength="bright-line", records=99)])
    later = next(item for item in list_cases(casebook) if item.refers_to == case.id)

    assert proposed(casebook, later, now=at(5)).details["strikes"] == {}


def test_what_cannot_be_recorded_is_not_approved(casebook: Casebook, case: Case) -> None:
    proposed(casebook, case)
    refuse = "CREATE TRIGGER t BEFORE INSERT ON ledger BEGIN SELECT RAISE(FAIL, 'no space'); END"
    casebook.db.conn.execute(refuse)
    casebook.db.conn.commit()

    with pytest.raises((WorkspaceError, sqlite3.IntegrityError)):
        approved(casebook, case)

    course = course_of(entries_of(casebook.db, case.id))
    assert (status(casebook, case), course.approved) == ("proposed", None)
    people = attested(course)
    assert people and list(people.files) == ["attest/01-proposal.dsse.json"]


def test_steps_that_go_back_in_time_are_refused(casebook: Casebook, case: Case) -> None:
    proposed(casebook, case)

    with pytest.raises(UsageError, match="the clock says"):
        approved(casebook, case, now=at(0))


@pytest.mark.parametrize("text", ["", "  ", "x" * 100_001, "half a pair \udc80"], ids=["none", "blank", "long", "odd"])
def test_reason_is_a_text(casebook: Casebook, case: Case, text: str) -> None:
    with pytest.raises(UsageError):
        proposed(casebook, case, reason=text)


def test_every_step_signs_the_root_that_was_proposed_on(casebook: Casebook, case: Case) -> None:
    entries = [proposed(casebook, case), approved(casebook, case)]
    appealed(casebook, case)
    entries.append(heard(casebook, case, "upheld"))

    roots = [envelope_in(entry.details["envelope"].encode()).predicate["root"] for entry in entries]

    assert roots == [ROOT] * 3


def test_ledger_with_signatures_is_verified(casebook: Casebook, case: Case) -> None:
    proposed(casebook, case)
    approved(casebook, case)
    assert ANNA.key and BERT.key

    report = check_ledger(casebook, (), {ANNA.key.public, BERT.key.public})

    assert (report.verdict, report.entries, report.signed) == ("verified", 2, 2)


def test_ledger_signed_by_a_key_that_is_not_trusted_fails(casebook: Casebook, case: Case) -> None:
    proposed(casebook, case)
    assert BERT.key

    assert {item.code for item in check_ledger(casebook, (), {BERT.key.public}).problems} == {"untrusted"}


def test_empty_ledger_is_unproven(casebook: Casebook) -> None:
    assert check_ledger(casebook, (), ()).exit_code == 3


def test_ledger_that_lost_what_was_signed_on_is_seen(casebook: Casebook, case: Case) -> None:
    head = Head(number=7, digest="a" * 64)
    proposed(casebook, case)

    assert {item.code for item in check_ledger(casebook, [head], ()).problems} == {"head"}
