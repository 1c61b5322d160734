"""Expressions of `measure`, `violates` and a sequence's `where`, as trees.

The text form is small: names, `step.column`, numbers, durations (`30m`), quoted text, calls, `+ - * /`,
comparisons `< <= > >= = <>`, `and`, `or`, `not`, parentheses. Trees are typed by `policy/typing.py`; evaluation
is exact (docs/evaluation.md, "Numbers").
"""

from decimal import Decimal
from typing import Annotated, Literal, Union, get_args

from pydantic import Field

from auditor.policy.conditions import Node

ArithmeticOperator = Literal["+", "-", "*", "/"]
ComparisonOperator = Literal["<", "<=", ">", ">=", "=", "<>"]
LogicOperator = Literal["and", "or"]

AggregateFunction = Literal[
    "count", "sum", "avg", "min", "max", "median", "quantile", "span", "share", "top_share", "entropy", "evenness",
    "active_hours",
]  # fmt: skip
AGGREGATES: tuple[AggregateFunction, ...] = get_args(AggregateFunction)
"""Functions of `measure`: `count()`, `count(x)`, `count(distinct x)`, `count(sequence)`, `quantile(x, p)`, `span()`,
`share(selection)`, `active_hours()`, the others over one column.
"""

PER = "per"
"""`per(x, aggregate)` stands for many values, so it is read inside these only."""
OVER_PER = ("count", "sum", "avg", "min", "max", "median", "quantile")

SPREADS = ("top_share", "entropy", "evenness")
"""Functions that look at how often each value of a column occurs."""

PAIR_FUNCTIONS = ("seconds_between", "distance_km")
"""Functions of `where`, over two steps of a sequence."""


class Number(Node):
    """An exact number; `unit` is `seconds` where it was written as a duration."""

    kind: Literal["number"] = "number"
    value: Decimal
    unit: str = ""


class Text(Node):
    """A quoted text."""

    kind: Literal["text"] = "text"
    value: str


class Name(Node):
    """A measure (in `violates`), a column (in an aggregate) or, with `step`, a column of a sequence's step.

    In `violates` a step is a word of the baseline: `usual.calls`.
    """

    kind: Literal["name"] = "name"
    name: str
    step: str = ""

    @property
    def full(self) -> str:
        """The name as it is written: `calls`, `refused.model`, `usual.calls`."""
        return f"{self.step}.{self.name}" if self.step else self.name


class Aggregate(Node):
    """An aggregate over the window's selected records (or occurrences, for `count(sequence)`).

    `column` is None for `count()`, `span()`, `active_hours()`, `count(sequence)`, `share(selection)` and over `per`;
    `fraction` is the p of `quantile(x, p)`.
    """

    kind: Literal["aggregate"] = "aggregate"
    function: AggregateFunction
    column: str | None = None
    is_distinct: bool = False
    of_sequence: bool = False
    fraction: Decimal | None = None
    selection: str = ""
    per: "Per | None" = None


class Per(Node):
    """`per(column, aggregate)`: the aggregate for each value of the column, as `by` would divide the window."""

    column: str
    aggregate: Aggregate


class PairCall(Node):
    """`seconds_between(a, b)` (positive when b is later) or `distance_km(a, b)` of two steps."""

    kind: Literal["pair_call"] = "pair_call"
    function: Literal["seconds_between", "distance_km"]
    first: str
    second: str


class Arithmetic(Node):
    """An operation on two numbers."""

    kind: Literal["arithmetic"] = "arithmetic"
    operator: ArithmeticOperator
    left: "Expression"
    right: "Expression"


class Negative(Node):
    """The number with its sign turned."""

    kind: Literal["negative"] = "negative"
    operand: "Expression"


class Comparison(Node):
    """A comparison of two numbers, texts or times; unknown when a side is unknown."""

    kind: Literal["comparison"] = "comparison"
    operator: ComparisonOperator
    left: "Expression"
    right: "Expression"


class Logic(Node):
    """`and` / `or` of truth values, three-valued."""

    kind: Literal["logic"] = "logic"
    operator: LogicOperator
    left: "Expression"
    right: "Expression"


class Negation(Node):
    """`not`, three-valued."""

    kind: Literal["negation"] = "negation"
    operand: "Expression"


Expression = Annotated[
    Union[  # noqa: UP007  # a forward reference can't be joined with `|` at run time
        Number, Text, Name, Aggregate, PairCall, Arithmetic, Negative, Comparison, Logic, Negation
    ],
    Field(discriminator="kind"),
]


def parts_of(expression: Expression) -> tuple[Expression, ...]:
    """Return the direct parts of an expression, left to right."""
    match expression:
        case Arithmetic() | Comparison() | Logic():
            return (expression.left, expression.right)
        case Negative() | Negation():
            return (expression.operand,)
        case _:
            return ()


def walk(expression: Expression) -> tuple[Expression, ...]:
    """Return the expression and all below it, depth first."""
    return (expression, *(node for part in parts_of(expression) for node in walk(part)))


def aggregates_in(expression: Expression) -> tuple[Aggregate, ...]:
    """Return every aggregate of an expression, also those inside `per`, depth first."""
    found = [node for node in walk(expression) if isinstance(node, Aggregate)]
    return tuple(each for one in found for each in ((one, one.per.aggregate) if one.per else (one,)))
