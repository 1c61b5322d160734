"""How records spread over values: answers worked out by hand."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any  # rows of every kind

import pytest

from auditor.checker.findings import MeasureValue
from auditor.errors import Place
from auditor.policy.conditions import Equals, Exists, SelectionRef
from auditor.policy.expression_parser import parse_expression
from auditor.policy.expressions import Expression
from auditor.policy.rule import Measure, Rule, Sequence, Window
from tests.checker.evaluator.rows import START, evaluated, row, rule

ANY = Exists(field="event")


def expression(text: str) -> Expression:
    return parse_expression(text, Place("rule.yml", 1, 1))


def measuring(text: str, **fields: Any) -> Rule:
    refused = (("refused", Equals(field="status", value=Decimal(429))),) if "refused" in text else ()
    given: dict[str, Any] = {"selections": (("all", ANY), *refused), "condition": SelectionRef(name="all")}
    return rule(measures=(Measure(name="m", expression=expression(text)),), **(given | fields))


def measured(text: str, rows: list[dict[str, Any]], timezone: str = "UTC", **fields: Any) -> MeasureValue | None:
    (incident,) = evaluated(measuring(text, **fields), rows, timezone=timezone).outcome.incidents
    return incident.measures[0][1]


def of_models(*models: str | None) -> list[dict[str, Any]]:
    return [row(place, model=model) for place, model in enumerate(models)]


@pytest.mark.parametrize(
    ("text", "models", "value"),
    [
        ("top_share(model)", "aab", 2 / 3),
        ("top_share(model)", "aA", 0.5),
        ("top_share(model)", "a---", 0.25),
        ("entropy(model)", "aaaa", Decimal(0)),
        ("entropy(model)", "aabb", Decimal(1)),
        ("entropy(model)", "abcd", Decimal(2)),
        ("entropy(model)", "aab", Decimal("0.918295834")),
        ("entropy(model)", "ab--", Decimal(1)),
        ("evenness(model)", "aabb", Decimal(1)),
        ("evenness(model)", "aab", Decimal("0.918295834")),
        ("evenness(model)", "aabc", Decimal("0.946394630")),
        ("evenness(model)", "aa-", None),
    ],
)
def test_a_spread_is_taken_over_the_values_of_a_column(text: str, models: str, value: MeasureValue | None) -> None:
    rows = of_models(*(None if model == "-" else model for model in models))

    assert measured(text, rows) == value


@pytest.mark.parametrize("text", ["top_share(model)", "entropy(model)", "evenness(model)", "max(per(model, count()))"])
def test_without_any_value_a_spread_is_unknown(text: str) -> None:
    rows = [row(0, model=None), row(0, account_id="b", model="x")]

    incidents = evaluated(measuring(text), rows).outcome.incidents

    assert incidents[0].measures == (("m", None),)


def test_a_share_counts_what_is_known_to_hold_among_all_records() -> None:
    rows = [row(0, status=429), row(1, status=200), row(2, status=None), row(3, status=429)]

    assert measured("share(refused)", rows) == 0.5


def test_active_hours_are_clock_hours_of_the_packs_time_zone() -> None:
    # half past full hours in India: 00:29 and 00:31 UTC lie in two of its clock hours
    rows = [row(29 * 60), row(31 * 60), row(59 * 60), row(24 * 3600 + 59 * 60)]

    assert (measured("active_hours()", rows), measured("active_hours()", rows, "Asia/Kolkata")) == (2, 3)


def test_the_hour_that_the_clock_shows_twice_is_one() -> None:
    clocks_go_back = (datetime(2026, 10, 25, 1, tzinfo=UTC) - START).total_seconds()
    rows = [row(clocks_go_back - 1_800), row(clocks_go_back + 1_800)]

    assert (measured("active_hours()", rows), measured("active_hours()", rows, "Europe/Berlin")) == (2, 1)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("median(per(model, count()))", 2.0),
        ("max(per(model, count()))", 3),
        ("min(per(model, sum(input_tokens)))", 4),
        ("sum(per(model, max(input_tokens)))", 10),
        ("avg(per(model, count()))", 2.0),
        ("count(per(model, count()))", 3),
        ("count(per(model, max(cost_usd)))", 0),
        ("quantile(per(model, count()), 0.4)", 2),
        ("max(per(model, share(refused)))", Decimal("0.333333333")),
        ("sum(per(model, avg(input_tokens)))", Decimal("8.5")),
        ("max(per(model, top_share(status)))", Decimal(1)),
        ("min(per(model, entropy(status)))", Decimal(0)),
    ],
)
def test_per_takes_an_aggregate_for_each_value(text: str, value: MeasureValue) -> None:
    tokens = [("a", 1, 200), ("a", 2, 200), ("a", 3, 429), ("b", 2, 200), ("b", 3, 200), ("c", 4, None), (None, 9, 429)]
    rows = [
        row(place, model=model, input_tokens=count, status=status)
        for place, (model, count, status) in enumerate(tokens)
    ]
    rows.append(row(0, account_id="z", cost_usd="1"))

    (incident, _) = evaluated(measuring(text), rows).outcome.incidents

    assert incident.measures[0][1] == value


def test_per_divides_occurrences_by_their_last_record() -> None:
    steps = Sequence(steps=("refused", "answered"), within=60)
    selections = (("refused", Equals(field="status", value=Decimal(429))),
                  ("answered", Equals(field="status", value=Decimal(200))))  # fmt: skip
    rows = [
        row(0, api_key_id="k1", status=429, input_tokens=1), row(1, api_key_id="k2", status=200, input_tokens=2),
        row(2, api_key_id="k1", status=429, input_tokens=4), row(3, api_key_id="k2", status=200, input_tokens=8),
        row(4, api_key_id="k1", status=429, input_tokens=16), row(5, api_key_id="k3", status=200, input_tokens=32),
    ]  # fmt: skip
    found = [
        measured(text, rows, selections=selections, condition=SelectionRef(name="refused"), sequence=steps)
        for text in ("max(per(api_key_id, count()))", "min(per(api_key_id, sum(input_tokens)))",
                     "top_share(api_key_id)", "share(refused)")
    ]  # fmt: skip

    assert found == [2, 15, 0.5, 0.5]


def test_a_sliding_window_forgets_what_left_it() -> None:
    rows = [row(0, model="a"), row(5, model="a"), row(11, model="b"), row(12, model="b")]
    window = Window(kind="sliding", seconds=10)

    outcome = evaluated(
        measuring("max(per(model, count()))", within=window, violates=expression("m >= 2")), rows
    ).outcome

    assert [(item.records, item.windows) for item in outcome.incidents] == [(4, 2)]
