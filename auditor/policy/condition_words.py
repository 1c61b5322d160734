"""Conditions and expressions in plain words, for people who don't read the grammar."""

from datetime import datetime
from decimal import Decimal

from auditor.digests import rfc3339
from auditor.policy.columns import column_named
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
from auditor.policy.expressions import (
    Aggregate,
    Arithmetic,
    Comparison,
    Expression,
    Logic,
    Name,
    Negation,
    Negative,
    Number,
    PairCall,
    Per,
    Text,
)

MOST_VALUES = 12
_COMPARISONS = {
    "<": "is less than", "<=": "is at most", ">": "is more than", ">=": "is at least", "=": "is", "<>": "is not",
}  # fmt: skip
_POSITIONS = {"whole": "is the same as", "start": "starts with", "end": "ends with", "inside": "contains"}
_PARTS = {
    "hour": "the hour of", "day": "the day of the month of", "week": "the ISO week of", "month": "the month of",
    "year": "the year of",
}  # fmt: skip
_AGGREGATES = {
    "sum": "sum of {}", "avg": "average of {}", "min": "smallest {}", "max": "largest {}", "median": "median of {}",
    "count": "number of records with {}", "top_share": "share of the records that have the most frequent {}",
    "entropy": "entropy of {} over the records", "evenness": "evenness (0 to 1) of {} over the records",
}  # fmt: skip
_OVER_PER = {
    "sum": "sum", "avg": "average", "min": "smallest value", "max": "largest value", "median": "median",
}  # fmt: skip
_WITHOUT_COLUMN = {
    "span": "time from the first to the last record", "count": "number of records",
    "active_hours": "number of clock hours with a record",
}  # fmt: skip
_COMPARED = {"usual": "the usual “{}”", "spread": "the spread of “{}”"}
_LENGTHS = ((604_800, "week"), (86_400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))


def words_of_condition(condition: Condition) -> str:
    """Return one sentence part that says when a condition holds."""
    match condition:
        case All(parts=parts):
            return " and ".join(_nested(part) for part in parts)
        case AnyOf(parts=parts):
            return " or ".join(_nested(part) for part in parts)
        case Not(part=Exists(field=field)):
            return f"`{field}` holds no value"
        case Not(part=part):
            return f"not ({words_of_condition(part)})"
        case SelectionRef(name=name):
            return f"“{name}” holds"
        case _:
            return _words_of_leaf(condition)


def words_of_expression(expression: Expression) -> str:
    """Return an expression in words; measures keep their names."""
    match expression:
        case Number(value=value, unit=unit):
            return words_of_seconds(int(value)) if unit == "seconds" else words_of_number(value)
        case Text(value=value):
            return f"“{value}”"
        case Name(name=name, step=step) if step in _COMPARED:
            return _COMPARED[step].format(name)
        case Name(name=name, step=step) if step.startswith("peers_p"):
            return f"the {Decimal(f'0.{step[7:]}')} quantile of “{name}” among peers"
        case Name(name=name, step=step):
            return f"`{name}` of “{step}”" if step else f"“{name}”"
        case Aggregate():
            return _words_of_aggregate(expression)
        case PairCall(function="seconds_between", first=first, second=second):
            return f"the time in seconds from “{first}” to “{second}”"
        case PairCall(first=first, second=second):
            return f"the distance in km between “{first}” and “{second}”"
        case Arithmetic(operator=operator, left=left, right=right):
            return f"({words_of_expression(left)} {operator} {words_of_expression(right)})"
        case Negative(operand=operand):
            return f"minus {words_of_expression(operand)}"
        case Comparison(operator=operator, left=left, right=right):
            return f"{words_of_expression(left)} {_COMPARISONS[operator]} {words_of_expression(right)}"
        case Logic(operator=operator, left=left, right=right):
            return " ".join((_nested_logic(left, operator), operator, _nested_logic(right, operator)))
        case Negation(operand=operand):
            return f"not ({words_of_expression(operand)})"


def words_of_seconds(seconds: int) -> str:
    """Return a length of time in its largest whole unit: 90 → `90 seconds`, 7200 → `2 hours`."""
    size, word = next(pair for pair in _LENGTHS if seconds % pair[0] == 0)
    count = seconds // size
    return f"{count} {word}" if count == 1 else f"{count:,} {word}s"


