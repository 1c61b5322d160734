"""Reading a map of a policy file key by key, collecting every problem instead of stopping at the first.

A reader asks `Fields` for what it expects; whatever does not fit becomes a `Problem` at its place and a harmless
value is returned, so that reading goes on. The caller raises at the end if anything was found and throws the
half-made value away.
"""

import difflib
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import TypeVar

from auditor.errors import Place, PolicyError, Problem
from auditor.policy.literals import seconds_of, time_of
from auditor.policy.messages import problem_at
from auditor.policy.yaml import MappingNode, ScalarNode, SequenceNode, YamlNode
from auditor.records.values import shown

Read = TypeVar("Read")
Choice = TypeVar("Choice", bound=str)


@dataclass
class Problems:
    """What was found so far; filled by readers, raised once."""

    found: list[Problem] = field(default_factory=list)

    def add(self, place: Place, message: str, hint: str) -> None:
        """Note one problem."""
        self.found.append(problem_at(place, message, hint))

    def keep(self, error: PolicyError) -> None:
        """Note the problems of an error that was raised further down."""
        self.found.extend(error.problems)

    def check(self) -> None:
        """Raise PolicyError, sorted by place and without repetitions, if there are any."""
        if self.found:
            raise PolicyError(sorted(set(self.found), key=lambda p: (p.place or Place(""), p.message, p.hint)))

    def attempt(self, read: Callable[[], Read]) -> Read | None:
        """Return what a reader returns, or None after noting what it raised."""
        try:
            return read()
        except PolicyError as error:
            self.keep(error)
            return None


def nearest(word: str, options: Iterable[str], otherwise: str) -> str:
    """Return a hint: the option that a word was probably meant to be, or another sentence."""
    close = difflib.get_close_matches(word.lower(), list(options), n=1, cutoff=0.6)
    return f"did you mean `{close[0]}`?" if close else otherwise


def kind_of(node: YamlNode) -> str:
    """Return what a node is, for a message."""
    match node:
        case MappingNode():
            return "a map"
        case SequenceNode():
            return "a list"
        case ScalarNode(value=None):
            return "nothing"
        case ScalarNode(value=bool()):
            return f"`{node.text}`"
        case ScalarNode(value=int() | Decimal()):
            return f"number {node.text[:40]}"
        case _:
            return f"text {shown(node.text)}"


