from datetime import datetime, timedelta

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditor.checker.agreement import differences
from auditor.checker.compile.plan import plan_for
from auditor.checker.compile.pruning import growing_bounds
from auditor.checker.engines.duckdb import execute
from auditor.checker.evaluator.evaluate import evaluate
from auditor.checker.findings import RecordRef
from auditor.errors import Place
from auditor.policy.expression_parser import parse_expression
from auditor.policy.expressions import Aggregate
from auditor.policy.pack import Context
from auditor.policy.rule import Measure, Rule
from auditor.records.memory import activity_of
from auditor.records.sql import open_connection
from tests.checker.factories import START, a_record, a_rule, sliding

DAY = 86_400
BEFORE_1970 = -int(START.timestamp())
MEASURES = {
    "requests": Aggregate(function="count"),
    "keys": Aggregate(function="count", column="api_key_id", is_distinct=True),
    "tokens": Aggregate(function="sum", column="output_tokens"),
    "least": Aggregate(function="min", column="output_tokens"),
}


def a_measuring_rule(violates: str, hours: int) -> Rule:
    measures = tuple(Measure(name=name, expression=expression) for name, expression in MEASURES.items())
    where = parse_expression(violates, Place("rule.yml", 1, 1))
    return a_rule(measures=measures, within=sliding(hours * 3600), violates=where)


@pytest.fixture(scope="module")
def connection() -> duckdb.DuckDBPyConnection:
    return open_connection()


TIMES = st.integers(0, 24 * 9).map(lambda half_hours: half_hours * 1800) | st.integers(0, 5 * DAY)
RECORDS = st.builds(
    lambda seconds, account, key, tokens: a_record(seconds, account, api_key_id=key, output_tokens=tokens),
    TIMES,
    st.sampled_from(["a", "b"]),
    st.sampled_from(["k1", "k2", None]),
    st.sampled_from([-5, 0, 3, 100, None]),
)
VIOLATES = st.sampled_from(
    [
        "requests >= 3",
        "4 < requests",
        "keys >= 2",
        "tokens > 100.5",
        "requests >= 3 and least < 0",
        "keys >= 2 and tokens >= 3",
        "requests >= 2 or keys >= 2",
        "not requests < 3",
    ]
)


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(
    records=st.lists(RECORDS, min_size=1, max_size=25),
    violates=VIOLATES,
    hours=st.sampled_from([1, 5, 24, 48]),
    shift=st.sampled_from([0, 5 * 3600, BEFORE_1970 - 2 * DAY]),
)
def test_dropping_rows_that_cannot_matter_changes_nothing(
    connection: duckdb.DuckDBPyConnection, records: list[dict[str, object]], violates: str, hours: int, shift: int
) -> None:
    rule = a_measuring_rule(violates, hours)
    activity = activity_of([_shifted(record, shift) for record in records], connection=connection)
    judge = evaluate(rule, list(activity.rows()), activity.sources, context=Context())

    result = execute(plan_for([rule], sources=activity.sources, context=Context()), activity)

    def cited(number: int) -> tuple[RecordRef, ...]:
        return tuple(result.of(rule.name, number))

    assert differences(result.outcomes[0], judge.outcome, cited, judge.citations.__getitem__) == ()


def _shifted(record: dict[str, object], shift: int) -> dict[str, object]:
    time = datetime.fromisoformat(str(record["time"])) + timedelta(seconds=shift)
    return record | {"time": time.isoformat()}


@pytest.mark.parametrize(
    ("violates", "bounds"),
    [
        ("requests >= 3 and least < 0", ["count >= 3"]),
        ("4 < requests and keys >= 2", ["count > 4", "count >= 2"]),
        ("requests >= 3 or keys >= 2", []),
        ("requests >= 0", []),
        ("requests < 3", []),
        ("least >= 3", []),
        ("not requests >= 3", []),
        ("requests = 3", []),
    ],
)
def test_only_growing_measures_that_must_reach_a_number_bound_the_rows(violates: str, bounds: list[str]) -> None:
    found = growing_bounds(a_measuring_rule(violates, hours=1))

    assert [f"{aggregate.function} {operator} {value}" for aggregate, operator, value in found] == bounds
