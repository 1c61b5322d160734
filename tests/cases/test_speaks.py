"""Facts that speak for an account."""

from datetime import datetime

import pytest

from auditor.cases.model import CaseFinding
from auditor.cases.speaks import Known, facts_for
from auditor.cases.standing import judged
from auditor.checker.findings import Finding, Measured, Threshold
from auditor.policy.pack import Approval, Pack
from auditor.policy.rule import Exemption, ExemptionEntry, Span
from auditor.records.totals import AccountTotal
from tests.cases.factories import at, finding, part_of_finding, receipt


def held(item: Finding, *, approvals: tuple[Approval, ...] = ()) -> CaseFinding:
    parts = [part_of_finding(item, name, approvals=approvals, total=None) for name in item.accounts]
    return judged(item, parts, status="held", first_run="r", last_run="r")


def facts(
    *findings: CaseFinding,
    accounts: tuple[str, ...] = ("a",),
    pack: Pack | None = None,
    suppressed: tuple[Finding, ...] = (),
    totals: dict[str, AccountTotal] | None = None,
    cited: dict[str, int] | None = None,
    not_evaluated: tuple[str, ...] = (),
    as_of: datetime | None = None,
) -> list[tuple[str, str]]:
    known = Known(
        pack=pack or Pack(name="example", title="Example"),
        receipt=receipt("r", ["bulk-output"], not_evaluated=not_evaluated, as_of=as_of),
        suppressed=suppressed,
        totals=totals or {},
        cited=cited or {},
    )
    return [(fact.account, fact.fact) for fact in facts_for(accounts, findings, known)]


def threshold(operator: str, value: str) -> Threshold:
    return Threshold(measure="exchanges", operator=operator, value=value, margin="")


def test_a_threshold_that_a_fifth_more_would_not_reach_is_named() -> None:
    close = finding("a", measures=[("exchanges", "11")], thresholds=[threshold(">=", "10")])

    ((account, fact),) = facts(held(close))

    assert account == "a"
    assert "20 % higher would not have been reached (exchanges: 11 at the peak, the rule asks for at least 10)" in fact


def test_a_threshold_passed_by_a_fifth_or_more_is_not_named() -> None:
    clear = finding("a", measures=[("exchanges", "12")], thresholds=[threshold(">=", "10")])

    assert facts(held(clear)) == []


def close_share(expression: str, value: str, limit: Threshold) -> list[tuple[str, str]]:
    item = finding("a", measures=[("exchanges", value)], thresholds=[limit])
    measure = Measured(name="exchanges", value=value, expression=expression)
    return facts(held(item.model_copy(update={"measures": (measure,)})))


@pytest.mark.parametrize(
    ("expression", "value", "limit"),
    [
        ("share(_abroad)", "1", threshold(">=", "0.9")),
        ("share(_abroad)", "0.95", threshold(">", "0.9")),
        ("evenness(account_id)", "0.9998", threshold(">=", "0.985")),
        ("count(distinct api_key_id) / count()", "0.97", threshold(">=", "0.95")),
        ("count(distinct event)", "2", threshold(">=", "2")),
        ("count(distinct event)", "4", threshold(">", "3")),
    ],
    ids=["all of it", "a share", "evenness", "a part of a whole", "two of at least two", "four of more than three"],
)
def test_a_threshold_that_nobody_could_miss_or_reach_is_not_said_to_be_missed(
    expression: str, value: str, limit: Threshold
) -> None:
    assert close_share(expression, value, limit) == []


def test_a_share_that_a_higher_threshold_would_spare_is_told_in_per_cent() -> None:
    ((_, fact),) = close_share("share(_abroad)", "0.5", threshold(">=", "0.5"))

    assert "50 % at the peak, the rule asks for at least 50 %" in fact


def test_an_upper_bound_of_a_share_is_moved_down() -> None:
    ((_, fact),) = close_share("share(_abroad)", "0.09", threshold("<", "0.1"))

    assert "20 % lower would not have been reached" in fact


