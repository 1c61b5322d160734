"""What the plan of one rule holds: tables to make, one after the other, and the queries that read its answer."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from threading import Lock

from sqlglot import exp

from auditor.checker.compile.rows import Shape
from auditor.checker.provided import RuleCoverage
from auditor.policy.rule import Rule
from auditor.records.sql import table, text_of

_PRINTING = Lock()


@dataclass(frozen=True)
class Statement:
    """A table and the query that makes it."""

    name: str
    query: exp.Query

    @cached_property
    def text(self) -> str:
        """The statement as DuckDB runs it."""
        with _PRINTING:  # printing may change a tree for a moment
            return self.__dict__.get("text") or text_of(self.creation())

    @property
    def whole(self) -> tuple["Statement", ...]:
        """The statement with those that belong to it, in the order in which they run."""
        return (self,)

    def addition(self) -> exp.Insert:
        """Return INSERT INTO name query."""
        return exp.Insert(this=table(self.name), expression=self.query)

    def creation(self) -> exp.Create:
        """Return CREATE OR REPLACE TEMPORARY TABLE name AS query."""
        temporary = exp.Properties(expressions=[exp.TemporaryProperty()])
        return exp.Create(
            this=table(self.name), kind="TABLE", replace=True, properties=temporary, expression=self.query
        )


@dataclass(frozen=True)
class Sized(Statement):
    """A statement with a shorter query where something is small.

    `size` asks how big it is, and `fitting` gives a query for that, which gives what `query` does.
    """

    size: exp.Select
    fitting: Callable[[int | None], exp.Query]

    def fitted(self, size: int | None) -> Statement:
        """Return the statement for a size."""
        return Statement(self.name, self.fitting(size))


@dataclass(frozen=True)
class Hasty(Statement):
    """A statement with a quicker one, which makes the same table unless `doubts` counts any of its rows."""

    hastily: Statement
    doubts: exp.Select


@dataclass(frozen=True)
class Sliced(Statement):
    """A statement and those that read its table, made slice after slice where all of it would take too much room.

    `size` asks how many rows it has at most, `sliced` gives the query of one of so many slices; the tables of `then`
    hold what came of all of them.
    """

    size: exp.Select
    sliced: Callable[[int, int], exp.Query]
    then: tuple[Statement, ...]

    @property
    def whole(self) -> tuple[Statement, ...]:
        """The statement with those that belong to it, in the order in which they run."""
        return (self, *self.then)


@dataclass(frozen=True)
class PairingPlan:
    """What the pairing of a sequence reads, and `pairs`, the table that it makes (`_n`, `_last`).

    Candidates (candidates.py) can be looked for around each of the steps: the one with the fewest records, by `sizes`,
    is taken. `subject_width` is how many of their keys are the subject's, `values` what its `where` may look at.
    """

    sizes: exp.Select
    around: tuple[exp.Select, ...]
    subject_width: int
    values: tuple[str, ...]
    pairs: str


@dataclass(frozen=True)
class RulePlan:
    """Everything one rule needs.

    `counts` are queries of one number, added to the outcome's field of that name; `late_counts` likewise, once the
    statements have run. `account_query` is None where the subject is the account, `source_query` where there is one
    source. `parts` are the plans that a composite reads the tables of, and `part_query` what met in each incident; with
    `is_kept_apart` the tables of all incidents, whenever they ended, have names of their own. `scan` is the number
    of the scan that it shares with others. A rule that is not asked for is there for the composites that name it.
    """

    rule: Rule
    coverage: RuleCoverage
    shape: Shape
    counts: tuple[tuple[str, exp.Select], ...] = ()
    pairing: PairingPlan | None = None
    statements: tuple[Statement, ...] = ()
    late_counts: tuple[tuple[str, exp.Select], ...] = ()
    parts: tuple["RulePlan", ...] = ()
    part_query: exp.Select | None = None
    is_kept_apart: bool = False
    scan: int | None = None
    is_asked: bool = True
    incident_query: exp.Select | None = None
    account_query: exp.Select | None = None
    source_query: exp.Select | None = None

    @property
    def every_incident(self) -> str:
        """The name of the table of incidents, whenever they ended."""
        return self.shape.table("everincidents" if self.is_kept_apart else "incidents")

    @property
    def every_member(self) -> str:
        """The name of the table of records of all these."""
        return self.shape.table("evermembers" if self.is_kept_apart else "members")

    @property
    def members(self) -> str:
        """The name of the table of contributing records."""
        return self.shape.table("members")
