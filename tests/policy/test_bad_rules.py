"""Rules that must be refused, each with every problem at its exact line and column (bad_rules.yml)."""

from pathlib import Path
from typing import Any  # cases are free-form YAML

import pytest
import yaml

from auditor.errors import PolicyError
from auditor.policy.load import load_rule_text
from tests.policy.examples import rule_text

CASES = yaml.safe_load((Path(__file__).parent / "bad_rules.yml").read_text())


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_a_bad_rule_is_refused_with_every_problem(case: dict[str, Any]) -> None:
    text = case["whole"] if "whole" in case else rule_text(case["part"])

    with pytest.raises(PolicyError) as caught:
        load_rule_text(text)

    found = [f"{p.place.line}:{p.place.column}: {p.message}" for p in caught.value.problems if p.place]
    assert len(case["problems"]) == len(found), "\n".join(found)
    assert all(_fits(line, wanted) for line, wanted in zip(found, case["problems"], strict=True)), "\n".join(found)


def _fits(found: str, wanted: str) -> bool:
    return found.startswith(wanted[:-1]) if wanted.endswith("*") else wanted == found
