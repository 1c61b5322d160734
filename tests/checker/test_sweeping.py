"""A threshold at several values: each catches what a rule written with it would catch."""

from decimal import Decimal

import pytest

from auditor.checker.comparing import Version
from auditor.checker.evaluator.evaluate import evaluate
from auditor.checker.sweeping import Swept, sweep_of, swept, threshold_of
from auditor.errors import UsageError
from auditor.policy.pack import Context, Pack
from auditor.records.memory import activity_of
from tests.policy.examples import message_of, rule_of

RECORDS: list[dict[str, object]] = [
    {"time": f"2026-06-01T00:{minute:02}:00Z", "event": "completion", "account_id": account, "cost_usd": "0.5"}
    for account, count in {"a": 9, "b": 4, "c": 1}.items()
    for minute in range(count)
]


def sweep(part: str, measure: str, *values: str) -> Swept:
    """Try values of a measure of a rule."""
    rule = rule_of(part)
    asked = sweep_of([rule], "rule", measure, [Decimal(value) for value in values])
    version = Version(Pack(name="p", title="p", rules=(rule,)), Context())
    return swept(activity_of(RECORDS), asked, version, as_of=None)


@pytest.mark.parametrize(
    "part",
    [
        "measure: {m: count()}\nwithin: 5m\nviolates: m >= {}",
        "measure: {m: count(), n: sum(cost_usd)}\nviolates: n > 1 and {} <= m",
        "measure: {m: count()}\nviolates: not m < {}",
        "measure: {m: span()}\nviolates: m * 2 > 3 or m > {}",
    ],
)
def test_each_value_catches_what_a_rule_with_it_would(part: str) -> None:
    found = sweep(part.replace("{}", "3"), "m", "1", "2", "5", "1000")

    activity = activity_of(RECORDS)
    for item in found.values:
        outcome = evaluate(
            rule_of(part.replace("{}", item.value)), activity.rows(), activity.sources, context=Context()
        ).outcome
        accounts = {account for incident in outcome.incidents for account, _ in incident.accounts}
        assert (set(item.accounts), item.findings) == (accounts, len(outcome.incidents))


def test_the_present_value_is_among_them_in_order() -> None:
    found = sweep("measure: {m: count()}\nviolates: m >= 3", "m", "10", "2")

    assert [(item.value, item.is_present, len(item.accounts)) for item in found.values] == [
        ("2", False, 2),
        ("3", True, 2),
        ("10", False, 0),
    ]
    assert (found.rule, found.measure, found.operator) == ("rule", "m", ">=")


@pytest.mark.parametrize(
    ("part", "measure", "message"),
    [
        ("measure: {m: count()}\nviolates: m > 3", "n", "rule rule has no measure `n`, expected one of m"),
        ("measure: {m: count()}\nviolates: m > 3 and m < 9", "m", "is held against 2 numbers, expected one"),
        ("measure: {m: count(), n: count(model)}\nviolates: m > n", "m", "is held against 0 numbers, expected one"),
        ("", "m", "rule rule has no measure `m`, expected one of none"),
    ],
)
def test_a_measure_without_one_threshold_is_refused(part: str, measure: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        threshold_of(rule_of(part), measure)

    assert message in message_of(caught.value)


def test_a_rule_that_can_not_be_evaluated_says_why() -> None:
    assert sweep("measure: {m: max(output_tokens)}\nviolates: m > 3", "m", "5").missing == ("output_tokens",)
