"""The matches that a correlation looks at, group by group in the order of time, and what was left aside."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

from auditor.checker.evaluator.texts import fold
from auditor.sigma.values import Scalar, number_of, text_of

GroupKey = tuple[str, ...]
EntryId = int | tuple[str, int]
"""The number of a record, or key of a correlation and number of one of its alerts."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One match: of which rule of the correlation (`slot`), when, and with which value of the measured field."""

    id: EntryId
    time: int
    slot: int
    value: Scalar | None = None


@dataclass(frozen=True, slots=True)
class Pick:
    """A run of entries of a series by position, `last` left out; only those of `slots` unless it is None, and with
    `is_numeric` only those whose value is a number."""

    first: int
    last: int
    slots: frozenset[int] | None = None
    is_numeric: bool = False

    @property
    def choice(self) -> tuple[frozenset[int] | None, bool]:
        """What a run chooses among its entries."""
        return (self.slots, self.is_numeric)

    def holds(self, entry: Entry) -> bool:
        """Say whether an entry of the run is meant."""
        is_measured = not self.is_numeric or number_of(entry.value) is not None
        return is_measured and (self.slots is None or entry.slot in self.slots)


@dataclass
class Series:
    """The matches of one group in the order of time; `shown` are the group's values as first met."""

    key: GroupKey
    shown: tuple[Scalar, ...]
    entries: list[Entry] = field(default_factory=list)

    @cached_property
    def times(self) -> list[int]:
        """The time of each entry."""
        return [entry.time for entry in self.entries]

    @cached_property
    def moments(self) -> list[int]:
        """The different times, in order: where windows end."""
        return list(dict.fromkeys(self.times))

    @cached_property
    def slot_times(self) -> dict[int, list[int]]:
        """The times of the matches of each rule."""
        found: dict[int, list[int]] = {}
        for entry in self.entries:
            found.setdefault(entry.slot, []).append(entry.time)
        return found

    def window(self, start: int, end: int, slots: frozenset[int] | None = None, *, is_numeric: bool = False) -> Pick:
        """Return the entries from start to end, both included."""
        return Pick(bisect_left(self.times, start), bisect_right(self.times, end), slots, is_numeric)

    def picked(self, pick: Pick) -> Iterator[Entry]:
        """Yield the entries that are meant."""
        for place in range(pick.first, pick.last):
            if pick.holds(self.entries[place]):
                yield self.entries[place]

    def first_at(self, slot: int, start: int, end: int, after: int | None = None) -> int | None:
        """Return the time of the rule's first match from start to end, later than `after`; None if there is none."""
        times = self.slot_times.get(slot, [])
        place = bisect_left(times, start)
        if after is not None:
            place = max(place, bisect_right(times, after))
        return times[place] if place < len(times) and times[place] <= end else None


@dataclass
class Grouped:
    """All groups of a correlation; `without_key` and `without_time` are matches that no group or window can hold."""

    series: dict[GroupKey, Series] = field(default_factory=dict)
    without_key: set[EntryId] = field(default_factory=set)
    without_time: set[EntryId] = field(default_factory=set)

    def add(self, entry_id: EntryId, time: int | None, slot: int, group: tuple[Scalar | None, ...],
            value: Scalar | None) -> None:  # fmt: skip
        """Put a match where it belongs."""
        shown = tuple(part for part in group if part is not None)
        if time is None:
            self.without_time.add(entry_id)
        elif len(shown) < len(group):
            self.without_key.add(entry_id)
        else:
            self.series_of(shown).entries.append(Entry(entry_id, time, slot, value))

    def series_of(self, shown: tuple[Scalar, ...]) -> Series:
        """Return the series of a group, an empty one if the group is new."""
        key = tuple(key_of(part) for part in shown)
        found = self.series.get(key)
        if found is None:
            found = self.series[key] = Series(key, shown)
        return found

    def in_order(self) -> Iterable[Series]:
        """Return the groups by key, the entries of each by time; of one time, in the order in which they came."""
        for series in self.series.values():
            series.entries.sort(key=lambda entry: entry.time)
        return [self.series[key] for key in sorted(self.series)]


def key_of(value: Scalar) -> str:
    """Return what values of one group share: their text, whatever its case."""
    whole = int(value) if isinstance(value, float) and value.is_integer() else value
    text = text_of(whole)
    return text.lower() if text.isascii() else fold(text)
