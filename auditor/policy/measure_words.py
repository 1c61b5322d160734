"""What a rule measured, in words of the reader's language, and whether its value is a share.

From the expression that a finding carries; a finding of an earlier version carries none, and the name that the rule
gave its measure stands for it.
"""

from collections.abc import Iterable
from decimal import Decimal

from auditor.errors import Place, PolicyError
from auditor.policy.english_measures import ENGLISH_MEASURES
from auditor.policy.expression_parser import parse_expression
from auditor.policy.expressions import Aggregate, Arithmetic, Expression, Negative, Number
from auditor.policy.measure_phrases import MeasurePhrases

OPERATORS = {
    ">=": "at least", ">": "more than", "<=": "at most", "<": "less than", "=": "exactly", "==": "exactly",
    "<>": "other than", "!=": "other than",
}  # fmt: skip
_SHARES = ("share", "top_share")
_AT_MOST_ONE = (*_SHARES, "evenness")


def words_of_measure(
    name: str, text: str, words: MeasurePhrases = ENGLISH_MEASURES, own: Iterable[tuple[str, str]] = ()
) -> str:
    """Return what was measured, as a phrase that its value can follow, from its name and its expression as text.

    `own` are words of the rule itself, by language; they go before what the expression says.
    """
    step, _, name = name.rpartition(".")
    expression = _expression_of(text)
    given = next((said for language, said in own if language == words.language), "")
    said = given or (words.without_column.get(name, name) if expression is None else _said(expression, words))
    if step in ("usual", "spread"):
        return (words.usual if step == "usual" else words.spread).format(said)
    return words.peers.format(said, fraction=_percent(Decimal(f"0.{step[7:]}"))) if step.startswith("peers_p") else said


def operator_words(operator: str) -> str:
    """Return a comparison in words, to stand before a number."""
    return OPERATORS.get(operator, operator)


def is_share(text: str) -> bool:
    """Say whether a value between 0 and 1 is a share of the records, to be told in per cent."""
    expression = _expression_of(text)
    return isinstance(expression, Aggregate) and expression.function in _SHARES


def is_at_most_one(text: str) -> bool:
    """Say whether no value of what an expression measures can be above 1: of shares, evenness and parts of a count."""
    match _expression_of(text):
        case Aggregate(function=function):
            return function in _AT_MOST_ONE
        case Arithmetic(operator="/", left=Aggregate(function="count"), right=Aggregate(function="count") as whole):
            return whole.column is None and whole.per is None and not whole.of_sequence
        case _:
            return False


def per_cent(share: Decimal) -> str:
    """Return a share as a number of hundredths, every digit of it: `0.9` as `90`, `1` as `100`."""
    return f"{(100 * share).normalize():f}"


def _expression_of(text: str) -> Expression | None:
    try:
        return parse_expression(text, Place("")) if text else None
    except PolicyError:  # a bundle may hold anything
        return None


def _said(expression: Expression, words: MeasurePhrases) -> str:
    match expression:
        case Number(value=value):
            return f"{value:f}"
        case Negative(operand=operand):
            return f"-{_said(operand, words)}"
        case Arithmetic(operator=operator, left=left, right=right):
            return words.joined[operator].format(left=_inside(left, words), right=_inside(right, words))
        case Aggregate():
            return _aggregate(expression, words)
        case _:
            return ""


def _inside(part: Expression, words: MeasurePhrases) -> str:
    said = _said(part, words)
    return f"({said})" if isinstance(part, Arithmetic) else said


def _aggregate(call: Aggregate, words: MeasurePhrases) -> str:
    if call.of_sequence:
        return words.without_column["sequence"]
    if call.selection:
        return words.share.format(call.selection.strip("_").replace("_", " "))
    if call.per is not None:
        return _over_each(call, words)
    if call.column is None:
        return words.records if call.function == "count" else words.without_column[call.function]
    if call.is_distinct:
        return words.different.get(call.column) or words.other_different.format(call.column)
    column = words.columns.get(call.column) or words.other_column.format(call.column)
    if call.fraction is not None:
        return words.quantile.format(column, fraction=_percent(call.fraction))
    return words.of_column[call.function].format(column)


def _over_each(call: Aggregate, words: MeasurePhrases) -> str:
    assert call.per is not None
    column = call.per.column
    if call.function == "count":
        return words.different.get(column) or words.other_different.format(column)
    each = words.each.get(column) or words.other_each.format(column)
    what = _aggregate(call.per.aggregate, words)
    fraction = _percent(call.fraction) if call.fraction is not None else ""
    return words.over_each[call.function].format(what=what, each=each, fraction=fraction)


def _percent(fraction: Decimal) -> str:
    return f"{per_cent(fraction)}\N{NO-BREAK SPACE}%"
