"""What looks unreachable and is not: none of these rules may be refused."""

import pytest

from auditor.policy.load import load_rule_text
from tests.policy.examples import rule_text

SELECTIONS = {
    "a list is an or": "{status: [200, 429], status|gte: 400}",
    "a whole number between": "{output_tokens|gt: 5, output_tokens|lt: 7}",
    "a real number between neighbours": "{latency_ms|gt: 5, latency_ms|lt: 6}",
    "an edge that belongs to both": "{output_tokens|gte: 5, output_tokens|lte: 5}",
    "one value of two excluded": "{stream|neq: true}",
    "the same text in another case": "{model: GPT, model|cased: gpt}",
    "a prefix of a prefix": "{model|startswith: gp, model|startswith|cased: GPT-4}",
    "an end and a start": "{model|startswith: gpt, model|endswith: mini}",
    "two tags": "{tags: a, tags|contains: b}",
    "a network in a network": "{client_ip|cidr: 10.0.0.0/8, client_ip|cidr|neq: 10.0.0.0/9}",
    "an address of a network": "{client_ip: 10.1.2.3, client_ip|cidr: 10.0.0.0/8}",
    "text and number of an extra field": "{extra.x: many, extra.x|gt: 5}",
    "an hour of two": "{time|hour: [22, 23], time|hour|gt: 22}",
}


@pytest.mark.parametrize("lines", SELECTIONS.values(), ids=SELECTIONS)
def test_a_selection_that_may_hold_is_no_problem(lines: str) -> None:
    assert load_rule_text(rule_text(f"when: {{asked: {lines}}}"))


def test_a_missing_value_that_counts_fulfils_a_negation() -> None:
    lines = "when: {asked: {country|neq: DE}, none: {country: null}}"

    assert load_rule_text(rule_text(f"{lines}\nmissing: counts"))


@pytest.mark.parametrize(
    "part",
    [
        "subject: none\nmeasure: {m: count(distinct account_id)}\nviolates: m > 5",
        "subject: cluster\nmeasure: {m: count(distinct account_id)}\nviolates: m > 5",
        "subject: api_key\nmeasure: {m: count(distinct account_id)}\nviolates: m > 5",
        "measure: {m: count(model), n: count()}\nviolates: m / n > 0.99",
        "measure: {m: count(model), n: count()}\nviolates: n / m > 5",
        "measure: {m: count(distinct model), n: count(prompt)}\nviolates: m / n > 1.5",
        "measure: {m: avg(output_tokens)}\nwhen: {a: {output_tokens|lte: 5}}\nviolates: m >= 5",
        "measure: {m: sum(output_tokens)}\nwhen: {a: {output_tokens|lte: 5}}\nviolates: m >= 50",
        "measure: {m: span()}\nwithin: {session: 1h}\nviolates: m >= 12h",
        "measure: {m: span()}\nwithin: {calendar: day}\nviolates: m >= 25h",
        "measure: {m: count(), n: sum(cost_usd)}\nviolates: m < 1 or n > 5",
        "measure: {m: count(), n: count(model)}\nviolates: m - n > 5 and n >= 0",
        "measure: {m: sum(cost_usd)}\nviolates: m * -1 > 5",
        "measure: {m: count(), n: sum(cost_usd)}\nviolates: n / m < -3",
        "measure: {m: max(latency_ms)}\nwhen: {a: {latency_ms|lt: 0.0000001}}\nviolates: m > 0.0000002",
    ],
)
def test_a_threshold_that_may_be_reached_is_no_problem(part: str) -> None:
    assert load_rule_text(rule_text(part))


def test_more_alternatives_than_can_be_looked_at_are_taken_to_hold() -> None:
    lists = ", ".join(f"s{n}: [{{{a}: x}}, {{{b}: y}}]" for n, (a, b) in enumerate([("model", "prompt")] * 14))

    assert load_rule_text(rule_text(f"when: {{{lists}}}"))


def test_a_time_within_the_rules_effect_is_no_problem() -> None:
    part = (
        "when: {a: {time|lte: 2025-06-01}, b: {time|gte: 2025-06-02}, condition: a or b}\neffective: {from: 2025-06-01}"
    )

    assert load_rule_text(rule_text(part))
