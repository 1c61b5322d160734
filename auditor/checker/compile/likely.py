"""The sliding windows of which only the spreads are left to ask, and the rows that these look at.

How values spread costs many times what counts and sums do. Where `violates` asks for something else as well, all of it
needed, the windows that don't have that violate whatever their values are like: spreads are measured in the others
alone, over the records that lie in these.

    likely    the keys, `_lo`, `_hi`, every aggregate but spreads: of the windows that have all else
    close     the rows that lie in some of them, or between two of the same keys, with `_until`, the last end there
    line<k>   the changes and ends that ranks among some levels are read off (ranks.py)

The windows are then found with as many digits of the levels' places as there are.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from sqlglot import exp

from auditor.checker.compile.measures import aggregates_of, measure_sql
from auditor.checker.compile.nodes import columns, every, inner, joined_on, named, same_keys, select, union_all
from auditor.checker.compile.pruning import IS_END, conjuncts
from auditor.checker.compile.ranks import DIGITS, PLACE, digits_for
from auditor.checker.compile.rows import AT, Shape
from auditor.checker.compile.spreads import Divided, divided, is_ranked, is_spread, with_spreads
from auditor.checker.compile.statements import Sized, Statement
from auditor.checker.compile.sweeps import Lines, Sweep
from auditor.checker.compile.windows import (
    HIGH,
    LOW,
    aggregates_read,
    is_pruned,
    nodes,
    sliding_windows,
    with_measures,
    with_verdict,
)
from auditor.policy.expressions import Aggregate, Expression, Name, walk
from auditor.policy.rule import Rule
from auditor.records.sql import identifier, table

SINCE, UNTIL = "_since", "_until"


def has_likely(shape: Shape) -> bool:
    """Say whether a rule's windows are first taken without their spreads."""
    rule = shape.flags.rule
    has_spread = any(map(is_spread, aggregates_of(rule)))
    return shape.is_sliding() and not rule.baseline and has_spread and bool(plain_conjuncts(rule))


def plain_conjuncts(rule: Rule) -> tuple[Expression, ...]:
    """Return the parts of `violates`, all needed, for which no spread has to be known."""
    measures = {measure.name: measure.expression for measure in rule.measures}
    spread = {name for name, measured in measures.items() if _has_spread(measured)}

    def is_plain(part: Expression) -> bool:
        return not _has_spread(part) and not any(isinstance(node, Name) and node.full in spread for node in walk(part))

    return tuple(filter(is_plain, conjuncts(rule.violates))) if rule.violates else ()


def _has_spread(expression: Expression) -> bool:
    return any(isinstance(node, Aggregate) and is_spread(node) for node in walk(expression))


@dataclass(frozen=True)
class Likely:
    """The tables by which a rule's violating windows are found over the table of `rows`."""

    shape: Shape
    rows: str

    def statements(self) -> tuple[Statement, ...]:
        """The tables in their order, the one of violating windows last."""
        likely = Statement(self._likely, self._windows())
        close = Statement(self._sweep.rows, self._close_rows())
        lines = [Statement(self._lines[levels], self._sweep.line(*levels, group)) for levels, group in self._ranked]
        found = self.shape.table("decided")
        if not lines:
            return likely, close, Statement(found, self._violating(DIGITS))
        return likely, close, *lines, Sized(found, self._violating(DIGITS), self._most(), self._fitting)

    def _windows(self) -> exp.Select:
        """Return the windows that have all that `violates` asks for beside spreads."""
        rule = self.shape.flags.rule
        known = aggregates_read(self.shape)
        for measure in rule.measures:
            known[Name(name=measure.name)] = measure_sql(measure.expression, aggregates_read(self.shape))
        tests = [measure_sql(part, known).sql for part in plain_conjuncts(rule)]
        tests += [identifier(IS_END)] if is_pruned(self.shape) else []
        query = select([exp.Star()], inner(sliding_windows(self.shape, self.rows), "sliding"), distinct=True)
        return query.where(every(tests), copy=False)

    def _close_rows(self) -> exp.Select:
        keys = self.shape.keys
        ends = [named(exp.Min(this=identifier(LOW)), SINCE), named(exp.Max(this=identifier(HIGH)), UNTIL)]
        times = select([*columns(keys), *ends], table(self._likely)).group_by(*columns(keys), copy=False)
        items = [exp.Column(this=exp.Star(), table=exp.to_identifier("row", quoted=True)), identifier(UNTIL, "times")]
        at = identifier(AT, "row")
        tests = [
            *same_keys(keys, "row", "times"),
            exp.GTE(this=at, expression=identifier(SINCE, "times")),
            exp.LTE(this=at.copy(), expression=identifier(UNTIL, "times")),
        ]
        return joined_on(select(items, table(self.rows, "row")), inner(times, "times"), every(tests))

    def _most(self) -> exp.Select:
        """Return the most places that a level may have, NULL without any."""
        places = [select([identifier(PLACE)], table(name)) for name in self._lines.values()]
        most = exp.Add(this=exp.Max(this=identifier(PLACE)), expression=exp.Literal.number(1))
        return select([most], inner(union_all(places), "lines"))

    def _fitting(self, places: int | None) -> exp.Select:
        return self._violating(digits_for(places or 1))

    def _violating(self, digits: int) -> exp.Select:
        spreads = self._sweep.measured(Lines(self._lines, digits))
        plain = select([exp.Star()], table(self._likely))
        query = with_spreads(plain, (*self.shape.keys, HIGH), nodes(self.shape), spreads)
        return with_verdict(self.shape, with_measures(self.shape, query))

    @property
    def _likely(self) -> str:
        return self.shape.table("likely")

    @cached_property
    def _sweep(self) -> Sweep:
        return Sweep(self.shape, self.shape.table("close"), HIGH, self._ends, until=UNTIL)

    def _ends(self) -> exp.Select:
        return select([*columns(self.shape.keys), named(identifier(HIGH), AT)], table(self._likely), distinct=True)

    @property
    def _ranked(self) -> list[tuple[Divided, dict[str, Aggregate]]]:
        """The spreads that are ranks among levels, by these; what spreads inside a spread is measured otherwise."""
        found = divided(nodes(self.shape)).items()
        return [
            (levels, group)
            for levels, group in found
            if any(map(is_ranked, group.values())) and not (levels[1] and is_spread(levels[1]))
        ]

    @cached_property
    def _lines(self) -> Mapping[Divided, str]:
        return {levels: self.shape.table(f"line{place}") for place, (levels, _) in enumerate(self._ranked)}
