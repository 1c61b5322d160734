"""Conditions into SQL with three values: true, false and NULL for unknown (docs/evaluation.md, "Unknown").

SQL's AND, OR and NOT are Kleene's already; what needs care are the leaves.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from sqlglot import exp

from auditor.checker.compile.alternatives import joined_alternatives
from auditor.checker.compile.columns import (
    compared,
    comparison,
    folded,
    text_column,
    text_value,
    type_of,
)
from auditor.checker.compile.nodes import every, false_unless_null, is_known, negated, some, true_unless_null
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
    SelectionRef,
    TimePart,
)
from auditor.records.schema import ColumnType, is_identifier
from auditor.records.sql import cast, identifier, literal

TIME = "_t"
"""Column of `seen`: the record's time as microseconds since 1970."""

LOCAL_TIME = "_local"
"""Column of `seen`: the record's time on the wall clock of the pack's time zone."""

NUMBERS = (ColumnType.INTEGER, ColumnType.REAL, ColumnType.DECIMAL)
ELEMENT = "_element"
ESCAPE = "!"

Leaf = Equals | OneOf | Matches | Regex | InNetwork | Exists | Compare | SameAs | TimePart


@dataclass(frozen=True)
class _Text:
    """A text that a leaf tests: as it is, and folded."""

    raw: exp.Expression
    folded: exp.Expression
    is_identifier: bool

    def of(self, *, is_exact: bool) -> exp.Expression:
        return (self.raw if is_exact or self.is_identifier else self.folded).copy()


def sql_of(condition: Condition, *, is_missing_counted: bool = False) -> exp.Expression:
    """Return a condition, without references to selections, as an SQL truth value over `seen`.

    With `is_missing_counted` an unknown leaf is false.
    """
    match condition:
        case All(parts=parts):
            return every([sql_of(part, is_missing_counted=is_missing_counted) for part in parts])
        case AnyOf(parts=parts):
            alternatives = joined_alternatives(parts)
            return some([sql_of(part, is_missing_counted=is_missing_counted) for part in alternatives])
        case Not(part=part):
            return negated(sql_of(part, is_missing_counted=is_missing_counted))
        case SelectionRef(name=name):
            raise AssertionError(f"selection {name} was not resolved")
        case _:
            leaf = _leaf(condition)
            return exp.Coalesce(this=leaf, expressions=[exp.false()]) if is_missing_counted else leaf


def microseconds(time: datetime) -> int:
    """Return a time as microseconds since 1970, exactly."""
    elapsed = time.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    return (elapsed.days * 86_400 + elapsed.seconds) * 1_000_000 + elapsed.microseconds


def _leaf(leaf: Leaf) -> exp.Expression:
    match leaf:
        case Exists(field=field):
            return is_known(identifier(field))
        case InNetwork():
            number = identifier("client_ip_number")
            return exp.Between(this=number, low=_address(leaf.first), high=_address(leaf.last))
        case SameAs():
            return _same(leaf)
        case TimePart():
            part = exp.Extract(this=exp.var(leaf.part.upper()), expression=identifier(LOCAL_TIME))
            return comparison(leaf.operator, part, literal(leaf.value))
        case Compare(value=datetime() as value):
            return comparison(leaf.operator, identifier(TIME), literal(microseconds(value)))
        case Compare(value=Decimal() as value):
            return compared(leaf.field, leaf.operator, value)
        case Equals(value=bool() as value) if type_of(leaf.field) is ColumnType.BOOLEAN:
            return exp.EQ(this=identifier(leaf.field), expression=literal(value))
        case Equals(value=Decimal() as value):
            return compared(leaf.field, "=", value)
        case Equals(value=datetime() as value):
            return exp.EQ(this=identifier(TIME), expression=literal(microseconds(value)))
        case OneOf(values=()) if type_of(leaf.field) in (ColumnType.INTEGER, ColumnType.REAL, ColumnType.DECIMAL):
            return false_unless_null(identifier(leaf.field))
        case OneOf(values=values) if any(isinstance(value, Decimal) for value in values):
            return some([compared(leaf.field, "=", Decimal(value)) for value in values])
        case Compare():
            raise AssertionError(f"a comparison is with a number or a time: {leaf!r}")
        case _:
            return _text_leaf(leaf)


