"""Conditions over one record, after modifiers were resolved: what a `when` block means.

A condition is a small tree. Its leaves test one column; `and`, `or` and `not` follow three-valued logic: a test
of a missing value is unknown, except `Exists`, which always knows. The YAML reader makes these trees, the plan
compiler and the plain evaluator read them, `explain` puts them into words.
"""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal, Union

from pydantic import BaseModel, ConfigDict, Field


class Node(BaseModel):
    """A part of a rule: frozen, compared by value, with no unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


CompareOperator = Literal["<", "<=", ">", ">="]
TimePartName = Literal["hour", "day", "week", "month", "year"]
"""hour 0-23, day of month 1-31, ISO week 1-53, month 1-12, year; in the pack's time zone."""


class Equals(Node):
    """The column equals the value; text ignores case unless `cased`. A list column has an equal element."""

    kind: Literal["equals"] = "equals"
    field: str
    value: str | bool | Decimal | datetime
    cased: bool = False


class OneOf(Node):
    """The column equals one of many values of one type (the long form of an `or` of `Equals`)."""

    kind: Literal["one_of"] = "one_of"
    field: str
    values: tuple[str, ...] | tuple[Decimal, ...]
    cased: bool = False


class AnyText(Node):
    """A wildcard inside a pattern: `*` any run of characters (`single` false), `?` exactly one (`single` true)."""

    kind: Literal["any_text"] = "any_text"
    single: bool = False


class Matches(Node):
    """The whole text fits a pattern of literal pieces and wildcards, ignoring case unless `cased`."""

    kind: Literal["matches"] = "matches"
    field: str
    parts: tuple[str | AnyText, ...]
    cased: bool = False


class Regex(Node):
    """An RE2 regular expression is found somewhere in the text (a search); `flags` is a subset of `ims`."""

    kind: Literal["regex"] = "regex"
    field: str
    pattern: str
    flags: str = ""


class InNetwork(Node):
    """An address column lies in a network, given as inclusive bounds of the IPv6(-mapped) number."""

    kind: Literal["in_network"] = "in_network"
    field: Literal["client_ip"] = "client_ip"
    network: str
    first: int
    last: int


class Exists(Node):
    """The column holds a value. Never unknown."""

    kind: Literal["exists"] = "exists"
    field: str


class Compare(Node):
    """A number or time column compares with a literal of its type (`extra.*`: its text read as a number)."""

    kind: Literal["compare"] = "compare"
    field: str
    operator: CompareOperator
    value: Decimal | datetime


class SameAs(Node):
    """Two columns of one record hold the same value (`position`: starts with, ends with or contains the other)."""

    kind: Literal["same_as"] = "same_as"
    field: str
    other: str
    position: Literal["whole", "start", "end", "inside"] = "whole"
    cased: bool = False


class TimePart(Node):
    """A part of a time column compares with a whole number."""

    kind: Literal["time_part"] = "time_part"
    field: str
    part: TimePartName
    operator: Literal["=", "<", "<=", ">", ">="]
    value: int


class SelectionRef(Node):
    """A named selection of the same rule."""

    kind: Literal["selection"] = "selection"
    name: str


class All(Node):
    """Every part holds (`and`). Never empty."""

    kind: Literal["all"] = "all"
    parts: tuple["Condition", ...]


class AnyOf(Node):
    """At least one part holds (`or`). Never empty."""

    kind: Literal["any"] = "any"
    parts: tuple["Condition", ...]


class Not(Node):
    """The part does not hold; unknown stays unknown."""

    kind: Literal["not"] = "not"
    part: "Condition"


Condition = Annotated[
    Union[  # noqa: UP007  # a forward reference can't be joined with `|` at run time
        Equals, OneOf, Matches, Regex, InNetwork, Exists, Compare, SameAs, TimePart, SelectionRef, All, AnyOf, Not
    ],
    Field(discriminator="kind"),
]


def columns_of(condition: Condition) -> frozenset[str]:
    """Return the columns that a condition reads, selections left out."""
    match condition:
        case All(parts=parts) | AnyOf(parts=parts):
            return frozenset().union(*(columns_of(part) for part in parts))
        case Not(part=part):
            return columns_of(part)
        case SelectionRef():
            return frozenset()
        case SameAs(field=field, other=other):
            return frozenset({field, other})
        case _:
            return frozenset({condition.field})


def selections_of(condition: Condition) -> frozenset[str]:
    """Return the names of the selections that a condition refers to."""
    match condition:
        case All(parts=parts) | AnyOf(parts=parts):
            return frozenset().union(*(selections_of(part) for part in parts))
        case Not(part=part):
            return selections_of(part)
        case SelectionRef(name=name):
            return frozenset({name})
        case _:
            return frozenset()


def resolved(condition: Condition, selections: "dict[str, Condition]") -> Condition:
    """Return the condition with every selection replaced by what it stands for."""
    match condition:
        case All(parts=parts):
            return All(parts=tuple(resolved(part, selections) for part in parts))
        case AnyOf(parts=parts):
            return AnyOf(parts=tuple(resolved(part, selections) for part in parts))
        case Not(part=part):
            return Not(part=resolved(part, selections))
        case SelectionRef(name=name):
            return resolved(selections[name], selections)
        case _:
            return condition
