"""The query that gives the records of a sequence's steps to what puts them together (checker/joining.py).

A record without possible neighbours within reach is kept out: it could be in no occurrence, and it never closes
anything. In a sequence in order its neighbours are the step before and the step after; in one without order, every
other step, on either side.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlglot import exp

from auditor.checker.compile.conditions import TIME
from auditor.checker.compile.flags import BASE
from auditor.checker.compile.nodes import ascending, choose, columns, every, inner, is_known, named, over, select, some
from auditor.checker.compile.rows import MICROS, Shape
from auditor.checker.compile.seen import NUMBER
from auditor.policy import rule as policy
from auditor.records.sql import identifier, literal, table


def candidates(shape: Shape, wanted: Sequence[str]) -> exp.Select:
    """Return the records of a sequence's steps and of its `until`, in record order.

    Columns: `_n`, `_t`, the truth of each step and of `until`, the subject, `sequence.by`, then the wanted ones.
    """
    flags, sequence = shape.flags, shape.flags.rule.sequence
    assert sequence is not None
    subject = flags.rule.subject_columns
    truths = [*columns(flags.steps), identifier(flags.until) if flags.until else exp.false()]
    items = [*columns((NUMBER, TIME)), *map(named, truths, (*map(_step, range(len(sequence.steps))), "_until"))]
    parts = [named(column, f"_key{place}") for place, column in enumerate(columns((*subject, *sequence.by)))]
    extra = [named(column, f"_value{place}") for place, column in enumerate(columns(wanted))]
    relevant = some(columns((*flags.steps, *([flags.until] if flags.until else []))))
    known = [is_known(column) for column in columns(subject)]
    marked = select([*items, *parts, *extra], table(BASE)).where(every([relevant, *known]), copy=False)
    keys = tuple(f"_key{place}" for place in range(len(parts)))
    reach = _Reach(sequence, keys)
    looked = select([exp.Star(), *reach.times()], inner(marked, "marked"))
    own = tuple(item.alias_or_name for item in (*items, *parts, *extra))
    query = select(columns(own), inner(looked, "looked"))
    query = query.where(some([identifier("_until"), *reach.tests()]), copy=False)
    return query.order_by(*ascending(TIME, NUMBER), copy=False)


@dataclass(frozen=True)
class _Reach:
    """Which records may have neighbours; `keys` are the columns of their group."""

    sequence: policy.Sequence
    keys: tuple[str, ...]

    def times(self) -> list[exp.Expression]:
        """Return the times of the newest and the next record of each step that some other step needs."""
        steps = self.sequence.steps
        places = [place for place, step in enumerate(steps) if steps.index(step) == place or self.sequence.is_ordered]
        before = places[:-1] if self.sequence.is_ordered else places
        after = places[1:] if self.sequence.is_ordered else places
        return [
            *(named(self._time(exp.Max, place, ahead=False), f"_earlier{place}") for place in before),
            *(named(self._time(exp.Min, place, ahead=True), f"_later{place}") for place in after),
        ]

    def _time(self, pick: type[exp.Max] | type[exp.Min], place: int, *, ahead: bool) -> exp.Expression:
        at = choose(identifier(_step(place)), identifier(TIME))
        return over(pick(this=at), self.keys, ascending(TIME), frame="RANGE", ahead=ahead)

    def tests(self) -> list[exp.Expression]:
        """Return for each step the test of a record that may stand for it."""
        needed = self._before_and_after if self.sequence.is_ordered else self._beside
        return [every([identifier(_step(place)), *needed(place)]) for place in range(len(self.sequence.steps))]

    def _before_and_after(self, place: int) -> list[exp.Expression]:
        last = len(self.sequence.steps) - 1
        return [*([self._since(place - 1)] if place else []), *([self._until(place + 1)] if place < last else [])]

    def _beside(self, place: int) -> list[exp.Expression]:
        steps = self.sequence.steps
        others = [steps.index(step) for step in dict.fromkeys(steps) if step != steps[place]]
        return [some([self._since(other), self._until(other)]) for other in others]

    def _since(self, place: int) -> exp.Expression:
        return self._is_near(exp.Sub(this=identifier(TIME), expression=identifier(f"_earlier{place}")))

    def _until(self, place: int) -> exp.Expression:
        return self._is_near(exp.Sub(this=identifier(f"_later{place}"), expression=identifier(TIME)))

    def _is_near(self, distance: exp.Expression) -> exp.Expression:
        return exp.LTE(this=distance, expression=literal(self.sequence.within * MICROS))


def _step(place: int) -> str:
    return f"_step{place}"
