"""Each leaf, run in the engine over one value: what holds, what doesn't, what is unknown."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any  # records hold values of every column type

import duckdb
import pytest

from auditor.checker.compile.plan import plan_for
from auditor.checker.engines.duckdb import execute
from auditor.policy.conditions import (
    All,
    AnyOf,
    AnyText,
    Compare,
    Condition,
    Equals,
    Exists,
    InNetwork,
    Matches,
    Not,
    OneOf,
    Regex,
    SameAs,
    TimePart,
)
from auditor.policy.pack import Context
from auditor.records.memory import activity_of
from auditor.records.schema import COLUMNS
from auditor.records.sql import open_connection
from tests.checker.factories import a_record, a_rule

ALL_TEXT, ONE_CHAR = AnyText(), AnyText(single=True)
TEN = InNetwork(network="10.0.0.0/8", first=0xFFFF_0A00_0000, last=0xFFFF_0AFF_FFFF)
WIDEST = InNetwork(network="::/0", first=0, last=2**128 - 1)
HUGE = Decimal(10) ** 30


@pytest.fixture(scope="module")
def connection() -> duckdb.DuckDBPyConnection:
    return open_connection()


def truth(
    connection: duckdb.DuckDBPyConnection, condition: Condition, timezone: str = "UTC", **record: Any
) -> bool | None:
    rule = a_rule(condition, is_missing_counted=record.pop("missing_counts", False), subject="none")
    activity = activity_of([a_record(**record)], connection=connection)
    sources = tuple(replace(source, provides=frozenset(COLUMNS)) for source in activity.sources)
    plan = plan_for([rule], sources=sources, context=Context(), timezone=timezone)
    (outcome,) = execute(plan, activity).outcomes
    return None if outcome.undetermined else bool(outcome.selected)


CASES: list[tuple[str, Condition, dict[str, Any], bool | None]] = [
    ("text ignores case", Equals(field="model", value="GPT-É"), {"model": "gpt-é"}, True),
    ("cased text does not", Equals(field="model", value="GPT", cased=True), {"model": "gpt"}, False),
    ("identifiers compare exactly", Equals(field="api_key_id", value="K"), {"api_key_id": "k"}, False),
    ("no value is unknown", Equals(field="model", value="gpt"), {}, None),
    ("one of many", OneOf(field="model", values=("a", "GPT")), {"model": "gpt"}, True),
    ("one of none", OneOf(field="model", values=()), {"model": "gpt"}, False),
    ("one of none without a value", OneOf(field="model", values=()), {}, None),
    ("one of numbers", OneOf(field="status", values=(Decimal(429), Decimal("1.5"))), {"status": 429}, True),
    ("starts with", Matches(field="model", parts=("GP", ALL_TEXT)), {"model": "gpt"}, True),
    ("ends with", Matches(field="model", parts=(ALL_TEXT, "T")), {"model": "gpt"}, True),
    ("contains", Matches(field="model", parts=(ALL_TEXT, "P", ALL_TEXT)), {"model": "gpt"}, True),
    ("anything but nothing", Matches(field="model", parts=(ALL_TEXT,)), {"model": ""}, True),
    (
        "one character is one code point",
        Matches(field="model", parts=("g", ONE_CHAR, "t")),
        {"model": "g\U0001f600t"},
        True,
    ),
    ("one character is not two", Matches(field="model", parts=("g", ONE_CHAR)), {"model": "gpt"}, False),
    ("percent is literal", Matches(field="model", parts=("a%", ONE_CHAR, "b")), {"model": "axyb"}, False),
    ("underscore and mark are literal", Matches(field="model", parts=("_!", ONE_CHAR)), {"model": "_!x"}, True),
    ("a pattern crosses lines", Matches(field="model", parts=("a", ALL_TEXT, "b", ONE_CHAR)), {"model": "a\nbx"}, True),
    ("a regular expression searches", Regex(field="model", pattern="p.$"), {"model": "gpt"}, True),
    ("and minds case", Regex(field="model", pattern="P"), {"model": "gpt"}, False),
    ("unless told", Regex(field="model", pattern="P", flags="i"), {"model": "gpt"}, True),
    ("an address in a network", TEN, {"client_ip": "10.200.0.1"}, True),
    ("an address outside", TEN, {"client_ip": "11.0.0.1"}, False),
    ("no address", TEN, {"client_ip": "localhost"}, None),
    ("the widest network", WIDEST, {"client_ip": "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"}, True),
    ("exists", Exists(field="model"), {"model": ""}, True),
    ("does not exist", Exists(field="model"), {}, False),
    ("whole numbers", Compare(field="status", operator=">=", value=Decimal(429)), {"status": 429}, True),
    ("between whole numbers", Compare(field="status", operator="<", value=Decimal("429.5")), {"status": 429}, True),
    ("above between", Compare(field="status", operator=">", value=Decimal("429.5")), {"status": 430}, True),
    ("equal to no whole number", Equals(field="status", value=Decimal("429.5")), {"status": 429}, False),
    ("below all numbers", Compare(field="status", operator=">", value=-HUGE), {"status": 429}, True),
    ("above all numbers", Compare(field="status", operator=">", value=HUGE), {"status": 429}, False),
    ("above all numbers, unknown", Compare(field="status", operator=">", value=HUGE), {}, None),
    ("the smallest integer", Compare(field="asn", operator="<=", value=Decimal(-(2**63))), {"asn": -(2**63)}, True),
    ("a real as its nearest double", Equals(field="temperature", value=Decimal("0.7")), {"temperature": 0.7}, True),
    ("money to nine places", Equals(field="cost_usd", value=Decimal("0.000000001")), {"cost_usd": "0.000000001"}, True),
    ("money between", Compare(field="cost_usd", operator=">", value=Decimal("1E-10")), {"cost_usd": "0"}, False),
    ("a number in extra", Compare(field="extra.a.b", operator=">", value=Decimal(4)), {"extra": '{"a":{"b":5}}'}, True),
    ("no number in extra", Compare(field="extra.a", operator=">", value=Decimal(4)), {"extra": '{"a":"5x"}'}, None),
    ("null in extra", Exists(field="extra.a"), {"extra": '{"a":null}'}, False),
    ("a quote in a key", Equals(field='extra.a"b', value="x"), {"extra": '{"a\\"b":"X"}'}, True),
    ("truth in extra", Equals(field="extra.a", value=True), {"extra": '{"a":true}'}, True),
    ("truth", Equals(field="stream", value=False), {"stream": False}, True),
    ("an element of a list", Equals(field="tags", value="B"), {"tags": ["a", None, "b"]}, True),
    ("an empty list", Equals(field="tags", value="b"), {"tags": []}, False),
    ("no list", Equals(field="tags", value="b"), {}, None),
    ("columns alike", SameAs(field="model", other="model_served"), {"model": "A", "model_served": "a"}, True),
    ("inside", SameAs(field="model", other="endpoint", position="inside"), {"model": "abc", "endpoint": "B"}, True),
    ("identifiers alike", SameAs(field="session_id", other="model"), {"session_id": "A", "model": "a"}, False),
    ("a time", Compare(field="time", operator="<", value=datetime(2026, 1, 2, tzinfo=UTC)), {}, True),
    ("an hour", TimePart(field="time", part="hour", operator="=", value=0), {}, True),
    ("an ISO week", TimePart(field="time", part="week", operator="=", value=1), {}, True),
    ("not unknown is unknown", Not(part=Equals(field="model", value="a")), {}, None),
    ("unknown and false is false", All(parts=(Equals(field="model", value="a"), Exists(field="model"))), {}, False),
    ("unknown or true is true", AnyOf(parts=(Equals(field="model", value="a"), Exists(field="event"))), {}, True),
    ("counting the missing", Not(part=Equals(field="model", value="a")), {"missing_counts": True}, True),
]


@pytest.mark.parametrize(("condition", "record", "expected"), [case[1:] for case in CASES], ids=[c[0] for c in CASES])
def test_a_leaf_holds_fails_or_is_unknown(
    connection: duckdb.DuckDBPyConnection, condition: Condition, record: dict[str, Any], expected: bool | None
) -> None:
    assert truth(connection, condition, **record) is expected


def test_parts_of_the_day_are_those_of_the_zone(connection: duckdb.DuckDBPyConnection) -> None:
    nine = TimePart(field="time", part="hour", operator="=", value=9)

    assert truth(connection, nine, "Asia/Tokyo") is True


def test_long_lists_do_not_nest_deeply(connection: duckdb.DuckDBPyConnection) -> None:
    parts = tuple(Equals(field="model", value=f"m{place}") for place in range(3000))

    assert truth(connection, AnyOf(parts=parts), model="m2999") is True


def test_hostile_text_stays_text(connection: duckdb.DuckDBPyConnection) -> None:
    hostile = "'; DROP TABLE records; --\\\"%_!"

    assert truth(connection, Equals(field="model", value=hostile), model=hostile) is True
