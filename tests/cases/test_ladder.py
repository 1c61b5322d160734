"""The ladder, case by case (ladder.cases.yml), and what must hold for any findings at all."""

from pathlib import Path
from typing import Any  # a case as YAML has it

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.cases.ladder import propose_all
from auditor.cases.model import Action, ActionName, CaseFinding
from auditor.cases.standing import judged
from auditor.policy.pack import Approval, Ladder
from auditor.policy.rule import Level
from tests.cases.factories import at, clause, finding, part_of_finding

CASES: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "ladder.cases.yml").read_text())
RECORDS = 10


def case_finding(number: int, given: dict[str, Any], approved: list[str]) -> CaseFinding:
    conducts = given.get("conducts", ["distillation"])
    stances = given.get("stances", {conduct: given.get("stance", "prohibits") for conduct in conducts})
    covered = given.get("covered", RECORDS)
    item = finding(
        "a",
        *given.get("others", []),
        subject_kind=given.get("subject", "account"),
        rule=f"rule-{number}",
        conducts=list(stances),
        clauses=[clause(conduct, stance, covered) for conduct, stance in stances.items() if stance != "none"],
        strength=given.get("strength", "inferential"),
        family=given.get("family", "limits"),
        level=Level(given.get("level", "high")),
        columns=given.get("columns", ["output_tokens"]),
        by=[(name, "shared") for name in given.get("by", [])],
        records=RECORDS,
    )
    approvals = [Approval(account_id="a", conduct=name, reason="known", approved_by="Ada") for name in approved]
    part = part_of_finding(item, "a", approvals=approvals, total=None)
    thefts = {"within_theft": given.get("within", 0), "after_theft": given.get("after", 0)}
    part = part.model_copy(update=thefts)
    return judged(item, [part], status=given.get("status", "held"), first_run="r", last_run="r")


def proposal(case: dict[str, Any]) -> Action:
    findings = [case_finding(n, item, case.get("approved", [])) for n, item in enumerate(case["findings"])]
    (action,) = propose_all(["a"], findings, Ladder(**case.get("ladder", {})))
    return action


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_ladder_case(case: dict[str, Any]) -> None:
    action = proposal(case)

    assert str(action.action) == case["expect"]
    assert action.protect == tuple(case.get("protect", ()))
    assert case.get("because", "") in " | ".join(action.because)


def test_every_finding_is_among_the_reasons() -> None:
    action = proposal({"findings": [{"family": "limits"}, {"level": "low"}, {"stance": "permits"}]})

    assert len(action.because) == 1 + 3
    assert all("example-terms version 2, clause 2.2" in reason for reason in action.because[1:])


def test_a_member_without_cited_records_gets_none_whatever_the_others_did() -> None:
    guilty = case_finding(1, {"strength": "bright-line", "level": "critical"}, [])

    actions = propose_all(["a", "bystander"], [guilty], Ladder())

    assert [action.action for action in actions] == [ActionName.SUSPEND, ActionName.NONE]


def test_the_finding_that_a_clause_prohibits_is_the_main_reason_among_equals() -> None:
    action = proposal({"findings": [{"stance": "none", "level": "critical"}, {"stance": "prohibits"}]})

    assert action.because[0] == "verify: inferential evidence of one family leads no further"


GIVEN = st.fixed_dictionaries(
    {
        "strength": st.sampled_from(["bright-line", "inferential"]),
        "family": st.sampled_from(["coordination", "content", "limits", "access", "parameters", "account"]),
        "level": st.sampled_from([str(level) for level in Level]),
        "stance": st.sampled_from(["prohibits", "limits", "permits", "none"]),
        "columns": st.lists(st.sampled_from(["client_ip", "country", "output_tokens", "template_id", "status"])),
        "conducts": st.sampled_from([["distillation"], ["credential-theft"], ["resale", "credential-theft"]]),
        "covered": st.integers(0, RECORDS),
        "within": st.integers(0, RECORDS),
        "after": st.integers(0, 2),
    }
)
LADDERS = st.fixed_dictionaries(
    {
        name: st.sampled_from([str(action) for action in ActionName])
        for name in ("single_inferential", "independent_families", "bright_line", "unclaused")
    }
)


@settings(max_examples=200, deadline=None)
@given(findings=st.lists(GIVEN, max_size=5), ladder=LADDERS)
def test_no_findings_and_no_ladder_file_break_the_fixed_caps(
    findings: list[dict[str, Any]], ladder: dict[str, str]
) -> None:
    action = proposal({"findings": findings, "ladder": ladder}).action

    has_bright_line = any(item["strength"] == "bright-line" and item["stance"] == "prohibits" for item in findings)
    assert action.rank <= ActionName.SUSPEND.rank
    assert action.rank < ActionName.SUSPEND.rank or has_bright_line
    assert action.rank <= proposal({"findings": findings}).action.rank


@settings(max_examples=100, deadline=None)
@given(findings=st.lists(GIVEN, max_size=4), data=st.data())
def test_the_order_of_findings_does_not_matter(findings: list[dict[str, Any]], data: st.DataObject) -> None:
    turned = data.draw(st.permutations(findings))

    assert proposal({"findings": turned}).action is proposal({"findings": findings}).action


def test_reason_names_the_approval_that_ended_inside_the_finding() -> None:
    ended = Approval(account_id="a", conduct="distillation", reason="evaluation", approved_by="Ada", expires=at(0.5))
    item = finding("a", strength="bright-line", end=1)
    parts = [part_of_finding(item, "a", approvals=[ended], total=None)]
    whole = judged(item, parts, status="new", first_run="r", last_run="r")

    (action,) = propose_all(["a"], [whole], Ladder())

    assert action.because[0].startswith("verify: the approval by Ada (distillation: evaluation) ended on 2026-01-05")
    assert "only 0" not in " ".join(action.because)
