"""A casebook that takes runs in: what is new, what changed, what is gone, and what nobody may touch."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from auditor.cases.casebook import Casebook, open_casebook
from auditor.cases.model import ActionName, Case
from auditor.cases.notes import add_note, list_cases, show_case
from auditor.cases.steps import assign, taking
from auditor.checker.findings import Finding
from auditor.policy.pack import Approval, Pack
from auditor.policy.rule import Level
from tests.cases.factories import at, finding, receipt, run, unattributed


@pytest.fixture
def casebook(tmp_path: Path) -> Iterator[Casebook]:
    with open_casebook(tmp_path / "casebook.db") as opened:
        yield opened


def only_case(casebook: Casebook) -> Case:
    (case,) = list_cases(casebook)
    return case


def decide(casebook: Casebook, case_id: str) -> None:
    with casebook.writing() as db:
        db.table("cases").update(case_id, {"status": "decided"})


def test_a_finding_opens_a_case_with_a_proposal(casebook: Casebook) -> None:
    change = run(casebook, "r1", [finding("a")])

    case = only_case(casebook)
    assert change.new_cases == (case.id,)
    assert case.accounts == ("a",)
    assert case.proposed_action is ActionName.VERIFY
    assert case.severity is Level.HIGH
    assert case.findings[0].status == "new"


def test_the_same_run_again_changes_nothing_but_new_becomes_held(casebook: Casebook) -> None:
    run(casebook, "r1", [finding("a"), finding("b", end=2)])
    before = list_cases(casebook)

    change = run(casebook, "r2", [finding("a"), finding("b", end=2)], hour=2000)

    after = list_cases(casebook)
    assert change.unchanged_cases == tuple(sorted(case.id for case in before))
    assert not change.new_cases + change.changed_cases
    assert [case.updated for case in before] == [case.updated for case in after]
    assert {item.status for case in after for item in case.findings} == {"held"}
    assert {item.last_run for case in after for item in case.findings} == {"r2"}


def test_an_incident_that_grew_keeps_its_id_and_says_what_changed(casebook: Casebook) -> None:
    run(casebook, "r1", [finding("a", start=5, end=6)])
    old = only_case(casebook).findings[0].finding.id

    grown = finding("a", start=4, end=7, records=25, measures=[("exchanges", "25")])
    change = run(casebook, "r2", [grown], hour=2000)

    (item,) = only_case(casebook).findings
    assert item.finding.id == old != grown.id
    assert item.cited_as == grown.id
    assert item.status == "changed"
    assert change.changed_findings == (old,)
    assert "25 records, was 10" in item.supersedes
    assert "exchanges 25, was 10" in item.supersedes
    assert only_case(casebook).updated == at(2000)


def test_what_changed_stays_told_when_the_next_run_is_the_same(casebook: Casebook) -> None:
    run(casebook, "r1", [finding("a", end=6)])
    run(casebook, "r2", [finding("a", end=7)])
    before = only_case(casebook).findings[0]

    run(casebook, "r3", [finding("a", end=7)])

    after = only_case(casebook).findings[0]
    assert after.status == "held"
    assert after.supersedes == before.supersedes


def test_an_incident_that_no_longer_holds_is_stale_and_kept(casebook: Casebook) -> None:
    run(casebook, "r1", [finding("a")])

    change = run(casebook, "r2", [])

    case = only_case(casebook)
    assert change.stale_findings == (case.findings[0].finding.id,)
    assert case.findings[0].status == "stale"
    assert case.findings[0].last_run == "r1"
    assert case.proposed_action is ActionName.NONE
    assert run(casebook, "r3", []).stale_findings == ()


def test_a_stale_incident_that_is_seen_again_holds_again(casebook: Casebook) -> None:
    run(casebook, "r1", [finding("a")])
    run(casebook, "r2", [])

    run(casebook, "r3", [finding("a")])

    (item,) = only_case(casebook).findings
    assert item.status == "changed"
    assert item.supersedes == ("holds again",)


def test_an_exempted_incident_is_stale_with_the_exemption_named(casebook: Casebook) -> None:
    run(casebook, "r1", [finding("a")])

    run(casebook, "r2", [], suppressed=[finding("a", suppressed_by="approved-evaluation")])

    case = only_case(casebook)
    assert "approved-evaluation" in case.findings[0].supersedes[0]
    assert any("approved-evaluation" in fact.fact for fact in case.speaks_for if fact.account == "a")


NARROWER = {
    "another rule only": receipt("r2", ["other-rule"]),
    "rule not evaluated": receipt("r2", ["other-rule"], not_evaluated=["bulk-output"]),
    "since after its end": receipt("r2", since=at(2)),
    "until at its end": receipt("r2", until=at(1)),
    "as of a time before its end": receipt("r2", as_of=at(0.5)),
}


@pytest.mark.parametrize("name", NARROWER)
def test_a_narrower_run_makes_nothing_stale(casebook: Casebook, name: str) -> None:
    run(casebook, "r1", [finding("a")])
    before = only_case(casebook)

    change = run(casebook, "r2", [], with_receipt=NARROWER[name])

    assert only_case(casebook) == before
    assert change.stale_findings == ()


def test_a_run_as_of_earlier_does_not_cut_a_finding_short(casebook: Casebook) -> None:
    run(casebook, "r1", [finding("a", end=8, records=80)])
    before = only_case(casebook)

    run(casebook, "r2", [finding("a", end=4, records=40)], with_receipt=receipt("r2", as_of=at(4)))

    assert only_case(casebook) == before


def test_another_pack_does_not_touch_this_ones_cases(casebook: Casebook) -> None:
    run(casebook, "r1", [finding("a")])
    before = only_case(casebook)

    change = run(casebook, "r2", [finding("a")], pack=Pack(name="other", title="Other"))

    assert before == show_case(casebook, before.id)
    assert change.new_cases != (before.id,)
    assert len(list_cases(casebook)) == 2
    assert list_cases(casebook, pack="example") == (before,)


def test_accounts_that_share_a_finding_share_a_case(casebook: Casebook) -> None:
    run(casebook, "r1", [finding("a"), finding("b"), finding("c", "d"), finding("b", "c", rule="other-rule")])

    cases = list_cases(casebook)

    assert sorted(case.accounts for case in cases) == [("a",), ("b", "c", "d")]


def test_a_case_keeps_its_id_when_accounts_join(casebook: Casebook) -> None:
    run(casebook, "r1", [finding("m")])
    old = only_case(casebook).id

    run(casebook, "r2", [finding("m"), finding("a", "m", rule="other-rule")])

    assert only_case(casebook).id == old
    assert only_case(casebook).accounts == ("a", "m")


def test_merging_keeps_the_older_id_and_every_note(casebook: Casebook) -> None:
    run(casebook, "r1", [finding("m")], hour=1)
    run(casebook, "r2", [finding("a"), finding("m")], hour=2)
    older, younger = (next(c.id for c in list_cases(casebook) if c.accounts == (name,)) for name in "ma")
    add_note(casebook, older, author="Ada", text="about m", now=at(3))
    add_note(casebook, younger, author="Ben", text="about a", now=at(4))

    change = run(casebook, "r3", [finding("a"), finding("m"), finding("a", "m", rule="other-rule")], hour=5)

    case = only_case(casebook)
    assert case.id == older
    assert case.formerly == (younger,)
    assert change.changed_cases == (older,)
    assert [note.text for note in case.notes] == ["about m", "about a"]
    assert show_case(casebook, younger) == case
    assert len(case.findings) == 3


def test_merging_keeps_who_looks_into_it_and_what_people_proposed(casebook: Casebook) -> None:
    run(casebook, "r1", [finding("m")], hour=1)
    run(casebook, "r2", [finding("a"), finding("m")], hour=2)
    younger = next(case.id for case in list_cases(casebook) if case.accounts == ("a",))
    assign(casebook, younger, to="Ada", person="Ben", now=at(3))
    with taking(casebook, younger, person="Ada", now=at(4)) as step:
        step.record("proposed", {"reason": "seen twice", "actions": [{"account": "a", "action": "suspend"}]})
    joined = [finding("a"), finding("m"), finding("a", "m", rule="other-rule")]

    run(casebook, "r3", joined, hour=5)
    again = run(casebook, "r4", joined, hour=6)

    case = only_case(casebook)
    assert (case.assignee, case.status) == ("Ada", "open")
    assert [(step.kind, step.action, step.on) for step in case.steps] == [("proposed", "suspend", younger)]
    assert again.unchanged_cases == (case.id,)


def test_a_merged_case_is_the_same_after_the_same_run(casebook: Casebook) -> None:
    run(casebook, "r1", [finding("m"), finding("a")])
    joined = [finding("m"), finding("a"), finding("a", "m", rule="other-rule")]
    run(casebook, "r2", joined)

    change = run(casebook, "r3", joined)

    assert change.unchanged_cases == (only_case(casebook).id,)


def test_a_decided_case_is_never_touched_and_new_findings_refer_to_it(casebook: Casebook) -> None:
    run(casebook, "r1", [finding("a")])
    decided = only_case(casebook).id
    decide(casebook, decided)
    before = show_case(casebook, decided)

    change = run(casebook, "r2", [finding("a"), finding("a", rule="other-rule", start=50, end=51)], hour=2000)

    (new,) = change.new_cases
    assert show_case(casebook, decided) == before
    assert show_case(casebook, new).refers_to == decided
    assert [item.finding.rule for item in show_case(casebook, new).findings] == ["other-rule"]


def test_a_finding_that_goes_on_after_the_decision_says_so_in_the_new_case(casebook: Casebook) -> None:
    run(casebook, "r1", [finding("a")])
    decided = only_case(casebook).id
    decide(casebook, decided)
    old = show_case(casebook, decided).findings[0]

    longer = [finding("a", end=9, records=90)]
    change = run(casebook, "r2", longer)

    (item,) = show_case(casebook, change.new_cases[0]).findings
    assert item.finding.id == old.finding.id
    assert decided in item.supersedes[0]
    assert run(casebook, "r3", longer).unchanged_cases == change.new_cases


def test_a_decision_on_the_second_case_leads_to_a_third(casebook: Casebook) -> None:
    run(casebook, "r1", [finding("a")])
    decide(casebook, only_case(casebook).id)
    (second,) = run(casebook, "r2", [finding("a", end=9)]).new_cases
    decide(casebook, second)

    assert run(casebook, "r3", [finding("a", end=9)]).new_cases == ()
    (third,) = run(casebook, "r4", [finding("a", end=12)], hour=3000).new_cases

    assert show_case(casebook, third).refers_to == second


def test_findings_without_any_account_make_a_case_by_subject(casebook: Casebook) -> None:
    anonymous = [unattributed(finding(), "org-1"), unattributed(finding(start=9, end=10), "org-1")]
    run(casebook, "r1", anonymous[:1])

    change = run(casebook, "r2", anonymous)

    case = only_case(casebook)
    assert change.changed_cases == (case.id,)
    assert case.accounts == ()
    assert case.findings[0].standing == "prohibited"


def test_two_incidents_that_grew_together_leave_one_and_a_stale_one(casebook: Casebook) -> None:
    run(casebook, "r1", [finding("a", start=0, end=1), finding("a", start=3, end=4)])
    first, second = (item.finding.id for item in only_case(casebook).findings)

    change = run(casebook, "r2", [finding("a", start=0, end=4)])

    assert change.changed_findings == (first,)
    assert change.stale_findings == (second,)


def test_an_id_that_was_kept_is_not_taken_twice_when_the_incident_splits(casebook: Casebook) -> None:
    apart = [finding("a", start=0, end=1), finding("a", start=3, end=4)]
    run(casebook, "r1", apart[1:])
    run(casebook, "r2", [finding("a", start=0, end=4)])

    run(casebook, "r3", apart)

    ids = [item.finding.id for item in only_case(casebook).findings]
    assert len(set(ids)) == 2
    assert {item.status for item in only_case(casebook).findings} == {"changed", "new"}


def test_an_approval_takes_the_proposal_back_while_it_lasts(casebook: Casebook) -> None:
    run(casebook, "r1", [finding("a")])
    approval = Approval(account_id="a", conduct="distillation", reason="evaluation", approved_by="Ada", expires=at(99))

    run(casebook, "r2", [finding("a")], approvals=[approval])

    case = only_case(casebook)
    assert case.proposed_action is ActionName.NONE
    assert case.severity is Level.INFORMATIONAL
    assert case.findings[0].standing == "approved"
    assert "Ada" in case.findings[0].approved[0]


def test_an_approval_that_ended_inside_a_finding_carries_no_suspension(casebook: Casebook) -> None:
    ended = Approval(account_id="a", conduct="distillation", reason="evaluation", approved_by="Ada", expires=at(0.5))

    run(casebook, "r1", [finding("a", strength="bright-line")], approvals=[ended])

    assert only_case(casebook).proposed_action is ActionName.VERIFY


def theft(start: float, end: float) -> Finding:
    return finding(
        "a", rule="theft", conducts=["credential-theft"], family="access", start=start, end=end, clauses=[],
        columns=["client_ip", "cost_usd"],
    )  # fmt: skip


def hopping(start: float, end: float) -> Finding:
    return finding("a", rule="hopping", strength="bright-line", start=start, end=end, records=20)


VICTIMS = {
    "all records within the theft": (hopping(10, 12), theft(9, 13), ActionName.NONE),
    "half of the records within the theft": (hopping(8, 10), theft(9, 13), ActionName.NONE),
    "a few records within the theft": (hopping(0, 10), theft(9, 13), ActionName.VERIFY),
    "all records after the theft": (hopping(20, 22), theft(9, 13), ActionName.VERIFY),
    "the last record 30 days after the theft": (hopping(13 + 719, 13 + 720), theft(9, 13), ActionName.VERIFY),
    "all records more than 30 days after the theft": (hopping(14 + 720, 22 + 720), theft(9, 13), ActionName.SUSPEND),
    "all records before the theft": (hopping(0, 5), theft(9, 13), ActionName.SUSPEND),
}


@pytest.mark.parametrize("name", VICTIMS)
def test_records_of_a_thief_do_not_count_against_the_victim(casebook: Casebook, name: str) -> None:
    other, stolen, expected = VICTIMS[name]

    run(casebook, "r1", [other, stolen])

    (action,) = only_case(casebook).actions
    assert action.action is expected
    assert action.protect == ("freeze_key", "notify")


KEYS = {
    "the stolen key": ({"theft": "k1", "hopping": "k1"}, ActionName.NONE),
    "another key": ({"theft": "k1", "hopping": "k2"}, ActionName.SUSPEND),
    "no key that is known": ({"theft": "k1"}, ActionName.NONE),
    "any key, where the theft names none": ({"hopping": "k2"}, ActionName.NONE),
}


@pytest.mark.parametrize("name", KEYS)
def test_a_theft_touches_only_what_was_done_with_the_stolen_key(casebook: Casebook, name: str) -> None:
    keys, expected = KEYS[name]

    run(casebook, "r1", [hopping(10, 12), theft(9, 13)], keys=keys)

    (action,) = only_case(casebook).actions
    assert action.action is expected


def test_a_theft_found_by_a_narrower_run_is_held_against_the_earlier_runs_citations(casebook: Casebook) -> None:
    run(casebook, "r1", [hopping(10, 12)])

    run(casebook, "r2", [theft(9, 13)], with_receipt=receipt("r2", ["theft"]))

    case = only_case(casebook)
    assert case.proposed_action is ActionName.NONE
    assert [item.last_run for item in case.findings] == ["r2", "r1"]


def test_a_failing_update_leaves_everything_as_it_was(casebook: Casebook) -> None:
    run(casebook, "r1", [finding("a")])
    before = list_cases(casebook)
    broken = finding("b").model_copy(update={"thresholds": None})

    with pytest.raises(TypeError):
        run(casebook, "r2", [finding("a", end=3), broken])

    assert list_cases(casebook) == before


def test_a_finding_that_a_narrower_run_did_not_judge_is_no_news_again(casebook: Casebook) -> None:
    run(casebook, "r1", [finding("a", start=0, end=1), finding("a", start=5, end=6)])

    change = run(casebook, "r2", [finding("a", start=0, end=1)], with_receipt=receipt("r2", until=at(2)))

    assert (change.new_findings, change.changed_findings, change.stale_findings) == ((), (), ())
