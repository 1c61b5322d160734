"""Plan and evaluator agree where `violates` asks for enough of something, alone or beside what it asks of spreads.

Such rules are what the plan takes shortcuts for (compile/scans.py, reaching.py, pruning.py, likely.py): two of them
share a plan, as the rules of a pack do.
"""

import os
from datetime import datetime
from functools import partial
from typing import Any  # rows hold values of every column type

import duckdb
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from auditor.errors import PolicyError
from auditor.policy.load import load_rule_text
from auditor.policy.rule import Rule
from auditor.records.memory import activity_of
from auditor.records.sql import open_connection
from tests.properties.some_few import BEFORE_1970, START, differing, rows_of_a_few
from tests.properties.some_rule_texts import HEAD

EXAMPLES = int(os.environ.get("AUDITOR_EXAMPLES", "0"))
GROWING = (
    ("count()", (2, 3, 5, 10, 12)), ("count()", (2, 4, 11)), ("count(model)", (2, 4, 10)),
    ("count(distinct model)", (2, 3)), ("count(distinct country)", (2,)), ("count(distinct account_id)", (1, 2)),
    ("sum(input_tokens)", (1, 10, 30)), ("active_hours()", (2, 4, 9)),
)  # fmt: skip
FURTHER = (
    ("top_share(model)", ">= 0.5"), ("top_share(country)", "< 0.6"), ("entropy(model)", "> 0.9"),
    ("median(per(model, count()))", ">= 1.5"), ("max(per(country, count(distinct model)))", ">= 2"),
    ("min(per(model, sum(input_tokens)))", "< 3"), ("avg(per(model, count()))", ">= 2"),
    ("max(per(model, top_share(country)))", "< 1"), ("quantile(per(model, count()), 0.9)", "> 1"),
    ("min(input_tokens)", "< 1"), ("share(used)", "< 0.9"), ("count()", "< 9"),
)  # fmt: skip
WINDOWS = (
    "1h", "2h", "5h", "1d", "30h", "2d", "{tumbling: 2h}", "{tumbling: 5h}", "{tumbling: 1d}", "{tumbling: 36h}",
    "{calendar: hour}", "{calendar: day}", "{session: 2h}",
)  # fmt: skip

FIRST = ("novel: {fields: [country], history: 1h, lasts: 1d}", "absent: {selection: gone, within: 2h}")
"""What takes place before windows are looked at, so that a plan can't take the shortest way."""


@pytest.fixture(scope="module")
def connection() -> duckdb.DuckDBPyConnection:
    return open_connection()


@st.composite
def rules_with_thresholds(draw: st.DrawFn) -> str:
    """Return the YAML of a rule whose windows have to come to something."""
    measures, tests = [], []
    for place in range(draw(st.sampled_from((1, 1, 2)))):
        measure, numbers = draw(st.sampled_from(GROWING))
        name, number = f"m{place}", draw(st.sampled_from(numbers))
        measures.append(f"  {name}: {measure}")
        tests.append(draw(st.sampled_from((f"{name} >= {number}", f"{name} > {number - 1}", f"{number} <= {name}"))))
    if draw(st.booleans()):
        measure, test = draw(st.sampled_from(FURTHER))
        measures.append(f"  further: {measure}")
        tests.append(f"further {test}")
    joined = draw(st.sampled_from((" and ", " and ", " and ", " or ")))
    condition = draw(st.sampled_from(("used", "used", "used or home", "used or not home", "used and not home")))
    first = draw(st.sampled_from(("", "", "", "", *FIRST)))
    return "\n".join([
        f"subject: {draw(st.sampled_from(('account', 'account', 'none')))}",
        "when:", "  used: {event: completion}", *(["  home: {country: DE}"] if "home" in condition else []),
        *(["  gone: {event: login}"] if "absent" in first else []),
        f"  condition: {condition}", *([first] if first else []),
        "measure:", *measures,
        f"within: {draw(st.sampled_from(WINDOWS))}",
        f"violates: {joined.join(tests)}",
        *draw(st.sampled_from(([], [], ["by: [model]"], ["by: [country]"]))),
        *draw(st.sampled_from(([], ["unless: [agreed]"]))),
    ])  # fmt: skip


def _loaded(text: str, name: str) -> Rule | None:
    """Return the rule of a text, None where its author would be told that it can't be reached."""
    try:
        return load_rule_text(HEAD + text, name=name)
    except PolicyError as error:
        assert "can never hold" in str(error) or "always holds" in str(error), f"{text}\n{error}"
        return None


@settings(
    max_examples=EXAMPLES or 70,
    derandomize=not EXAMPLES,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
    phases=[Phase.generate, Phase.shrink] if EXAMPLES else [Phase.generate],
    print_blob=True,
)
@given(data=st.data())
def test_plan_and_evaluator_agree_on_what_comes_to_enough(
    connection: duckdb.DuckDBPyConnection, data: st.DataObject
) -> None:
    start: datetime = data.draw(st.sampled_from((START, START, BEFORE_1970)))
    rows: list[dict[str, Any]] = data.draw(rows_of_a_few(start))
    names = ("rule-a", "rule-b")
    reachable = [rules_with_thresholds().map(partial(_loaded, name=name)).filter(bool) for name in names]
    chosen = [rule for rule in map(data.draw, reachable) if rule]
    timezone = data.draw(st.sampled_from(("UTC", "Europe/Berlin")))

    found = differing(chosen, activity_of(rows, connection=connection), timezone=timezone)

    assert not found