def _address(number: int) -> exp.Expression:
    return cast(literal(str(number)), "UHUGEINT")


def _same(leaf: SameAs) -> exp.Expression:
    if type_of(leaf.field) is ColumnType.TIMESTAMP:
        return exp.EQ(this=identifier(TIME), expression=identifier(TIME))
    is_text = type_of(leaf.field) in (ColumnType.TEXT, ColumnType.ADDRESS, ColumnType.JSON)
    is_exact = leaf.cased or is_identifier(leaf.field) or is_identifier(leaf.other) or not is_text
    left, right = text_column(leaf.field, is_exact=is_exact), text_column(leaf.other, is_exact=is_exact)
    match leaf.position:
        case "whole":
            return exp.EQ(this=left, expression=right)
        case "start":
            return exp.StartsWith(this=left, expression=right)
        case "end":
            return exp.EndsWith(this=left, expression=right)
        case "inside":
            return exp.Contains(this=left, expression=right)


def _text_leaf(leaf: Equals | OneOf | Matches | Regex) -> exp.Expression:
    if type_of(leaf.field) is not ColumnType.TEXT_LIST:
        text = _Text(identifier(leaf.field), text_column(leaf.field, is_exact=False), is_identifier(leaf.field))
        return _text_test(leaf, text)
    element = exp.column(exp.to_identifier(ELEMENT))
    test = _text_test(leaf, _Text(element, folded(element.copy()), False))
    fitting = exp.ArrayFilter(
        this=identifier(leaf.field), expression=exp.Lambda(this=test, expressions=[exp.to_identifier(ELEMENT)])
    )
    return exp.GT(this=exp.ArraySize(this=fitting), expression=literal(0))


def _text_test(leaf: Equals | OneOf | Matches | Regex, text: _Text) -> exp.Expression:
    if isinstance(leaf, Regex):
        flags = "".join(sorted(leaf.flags))
        pattern = f"(?{flags}){leaf.pattern}" if flags else leaf.pattern
        return exp.RegexpLike(this=text.of(is_exact=True), expression=literal(pattern))
    is_exact = leaf.cased or text.is_identifier
    tested = text.of(is_exact=is_exact)
    match leaf:
        case Matches(parts=parts):
            return _pattern(tested, parts, is_exact)
        case OneOf(values=()):
            return false_unless_null(tested)
        case OneOf(values=values):
            return exp.In(this=tested, expressions=[text_value(str(value), is_exact=is_exact) for value in values])
        case Equals(value=bool() as value):
            return exp.EQ(this=tested, expression=literal("true" if value else "false"))
        case Equals(value=value):
            return exp.EQ(this=tested, expression=text_value(str(value), is_exact=is_exact))


def _pattern(tested: exp.Expression, parts: tuple[str | AnyText, ...], is_exact: bool) -> exp.Expression:
    any_run = AnyText()
    match parts:
        case (str() as only,):
            return exp.EQ(this=tested, expression=text_value(only, is_exact=is_exact))
        case () | ("",):
            return exp.EQ(this=tested, expression=literal(""))
        case (AnyText() as run,) if run == any_run:
            return true_unless_null(tested)
        case (AnyText() as run, str() as piece) if run == any_run:
            return exp.EndsWith(this=tested, expression=text_value(piece, is_exact=is_exact))
        case (str() as piece, AnyText() as run) if run == any_run:
            return exp.StartsWith(this=tested, expression=text_value(piece, is_exact=is_exact))
        case (AnyText() as run, str() as piece, AnyText() as last) if run == any_run == last:
            return exp.Contains(this=tested, expression=text_value(piece, is_exact=is_exact))
    pattern = "".join(_escaped(part) if isinstance(part, str) else "_" if part.single else "%" for part in parts)
    like = exp.Like(this=tested, expression=text_value(pattern, is_exact=is_exact))
    return exp.Escape(this=like, expression=literal(ESCAPE))


def _escaped(piece: str) -> str:
    for special in (ESCAPE, "%", "_"):
        piece = piece.replace(special, ESCAPE + special)
    return piece
