"""The records that rules can violate with, found for all rules of the same keys at once.

Where `violates` asks for at least c of something that only grows with more records, a window that reaches c lies in a
stretch of time that reaches c, alone or with the stretch before it. So the totals of stretches are taken once for many
rules, and each rule then looks at the records of few. A first scan looks at long stretches of all records, a second
one, for rules of shorter windows, at stretches of a window's length of those that are left. What is found here only
leaves out: every window that is looked at is measured exactly, over all its records.

    scan<k>_totals      the keys, `_stretch`, the totals
    scan<k>_stretches   those in which something may be, with the marks of stretches.py
    scan<k>_records     the records of these, with their marks
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from sqlglot import exp

from auditor.checker.compile.conditions import TIME
from auditor.checker.compile.flags import BASE
from auditor.checker.compile.nodes import columns, every, inner, is_known, joined_on, named, same_keys, select, some
from auditor.checker.compile.pruning import IS_END, SHORTEST, STRETCH
from auditor.checker.compile.reaching import FEW, least_rows, looks_back, reaching
from auditor.checker.compile.rows import MICROS, Shape, rows_of_records, whole_steps
from auditor.checker.compile.statements import Statement
from auditor.checker.compile.stretches import Stretches, end_mark, marks_of
from auditor.checker.compile.totals import needs_of, totals_of
from auditor.records.sql import identifier, table

HOUR = 3600
_MAY_END = "_may_end"


@dataclass(frozen=True)
class Scan:
    """Rules whose windows lie in stretches of one length, over the same keys; it looks at what `first` has left."""

    number: int
    keys: tuple[str, ...]
    seconds: int
    shapes: tuple[Shape, ...]
    first: "Scan | None" = None

    def table(self, name: str) -> str:
        """Return the name of one of the scan's tables."""
        return f"scan{self.number}_{name}"

    def rows(self, shape: Shape) -> exp.Select:
        """Return `rows` of one of the rules that end here, from the records that the scan kept."""
        return self._kept(shape, IS_END if shape.is_sliding() else "")

    def reaching(self, shape: Shape) -> tuple[tuple[Statement, ...], exp.Select]:
        """Return likewise those of a rule whose windows are found by looking back, with what they need before them."""
        return reaching(shape, lambda: self._kept(shape, _MAY_END), _MAY_END)

    def _kept(self, shape: Shape, is_end: str) -> exp.Select:
        ends = [named(identifier(end_mark(self._place(shape)), BASE), is_end)] if is_end else []
        query = rows_of_records(shape, table(self.table("records"), BASE))
        return query.select(*ends, copy=False).where(some(columns(self._marks(shape), BASE)), copy=False)

    @cached_property
    def statements(self) -> tuple[Statement, ...]:
        """The tables of the scan, in their order."""
        totals, stretches = self.table("totals"), self.table("stretches")
        records = (Statement(self.table("records"), self._records()),) if self._last else ()
        made = Stretches(self.keys, self.shapes, totals).query()
        return Statement(totals, self._totals()), Statement(stretches, made), *records

    @property
    def _last(self) -> tuple[Shape, ...]:
        """The rules that no other scan looks closer at."""
        return tuple(shape for shape in self.shapes if self.first or not closer_stretch_of(shape))

    def _place(self, shape: Shape) -> int:
        return self.shapes.index(shape)

    def _marks(self, shape: Shape) -> list[str]:
        return marks_of(shape, self._place(shape))

    def _stretch(self, of: str | None = None) -> exp.Expression:
        return named(whole_steps(TIME, self.seconds * MICROS, of), STRETCH)

    def _totals(self) -> exp.Select:
        keys, totals = (*self.keys, STRETCH), totals_of(self.shapes)
        reading = sorted({*self.keys, *totals.reading})
        looked_at = (
            self.first.near(self.shapes, reading, [self._stretch("placed")])
            if self.first
            else self._placed(self.shapes, reading)
        )
        return select([*columns(keys), *totals.items()], inner(looked_at, "looked")).group_by(
            *columns(keys), copy=False
        )

    def _records(self) -> exp.Select:
        """Return what the rules that end here read of the records in the stretches, with the marks of these."""
        reading = {column.name for shape in self._last for column in _columns_of_rows(shape)}
        marks = [mark for shape in self._last for mark in self._marks(shape)]
        return self.near(self._last, sorted(reading), columns(marks, "near"))

    def near(self, shapes: Sequence[Shape], reading: Sequence[str], items: Sequence[exp.Expression]) -> exp.Select:
        """Return columns of the records that some of the rules may look at, in the stretches that are left."""
        placed = inner(self._placed(shapes, sorted({*reading, *self.keys, TIME})), "placed")
        same = every(same_keys((*self.keys, STRETCH), "placed", "near"))
        query = select([*columns(reading, "placed"), *items], placed)
        query = joined_on(query, table(self.table("stretches"), "near"), same)
        own = [
            every([identifier(shape.flags.steps[0], "placed"), some(columns(self._marks(shape), "near"))])
            for shape in shapes
        ]
        return query.where(some(own), copy=False)

    def _placed(self, shapes: Sequence[Shape], reading: Sequence[str]) -> exp.Select:
        """Return columns of the records that rules select, with the stretch that each lies in."""
        chosen = dict.fromkeys(shape.flags.steps[0] for shape in shapes)
        names = dict.fromkeys((*reading, *chosen))
        tests = [some(columns(chosen)), *(is_known(column) for column in columns(self.keys))]
        return select([*columns(names), self._stretch()], table(BASE)).where(every(tests), copy=False)


