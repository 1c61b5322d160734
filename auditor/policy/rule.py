"""The rule: one detection of one conduct, as the checker, the report and the catalogue see it.

Built by `policy/load.py` from YAML, complete and checked: nothing downstream has to doubt a name, a type or a
unit. What a rule means, step by step, is docs/evaluation.md.
"""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Literal

from auditor.policy.conditions import Condition, Node, columns_of, resolved
from auditor.policy.expressions import Expression, Name, aggregates_in, walk

Strength = Literal["bright-line", "inferential"]
Family = Literal["coordination", "content", "limits", "access", "parameters", "account"]
Status = Literal["stable", "test", "experimental", "deprecated"]
SubjectKind = Literal["account", "api_key", "organization", "end_user", "cluster", "none"]


class Level(StrEnum):
    """How grave a finding is, lightest first."""

    INFORMATIONAL = "informational"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """Return 0 for the lightest, counting up."""
        return list(Level).index(self)


SUBJECT_COLUMNS: dict[SubjectKind, tuple[str, ...]] = {
    "account": ("account_id",),
    "api_key": ("api_key_id",),
    "organization": ("organization_id",),
    "end_user": ("account_id", "end_user_id"),
    "cluster": ("cluster_id",),
    "none": (),
}

CONDUCTS = (
    "distillation", "reasoning-extraction", "model-extraction", "limit-circumvention", "automated-access",
    "coordinated-accounts", "bulk-signup", "ban-evasion", "resale", "account-sharing", "credential-theft",
    "unsupported-region", "safeguard-circumvention", "banned-service", "data-collection",
)  # fmt: skip


class Window(Node):
    """Over which stretch of time measures are taken; `seconds` for all kinds but `calendar`, which has `unit`."""

    kind: Literal["sliding", "tumbling", "session", "calendar"]
    seconds: int = 0
    unit: Literal["", "hour", "day", "week", "month", "year"] = ""


class Measure(Node):
    """A named aggregate expression, such as `exchanges: count()`."""

    name: str
    expression: Expression
    unit: str = ""


class Novel(Node):
    """Keep records whose tuple of fields is new for the subject; all lengths in seconds, `lasts` 0 if not given."""

    fields: tuple[str, ...]
    history: int
    lasts: int = 0


class Sequence(Node):
    """Steps (selection names, two or more) that must all come within `within` seconds, in their order or in any."""

    steps: tuple[str, ...]
    is_ordered: bool = True
    by: tuple[str, ...] = ()
    within: int
    until: str = ""
    where: Expression | None = None


class Absent(Node):
    """Keep what a selection does not follow within so many seconds."""

    selection: str
    within: int


class Baseline(Node):
    """What a window's measures are compared with; all lengths in seconds, `over` a multiple of the window's."""

    over: int
    of: Literal["self", "peers"] = "self"
    at_least: int


class Repeat(Node):
    """At least so many distinct ones (days, say, or windows) must violate within so many seconds."""

    at_least: int
    distinct: Literal["hour", "day", "week", "month", "year", "window"] = "day"
    within: int


class Composite(Node):
    """At least so many of the named rules, or families of rules, must find something within so many seconds.

    Either `of` or `families` is given; `parts` are the rules that they stand for, by name.
    """

    of: tuple[str, ...] = ()
    families: tuple[Family, ...] = ()
    at_least: int
    within: int
    parts: tuple["Rule", ...] = ()

    @property
    def measure(self) -> str:
        """What is counted, as its findings name it."""
        return "rules" if self.of else "families"

    def counted(self, part: "Rule") -> str:
        """Return what a part counts as: parts with the same word count once."""
        return part.name if self.of else part.family

    def different(self, names: Iterable[str]) -> int:
        """Return how many different ones the parts of these names count as."""
        counted = {part.name: self.counted(part) for part in self.parts}
        return len({counted[name] for name in names})


class EvidenceNote(Node):
    """Which columns a reader should see, a sentence to go with them, and what measures are in words.

    `words` are (measure, language, words), for measures of which their expression says too little.
    """

    columns: tuple[str, ...] = ()
    note: str = ""
    words: tuple[tuple[str, str, str], ...] = ()

    def words_of(self, measure: str) -> tuple[tuple[str, str], ...]:
        """Return what a measure is in words, by language."""
        return tuple((language, words) for name, language, words in self.words if name == measure)


