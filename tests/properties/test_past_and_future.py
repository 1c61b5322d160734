"""Plan and evaluator agree where windows look beyond themselves: rules that nearly always have something to compare.

The random rules of `some_rules` seldom have both a past and a number that exceeds it; here few subjects do one thing
over and over, at times on a grid that is also the unit of every length.
"""

import os
from datetime import timedelta
from random import Random
from typing import Any  # rows hold values of every column type

import duckdb
import pytest
from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis import strategies as st

from auditor.policy.pack import Context
from auditor.policy.rule import Span
from auditor.records.memory import activity_of
from auditor.records.sql import open_connection
from tests.properties.some_few import START, differing, judged, loaded, row_of, rows_of_a_few

EXAMPLES = int(os.environ.get("AUDITOR_EXAMPLES", "0"))
MEASURES = (
    ("count()", "count(distinct model)", "count(input_tokens)"),
    ("sum(input_tokens)", "max(input_tokens)", "median(input_tokens)", "0 - sum(input_tokens)", "avg(input_tokens)"),
    ("span()", "2 * span()"),
)
"""Of one unit each: what is compared must have the same."""

COMPARED = (
    "m >= 2 * usual.m", "m > usual.m + 3 * spread.m", "m < usual.m", "m >= 2 and m > usual.m", "usual.m > 2",
    "m <> usual.m or m > 4", "not (m <= usual.m)", "spread.m = 0", "m - usual.m > usual.n", "n >= 3 and m > spread.n",
)  # fmt: skip


@pytest.fixture(scope="module")
def connection() -> duckdb.DuckDBPyConnection:
    return open_connection()


@st.composite
def rules_with_a_past(draw: st.DrawFn) -> str:
    """Return the YAML of a rule with a baseline."""
    length, kind = draw(st.sampled_from((1, 2, 5))), draw(st.sampled_from(("{}h", "{}h", "{{tumbling: {}h}}")))
    over, least = length * draw(st.sampled_from((1, 2, 3, 4, 9))), length * draw(st.sampled_from((1, 1, 2)))
    alike = st.sampled_from(draw(st.sampled_from(MEASURES)))
    first, second = draw(alike), draw(alike)
    violates = draw(st.sampled_from(COMPARED))
    measured = [f"  m: {first}", *([f"  n: {second}"] if "n " in violates or ".n" in violates else [])]
    return "\n".join([
        f"subject: {draw(st.sampled_from(('account', 'account', 'none')))}",
        "when: {used: {event: completion}}",
        "measure:", *measured,
        f"within: {kind.format(length)}",
        f"baseline: {{over: {over}h, of: self, at_least: {least}h}}",
        f"violates: {violates}",
        *draw(st.sampled_from(([], ["by: [model]"]))),
        *draw(st.sampled_from(([], ["unless: [agreed]"]))),
    ])  # fmt: skip


