"""Which parts of `violates` bound the rows that a window can matter for."""

import pytest

from auditor.checker.compile.pruning import growing_bounds
from auditor.errors import Place
from auditor.policy.expression_parser import parse_expression
from auditor.policy.expressions import Aggregate
from auditor.policy.rule import Measure, Rule
from tests.checker.factories import a_rule, sliding

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
