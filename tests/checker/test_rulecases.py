"""Rule cases: expectation against outcome, with facts as a roster, by plan and evaluator both."""

from collections.abc import Callable
from pathlib import Path

import pytest

from auditor.checker.rulecases import CaseResult, run_cases
from auditor.errors import PolicyError
from auditor.policy.pack import Pack

Run = Callable[[str], tuple[CaseResult, ...]]
RULE = """
id: 0c6f0f0e-6f0b-4a57-9a53-0a4f6a1f3b11
title: Two refusals of a paying account
status: test
conduct: resale
strength: inferential
family: limits
level: low
description: A rule to run cases of.
when:
  refused: {event: completion, status: 429, plan: pro}
measure:
  refusals: count()
within: 60s
violates: refusals >= 2
"""
REFUSALS = """
  records:
    - {time: "2026-06-01T08:00:00Z", event: completion, account_id: a, status: 429}
    - {time: "2026-06-01T08:01:00Z", event: completion, account_id: a, status: 429}
"""


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def run_text(cases: str) -> tuple[CaseResult, ...]:
        (tmp_path / "rule.yml").write_text(RULE)
        (tmp_path / "rule.cases.yml").write_text(cases)
        return run_cases(tmp_path / "rule.yml", pack=Pack(name="p", title="P"))

    return run_text


@pytest.mark.parametrize(
    ("facts", "subject", "found"),
    [
        ("[{account_id: a, plan: pro}]", "a", "match"),
        ("[{account_id: a, plan: free}]", "a", "no match"),
        ("[{account_id: a, plan: pro}]", "b", "no match"),
        ("[{account_id: a, device_id: d}]", "a", "not evaluated"),
    ],
)
def test_a_case_finds_what_its_records_and_facts_say(run: Run, facts: str, subject: str, found: str) -> None:
    (result,) = run(f"- name: one\n  facts: {facts}{REFUSALS}  subject: {subject}\n  expect: match\n")

    assert result.found == found
    assert result.is_ok is (found == "match")
    assert result.disagreements == ()


def test_facts_are_no_activity(run: Run) -> None:
    facts = "[{account_id: a, plan: pro, event: completion, status: 429}]"

    (result,) = run(f"- name: one\n  facts: {facts}{REFUSALS}  expect: match\n")

    assert result.outcome.selected == 2


def test_a_subject_that_only_left_out_records_have_is_not_evaluated(run: Run) -> None:
    other = '    - {time: "2026-06-01T08:00:00Z", event: completion, account_id: b, source_id: other}\n'
    facts = "[{account_id: a, plan: pro}]"

    (result,) = run(f"- name: one\n  facts: {facts}{REFUSALS}{other}  subject: b\n  expect: not evaluated\n")

    assert result.is_ok


def test_a_fact_after_the_first_record_is_refused(run: Run) -> None:
    facts = '[{account_id: a, plan: pro, time: "2026-06-01T08:00:30Z"}]'

    with pytest.raises(PolicyError, match="expected facts before the first record"):
        run(f"- name: one\n  facts: {facts}{REFUSALS}  expect: match\n")