@st.composite
def rows_of_many(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Return records of just about enough accounts to have peers, three of each; most are there from the start."""
    chance = Random(draw(st.integers(0, 2**32)))
    plans = chance.choice((("pro",), ("pro", "pro", "pro", "pro", "pro", "pro", "pro", "free", None)))
    rows: list[dict[str, Any]] = []
    for number in range(chance.randint(30, 42)):
        for hours in ((0, 2), (4, 14), (12, 40)):
            tokens, model = chance.randint(0, 6), chance.randint(1, 2) if len(plans) == 1 else 1
            row = row_of(START, len(rows) + 1, chance.randint(*hours), chance.randint(0, 7), 2, tokens, model, 0)
            rows.append(row | {"account_id": f"a{number}", "plan": chance.choice(plans)})
    return rows


@st.composite
def rules_with_peers(draw: st.DrawFn) -> str:
    """Return the YAML of a rule that compares with others."""
    length = draw(st.sampled_from((8, 11, 12)))
    violates = draw(
        st.sampled_from(("m >= peers_p50.m", "m >= peers_p99.m", "m < peers_p10.m", "m > peers_p999.m or m = 2"))
    )
    return "\n".join([
        f"subject: {draw(st.sampled_from(('account', 'account', 'cluster')))}",
        "when: {used: {event: completion}}",
        f"measure: {{m: {draw(st.sampled_from(('count()', 'sum(input_tokens)')))}}}",
        f"within: {{tumbling: {length}h}}",
        f"baseline: {{over: {length * draw(st.sampled_from((2, 6, 1)))}h, of: peers, at_least: {length}h}}",
        f"violates: {violates}",
        *draw(st.sampled_from(([], [], [], [], ["by: [model]"], ["by: [account_id]"]))),
    ])  # fmt: skip


@st.composite
def rules_with_a_future(draw: st.DrawFn) -> str:
    """Return the YAML of a rule that asks what does not follow."""
    length = draw(st.sampled_from((1, 2, 5, 12)))
    selected = draw(st.sampled_from(("used", "used", "used or back", "back and not used")))
    steps = ["sequence: {steps: [used, other], within: 5h}"] if draw(st.booleans()) else [f"  condition: {selected}"]
    return "\n".join([
        f"subject: {draw(st.sampled_from(('account', 'account', 'none')))}",
        "when:", "  used: {event: completion, input_tokens|gte: 0}",
        f"  back: {draw(st.sampled_from(('{event: login}', '{model: x}', '{event: login, model: y}')))}",
        *(["  other: {model: z}"] if "sequence" in steps[0] else []),
        *steps,
        f"absent: {{selection: back, within: {length}h}}",
        *draw(st.sampled_from(([], ["by: [model]"]))),
        *draw(st.sampled_from(([], ["missing: counts"]))),
        *draw(st.sampled_from(([], ["within: 5h"], ["within: {calendar: day}"], ["within: {session: 2h}"]))),
        *draw(st.sampled_from(([], ["effective: {from: 2026-03-29T00:00:00Z}"]))),
    ])  # fmt: skip


@st.composite
def rules_that_repeat(draw: st.DrawFn) -> str:
    """Return the YAML of a rule whose violations must come again."""
    within = draw(st.sampled_from(("1h", "3h", "{tumbling: 2h}", "{session: 1h}", "{calendar: hour}")))
    turns = draw(st.sampled_from(("hour", "hour", "day", "window" if within.startswith("{") else "hour")))
    number, length = (
        draw(st.sampled_from((2, 2, 2 if turns == "day" else 3))),
        draw(st.sampled_from(("3h", "6h", "20h", "2d"))),
    )
    return "\n".join([
        f"subject: {draw(st.sampled_from(('account', 'account', 'none')))}",
        "when: {used: {event: completion}}",
        "measure: {m: count()}",
        f"within: {within}",
        f"violates: m >= {draw(st.sampled_from((1, 2, 2)))}",
        f"repeat: {{at_least: {number}, distinct: {turns}, within: {length}}}",
        *draw(st.sampled_from(([], ["by: [model]"]))),
        *draw(st.sampled_from(([], ["unless: [agreed]"]))),
    ])  # fmt: skip


@st.composite
def ends_of_logs(draw: st.DrawFn) -> dict[str, Any]:
    """Return settings of an audit that say until when the log is known."""
    until, as_of = (
        draw(st.one_of(st.none(), st.none(), st.integers(10, 50).map(lambda hours: START + timedelta(hours=hours))))
        for _ in range(2)
    )
    return {"context": Context(window=Span(until=until)), "as_of": as_of}


SETTINGS = settings(
    max_examples=EXAMPLES or 100,
    derandomize=not EXAMPLES,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
    phases=[Phase.generate, Phase.shrink] if EXAMPLES else [Phase.generate],
    print_blob=True,
)


@SETTINGS
@given(rows=rows_of_a_few(), text=rules_with_a_past())
def test_plan_and_evaluator_agree_on_what_is_usual(
    connection: duckdb.DuckDBPyConnection, rows: list[dict[str, Any]], text: str
) -> None:
    note(text)

    found = differing([loaded(text)], activity_of(rows, connection=connection))

    assert not found


@settings(SETTINGS, max_examples=EXAMPLES or 25)
@given(rows=rows_of_many(), text=rules_with_peers())
def test_plan_and_evaluator_agree_on_what_peers_do(
    connection: duckdb.DuckDBPyConnection, rows: list[dict[str, Any]], text: str
) -> None:
    note(text)

    found = differing([loaded(text)], activity_of(rows, connection=connection))

    assert not found


@SETTINGS
@given(rows=rows_of_a_few(), text=rules_with_a_future(), known=ends_of_logs())
def test_plan_and_evaluator_agree_on_what_does_not_follow(
    connection: duckdb.DuckDBPyConnection, rows: list[dict[str, Any]], text: str, known: dict[str, Any]
) -> None:
    note(text)

    found = differing([loaded(text)], activity_of(rows, connection=connection), **known)

    assert not found


@SETTINGS
@given(rows=rows_of_a_few(), text=rules_that_repeat())
def test_plan_and_evaluator_agree_on_what_comes_again(
    connection: duckdb.DuckDBPyConnection, rows: list[dict[str, Any]], text: str
) -> None:
    note(text)

    found = differing([loaded(text)], activity_of(rows, connection=connection))

    assert not found


def test_many_of_these_rules_find_something(connection: duckdb.DuckDBPyConnection) -> None:
    found: list[bool] = []

    @settings(max_examples=60, derandomize=True, database=None, deadline=None, phases=[Phase.generate])
    @given(rows=rows_of_a_few(), text=st.one_of(rules_with_a_past(), rules_with_a_future(), rules_that_repeat()))
    def collect(rows: list[dict[str, Any]], text: str) -> None:
        judge = judged(loaded(text), activity_of(rows, connection=connection))
        found.append(bool(judge.outcome.incidents or judge.outcome.suppressed or judge.not_evaluated))

    collect()

    assert sum(found) > len(found) / 4


def test_some_rules_with_peers_find_something(connection: duckdb.DuckDBPyConnection) -> None:
    found: list[bool] = []

    @settings(max_examples=60, derandomize=True, database=None, deadline=None, phases=[Phase.generate])
    @given(rows=rows_of_many(), text=rules_with_peers())
    def collect(rows: list[dict[str, Any]], text: str) -> None:
        judge = judged(loaded(text), activity_of(rows, connection=connection))
        found.append(any(name != "m" and value for one in judge.outcome.incidents for name, value in one.measures))

    collect()

    # one in eight do; which examples are drawn depends on the constants of the whole project, so chance needs room
    assert sum(found) >= 2
