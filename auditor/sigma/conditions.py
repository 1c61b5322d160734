"""What a Sigma detection says, once its modifiers were applied: a small tree with tests of one field at its leaves.

Unlike a native rule's condition it knows two values: a test of a missing field is false, and `not` of it true.
`field` is None for a keyword, which is looked for in every value of the record.
"""

from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network
from typing import Literal

from auditor.policy.patterns import Pattern

Operator = Literal["=", "<>", "<", "<=", ">", ">="]
TimePart = Literal["minute", "hour", "day", "week", "month", "year"]


@dataclass(frozen=True)
class TextFits:
    """The whole text fits a pattern (a keyword: some part of it), ignoring case unless `is_cased`."""

    field: str | None
    pattern: Pattern
    is_cased: bool = False


@dataclass(frozen=True)
class RegexFound:
    """An RE2 regular expression is found somewhere in the text; `flags` is a subset of `ims`."""

    field: str | None
    pattern: str
    flags: str = ""


@dataclass(frozen=True)
class NumberIs:
    """The field is the number, or a text that is the number as Sigma writes it (a keyword: has it inside)."""

    field: str | None
    number: int | float


@dataclass(frozen=True)
class TruthIs:
    """The field is the boolean, or the text `true` or `false`."""

    field: str
    value: bool


@dataclass(frozen=True)
class IsNull:
    """The field is missing, null, or a list without values."""

    field: str


@dataclass(frozen=True)
class IsPresent:
    """The record has the field, even if it is null or empty."""

    field: str


@dataclass(frozen=True)
class InNetwork:
    """The field is an address in the network; an IPv4-mapped IPv6 address is the IPv4 address."""

    field: str
    network: IPv4Network | IPv6Network


@dataclass(frozen=True)
class Compares:
    """The field is a number, or a text that spells one, and compares so."""

    field: str
    operator: Operator
    number: int | float


@dataclass(frozen=True)
class TimeCompares:
    """A part of the field's time in UTC compares so; weeks are ISO 8601's."""

    field: str
    part: TimePart
    operator: Operator
    number: int | float


@dataclass(frozen=True)
class SameField:
    """The field's text is that of another field, or starts with, ends with or contains it, ignoring case."""

    field: str
    other: str
    position: Literal["whole", "start", "end", "inside"] = "whole"


@dataclass(frozen=True)
class Every:
    """Every part holds."""

    parts: tuple["Condition", ...]


@dataclass(frozen=True)
class Either:
    """At least one part holds."""

    parts: tuple["Condition", ...]


@dataclass(frozen=True)
class Never:
    """The part does not hold."""

    part: "Condition"


Leaf = TextFits | RegexFound | NumberIs | TruthIs | IsNull | IsPresent | InNetwork | Compares | TimeCompares | SameField
Condition = Leaf | Every | Either | Never
