"""What single tests of a Sigma rule say of a record, where nothing else judges it."""

from typing import Any

import pytest
import yaml

from auditor.sigma.events import Event
from auditor.sigma.holds import test_of as holds_for
from auditor.sigma.load import rules_of

CASES: list[tuple[str, Any, dict[str, Any], bool]] = [
    ("a network is a network", {"ip|cidr": "10.0.0.0/8"}, {"ip": "10.0.0.1.example"}, False),
    ("a mapped address is the IPv4 address", {"ip|cidr": "10.0.0.0/8"}, {"ip": "::ffff:10.1.2.3"}, True),
    ("a field that is null exists", {"a|exists": True}, {"a": None}, True),
    ("a missing field does not exist", {"a|exists": False}, {"b": 1}, True),
    ("a null field is null", {"a": None}, {"a": None}, True),
    ("a missing field is null", {"a": None}, {}, True),
    ("an empty text is not null", {"a": None}, {"a": ""}, False),
    ("an empty text is the empty text", {"a": ""}, {"a": ""}, True),
    ("a missing field is not the empty text", {"a": ""}, {}, False),
    ("a week is ISO 8601's", {"t|week": 53}, {"t": "2026-12-31T00:00:00Z"}, True),
    ("an hour is UTC's", {"t|hour": 23}, {"t": "2026-06-02T01:30:00+02:00"}, True),
    ("a minute may be compared", {"t|minute|gte": 30}, {"t": "2026-06-02T01:30:00Z"}, True),
    ("what is no time has no hour", {"t|hour": 0}, {"t": "soon"}, False),
    ("a list matches by its elements", {"a": "x"}, {"a": ["y", "X"]}, True),
    ("a list is matched in each way", {"a|contains|all": ["x", "y"]}, {"a": ["xa", "by"]}, True),
    ("a number and its text are one value", {"a": 4625}, {"a": "4625"}, True),
    ("a text and its number are one value", {"a": "4625"}, {"a": 4625}, True),
    ("a text that only equals the number is another", {"a": 4625}, {"a": "04625"}, False),
    ("true is no 1", {"a": 1}, {"a": True}, False),
    ("true is the text true", {"a": True}, {"a": "True"}, True),
    ("letters beyond ASCII ignore case", {"a": "ÜBER"}, {"a": "über"}, True),
    ("cased compares exactly", {"a|cased": "x"}, {"a": "X"}, False),
    ("a wildcard may be escaped", {"a": "a\\*b"}, {"a": "axb"}, False),
    ("a question mark is one code point", {"a": "a?b"}, {"a": "a😀b"}, True),
    ("a star crosses line ends", {"a": "a*b*c"}, {"a": "a\nb\nc"}, True),
    ("a percent sign is a percent sign", {"a|contains": "100%"}, {"a": "at 100 %"}, False),
    ("an underscore is an underscore", {"a|contains": "a_b"}, {"a": "axb"}, False),
    ("a regular expression is searched for and minds case", {"a|re": "B+"}, {"a": "abb"}, False),
    ("a regular expression may ignore case", {"a|re|i": "B+$"}, {"a": "abb"}, True),
    ("half of a surrogate pair breaks nothing", {"a|re": "x"}, {"a": "\ud800x"}, True),
    ("a field is compared with a field", {"a|fieldref": "b"}, {"a": "X", "b": "x"}, True),
    ("a missing field equals no field", {"a|fieldref": "b"}, {}, False),
    ("a field may begin with a field", {"a|fieldref|startswith": "b"}, {"a": "x*y", "b": "X*"}, True),
    ("a number may be compared as text", {"a|lt": 10}, {"a": "9"}, True),
    ("what is no number is not compared", {"a|gt": 0}, {"a": "many"}, False),
    ("neq of a missing field holds", {"a|neq": "x"}, {}, True),
    ("a keyword is found in any value", ["eve"], {"a": {"b": ["the eVe"]}}, True),
    ("a keyword is not found in names", ["eve"], {"eve": 1}, False),
    ("a keyword may be a number", [46], {"a": 4625}, True),
    ("keywords may all be asked for", {"|all": ["a", "b"]}, {"x": "a", "y": "b"}, True),
    ("windash takes any dash", {"a|windash|contains": " -f"}, {"a": "x –f"}, True),
    ("base64offset finds a text at any offset", {"a|base64offset|contains": "secret"}, {"a": "eHNlY3JldHh4"}, True),
    ("wide is UTF-16", {"a|wide|base64offset|contains": "ping"}, {"a": "cABpAG4AZwA="}, True),
]


@pytest.mark.parametrize(("selection", "record", "expected"), [case[1:] for case in CASES], ids=[c[0] for c in CASES])
def test_a_test_holds_or_not(selection: Any, record: dict[str, Any], expected: bool) -> None:
    rule = {"title": "t", "logsource": {"category": "c"}, "detection": {"s": selection, "condition": "s"}}
    (detection,) = rules_of(yaml.safe_dump(rule, allow_unicode=True)).detections.values()

    assert holds_for(detection.condition)(Event(0, "log", 1, record, None)) is expected
