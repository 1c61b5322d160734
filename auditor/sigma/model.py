"""A set of Sigma rules as it is evaluated: detections, correlations over them, and what was refused."""

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal

from auditor.errors import Place, Problem
from auditor.sigma.conditions import Condition, Operator

CorrelationKind = Literal[
    "event_count", "value_count", "value_sum", "value_avg", "value_percentile", "value_median", "temporal",
    "temporal_ordered",
]  # fmt: skip
NUMERIC: frozenset[str] = frozenset({"value_sum", "value_avg", "value_percentile", "value_median"})


@dataclass(frozen=True)
class Heading:
    """What names a rule: `key` is its id, else its name, else file and place in it, unique in a set."""

    key: str
    place: Place
    title: str
    id: str = ""
    name: str = ""
    level: str = ""


@dataclass(frozen=True)
class LogSource:
    """Which logs a rule is meant for; kept to tell which filters apply, never to choose records."""

    category: str = ""
    product: str = ""
    service: str = ""

    def contains(self, other: "LogSource") -> bool:
        """Say whether another log source is this one or a part of it."""
        pairs = ((self.category, other.category), (self.product, other.product), (self.service, other.service))
        return all(mine in ("", theirs) for mine, theirs in pairs)


@dataclass(frozen=True)
class Detection:
    """A rule about single records; filters are already part of its condition."""

    heading: Heading
    condition: Condition
    source: LogSource = LogSource()
    is_reported: bool = True
    """False for a rule that only correlations use."""
    filters: tuple[str, ...] = ()
    """Titles of the filters that were applied."""


@dataclass(frozen=True)
class Threshold:
    """One bound that the measure of a window must keep."""

    operator: Operator
    number: Fraction


@dataclass(frozen=True)
class Term:
    """One way to fulfil an extended condition: rules that must match in the window, and rules that must not."""

    present: frozenset[int]
    absent: frozenset[int]


@dataclass(frozen=True)
class Reference:
    """A rule that a correlation is about, with the fields that its aliases stand for there."""

    rule: str
    aliases: tuple[tuple[str, str], ...] = ()

    def field_of(self, name: str) -> str:
        """Return the field of this rule's records that a name of the correlation stands for."""
        return dict(self.aliases).get(name, name)


@dataclass(frozen=True)
class Correlation:
    """A rule about several records; `references` are in the order of the rule, `span` is in microseconds."""

    heading: Heading
    kind: CorrelationKind
    references: tuple[Reference, ...]
    group_by: tuple[str, ...]
    span: int
    thresholds: tuple[Threshold, ...] = ()
    terms: tuple[Term, ...] | None = None
    """The extended condition as a choice of terms; None for a condition of thresholds."""
    field: str = ""
    percentile: Fraction = Fraction(50)
    is_reported: bool = True


@dataclass(frozen=True)
class Refusal:
    """A rule that is not evaluated, and why."""

    title: str
    problem: Problem


@dataclass(frozen=True)
class Ruleset:
    """What was read: rules by key, correlations after the rules they refer to."""

    detections: dict[str, Detection] = field(default_factory=dict)
    correlations: dict[str, Correlation] = field(default_factory=dict)
    refused: tuple[Refusal, ...] = ()
    unused_filters: tuple[str, ...] = ()
