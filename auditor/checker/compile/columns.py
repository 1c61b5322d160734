"""What a name of a rule is in SQL: its type, its text folded, its value as a number.

A rule reads columns of the relation `seen` (seen.py): the record's columns with account facts filled in, columns of
the context, and keys of `extra`. Prefixed names stand for derived forms that are worked out once for all rules.
"""

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from sqlglot import exp

from auditor.checker.compile.nodes import choose, false_unless_null, true_unless_null
from auditor.records.schema import READABLE_COLUMNS, ColumnType, is_identifier
from auditor.records.sql import cast, identifier, literal

FOLDED = "folded "
"""`folded x` is column x in lower case, for comparisons that ignore case."""

NUMBER = r"^-?[0-9]{1,18}(\.[0-9]{1,9})?\z"
"""What text of `extra.*` must look like to be read as a number (RE2)."""

LARGEST_REAL = "DECIMAL(26, 6)"
SCALE_OF_SECONDS = 6
"""Digits after the point of a span of time: microseconds."""

TEXTUAL = (ColumnType.TEXT, ColumnType.ADDRESS, ColumnType.JSON)

_OPERATORS: dict[str, type[exp.Binary]] = {
    "<": exp.LT,
    "<=": exp.LTE,
    ">": exp.GT,
    ">=": exp.GTE,
    "=": exp.EQ,
    "<>": exp.NEQ,
}


def comparison(operator: str, left: exp.Expression, right: exp.Expression) -> exp.Expression:
    """Return `left operator right`."""
    made = _OPERATORS[operator](this=left, expression=right)
    assert isinstance(made, exp.Expression)
    return made


def type_of(name: str) -> ColumnType:
    """Return the type of a column as rules see it; keys of `extra` are text."""
    if name.startswith("extra."):
        return ColumnType.TEXT
    return READABLE_COLUMNS[name].type


def text_column(name: str, *, is_exact: bool) -> exp.Expression:
    """Return a text column, folded unless it must compare exactly."""
    return identifier(name) if is_exact or is_identifier(name) else identifier(FOLDED + name)


def folded(value: exp.Expression) -> exp.Expression:
    """Return text in lower case, code point by code point (DuckDB's LOWER)."""
    return exp.Lower(this=value)


def text_value(value: str, *, is_exact: bool) -> exp.Expression:
    """Return a text literal, folded unless it must compare exactly; plain ASCII is folded here."""
    if is_exact:
        return literal(value)
    return literal(value.lower()) if value.isascii() else folded(literal(value))


def extra_number(value: exp.Expression) -> exp.Expression:
    """Return text of `extra` as an exact number, NULL where it is none."""
    is_number = exp.RegexpLike(this=value, expression=literal(NUMBER))
    return choose(is_number, cast(value.copy(), "DECIMAL(27, 9)", attempt=True))


def exact_number(name: str, value: exp.Expression) -> exp.Expression:
    """Return a column's value as an exact number, for aggregates: reals to 6 places, NULL from 10^20 on."""
    if name.startswith("extra."):
        return extra_number(value)
    if type_of(name) is ColumnType.REAL:
        return cast(cast(value, "VARCHAR"), LARGEST_REAL, attempt=True)
    return value


def scale_of_column(name: str) -> int:
    """Return how many digits after the point a column has as `exact_number` gives it."""
    if name.startswith("extra."):
        return 9
    scales = {ColumnType.INTEGER: 0, ColumnType.REAL: 6, ColumnType.DECIMAL: 9}
    return SCALE_OF_SECONDS if name == "model_age" else scales[type_of(name)]


def compared(name: str, operator: str, value: Decimal) -> exp.Expression:
    """Return the exact comparison of a number column with a literal, never overflowing or rounding.

    A literal between two values that the column can hold is moved to the nearer bound on the right side; one beyond
    all of them makes the comparison constant, still unknown for NULL.
    """
    column = identifier(name)
    kind = type_of(name)
    if kind is ColumnType.REAL:
        return comparison(operator, column, cast(literal(repr(float(value))), "DOUBLE"))
    if name.startswith("extra."):
        return _stepwise(extra_number(column), operator, value, scale=9, digits=18)
    if kind is ColumnType.INTEGER:
        return _stepwise(column, operator, value, scale=0, digits=19)
    return _stepwise(column, operator, value, scale=scale_of_column(name), digits=20)


def _stepwise(column: exp.Expression, operator: str, value: Decimal, *, scale: int, digits: int) -> exp.Expression:
    step = Decimal(1).scaleb(-scale)
    if abs(value) >= Decimal(10) ** digits or (scale == 0 and not -(2**63) <= value < 2**63):
        holds = operator in (("<", "<=") if value > 0 else (">", ">="))
        return true_unless_null(column) if holds else false_unless_null(column)
    bound = _rounded(value, step, ROUND_FLOOR)
    if bound != value:
        if operator == "=":
            return false_unless_null(column)
        operator = "<=" if operator in ("<", "<=") else ">="
        bound = bound if operator == "<=" else _rounded(value, step, ROUND_CEILING)
    return comparison(operator, column, decimal_literal(bound, scale))


def _rounded(value: Decimal, step: Decimal, rounding: str) -> Decimal:
    return (value / step).to_integral_value(rounding=rounding) * step


def decimal_literal(value: Decimal, scale: int) -> exp.Expression:
    """Return an exact number as a literal of the given scale; whole numbers of scale 0 as plain integers."""
    if scale == 0:
        return literal(int(value))
    width = 18 if abs(value) < Decimal(10) ** (18 - scale) else 38
    return cast(literal(format(value, "f")), f"DECIMAL({width}, {scale})")