class Span(Node):
    """A stretch of time, `start` included, `until` excluded; None is open."""

    start: datetime | None = None
    until: datetime | None = None

    def covers(self, time: datetime) -> bool:
        """Say whether a time lies in the stretch."""
        return (self.start is None or self.start <= time) and (self.until is None or time < self.until)

    def meets(self, other: "Span") -> bool:
        """Say whether some time lies in both stretches."""
        starts = [span.start for span in (self, other) if span.start]
        ends = [span.until for span in (self, other) if span.until]
        return not starts or not ends or max(starts) < min(ends)


class Rule(Node):
    """One rule file. `name` is the file's stem, `digest` the SHA-256 of its bytes."""

    id: str
    name: str
    digest: str
    title: str
    status: Status
    conducts: tuple[str, ...]
    strength: Strength
    family: Family
    level: Level
    subject: SubjectKind
    by: tuple[str, ...] = ()
    description: str = ""
    references: tuple[str, ...] = ()
    selections: tuple[tuple[str, Condition], ...]
    condition: Condition
    is_missing_counted: bool = False
    measures: tuple[Measure, ...] = ()
    within: Window | None = None
    violates: Expression | None = None
    novel: Novel | None = None
    sequence: Sequence | None = None
    absent: Absent | None = None
    baseline: Baseline | None = None
    repeat: Repeat | None = None
    against: str = ""
    composite: Composite | None = None
    unless: tuple[str, ...] = ()
    evidence: EvidenceNote = EvidenceNote()
    false_positives: tuple[str, ...] = ()
    effective: Span = Span()
    modified: str = ""
    missing_lists: tuple[str, ...] = ()
    """Lists that only the context can give and that it didn't: with any, the rule is not evaluated."""

    def selection(self, name: str) -> Condition:
        """Return a selection by name, with the selections it refers to replaced."""
        return resolved(dict(self.selections)[name], dict(self.selections))

    def selected(self) -> Condition:
        """Return the whole condition with every selection replaced."""
        return resolved(self.condition, dict(self.selections))

    @property
    def compared(self) -> tuple[Name, ...]:
        """The names of the baseline that `violates` uses (`usual.calls`), each once, in its order."""
        if self.baseline is None or self.violates is None:
            return ()
        return tuple(dict.fromkeys(node for node in walk(self.violates) if isinstance(node, Name) and node.step))

    @property
    def reported(self) -> tuple[Name, ...]:
        """What an incident gives the peak of: the measures, then what they are compared with."""
        if self.composite:
            return (Name(name=self.composite.measure),)
        return (*(Name(name=measure.name) for measure in self.measures), *self.compared)

    @property
    def subject_columns(self) -> tuple[str, ...]:
        """The columns that make the subject."""
        return SUBJECT_COLUMNS[self.subject]

    def needed_columns(self) -> frozenset[str]:
        """Return every column without which the rule can't be evaluated (`time` and `event` are always there).

        A composite rests on all that its parts need.
        """
        if self.composite:
            parts = (part.needed_columns() for part in self.composite.parts)
            return frozenset(self.subject_columns).union(*parts)
        needed = set(self.subject_columns) | set(self.by) | columns_of(self.selected())
        needed |= {column for _, condition in self.selections for column in columns_of(condition)}
        needed |= set(self.novel.fields) if self.novel else set()
        for measure in self.measures:
            found = aggregates_in(measure.expression)
            needed |= {aggregate.column for aggregate in found if aggregate.column}
            needed |= {aggregate.per.column for aggregate in found if aggregate.per}
        needed |= {"plan"} if self.baseline and self.baseline.of == "peers" else set()
        if self.sequence:
            needed |= set(self.sequence.by) | _columns_of_where(self.sequence.where)
        return frozenset(needed - {"time", "event"})


def _columns_of_where(where: Expression | None) -> set[str]:
    if where is None:
        return set()
    columns = {node.name for node in walk(where) if isinstance(node, Name) and node.step}
    if any(node.kind == "pair_call" and node.function == "distance_km" for node in walk(where)):
        columns |= {"latitude", "longitude"}
    return columns


class ExemptionEntry(Node):
    """Whom an exemption covers: every given column equals the record's value exactly; valid in `span`."""

    match: tuple[tuple[str, str], ...]
    reason: str
    span: Span = Span()


class Exemption(Node):
    """A list of entries that a rule's `unless` names, with its owner."""

    name: str
    owner: str
    reason: str
    entries: tuple[ExemptionEntry, ...]


class ValueList(Node):
    """A named list of texts or numbers, used as `%name%` with `expand`."""

    name: str
    title: str
    values: tuple[str, ...] | tuple[Decimal, ...]
    source: str = ""
