"""Correlations find the same alerts as pySigma's SQLite backend: same group, window, measure and records.

A fixed hundred of random rules and logs by default; `AUDITOR_EXAMPLES=2000` takes that many new ones.
"""

import os
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings

from tests.conformance.correlation_cases import Case, all_cases
from tests.sigma.alerts import our_alerts
from tests.sigma.some_correlations import records, rule_sets
from tests.sigma.sqlite_reference import reference_alerts

EXAMPLES = int(os.environ.get("AUDITOR_EXAMPLES", "0"))
PYSIGMA_CANNOT = {"a range has both bounds"}
"""pySigma takes one bound only, so that its backend can't judge the case."""
CASES = [case for case in all_cases() if case.name not in PYSIGMA_CANNOT]


@settings(
    max_examples=EXAMPLES or 100, derandomize=not EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck)
)
@given(rule_sets(), records)
def test_random_correlations_over_random_logs_agree(rules: str, log: list[dict[str, Any]]) -> None:
    assert our_alerts(rules, log) == reference_alerts(rules, log)


@pytest.mark.parametrize("case", CASES, ids=[f"{case.file}: {case.name}" for case in CASES])
def test_the_conformance_cases_agree(case: Case) -> None:
    rules = yaml.safe_dump_all(case.rules, sort_keys=False)

    assert our_alerts(rules, case.records) == reference_alerts(rules, case.records)
