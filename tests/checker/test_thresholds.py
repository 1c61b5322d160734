from decimal import Decimal

import pytest

from auditor.checker.findings import MeasureValue
from auditor.checker.thresholds import number_text, thresholds_of
from auditor.errors import Place
from auditor.policy.expression_parser import parse_expression
from auditor.policy.expressions import Expression


def violates(text: str) -> Expression:
    return parse_expression(text, Place("rule.yml", 1, 1))


def shown(text: str, **peaks: MeasureValue | None) -> list[tuple[str, str, str, str]]:
    found = thresholds_of(violates(text), peaks)
    return [(item.measure, item.operator, item.value, item.margin) for item in found]


def test_the_margin_is_how_far_beyond_the_threshold_the_peak_lies() -> None:
    assert shown("calls >= 10", calls=14) == [("calls", ">=", "10", "4")]


def test_small_is_beyond_a_threshold_from_above() -> None:
    assert shown("gap < 2.5", gap=Decimal("0.75")) == [("gap", "<", "2.5", "1.75")]


def test_a_number_on_the_left_reads_the_same_as_on_the_right() -> None:
    assert shown("10 <= calls", calls=10) == [("calls", ">=", "10", "0")]


def test_every_part_of_a_conjunction_is_told() -> None:
    assert [item[0] for item in shown("calls >= 10 and keys >= 2", calls=14, keys=3)] == ["calls", "keys"]


def test_the_side_of_an_or_that_does_not_hold_is_left_out() -> None:
    assert [item[0] for item in shown("calls >= 10 or keys >= 2", calls=14, keys=1)] == ["calls"]


def test_an_unknown_measure_passes_nothing() -> None:
    assert shown("calls >= 10 or spent > 1", calls=10, spent=None) == [("calls", ">=", "10", "0")]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (12, "12"),
        (Decimal("1.500000000"), "1.5"),
        (0.1 + 0.2, "0.3"),
        (Decimal("1E+3"), "1000"),
        (1 / 3, "0." + "3" * 9),
    ],
)
def test_numbers_are_plain_text(value: MeasureValue, text: str) -> None:
    assert number_text(value) == text
