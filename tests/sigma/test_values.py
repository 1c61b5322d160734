"""Fields are found however they are spelled, and values are what docs/sigma.md says."""

from fractions import Fraction
from typing import Any

import pytest

from auditor.sigma.values import exact_of, microseconds_of, number_of, one_value, values_of


@pytest.mark.parametrize(
    ("record", "name", "expected"),
    [
        ({"user_name": "x"}, "user_name", ("x",)),
        ({"user.name": "x"}, "user.name", ("x",)),
        ({"user": {"name": "x"}}, "user.name", ("x",)),
        ({"a.b": {"c": "x"}}, "a.b.c", ("x",)),
        ({"a": {"b.c": "x"}}, "a.b.c", ("x",)),
        ({"a": {"z": 1}, "a.b": {"c": "x"}}, "a.b.c", ("x",)),
        ({"User Name": "x"}, "UserName", ("x",)),
        ({"USERNAME": "x"}, "UserName", ("x",)),
        ({"username": "y", "UserName": "x"}, "UserName", ("x",)),
        ({"User Name": "y", "username": "x"}, "UserName", ("x",)),
        ({"User": {"Full Name": "x"}}, "user.fullname", ("x",)),
        ({"a": [{"b": 1}, {"b": 2}, {"c": 3}]}, "a.b", (1, 2)),
        ({"a": ["x", None, ["y"]]}, "a", ("x", "y")),
        ({"a": {"b": 1, "c": [2]}}, "a", ('{"b":1,"c":[2]}',)),
        ({"a": None}, "a", ()),
        ({"a": []}, "a", ()),
        ({"a": "x"}, "b", ()),
        ({"a": "x"}, "a.b", ()),
        ({"": "x"}, "", ("x",)),
    ],
)
def test_a_field_is_found_by_name_or_path(record: dict[str, Any], name: str, expected: tuple[Any, ...]) -> None:
    assert values_of(record, name) == expected


@pytest.mark.parametrize(
    ("value", "expected"), [("x", "x"), (["x"], "x"), (["x", 1], '["x",1]'), (None, None), ([], None), (False, False)]
)
def test_a_field_has_one_value_for_groups_and_measures(value: Any, expected: Any) -> None:
    assert one_value({"a": value}, "a") == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [(3, 3), (2.5, 2.5), ("12", 12), (" 1.5 ", 1.5), ("1e3", 1000.0), ("", None), ("0x1", None), ("1_000", None),
     ("٣", None), ("1e999", None), ("NaN", None), (True, None), (None, None), ("9" * 402, None)],
)  # fmt: skip
def test_a_text_is_a_number_when_json_would_say_so(value: Any, expected: Any) -> None:
    assert number_of(value) == expected


def test_a_real_is_the_decimal_that_it_is_written_as() -> None:
    assert exact_of(0.1) + exact_of(0.2) == Fraction(3, 10)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-01-01T00:00:00Z", 1_767_225_600_000_000),
        ("2026-01-01 00:00:00.634", 1_767_225_600_634_000),
        ("2026-01-01T01:00:00.1234567+01:00", 1_767_225_600_123_456),
        ("2026-01-01", 1_767_225_600_000_000),
        ("2025-12-31T23:59:60Z", 1_767_225_600_000_000),
        (1_767_225_600, 1_767_225_600_000_000),
        (1_767_225_600.5, 1_767_225_600_500_000),
        ("1767225600", 1_767_225_600_000_000),
        (1_767_225_600_123, 1_767_225_600_123_000),
        (1_767_225_600_123_456, 1_767_225_600_123_456),
        (1_767_225_600_123_456_789, 1_767_225_600_123_456),
        (-1, -1_000_000),
        ("2026-13-01", None),
        ("yesterday", None),
        (10**30, None),
        (True, None),
    ],
)
def test_a_time_is_read_to_the_microsecond(value: Any, expected: int | None) -> None:
    assert microseconds_of(value) == expected
