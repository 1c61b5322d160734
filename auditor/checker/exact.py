"""Exact numbers within bounds: at most 38 digits, those after the point included (docs/evaluation.md, "Numbers").

A result that doesn't fit is unknown. One absurd number in a log then makes the window it lies in unknown, and stops
nothing else.
"""

from decimal import Context, Decimal, Inexact, InvalidOperation

MOST_DIGITS = 38
"""Digits of an exact number: those of DuckDB's widest DECIMAL."""

Exact = int | Decimal

_WIDE = Context(prec=4 * MOST_DIGITS, traps=[Inexact, InvalidOperation])


def literal_of(value: Decimal) -> Exact:
    """Return a number of an expression as arithmetic takes it: a whole one has no digits after the point."""
    return int(value) if value == value.to_integral_value() else value


def scale_of(value: Exact) -> int:
    """Return how many digits a number has after the point; trailing zeros count, they are the column's."""
    exponent = Decimal(value).as_tuple().exponent
    assert isinstance(exponent, int), f"a number is finite, found {value}"
    return -exponent if exponent < 0 else 0


def fits(value: Exact, scale: int) -> bool:
    """Say whether a number has at most 38 digits when so many of them stand after the point."""
    return Decimal(value).copy_abs() < Decimal(10) ** (MOST_DIGITS - scale)


def are_comparable(left: Exact, right: Exact) -> bool:
    """Say whether both numbers fit with as many digits after the point as the one with more of them."""
    scale = max(scale_of(left), scale_of(right))
    return fits(left, scale) and fits(right, scale)


def calculated(operator: str, left: Exact, right: Exact) -> Exact | float | None:
    """Return a sum, difference or product, None if it doesn't fit.

    A product with more than 38 digits after the point is a double.
    """
    if operator == "*":
        return _product(left, right)
    if not are_comparable(left, right):
        return None
    result = _plain(operator, left, right)
    return result if fits(result, scale_of(result)) else None


def _product(left: Exact, right: Exact) -> Exact | float | None:
    scale = scale_of(left) + scale_of(right)
    if scale > MOST_DIGITS:
        return float(left) * float(right)
    result = _plain("*", left, right)
    return result if fits(result, scale) else None


def _plain(operator: str, left: Exact, right: Exact) -> Exact:
    if isinstance(left, int) and isinstance(right, int):
        return left + right if operator == "+" else left - right if operator == "-" else left * right
    exact = {"+": _WIDE.add, "-": _WIDE.subtract, "*": _WIDE.multiply}
    return exact[operator](Decimal(left), Decimal(right))
