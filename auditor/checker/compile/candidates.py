"""The query that gives the records of a sequence's steps to what puts them together (checker/joining.py).

A record without possible neighbours within reach is kept out: it could be in no occurrence, and it never closes
anything. In a sequence in order its neighbours are the step before and the step after; in one without order, every
other step, on either side.

All records of an occurrence lie within its time of each other. So where one step has few records, the others' are first
looked for in the stretches of time around these (`anchor`): most are gone before anything is sorted.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlglot import exp

from auditor.checker.compile.codes import coded
from auditor.checker.compile.conditions import TIME
from auditor.checker.compile.flags import BASE
from auditor.checker.compile.nodes import (
    ascending,
    choose,
    columns,
    count_where,
    every,
    inner,
    is_known,
    is_true,
    joined_on,
    named,
    over,
    same_keys,
    select,
    some,
    union_all,
)  # fmt: skip
from auditor.checker.compile.rows import MICROS, Shape, whole_steps
from auditor.checker.compile.seen import NUMBER
from auditor.policy import rule as policy
from auditor.records.sql import identifier, literal, table

BUCKET = "_bucket"


def sizes(shape: Shape) -> exp.Select:
    """Return how many records each step has, in one row."""
    return select([count_where(column) for column in columns(shape.flags.steps)], table(BASE))


def candidates(shape: Shape, wanted: Sequence[str], anchor: int) -> exp.Select:
    """Return the records of a sequence's steps and of its `until`, in record order.

    Columns: `_n`, `_t`, the truth of each step and of `until`, the subject, `sequence.by`, then the wanted ones.
    `anchor` is the place of a step with few records, around which the others are looked for.
    """
    flags, sequence = shape.flags, shape.flags.rule.sequence
    assert sequence is not None
    truths = [*columns(flags.steps, BASE), identifier(flags.until, BASE) if flags.until else exp.false()]
    items = [*columns((NUMBER, TIME), BASE), *map(named, truths, (*map(_step, range(len(sequence.steps))), "_until"))]
    parts = [named(column, f"_key{place}") for place, column in enumerate(columns(_keys(shape), BASE))]
    extra = [named(column, f"_value{place}") for place, column in enumerate(columns(wanted, BASE))]
    read = [*items, *parts, *extra]
    marked = union_all(_near(shape, read, anchor))
    keys = tuple(f"_key{place}" for place in range(len(parts)))
    reach = _Reach(sequence, keys)
    looked = select([exp.Star(), *reach.times()], inner(marked, "marked"))
    own = tuple(item.alias_or_name for item in read)
    query = select(columns(own), inner(looked, "looked"))
    query = query.where(some([identifier("_until"), *reach.tests()]), copy=False)
    return query.order_by(*ascending(TIME, NUMBER), copy=False)


def _keys(shape: Shape) -> tuple[str, ...]:
    sequence = shape.flags.rule.sequence
    assert sequence is not None
    return (*shape.flags.subject, *coded(sequence.by))


def _near(shape: Shape, read: Sequence[exp.Expression], anchor: int) -> list[exp.Query]:
    """Return what is read of the records to look at: those of the anchor and of `until`, then others that lie near."""
    flags = shape.flags
    step = flags.steps[anchor]
    known = [is_known(column) for column in columns(flags.subject, BASE)]
    kept = is_true(some(columns((step, *([flags.until] if flags.until else [])), BASE)))
    others = [name for name in flags.steps if name != step]
    further = every([some(columns(others, BASE)), exp.Not(this=kept.copy()), *(part.copy() for part in known)])
    own = select(read, table(BASE)).where(every([kept, *known]), copy=False)
    beside = _beside_anchor(shape, select([part.copy() for part in read], table(BASE)), step)
    return [own, beside.where(further, copy=False)]


def _beside_anchor(shape: Shape, query: exp.Select, step: str) -> exp.Select:
    """Return the query of `base` for records with the keys of one of the anchor, in its stretch or the one beside."""
    sequence = shape.flags.rule.sequence
    assert sequence is not None
    keys, length = tuple(dict.fromkeys(_keys(shape))), sequence.within * MICROS
    around = []
    for shift in (-1, 0, 1):
        bucket = exp.Add(this=whole_steps(TIME, length), expression=literal(shift))
        items = [*columns(keys), named(exp.Paren(this=bucket), BUCKET)]
        around.append(select(items, table(BASE)).where(identifier(step), copy=False))
    at = exp.EQ(this=identifier(BUCKET, "anchor"), expression=whole_steps(TIME, length, BASE))
    same = every([*same_keys(keys, "anchor", BASE), at])
    return joined_on(query, inner(union_all(around), "anchor"), same, "SEMI")


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
