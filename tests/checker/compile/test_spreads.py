"""Spreads over values: the plan agrees with the evaluator where windows are dense, and says the same every time."""

import random
from itertools import product
from typing import Any  # rows of every kind

import pytest

import auditor.checker.engines.duckdb as engine
from auditor.checker.compile.plan import plan_for
from auditor.errors import Place
from auditor.policy.conditions import Equals, Exists, SelectionRef
from auditor.policy.expression_parser import parse_expression
from auditor.policy.expressions import Expression
from auditor.policy.pack import Context
from auditor.policy.rule import Measure, Rule, Window
from auditor.records.memory import activity_of
from tests.checker.compile.test_measures import COLUMNS, EXTREMES, agreed
from tests.checker.evaluator.rows import row, rule

OUTER = ("count({})", "sum({})", "avg({})", "min({})", "max({})", "median({})", "quantile({}, 0.9)")
INNER = (
    "count()", "count(model)", "count(distinct model)", "sum(input_tokens)", "avg(input_tokens)", "median(latency_ms)",
    "span()", "share(login)", "active_hours()", "entropy(model)",
)  # fmt: skip
PLAIN = ("top_share(model)", "entropy(model)", "evenness(api_key_id)", "active_hours()", "share(login)")
PAIRS = ((OUTER[(place + shift) % len(OUTER)], inner) for place, inner in enumerate(INNER) for shift in (0, 4))
TEXTS = (*PLAIN, *(outer.format(f"per(api_key_id, {inner})") for outer, inner in PAIRS))
RANKED = ("top_share(model)", "median(per(api_key_id, count()))", "max(per(model, count(distinct api_key_id)))")
WINDOWS = (Window(kind="sliding", seconds=3600), Window(kind="tumbling", seconds=3600))
SELECTIONS = (("all", Exists(field="event")), ("login", Equals(field="event", value="login")))


def expression(text: str) -> Expression:
    return parse_expression(text, Place("rule.yml", 1, 1))


def measuring(text: str, name: str = "a-rule", **fields: Any) -> Rule:
    measure = Measure(name="m", expression=expression(text))
    given: dict[str, Any] = {
        "selections": SELECTIONS,
        "condition": SelectionRef(name="all"),
        "measures": (measure,),
        "name": name,
    }
    return rule(**(given | fields))


def many_rows(number: int) -> list[dict[str, Any]]:
    """Return rows of two accounts within four hours, with ties, nulls and values of very different frequency."""
    chance = random.Random(7)
    return [
        row(
            chance.randrange(0, 14_400, 60),
            account_id=chance.choice("ab"),
            event=chance.choice(("completion", "completion", "login")),
            api_key_id=chance.choice(("k1", "k1", "k1", "k2", "k3", *(f"rare{place}" for place in range(9)), None)),
            model=chance.choice(("m1", "m1", "m2", "m3", None)),
            input_tokens=chance.choice((0, 1, 5, 10**15, None)),
            latency_ms=chance.choice((0.5, 1 / 3, 2.25, None)),
        )
        for _ in range(number)
    ]


@pytest.mark.parametrize("window", WINDOWS, ids=["sliding", "tumbling"])
def test_every_spread_agrees_with_the_evaluator(window: Window) -> None:
    held = expression("m > 0.5")
    judged = [measuring(text, f"rule-{place}", within=window, violates=held) for place, text in enumerate(TEXTS)]

    outcomes = agreed(judged, many_rows(50))

    assert sum(len(outcome.incidents) for outcome in outcomes) > len(TEXTS) / 2


def test_spreads_agree_with_the_evaluator_where_a_rule_asks_for_something_else_first() -> None:
    many = Measure(name="n", expression=expression("count()"))
    held = expression("n >= 5 and m > 0.5")
    judged = [
        measuring(
            text,
            f"rule-{place}",
            measures=(many, Measure(name="m", expression=expression(text))),
            by=by,
            within=WINDOWS[0],
            violates=held,
        )
        for place, (text, by) in enumerate(product(RANKED, ((), ("model",))))
    ]

    outcomes = agreed(judged, many_rows(70))

    assert sum(len(outcome.incidents) for outcome in outcomes) > len(judged) / 2


@pytest.mark.parametrize("column", COLUMNS)
def test_no_number_a_column_can_hold_stops_a_spread(column: str) -> None:
    texts = [
        outer.format(f"per(time, {inner}({column}))")
        for outer, inner in zip(OUTER[1:], ("sum", "avg") * 3, strict=True)
    ]
    judged = [
        measuring(text, f"rule-{place}-{kind}", selections=SELECTIONS[:1], within=window)
        for place, text in enumerate(texts)
        for kind, window in enumerate(WINDOWS)
    ]

    outcomes = agreed(judged, [*EXTREMES, *({**one, "account_id": "b"} for one in EXTREMES)])

    assert {len(outcome.incidents) for outcome in outcomes} == {2}


def test_twelve_runs_give_the_same_bytes() -> None:
    rows = many_rows(200)
    rules = [
        measuring(text, f"rule-{place}", within=Window(kind="sliding", seconds=3600))
        for place, text in enumerate((*PLAIN, "avg(per(api_key_id, avg(latency_ms)))"))
    ]

    found = {_bytes(rules, rows) for _ in range(12)}

    assert len(found) == 1


def _bytes(rules: list[Rule], rows: list[dict[str, Any]]) -> str:
    activity = activity_of(rows)
    result = engine.execute(plan_for(rules, sources=activity.sources, context=Context()), activity)
    return "\n".join(outcome.model_dump_json() for outcome in result.outcomes)


def test_a_rank_among_more_levels_than_a_digit_has_is_found() -> None:
    # each key has a sum of its own: 700 levels, and every one of them leaves the window again
    rows = [row(place, api_key_id=f"k{place}", input_tokens=(place * 37) % 701) for place in range(1, 700)]
    texts = ("median", "max", "min")
    judged = [
        measuring(f"{text}(per(api_key_id, sum(input_tokens)))", text, selections=SELECTIONS[:1],
                  within=Window(kind="sliding", seconds=300))
        for text in texts
    ]  # fmt: skip
    activity = activity_of(rows)

    result = engine.execute(plan_for(judged, sources=activity.sources, context=Context()), activity)

    sums = [(place * 37) % 701 for place in range(1, 700)]
    windows = [sorted(sums[max(0, end - 300) : end + 1]) for end in range(699)]
    medians = [(one[(len(one) - 1) // 2] + one[len(one) // 2]) / 2 for one in windows]
    peaks = [outcome.incidents[0].measures[0][1] for outcome in result.outcomes]
    assert peaks == [max(medians), max(map(max, windows)), max(map(min, windows))]