def test_an_upper_bound_is_moved_down() -> None:
    close = finding("a", measures=[("exchanges", "9")], thresholds=[threshold("<", "10")])
    clear = finding("a", measures=[("exchanges", "7")], thresholds=[threshold("<", "10")])

    assert "20 % lower" in facts(held(close))[0][1]
    assert facts(held(clear)) == []


def test_a_negative_threshold_moves_the_right_way() -> None:
    close = finding("a", measures=[("exchanges", "-9")], thresholds=[threshold(">", "-10")])

    assert "20 % higher" in facts(held(close))[0][1]


def test_thresholds_that_are_no_numbers_say_nothing() -> None:
    odd = finding("a", measures=[("exchanges", "")], thresholds=[threshold(">", "usual"), threshold("=", "3")])

    assert facts(held(odd)) == []


def test_the_share_of_traffic_that_no_finding_cites_is_stated() -> None:
    totals = {"a": AccountTotal(1000, at(0), at(9))}

    ((_, fact),) = facts(held(finding("a")), totals=totals, cited={"a": 25})

    assert "975 of this account's 1,000 records (97.5 %)" in fact


def test_a_handful_of_ordinary_records_is_not_worth_a_word() -> None:
    assert facts(held(finding("a")), totals={"a": AccountTotal(1000, at(0), at(9))}, cited={"a": 901}) == []


def test_a_threshold_that_accounts_reached_together_is_a_fact_of_the_case() -> None:
    close = finding("a", "b", measures=[("exchanges", "11")], thresholds=[threshold(">=", "10")])

    ((account, _),) = facts(held(close), accounts=("a", "b"))

    assert account == ""


def test_a_member_that_did_nothing_is_named() -> None:
    assert ("b", "no finding that holds cites a record of this account") in facts(
        held(finding("a")), accounts=("a", "b")
    )


def test_approvals_are_stated_with_who_gave_them() -> None:
    approval = Approval(account_id="a", conduct="distillation", reason="evaluation", approved_by="Ada", expires=at(99))

    ((_, fact),) = facts(held(finding("a"), approvals=(approval,)))

    assert fact == "distillation approved by Ada until 2026-01-09T03:00:00Z: evaluation"


def test_an_approval_that_ended_inside_a_finding_is_stated_with_its_end() -> None:
    approval = Approval(account_id="a", conduct="distillation", reason="evaluation", approved_by="Ada", expires=at(0.5))

    ((account, fact),) = facts(held(finding("a", end=1), approvals=(approval,)))

    assert account == "a"
    assert "the approval by Ada (distillation: evaluation) ended on 2026-01-05T00:30:00Z, inside this finding" in fact


def test_an_exemption_that_suppressed_something_is_stated() -> None:
    suppressed = finding("a", suppressed_by="approved-evaluation")

    assert "`approved-evaluation`" in facts(held(finding("a")), suppressed=(suppressed,))[0][1]


def exempting(until: float | None = None, start: float | None = None) -> Pack:
    span = Span(start=None if start is None else at(start), until=None if until is None else at(until))
    entry = ExemptionEntry(match=(("account_id", "a"),), reason="partner", span=span)
    exemption = Exemption(name="partners", owner="trust team", reason="partners", entries=(entry,))
    return Pack(name="example", title="Example", exemptions=(exemption,))


def test_an_exemption_for_another_rule_almost_applied() -> None:
    assert "is not for the rule `bulk-output`" in facts(held(finding("a")), pack=exempting())[0][1]


def test_an_exemption_that_begins_after_the_day_is_not_spoken_of() -> None:
    later = exempting(start=9)

    assert facts(held(finding("a")), pack=later, as_of=at(5)) == []
    assert facts(held(finding("a")), pack=later, as_of=at(9)) != []


def test_rules_that_were_not_evaluated_are_stated_for_the_whole_case() -> None:
    found = facts(held(finding("a")), not_evaluated=("b-rule", "a-rule"))

    assert found == [("", "2 rules were not evaluated, so they say nothing for or against: a-rule, b-rule")]
