"""Random detections match the records that pySigma's SQLite backend matches, where `differences.yml` has no say.

Left out for that reason: lists, networks, letters beyond ASCII, numbers as text, and fields that are null on purpose.
"""

import os
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditor.sigma.events import Event
from auditor.sigma.load import rules_of
from auditor.sigma.run import evaluate
from tests.sigma import some_detections
from tests.sigma.sqlite_reference import reference_matches

EXAMPLES = int(os.environ.get("AUDITOR_EXAMPLES", "0"))
DIFFERENT = {"client_ip|cidr", "tags", "tags|contains|all", "asn", "client_ip"}
ONLY_TEXT: dict[str, list[Any]] = {
    "status": [200, 429, None],
    "api_key_id": ["K1", None],
    "user_agent|contains": ["bot", "*", "a?c", "\\*"],
}
TESTS = {key: values for key, values in some_detections.TESTS.items() if key not in DIFFERENT} | ONLY_TEXT


@settings(
    max_examples=EXAMPLES or 100, derandomize=not EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck)
)
@given(some_detections.rules(TESTS), st.lists(some_detections.records, min_size=1, max_size=6))
def test_random_detections_over_random_logs_agree(rule: str, log: list[dict[str, Any]]) -> None:
    events = [Event(number, "log", number + 1, record, None) for number, record in enumerate(log)]

    (matched,) = evaluate(rules_of(rule), events).matched

    assert list(matched.records) == reference_matches(rule, log)