def _columns_of_rows(shape: Shape) -> list[exp.Column]:
    return [column for column in rows_of_records(shape).find_all(exp.Column) if column.table == BASE]


def scans_of(shapes: Sequence[Shape], timezone: str) -> tuple[Scan, ...]:
    """Return the scans that rules share, the first ones before those that look closer."""
    scans: list[Scan] = []
    for (keys, seconds), found in _grouped(shapes, lambda shape: stretch_of(shape, timezone)):
        scans.append(Scan(len(scans), keys, seconds, found))
    for first in tuple(scans):
        for (keys, seconds), found in _grouped(first.shapes, closer_stretch_of):
            scans.append(Scan(len(scans), keys, seconds, found, first))
    return tuple(scans)


def _grouped(
    shapes: Sequence[Shape], length: Callable[[Shape], int]
) -> list[tuple[tuple[tuple[str, ...], int], tuple[Shape, ...]]]:
    """Return rules by keys and length of stretches; those without a length are left out."""
    groups: dict[tuple[tuple[str, ...], int], list[Shape]] = {}
    for shape in shapes:
        if seconds := length(shape):
            groups.setdefault((shape.keys, seconds), []).append(shape)
    return [(group, tuple(found)) for group, found in groups.items()]


def stretch_of(shape: Shape, timezone: str) -> int:
    """Return how long the stretches are in which a rule's windows are looked for, 0 where that can't be done."""
    rule = shape.flags.rule
    is_plain = not (rule.sequence or rule.novel or rule.absent or rule.baseline or rule.composite)
    if not is_plain or rule.within is None or not shape.flags.coverage.is_evaluable or not needs_of(shape):
        return 0
    if looks_back(shape) and least_rows(shape) < FEW:
        return 0
    match rule.within.kind:
        case "sliding":
            return max(rule.within.seconds, SHORTEST)
        case "tumbling" if rule.within.seconds >= SHORTEST:
            return rule.within.seconds
        case "tumbling":
            # shorter ones lie in one day each only if they divide it
            return 0 if SHORTEST % rule.within.seconds else SHORTEST
        case "calendar":
            return SHORTEST if timezone == "UTC" and rule.within.unit in ("hour", "day") else 0
        case _:
            return 0


def closer_stretch_of(shape: Shape) -> int:
    """Return the length of a rule's windows where days are much longer, else 0; 0 where looking back tells more."""
    within = shape.flags.rule.within
    assert within is not None
    if looks_back(shape):
        return 0
    seconds = HOUR if within.unit == "hour" else within.seconds
    return seconds if 0 < 2 * seconds <= SHORTEST else 0
