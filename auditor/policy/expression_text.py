"""An expression as the text that a rule file would hold: `parse_expression` gives the same tree back.

Findings carry the text of what they measured, so that whoever reads one can say it in words without the rule.
"""

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
    Text,
)


def text_of_expression(expression: Expression) -> str:
    """Return an expression as text, with parentheses around whatever is a part of another operation."""
    match expression:
        case Number(value=value, unit=unit):
            return f"{value:f}{'s' if unit == 'seconds' else ''}"
        case Text(value=value):
            return f'"{value}"' if "'" in value else f"'{value}'"
        case Name():
            return expression.full
        case Aggregate():
            return f"{expression.function}({_argument(expression)})"
        case PairCall(function=function, first=first, second=second):
            return f"{function}({first}, {second})"
        case Arithmetic() | Comparison() | Logic():
            return f"{_inside(expression.left)} {expression.operator} {_inside(expression.right)}"
        case Negative(operand=operand):
            return f"-{_inside(operand)}"
        case Negation(operand=operand):
            return f"not {_inside(operand)}"


def _inside(part: Expression) -> str:
    text = text_of_expression(part)
    return f"({text})" if isinstance(part, Arithmetic | Comparison | Logic | Negation) else text


def _argument(call: Aggregate) -> str:
    if call.of_sequence:
        return "sequence"
    if call.per is not None:
        inner = f"per({call.per.column}, {text_of_expression(call.per.aggregate)})"
    else:
        inner = f"distinct {call.column}" if call.is_distinct else call.selection or call.column or ""
    return f"{inner}, {call.fraction:f}" if call.fraction is not None else inner
