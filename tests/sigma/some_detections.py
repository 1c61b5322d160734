"""Random Sigma detections over columns of a record, and random records, as JSON and as the checker has them."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import yaml
from hypothesis import strategies as st

from auditor.records.addresses import number_of

TESTS: dict[str, list[Any]] = {
    "event": ["completion", "COMP*", "*o*n"],
    "user_agent|contains": ["bot", "İ", "*", "a?c", "\\*", "back\\slash"],
    "user_agent|startswith": ["Mo", "bot"],
    "user_agent|endswith|cased": ["Bot", "\\"],
    "user_agent": ["", "curl/8", "*bot*", None],
    "user_agent|re": ["^cu.l", "b[oO]t$", "\\d+"],
    "user_agent|re|i": ["BOT"],
    "user_agent|windash|contains": [" -x"],
    "user_agent|base64offset|contains": ["bot"],
    "user_agent|fieldref": ["model"],
    "user_agent|fieldref|contains": ["model"],
    "user_agent|neq": ["curl/8"],
    "status": [200, 429, "429", None],
    "status|gte": [400],
    "status|lt": [300.5],
    "cost_usd|gt": [0.5, 1],
    "cost_usd": [0.25],
    "stream": [True, False],
    "client_ip|cidr": ["10.0.0.0/8", "2001:db8::/32"],
    "client_ip": ["10.0.0.1", "10.*"],
    "api_key_id|cased": ["K1", "k*"],
    "api_key_id": ["12", None],
    "api_key_id|exists": [True, False],
    "tags": ["red", "gr*"],
    "tags|contains|all": ["e"],
    "temperature|lte": [0.1],
    "asn": [64500, "64500"],
}
VALUES: dict[str, list[Any]] = {
    "event": ["completion", "Completion", "login"],
    "user_agent": [
        "Mozilla bot",
        "Bot",
        "curl/8",
        "",
        "a*c",
        "abc",
        "back\\slash",
        "x -x",
        "x /x",
        "Ym90",
        "m",
        "i̇",
        "7",
    ],
    "model": ["bot", "m", "curl/8"],
    "status": [200, 300, 429],
    "cost_usd": [0.25, 0.5, 0.500000001, 1],
    "stream": [True, False],
    "client_ip": ["10.0.0.1", "10.0.0.1.example", "2001:db8::1", "::ffff:10.9.9.9", "11.0.0.1"],
    "api_key_id": ["K1", "k1", "12"],
    "tags": [["red", "green"], ["blue"], []],
    "temperature": [0.1, 0.2],
    "asn": [64500, 1],
}

records: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {}, optional={name: st.sampled_from(values) for name, values in VALUES.items()}
)


@st.composite
def rules(draw: st.DrawFn, tests: Mapping[str, list[Any]] = TESTS) -> str:
    """Draw one detection rule with a few selections and a condition over them."""
    selections = {f"s{number}": draw(_selections(tests)) for number in range(draw(st.integers(1, 3)))}
    joined = draw(st.sampled_from(["", "not "])) + "s0"
    for name in list(selections)[1:]:
        word, is_not = draw(st.sampled_from(["and", "or"])), draw(st.sampled_from(["", "not "]))
        joined = f"{draw(st.sampled_from(['', 'not ']))}({joined}) {word} {is_not}{name}"
    detection = {**selections, "condition": joined}
    return yaml.safe_dump(
        {"title": "Random", "logsource": {"category": "x"}, "detection": detection}, allow_unicode=True, sort_keys=False
    )


@st.composite
def _selections(draw: st.DrawFn, tests: Mapping[str, list[Any]]) -> Any:
    keys = draw(st.lists(st.sampled_from(sorted(tests)), min_size=1, max_size=3, unique=True))
    selection = {key: _value(draw, tests[key]) for key in keys}
    return [selection, {"event": "login"}] if draw(st.booleans()) else selection


def _value(draw: st.DrawFn, wanted: list[Any]) -> Any:
    values = draw(st.lists(st.sampled_from(wanted), min_size=1, max_size=2, unique_by=repr))
    return values if len(values) > 1 and None not in values else values[0]


def as_row(record: dict[str, Any]) -> dict[str, Any]:
    """Return a JSON record as the checker has it: money exact, every column there."""
    cost = record.get("cost_usd")
    number = number_of(record.get("client_ip"))
    return {**record, "cost_usd": None if cost is None else Decimal(repr(cost)), "client_ip_number": number}
