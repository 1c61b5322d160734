"""From the tree that pySigma parses to our own conditions; what has no exact meaning here is refused by name."""

import re
from typing import Any  # pySigma's tree is typed loosely

from sigma.conditions import (
    ConditionAND,
    ConditionFieldEqualsValueExpression,
    ConditionNOT,
    ConditionOR,
    ConditionValueExpression,
)
from sigma.types import (
    CompareOperators,
    Placeholder,
    SigmaBool,
    SigmaCasedString,
    SigmaCIDRExpression,
    SigmaCompareExpression,
    SigmaExists,
    SigmaExpansion,
    SigmaFieldReference,
    SigmaNull,
    SigmaNumber,
    SigmaRegularExpression,
    SigmaString,
    SigmaTimestampPart,
    SigmaType,
    SpecialChars,
)

from auditor.policy.conditions import AnyText
from auditor.policy.patterns import Pattern, joined
from auditor.sigma.conditions import (
    Compares,
    Condition,
    Either,
    Every,
    InNetwork,
    IsNull,
    IsPresent,
    Never,
    NumberIs,
    Operator,
    RegexFound,
    SameField,
    TextFits,
    TimeCompares,
    TimePart,
    TruthIs,
)

_OPERATORS: dict[CompareOperators, Operator] = {
    CompareOperators.LT: "<", CompareOperators.LTE: "<=", CompareOperators.GT: ">", CompareOperators.GTE: ">=",
    CompareOperators.NEQ: "<>",
}  # fmt: skip
_PARTS: dict[str, TimePart] = {
    "MINUTE": "minute", "HOUR": "hour", "DAY": "day", "WEEK": "week", "MONTH": "month", "YEAR": "year",
}  # fmt: skip


class UntranslatableError(Exception):
    """A part of a rule that has no exact meaning here; the message says which and why, the hint what to do."""

    def __init__(self, message: str, hint: str) -> None:
        """Keep what a problem needs."""
        super().__init__(message)
        self.message, self.hint = message, hint


def condition_of(tree: Any) -> Condition:
    """Return what a tree of pySigma says. Raises UntranslatableError."""
    match tree:
        case ConditionAND(args=args):
            return Every(tuple(condition_of(part) for part in args))
        case ConditionOR(args=args):
            return Either(tuple(condition_of(part) for part in args))
        case ConditionNOT(args=[part]):
            return Never(condition_of(part))
        case ConditionFieldEqualsValueExpression(field=field, value=value):
            return _leaf(field, value)
        case ConditionValueExpression(value=value):
            return _keyword(value)
        case _:
            raise UntranslatableError("a condition without any test, expected at least one", "name a selection")


def _leaf(field: str, value: SigmaType) -> Condition:
    match value:
        case SigmaNull():
            return IsNull(field)
        case SigmaExists(exists=is_wanted):
            return IsPresent(field) if is_wanted else Never(IsPresent(field))
        case SigmaBool(boolean=truth):
            return TruthIs(field, truth)
        case SigmaExpansion(values=values):
            return Either(tuple(_leaf(field, item) for item in values))
        case SigmaCIDRExpression(network=network):
            return InNetwork(field, network)
        case SigmaCompareExpression(number=number, op=sign):
            return _compared(field, number, _OPERATORS[sign])
        case SigmaTimestampPart():
            return _compared(field, value, "=")
        case SigmaFieldReference(field=other):
            return SameField(field, other, _position(value))
        case _:
            return _plain(field, value)


def _plain(field: str | None, value: SigmaType) -> Condition:
    match value:
        case SigmaNumber(number=number):
            return NumberIs(field, number)
        case SigmaRegularExpression():
            return RegexFound(field, _regex(value), _flags(value))
        case SigmaString():
            return TextFits(field, pattern_of(value), isinstance(value, SigmaCasedString))
        case _:
            kind = type(value).__name__.removeprefix("Sigma")
            raise UntranslatableError(f"a value of kind {kind}, expected one that records have", "rewrite the test")


def _keyword(value: SigmaType) -> Condition:
    match value:
        case SigmaExpansion(values=values):
            return Either(tuple(_keyword(item) for item in values))
        case SigmaString() | SigmaRegularExpression():
            return _plain(None, value)
        case SigmaNumber() if not isinstance(value, SigmaTimestampPart):
            return _plain(None, value)
        case _:
            kind = type(value).__name__.removeprefix("Sigma")
            raise UntranslatableError(f"a keyword of kind {kind}, expected text or number", "name the field to test")


def _compared(field: str, number: SigmaNumber, sign: Operator) -> Condition:
    if isinstance(number, SigmaTimestampPart):
        return TimeCompares(field, _PARTS[number.timestamp_part.name], sign, number.number)
    return Compares(field, sign, number.number)


def _position(value: SigmaFieldReference) -> Any:
    return {(False, False): "whole", (True, False): "start", (False, True): "end", (True, True): "inside"}[
        value.starts_with, value.ends_with
    ]


def pattern_of(text: SigmaString) -> Pattern:
    """Return a text's literal pieces and wildcards. Raises UntranslatableError for a placeholder."""
    pieces: list[str | AnyText] = []
    for part in text.s:
        if isinstance(part, Placeholder):
            _refuse_placeholder(part)
        elif isinstance(part, str):
            pieces.append(part)
        else:
            pieces.append(AnyText(single=part is SpecialChars.WILDCARD_SINGLE))
    return joined(pieces)


def _regex(value: SigmaRegularExpression) -> str:
    for part in value.regexp.s:
        if isinstance(part, Placeholder):
            _refuse_placeholder(part)
    return value.regexp.convert(escape_char=None)


def _flags(value: SigmaRegularExpression) -> str:
    return "".join(sorted(value.sigma_to_re_flag[flag] for flag in value.flags))


def _refuse_placeholder(part: Placeholder) -> None:
    name = re.sub(r"[^\w.-]", "?", part.name)[:60]
    raise UntranslatableError(f"placeholder `%{name}%`, expected values", "write the values into the rule")
