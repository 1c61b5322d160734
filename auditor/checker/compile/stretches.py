"""The stretches of time in which windows of rules may violate, from their totals (totals.py).

A window lies in one stretch or in two that follow each other. So where neither a stretch nor it and the one before
reach what a violating window must come to, none ends there.
"""

from dataclasses import dataclass

from sqlglot import exp

from auditor.checker.compile.nodes import (
    ascending,
    choose,
    columns,
    every,
    inner,
    is_true,
    joined_on,
    named,
    over,
    same_keys,
    select,
    some,
)
from auditor.checker.compile.pruning import STRETCH
from auditor.checker.compile.rows import Shape
from auditor.checker.compile.totals import Need, Totals, reaches, totals_of
from auditor.records.sql import identifier, literal, table


def end_mark(place: int) -> str:
    """Return the column that tells whether a window of the rule at a place may end in a stretch."""
    return f"_end{place}"


def past_mark(place: int) -> str:
    """Return the column that tells whether a window of the rule at a place may begin there and end in the next one."""
    return f"_past{place}"


def marks_of(shape: Shape, place: int) -> list[str]:
    """Return the columns that tell whether a rule at a place may look at a stretch."""
    return [end_mark(place), *([past_mark(place)] if shape.is_sliding() else [])]


@dataclass(frozen=True)
class Stretches:
    """Stretches of rules over the same keys; `totals` is the table of their totals."""

    keys: tuple[str, ...]
    shapes: tuple[Shape, ...]
    totals: str

    def query(self) -> exp.Select:
        """Return the keys, the stretch and the marks of the stretches in which some rule may violate."""
        keys = (*self.keys, STRETCH)
        places = range(len(self.shapes))
        ends = select(
            [*columns(keys), *(named(self._reached(place), end_mark(place)) for place in places)], self._heavy()
        )
        pasts = [named(self._is_past(place), past_mark(place)) for place in places if self.shapes[place].is_sliding()]
        flags = [*map(end_mark, places), *(past.alias for past in pasts)]
        known = select([*columns((*keys, *map(end_mark, places))), *pasts], inner(ends, "ends"))
        return select(columns((*keys, *flags)), inner(known, "known")).where(some(columns(flags)), copy=False)

    @property
    def _of_totals(self) -> Totals:
        return totals_of(self.shapes)

    def _needs(self, place: int) -> tuple[Need, ...]:
        return self._of_totals.needs[place]

    def _heavy(self) -> exp.Expression:
        """Return the totals of the stretches that hold half of what some rule needs, and of those beside them: of any
        two that reach it, one holds half.
        """
        if not any(shape.is_sliding() for shape in self.shapes):
            return table(self.totals)
        same = every(same_keys((*self.keys, STRETCH), "other", "total"))
        total = select([exp.Star()], table(self.totals, "total"))
        return inner(joined_on(total, inner(self._around(), "other"), same, "SEMI"), "near")

    def _around(self) -> exp.Select:
        halves = [
            reaches(self._total(need), need.least / (2 if shape.is_sliding() else 1))
            for shape, needs in zip(self.shapes, self._of_totals.needs, strict=True)
            for need in needs[:1]
        ]
        heavy = select(columns((*self.keys, STRETCH)), table(self.totals)).where(some(halves), copy=False)
        moved = exp.Add(this=identifier(STRETCH, "heavy"), expression=exp.column("step", table="steps"))
        items = [*columns(self.keys, "heavy"), named(exp.Paren(this=moved), STRETCH)]
        steps = exp.values([(-1,), (0,), (1,)], alias="steps", columns=["step"])
        return joined_on(select(items, inner(heavy, "heavy")), steps, exp.true())

    def _total(self, need: Need) -> exp.Expression:
        return identifier(self._of_totals.column(need.total))

    def _reached(self, place: int) -> exp.Expression:
        is_sliding = self.shapes[place].is_sliding()
        return is_true(every([reaches(self._reach(need, is_sliding), need.least) for need in self._needs(place)]))

    def _reach(self, need: Need, is_sliding: bool) -> exp.Expression:
        if not is_sliding:
            return self._total(need)
        before = self._beside(exp.Lag, self._of_totals.column(need.total))
        earlier = self._beside(exp.Lag, STRETCH)
        is_adjacent = exp.EQ(this=earlier, expression=exp.Sub(this=identifier(STRETCH), expression=literal(1)))
        return exp.Paren(this=exp.Add(this=self._total(need), expression=choose(is_adjacent, before, literal(0))))

    def _is_past(self, place: int) -> exp.Expression:
        following = exp.Add(this=identifier(STRETCH), expression=literal(1))
        follows = exp.EQ(this=self._beside(exp.Lead, STRETCH), expression=following)
        return is_true(every([follows, self._beside(exp.Lead, end_mark(place))]))

    def _beside(self, function: type[exp.Lag] | type[exp.Lead], name: str) -> exp.Expression:
        return over(function(this=identifier(name)), self.keys, ascending(STRETCH))
