"""What a finding's peak measures were held against, and how far beyond it they lie, as exact text."""

from collections.abc import Iterator, Mapping
from decimal import ROUND_HALF_EVEN, Context, Decimal

from auditor.checker.findings import MeasureValue, Threshold
from auditor.policy.expressions import Arithmetic, Comparison, Expression, Name, Negative, Number, walk

EXACT = Context(prec=400)
NINE_PLACES = Decimal("0.000000001")
FLIPPED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "=", "<>": "<>"}


def number_text(value: MeasureValue) -> str:
    """Return a number as text: exact, but a double to 9 digits after the point."""
    plain = _nine_places(value) if isinstance(value, float) else Decimal(value)
    text = format(plain, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def thresholds_of(violates: Expression | None, peaks: Mapping[str, MeasureValue | None]) -> tuple[Threshold, ...]:
    """Return the comparisons of a measure with a number that the peaks pass, in the order of the expression.

    `margin` is the distance from the number, 0 on it. A comparison that the peak doesn't pass (the other side of an
    `or`) is left out.
    """
    found = [_threshold(*item, peaks) for item in _held_against(violates)] if violates is not None else []
    return tuple(dict.fromkeys(item for item in found if item is not None))


def _held_against(violates: Expression) -> Iterator[tuple[str, str, Decimal]]:
    for node in walk(violates):
        if isinstance(node, Comparison):
            left, right = constant_of(node.left), constant_of(node.right)
            if isinstance(node.left, Name) and right is not None:
                yield node.left.full, node.operator, right
            elif isinstance(node.right, Name) and left is not None:
                yield node.right.full, FLIPPED[node.operator], left


def constant_of(expression: Expression) -> Decimal | None:
    """Return the number that an expression without names is, None for any other expression."""
    match expression:
        case Number(value=value):
            return value
        case Negative(operand=operand):
            inside = constant_of(operand)
            return None if inside is None else EXACT.minus(inside)
        case Arithmetic(operator=operator):
            left, right = constant_of(expression.left), constant_of(expression.right)
            if left is None or right is None or (operator == "/" and right == 0):
                return None
            made = {"+": EXACT.add, "-": EXACT.subtract, "*": EXACT.multiply, "/": EXACT.divide}[operator]
            return made(left, right)
        case _:
            return None


def _threshold(name: str, operator: str, value: Decimal, peaks: Mapping[str, MeasureValue | None]) -> Threshold | None:
    peak = peaks.get(name)
    if peak is None:
        return None
    exact = _nine_places(peak) if isinstance(peak, float) else Decimal(peak)
    distance = EXACT.subtract(value, exact) if operator in ("<", "<=") else EXACT.subtract(exact, value)
    if operator == "<>":
        distance = abs(distance)
    if distance < 0 or (operator == "=" and distance != 0):
        return None
    return Threshold(measure=name, operator=operator, value=number_text(value), margin=number_text(distance))


def _nine_places(value: float) -> Decimal:
    return Decimal(repr(value)).quantize(NINE_PLACES, rounding=ROUND_HALF_EVEN, context=EXACT)
