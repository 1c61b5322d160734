"""The named lists at hand while a rule is read, and what happens when one is not there."""

from collections.abc import Iterable
from decimal import Decimal

from auditor.errors import Place
from auditor.policy.fields import Problems, nearest
from auditor.policy.rule import ValueList

CONTEXT_LISTS = frozenset({"unsupported_countries"})
"""Lists that the audit's context is known to give; a rule that needs one waits for it (not evaluated)."""


class Lists:
    """Lists by name; the context's replace those of the pack. `missing` collects what a rule asked for in vain."""

    def __init__(self, lists: Iterable[ValueList] = ()) -> None:
        """Take lists, a later one replacing an earlier of the same name."""
        self._lists = {item.name: item for item in lists}
        self.missing: set[str] = set()

    def for_one_rule(self) -> "Lists":
        """Return the same lists with nothing missing yet."""
        return Lists(self._lists.values())

    def knows(self, name: str) -> bool:
        """Say whether there is a list of that name, or the context may give one."""
        return name in self._lists or name in CONTEXT_LISTS

    def values_of(self, name: str, place: Place, problems: Problems) -> tuple[str, ...] | tuple[Decimal, ...]:
        """Return a list's values, none when it is missing; an unknown name is a problem."""
        if name in self._lists:
            return self._lists[name].values
        if name in CONTEXT_LISTS:
            self.missing.add(name)
            return ()
        found = f"unknown list `%{name}%`, expected a list of the pack or of the context"
        problems.add(place, found, nearest(name, (*self._lists, *CONTEXT_LISTS), f"add a file with `list: {name}`"))
        return ()