class Fields:
    """The keys of one map. `what` names it in messages ("a rule", "a clause")."""

    def __init__(self, node: YamlNode, what: str, problems: Problems) -> None:
        """Take a node that should be a map; anything else is a problem and reads as an empty map."""
        self.place = node.place
        self.what = what
        self.problems = problems
        self._is_map = isinstance(node, MappingNode)
        self._values: dict[str, YamlNode] = {}
        self._keys: dict[str, ScalarNode] = {}
        if isinstance(node, MappingNode):
            self._values = {key.text: value for key, value in node.entries}
            self._keys = {key.text: key for key, _ in node.entries}
        else:
            problems.add(node.place, f"{what} is {kind_of(node)}, expected a map", "write `key: value` lines")

    def allow(self, keys: Collection[str]) -> None:
        """Refuse every other key."""
        for name, key in self._keys.items():
            if name not in keys:
                found = f"unknown key {shown(name)} in {self.what}, expected one of {', '.join(keys)}"
                self.problems.add(key.place, found, nearest(name, keys, "remove the key or mend its name"))

    def names(self) -> tuple[str, ...]:
        """Return the keys in the order of the file."""
        return tuple(self._keys)

    def key_place(self, name: str) -> Place:
        """Return where a key stands, or where the map starts."""
        return self._keys[name].place if name in self._keys else self.place

    def node(self, name: str) -> YamlNode | None:
        """Return a value's node, None when the key is absent or null."""
        node = self._values.get(name)
        return None if isinstance(node, ScalarNode) and node.value is None else node

    def required(self, name: str) -> YamlNode | None:
        """Return a value's node; that it is absent is a problem."""
        node = self.node(name)
        if node is None and self._is_map:
            found = f"{self.what} has no `{name}`, expected `{name}: …`"
            self.problems.add(self.key_place(name), found, f"add the key `{name}`")
        return node

    def text(self, name: str, default: str | None = None) -> str:
        """Return a text; without a default the key is required."""
        node = self.required(name) if default is None else self.node(name)
        return (default or "") if node is None else self.text_of(node, f"`{name}`")

    def text_of(self, node: YamlNode, what: str) -> str:
        """Return a node's text; a list or map, or an empty text, is a problem."""
        if not isinstance(node, ScalarNode) or not node.text.strip():
            found = f"{what} is {kind_of(node) if not isinstance(node, ScalarNode) else 'empty'}, expected text"
            self.problems.add(node.place, found, "write one line of text, in quotes if it starts with a sign")
            return ""
        return node.text.strip()

    def texts(self, name: str, *, alone: bool = False) -> tuple[str, ...]:
        """Return a list of texts, empty when absent; with `alone` a single text stands for a list of one."""
        node = self.node(name)
        return () if node is None else self.texts_of(node, f"`{name}`", alone=alone)

    def texts_of(self, node: YamlNode, what: str, *, alone: bool = False) -> tuple[str, ...]:
        """Return the texts of a list node."""
        if isinstance(node, SequenceNode):
            return tuple(self.text_of(item, f"an item of {what}") for item in node.items)
        if alone and isinstance(node, ScalarNode):
            return (self.text_of(node, what),)
        self.problems.add(node.place, f"{what} is {kind_of(node)}, expected a list of text", "write `[one, two]`")
        return ()

    def choice(self, name: str, options: Collection[Choice], default: Choice | None = None) -> Choice:
        """Return one of the options."""
        node = self.required(name) if default is None else self.node(name)
        fallback = next(iter(options)) if default is None else default
        return fallback if node is None else self.choice_of(node, f"`{name}`", options, fallback)

    def choice_of(self, node: YamlNode, what: str, options: Collection[Choice], fallback: Choice) -> Choice:
        """Return the option that a node names."""
        if isinstance(node, ScalarNode):
            for option in options:
                if node.text == option:
                    return option
        text = node.text if isinstance(node, ScalarNode) else ""
        found = f"{what} is {kind_of(node)}, expected one of {', '.join(options)}"
        self.problems.add(node.place, found, nearest(text, options, "choose one of them"))
        return fallback

    def seconds(self, name: str, default: int | None = None) -> int:
        """Return a duration (`30m`) in seconds."""
        node = self.required(name) if default is None else self.node(name)
        return (default or 0) if node is None else self.seconds_of(node, f"`{name}`")

    def seconds_of(self, node: YamlNode, what: str) -> int:
        """Return the seconds of a duration node."""
        value = seconds_of(node.text) if isinstance(node, ScalarNode) else None
        if not value:
            found = f"{what} is {kind_of(node)}, expected a duration such as `90s`, `30m`, `24h`, `7d` or `2w`"
            self.problems.add(node.place, found, "write a whole number above 0 and one of s, m, h, d, w")
        return value or 1

    def time(self, name: str) -> datetime | None:
        """Return a time in UTC, None when absent or null."""
        node = self.node(name)
        return None if node is None else self.time_of(node, f"`{name}`")

    def time_of(self, node: YamlNode, what: str) -> datetime:
        """Return a node's time; a date stands for its midnight in UTC."""
        value = time_of(node.text) if isinstance(node, ScalarNode) else None
        if value is None:
            found = f"{what} is {kind_of(node)}, expected a date or a time with its zone"
            self.problems.add(node.place, found, "write `2026-01-31` or `2026-01-31T08:00:00Z`")
        return value or datetime(1970, 1, 1, tzinfo=UTC)

    def whole_number(self, name: str, default: int | None = None) -> int:
        """Return a whole number of at least 0."""
        node = self.required(name) if default is None else self.node(name)
        return (default or 0) if node is None else self.whole_number_of(node, f"`{name}`")

    def whole_number_of(self, node: YamlNode, what: str) -> int:
        """Return a node's whole number."""
        value = node.value if isinstance(node, ScalarNode) else None
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**15:
            return value
        found = f"{what} is {kind_of(node)}, expected a whole number of at least 0"
        self.problems.add(node.place, found, "write digits only, without quotes")
        return 0

    def maps(self, name: str, what: str) -> tuple["Fields", ...]:
        """Return the maps of a list, empty when absent."""
        node = self.node(name)
        if node is None:
            return ()
        if isinstance(node, SequenceNode):
            return tuple(Fields(item, what, self.problems) for item in node.items)
        found = f"`{name}` is {kind_of(node)}, expected a list of maps"
        self.problems.add(node.place, found, "start each entry with `- `")
        return ()

    def map(self, name: str, what: str) -> "Fields | None":
        """Return a map under a key, None when absent."""
        node = self.node(name)
        return None if node is None else Fields(node, what, self.problems)