def counted(number: int, noun: str, plural: str = "") -> str:
    """Return a number with its noun: `1 record`, `1,204 records`."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def words_of_number(value: Decimal) -> str:
    """Return a number with its thousands set apart."""
    return f"{value:,f}"


def _nested(part: Condition) -> str:
    words = words_of_condition(part)
    return f"({words})" if isinstance(part, All | AnyOf) else words


def _nested_logic(part: Expression, operator: str) -> str:
    words = words_of_expression(part)
    return f"({words})" if isinstance(part, Logic) and part.operator != operator else words


def _words_of_leaf(leaf: Condition) -> str:
    match leaf:
        case Equals(field=field, value=value):
            return f"`{field}` is {_literal(value)}"
        case OneOf(field=field, values=values):
            return f"`{field}` is {_one_of(values)}"
        case Matches():
            return _words_of_pattern(leaf)
        case Regex(field=field, pattern=pattern, flags=flags):
            case_word = " (ignoring case)" if "i" in flags else ""
            return f"`{field}` contains text that fits the regular expression `{pattern}`{case_word}"
        case InNetwork(field=field, network=network):
            return f"`{field}` lies in the network {network}"
        case Exists(field=field):
            return f"`{field}` holds a value"
        case Compare(field=field, operator=operator, value=value):
            return f"`{field}` {_COMPARISONS[operator]} {_limit(field, value)}"
        case SameAs(field=field, other=other, position=position):
            return f"`{field}` {_POSITIONS[position]} `{other}`"
        case TimePart(field=field, part=part, operator=operator, value=value):
            return f"{_PARTS[part]} `{field}` {_COMPARISONS[operator]} {value}"
        case _:
            raise AssertionError(f"no leaf: {leaf.kind}")


def _literal(value: str | bool | Decimal | datetime) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case Decimal():
            return words_of_number(value)
        case datetime():
            return rfc3339(value)
        case _:
            return f"“{value}”" if value else "empty"


def _limit(field: str, value: Decimal | datetime) -> str:
    """Return what a column is compared with; whole seconds in their largest unit."""
    column = column_named(field)
    if isinstance(value, Decimal) and column and column.unit == "seconds" and value == int(value) > 0:
        return words_of_seconds(int(value))
    return _literal(value)


def _one_of(values: tuple[str, ...] | tuple[Decimal, ...]) -> str:
    if not values:
        return "one of a list without values"
    shown = [_literal(value) for value in values[:MOST_VALUES]]
    rest = f" and {len(values) - MOST_VALUES:,} more" if len(values) > MOST_VALUES else ""
    return f"one of {', '.join(shown)}{rest}"


def _words_of_pattern(leaf: Matches) -> str:
    match leaf.parts:
        case (AnyText(single=False), str(text), AnyText(single=False)):
            return f"`{leaf.field}` contains “{text}”"
        case (str(text), AnyText(single=False)):
            return f"`{leaf.field}` starts with “{text}”"
        case (AnyText(single=False), str(text)):
            return f"`{leaf.field}` ends with “{text}”"
        case _:
            signs = "".join(part if isinstance(part, str) else "?" if part.single else "*" for part in leaf.parts)
            return f"`{leaf.field}` fits “{signs}” (`*` any text, `?` one character)"


def _words_of_aggregate(call: Aggregate) -> str:
    if call.of_sequence:
        return "number of times the sequence came about"
    if call.selection:
        return f"share of the records for which “{call.selection}” holds"
    if call.per is not None:
        return _words_over_per(call, call.per)
    if call.column is None:
        return _WITHOUT_COLUMN[call.function]
    if call.is_distinct:
        return f"number of different `{call.column}`"
    if call.function == "quantile":
        return f"the {call.fraction} quantile of `{call.column}`"
    return _AGGREGATES[call.function].format(f"`{call.column}`")


def _words_over_per(call: Aggregate, per: Per) -> str:
    inner = words_of_expression(per.aggregate).removeprefix("the ")
    if call.function == "count":
        return f"number of different `{per.column}` for which there is a {inner}"
    outer = f"{call.fraction} quantile" if call.function == "quantile" else _OVER_PER[call.function]
    return f"{outer}, over every `{per.column}`, of the {inner}"
