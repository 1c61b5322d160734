"""What a violating window must come to at least, and what a stretch of records comes to at most.

Only what grows with more records counts: numbers of records, sums. A window with so many active hours has at least as
many records, and so has a sliding one with so many different values: records are cheaper to count. Sums are doubles, a
little too large on purpose.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from sqlglot import exp

from auditor.checker.compile.codes import coded_name
from auditor.checker.compile.columns import extra_number, type_of
from auditor.checker.compile.nodes import choose, count_where, every, is_known, named
from auditor.checker.compile.pruning import growing_bounds
from auditor.checker.compile.rows import Shape
from auditor.policy.expressions import Aggregate
from auditor.records.schema import ColumnType
from auditor.records.sql import cast, identifier, literal

SLACK = Decimal("0.999999")
"""What a total of doubles must reach of a bound: far more than rounding can take away."""

REAL_STEP = Decimal("0.000001")
"""More than rounding a real to 6 digits can add to it."""


@dataclass(frozen=True)
class Total:
    """What some records of a truth come to: how many have a value of a column, how many different ones they have, or
    what the positive ones sum up to.
    """

    truth: str
    column: str | None
    kind: Literal["count", "different", "sum"] = "count"

    def sql(self) -> exp.Expression:
        """Return at least what it comes to over the records, as an aggregate."""
        truth = identifier(self.truth)
        if self.kind == "different" and self.column:
            return exp.Count(this=exp.Distinct(expressions=[choose(truth, identifier(self.column))]))
        if self.kind == "sum" and self.column:
            is_positive = exp.GT(this=_plain(self.column), expression=literal(0))
            return exp.Sum(this=choose(every([truth, is_positive]), _number(self.column), literal(0)))
        known = [is_known(identifier(self.column))] if self.column else []
        return count_where(every([truth, *known]))


@dataclass(frozen=True)
class Need:
    """A total that each violating window of a rule reaches."""

    total: Total
    least: Decimal


def needs_of(shape: Shape) -> tuple[Need, ...]:
    """Return what every violating window of a rule reaches, none where `violates` asks for nothing that grows."""
    found = [
        Need(Total(shape.flags.steps[0], _column(aggregate), _kind(shape, aggregate)), least)
        for aggregate, _, least in growing_bounds(shape.flags.rule)
    ]
    return tuple(dict.fromkeys(found))


def _column(aggregate: Aggregate) -> str | None:
    return coded_name(aggregate.column) if aggregate.column and aggregate.function != "sum" else aggregate.column


def _kind(shape: Shape, aggregate: Aggregate) -> Literal["count", "different", "sum"]:
    if aggregate.function == "sum":
        return "sum"
    # of two stretches that share values a sum of both says too little to be worth its price
    return "different" if aggregate.is_distinct and not shape.is_sliding() else "count"


@dataclass(frozen=True)
class Totals:
    """The different totals of some rules, each in a column."""

    needs: tuple[tuple[Need, ...], ...]

    @property
    def reading(self) -> set[str]:
        """The columns of `base` that they look at."""
        return {column.name for item in self.items() for column in item.find_all(exp.Column)}

    @property
    def _all(self) -> tuple[Total, ...]:
        return tuple(dict.fromkeys(need.total for needs in self.needs for need in needs))

    def items(self) -> list[exp.Expression]:
        """Return every total under its name."""
        return [named(total.sql(), f"_total{place}") for place, total in enumerate(self._all)]

    def column(self, total: Total) -> str:
        """Return the name of a total's column."""
        return f"_total{self._all.index(total)}"


def reaches(value: exp.Expression, least: Decimal) -> exp.Expression:
    """Return the test that a total reaches a number, for all that rounding could take away."""
    return exp.GTE(this=value, expression=cast(literal(repr(float(least * SLACK))), "DOUBLE"))


def totals_of(shapes: Sequence[Shape]) -> Totals:
    """Return the totals that rules need."""
    return Totals(tuple(needs_of(shape) for shape in shapes))


def _number(column: str) -> exp.Expression:
    number = cast(_plain(column), "DOUBLE")
    is_real = not column.startswith("extra.") and type_of(column) is ColumnType.REAL
    return exp.Add(this=number, expression=literal(REAL_STEP)) if is_real else number


def _plain(column: str) -> exp.Expression:
    return extra_number(identifier(column)) if column.startswith("extra.") else identifier(column)
