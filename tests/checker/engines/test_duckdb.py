import duckdb
import pytest

from auditor.checker.compile.plan import plan_for
from auditor.checker.engines.duckdb import execute
from auditor.checker.engines.tables import interruptible
from auditor.policy.conditions import Equals, SelectionRef
from auditor.policy.pack import Context
from auditor.policy.rule import Sequence
from auditor.records.memory import activity_of
from tests.checker.factories import a_record, a_rule, sliding


@pytest.mark.parametrize("error", [RuntimeError("Query interrupted"), duckdb.InterruptException("stopped")])
def test_a_stopped_query_is_an_interruption(error: Exception) -> None:
    with pytest.raises(KeyboardInterrupt), interruptible():
        raise error


def test_other_errors_stay_what_they_are() -> None:
    with pytest.raises(RuntimeError, match="something else"), interruptible():
        raise RuntimeError("something else")


def test_an_incident_of_a_sequence_cites_the_records_of_all_steps() -> None:
    refused, answered = Equals(field="error_code", value="limit"), Equals(field="error_code", value="none")
    rule = a_rule(
        selections=(("refused", refused), ("answered", answered)),
        condition=SelectionRef(name="refused"),
        sequence=Sequence(steps=("refused", "answered"), by=("model",), within=60),
        against="answered",
        within=sliding(10),
    )
    records = [
        a_record(0, error_code="limit", model="m"),
        a_record(1, error_code="limit", model="other"),
        a_record(30, error_code="none", model="m"),
        a_record(31, error_code="none", model="m"),
    ]
    activity = activity_of(records)

    result = execute(plan_for([rule], sources=activity.sources, context=Context()), activity)

    (incident,) = result.outcomes[0].incidents
    assert [record.source_line for record in result.of("rule", incident.number)] == [1, 3]
    assert (incident.accounts, result.outcomes[0].selected) == ((("a", 1),), 4)


def test_incidents_of_different_sources_name_them() -> None:
    records = [a_record(place, source_id=source, source_line=1) for place, source in enumerate(("z", "b"))]
    activity = activity_of(records)

    result = execute(plan_for([a_rule()], sources=activity.sources, context=Context()), activity)

    assert result.sources_of("rule", 0) == ("b", "z")


def test_ties_are_ordered_by_source_and_line() -> None:
    names = [("b", 1), ("a", 10), ("a", 9)]
    activity = activity_of([a_record(0, source_id=source, source_line=line) for source, line in names])

    result = execute(plan_for([a_rule()], sources=activity.sources, context=Context()), activity)

    assert [(ref.source_id, ref.source_line) for ref in result.of("rule", 0)] == [("a", 9), ("a", 10), ("b", 1)]
    assert result.outcomes[0].incidents[0].first.source_line == 9
