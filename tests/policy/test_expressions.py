"""Expressions: precedence, units, and what measures carry."""

from decimal import Decimal

import pytest

from auditor.errors import Place
from auditor.policy.expression_parser import parse_expression
from auditor.policy.expressions import (
    Aggregate,
    Arithmetic,
    Comparison,
    Expression,
    Logic,
    Name,
    Negation,
    Negative,
    Number,
    PairCall,
    Per,
    Text,
)
from tests.policy.examples import rule_of

X, Y, Z = (Name(name=name) for name in "xyz")
ONE = Number(value=Decimal(1))


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("x + y * z", Arithmetic(operator="+", left=X, right=Arithmetic(operator="*", left=Y, right=Z))),
        ("x - y - z", Arithmetic(operator="-", left=Arithmetic(operator="-", left=X, right=Y), right=Z)),
        ("(x + y) / z", Arithmetic(operator="/", left=Arithmetic(operator="+", left=X, right=Y), right=Z)),
        ("-x", Negative(operand=X)),
        ("not x = y", Negation(operand=Comparison(operator="=", left=X, right=Y))),
        (
            "x < 1 or y < 1 and z < 1",
            Logic(
                operator="or",
                left=Comparison(operator="<", left=X, right=ONE),
                right=Logic(
                    operator="and",
                    left=Comparison(operator="<", left=Y, right=ONE),
                    right=Comparison(operator="<", left=Z, right=ONE),
                ),
            ),
        ),
        ("50_000_000", Number(value=Decimal(50_000_000))),
        ("0.95", Number(value=Decimal("0.95"))),
        ("90m", Number(value=Decimal(5_400), unit="seconds")),
        ("'a b'", Text(value="a b")),
        ("a.extra.key-1", Name(step="a", name="extra.key-1")),
        ("count()", Aggregate(function="count")),
        ("count(sequence)", Aggregate(function="count", of_sequence=True)),
        ("count(distinct x)", Aggregate(function="count", column="x", is_distinct=True)),
        ("quantile(x, 0.5)", Aggregate(function="quantile", column="x", fraction=Decimal("0.5"))),
        ("span()", Aggregate(function="span")),
        ("active_hours()", Aggregate(function="active_hours")),
        ("share(not-cached)", Aggregate(function="share", selection="not-cached")),
        ("entropy(x)", Aggregate(function="entropy", column="x")),
        (
            "quantile(per(x, sum(y)), 0.9)",
            Aggregate(
                function="quantile",
                fraction=Decimal("0.9"),
                per=Per(column="x", aggregate=Aggregate(function="sum", column="y")),
            ),
        ),
        ("distance_km(a, b)", PairCall(function="distance_km", first="a", second="b")),
    ],
)
def test_a_text_becomes_a_tree(text: str, tree: Expression) -> None:
    assert tree == parse_expression(text, Place("f", 1, 1))


@pytest.mark.parametrize(
    ("expression", "unit"),
    [
        ("count()", ""),
        ("sum(output_tokens)", "tokens"),
        ("sum(output_tokens) / count()", "tokens"),
        ("sum(output_tokens) / span()", "tokens/seconds"),
        ("sum(cost_usd) / sum(output_tokens)", "usd/tokens"),
        ("sum(output_tokens) / sum(input_tokens)", ""),
        ("max(output_tokens) - 100", "tokens"),
        ("2 * span()", "seconds"),
        ("count() / span()", "1/seconds"),
        ("-avg(latency_ms)", "ms"),
        ("max(rate_limit)", ""),
        ("min(model_age)", "seconds"),
        ("share(asked) + top_share(model) * evenness(model)", ""),
        ("entropy(model)", "bits"),
        ("active_hours()", "hours"),
        ("max(per(model, sum(output_tokens)))", "tokens"),
        ("median(per(model, active_hours()))", "hours"),
        ("count(per(model, sum(output_tokens)))", ""),
    ],
)
def test_a_measure_carries_its_unit(expression: str, unit: str) -> None:
    rule = rule_of(f"measure: {{x: '{expression}'}}")

    assert unit == rule.measures[0].unit


@pytest.mark.parametrize(
    "where",
    [
        "b.api_key_id <> a.api_key_id",
        "distance_km(a, b) / seconds_between(a, b) * 3600 > 900",
        "distance_km(a, b) > 0.25 * seconds_between(a, b)",
        "b.time > a.time",
        "b.stream = a.stream and not b.country = 'US'",
        "seconds_between(a, b) <= 30s",
        "b.output_tokens > 2 * a.output_tokens",
        "b.extra.trace = a.extra.trace",
        "a.asn = b.asn or b.asn <> c.asn and seconds_between(c, a) < 0",
    ],
)
def test_a_where_compares_the_steps(where: str) -> None:
    steps = "when: {a: {event: x}, b: {event: y}, c: {event: z}}\n"

    rule = rule_of(f'{steps}sequence: {{steps: [a, b, c], within: 1m, where: "{where}"}}')

    assert rule.sequence is not None
    assert rule.sequence.where is not None
