"""An expression written out as text is the same expression."""

import pytest

from auditor.errors import Place
from auditor.policy.expression_parser import parse_expression
from auditor.policy.expression_text import text_of_expression
from auditor.policy.load import load_pack


@pytest.mark.parametrize(
    "text",
    [
        "count()",
        "count(distinct account_id)",
        "median(per(account_id, count(distinct prompt_digest)))",
        "quantile(per(end_user_id, sum(cost_usd)), 0.95)",
        "share(long-answers)",
        "(x - (y - z)) * -2 >= 90s and not (a = 'it' or b <> \"it's\")",
        "seconds_between(refused, answered) < 60 + distance_km(refused, answered)",
        "count(sequence) / usual.calls",
    ],
)
def test_text_gives_the_same_tree_back(text: str) -> None:
    tree = parse_expression(text, Place("a.yml"))

    assert tree == parse_expression(text_of_expression(tree), Place("a.yml"))


def test_every_measure_of_the_shipped_rules_can_be_read_back() -> None:
    measures = [measure for rule in load_pack("model-api").rules for measure in rule.measures]

    assert len(measures) > 100
    for measure in measures:
        assert measure.expression == parse_expression(text_of_expression(measure.expression), Place("a.yml"))
