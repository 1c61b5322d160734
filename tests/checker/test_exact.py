from decimal import Decimal

import pytest

from auditor.checker.exact import are_comparable, calculated, literal_of, scale_of

LARGEST = 10**38 - 1


@pytest.mark.parametrize(
    ("operator", "left", "right", "expected"),
    [
        ("+", LARGEST - 1, 1, LARGEST),
        ("+", LARGEST, 1, None),
        ("-", -LARGEST, 1, None),
        ("*", 10**19, 10**19 - 1, 10**38 - 10**19),
        ("*", 10**19, 10**19, None),
        ("+", Decimal("0.5"), 10**37 - 1, Decimal(f"{10**37 - 1}.5")),
        ("+", Decimal("0.5"), 10**37, None),
        ("*", Decimal("0.000000001"), Decimal("0.000000001"), Decimal("0.000000000000000001")),
        ("-", Decimal("1.000000000"), Decimal("0.5"), Decimal("0.500000000")),
    ],
)
def test_a_result_of_more_than_38_digits_is_unknown(
    operator: str, left: int | Decimal, right: int | Decimal, expected: int | Decimal | None
) -> None:
    assert calculated(operator, left, right) == expected


def test_a_product_with_too_many_digits_after_the_point_is_a_double() -> None:
    assert calculated("*", Decimal("0." + "0" * 35 + "1"), Decimal("2.000")) == 2e-36


def test_numbers_compare_where_both_fit_with_the_same_digits_after_the_point() -> None:
    assert are_comparable(10**37 - 1, Decimal("0.5"))
    assert not are_comparable(10**37, Decimal("0.5"))
    assert are_comparable(LARGEST, LARGEST)


def test_a_whole_literal_has_no_digits_after_the_point() -> None:
    assert [scale_of(literal_of(Decimal(text))) for text in ("5", "5.00", "0.50")] == [0, 0, 2]
