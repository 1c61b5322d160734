import gc

import pytest

from auditor.checker.compile.plan import plan_for
from auditor.checker.engines.duckdb import execute
from auditor.checker.uncollected import uncollected
from auditor.policy.pack import Context
from auditor.records.memory import activity_of
from tests.checker.factories import a_record, a_rule


def test_the_first_record_keeps_its_unknown_account() -> None:
    activity = activity_of([a_record(0, None), a_record(0, "a"), a_record(1, "b")])

    result = execute(plan_for([a_rule(subject="none")], sources=activity.sources, context=Context()), activity)

    (incident,) = result.outcomes[0].incidents
    assert incident.first.account_id is None
    assert incident.accounts == (("a", 1), ("b", 1))


def test_incidents_are_numbered_by_subject_in_code_point_order() -> None:
    activity = activity_of([a_record(place, account) for place, account in enumerate(("é", "b", "Z", "\U0001f600"))])

    result = execute(plan_for([a_rule()], sources=activity.sources, context=Context()), activity)

    assert [incident.subject for incident in result.outcomes[0].incidents] == [("Z",), ("b",), ("é",), ("\U0001f600",)]
    assert [incident.number for incident in result.outcomes[0].incidents] == [0, 1, 2, 3]


def test_the_garbage_collector_runs_again_after_an_error() -> None:
    with pytest.raises(ValueError, match="stop"), uncollected():
        raise ValueError("stop")

    assert gc.isenabled()
