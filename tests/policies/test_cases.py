"""Every case of every shipped rule holds, by the compiled plan and by the plain evaluator."""

from pathlib import Path

import pytest

from auditor.checker.rulecases import run_case
from auditor.policy.rulecases import RuleCase, load_cases
from tests.policies.catalogue import pack_of, rule_paths

CASES = [(path, case) for path in rule_paths() for case in load_cases(path)]


@pytest.mark.parametrize(("path", "case"), CASES, ids=[f"{path.stem}: {case.name}" for path, case in CASES])
def test_case_holds(path: Path, case: RuleCase) -> None:
    result = run_case(path, case, pack=pack_of(path))

    assert (case.expect, ()) == (result.found, result.disagreements)


@pytest.mark.parametrize("path", rule_paths(), ids=lambda path: path.stem)
def test_a_rule_has_a_match_two_innocent_cases_and_a_log_that_lacks_a_column(path: Path) -> None:
    expected = [case.expect for case in load_cases(path)]

    assert expected.count("match") >= 1
    assert expected.count("no match") >= 2
    assert expected.count("not evaluated") >= 1


@pytest.mark.parametrize("path", rule_paths(), ids=lambda path: path.stem)
def test_the_last_case_lacks_a_column_or_list(path: Path) -> None:
    last = load_cases(path)[-1]

    result = run_case(path, last, pack=pack_of(path))

    assert result.outcome.missing
