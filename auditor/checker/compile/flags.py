"""The truth values of one rule that are worked out once per record, in `base`, and the counts read off them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlglot import exp

from auditor.checker.compile.codes import coded
from auditor.checker.compile.conditions import TIME, microseconds, sql_of
from auditor.checker.compile.nodes import (
    choose,
    columns,
    every,
    inner,
    is_known,
    is_null,
    is_true,
    named,
    negated,
    select,
    some,
    total_where,
)
from auditor.checker.compile.seen import Scope, source_of
from auditor.checker.provided import RuleCoverage
from auditor.policy.conditions import Condition
from auditor.policy.expressions import aggregates_in
from auditor.policy.rule import ExemptionEntry, Rule, Span
from auditor.records.schema import READABLE_COLUMNS, ColumnType
from auditor.records.sql import cast, identifier, literal, table

BASE = "base"
"""The relation of all records that rules look at, with what they read and the truth of their conditions."""


ANY_TIME = Span()


@dataclass(frozen=True)
class Truth:
    """What a truth column tells: whether a condition holds for a record, which a rule may look at.

    `sources` are the numbers of those that count, None where all do.
    """

    condition: Condition
    is_missing_counted: bool
    sources: tuple[int, ...] | None = None
    effective: Span = ANY_TIME

    def sql(self) -> exp.Expression:
        """Return the truth over `seen`."""
        holds = exp.Paren(this=sql_of(self.condition, is_missing_counted=self.is_missing_counted))
        tests = [*_of_sources(self.sources), *covered(self.effective)]
        return exp.Paren(this=every([*tests, holds])) if tests else holds


class Truths:
    """The truth columns of a plan: rules that ask for the same share a column."""

    def __init__(self) -> None:
        """Start with none."""
        self._columns: dict[str, str] = {}
        self.definitions: dict[str, exp.Expression] = {}

    def column(self, truth: Truth) -> str:
        """Return the name of a truth's column in `base`."""
        # as it is written: 1 and true are equal, but not the same to compare with
        key = repr(truth)
        if key not in self._columns:
            name = f"_truth{len(self._columns)}"
            self._columns[key], self.definitions[name] = name, truth.sql()
        return self._columns[key]


@dataclass(frozen=True)
class Flags:
    """Names of a rule's truth columns in `base`; `number` is the rule's place in the plan.

    `steps` has one column a step of the sequence, or the rule's condition alone; `until`, `against` and `absent` are
    empty without one; `shares` are the columns of the selections whose share is measured, by selection.
    """

    number: int
    rule: Rule
    coverage: RuleCoverage
    scope: Scope = field(repr=False)
    steps: tuple[str, ...] = ()
    until: str = ""
    against: str = ""
    absent: str = ""
    shares: Mapping[str, str] = field(default_factory=dict)

    @property
    def keys(self) -> tuple[str, ...]:
        """The columns of subject and `by`, each once."""
        return coded((*self.rule.subject_columns, *self.rule.by))

    @property
    def subject(self) -> tuple[str, ...]:
        """The columns of the subject."""
        return coded(self.rule.subject_columns)

    def with_truths(self, truths: Truths) -> "Flags":
        """Return the flags with their columns among a plan's; a rule that looks at no records has none."""
        rule = self.rule
        if not self.coverage.is_evaluable or rule.composite:
            return self

        def told(selection: str) -> str:
            return truths.column(Truth(rule.selection(selection), rule.is_missing_counted)) if selection else ""

        def usable(condition: Condition) -> str:
            sources = self._numbers(self.coverage.sources_used) if self.coverage.sources_left_out else None
            return truths.column(Truth(condition, rule.is_missing_counted, sources, rule.effective))

        chosen = [rule.selection(name) for name in rule.sequence.steps] if rule.sequence else [rule.selected()]
        until = rule.sequence.until if rule.sequence else ""
        measured = [node for measure in rule.measures for node in aggregates_in(measure.expression)]
        return replace(
            self,
            steps=tuple(map(usable, chosen)),
            until=usable(rule.selection(until)) if until else "",
            against=told(rule.against),
            absent=told(rule.absent.selection) if rule.absent else "",
            shares={name: told(name) for name in sorted({node.selection for node in measured if node.selection})},
        )

    def _numbers(self, ids: Sequence[str]) -> tuple[int, ...]:
        return tuple(self.scope.number_of(source) for source in ids)

    def left_out(self) -> exp.Expression | None:
        """Return the test over `base` of a record that is left out, None when no record is."""
        if not self.coverage.sources_left_out:
            return None
        numbers = self._numbers(self.coverage.sources_left_out)
        return every([*_of_sources(numbers), *covered(self.rule.effective)])

    def counts(self) -> dict[str, exp.Expression]:
        """Return the counts of the outcome as aggregates over `base`."""
        left_out = self.left_out()
        found = {"left_out": total_where(left_out)} if left_out is not None else {}
        if not self.coverage.is_evaluable or self.rule.composite:
            return found
        holds = some(columns(self.steps))
        is_unknown = some([is_null(column) for column in columns(self.steps)])
        unknown = is_unknown if len(self.steps) == 1 else every([negated(is_true(holds.copy())), is_unknown])
        homeless = self.subject if self.rule.sequence else self.keys
        without = every([holds.copy(), some([is_null(column) for column in columns(homeless)])])
        return found | {
            "selected": total_where(holds),
            "undetermined": total_where(unknown),
            "without_subject": total_where(without),
        }

    def subjects_left_out(self) -> exp.Select | None:
        """Return the query counting subjects that only left-out records have, None when there can't be any."""
        left_out, subject = self.left_out(), self.subject
        if left_out is None or not subject or not self.coverage.is_evaluable:
            return None
        is_used = exp.Max(this=choose(left_out, literal(0), literal(1)))
        relevant = every([*covered(self.rule.effective), *(is_known(column) for column in columns(subject))])
        subjects = select([*columns(subject), named(is_used, "used")], table(BASE)).where(relevant, copy=False)
        grouped = inner(subjects.group_by(*columns(subject), copy=False), "subjects")
        is_unused = exp.EQ(this=identifier("used"), expression=literal(0))
        return select([exp.Count(this=exp.Star())], grouped).where(is_unused, copy=False)


def _of_sources(numbers: Sequence[int] | None) -> list[exp.Expression]:
    """Return the test that a record is of one of the sources, none where all count."""
    if numbers is None:
        return []
    if not numbers:
        return [exp.false()]
    return [exp.In(this=source_of(), expressions=[literal(number) for number in numbers])]


def covered(span: Span) -> list[exp.Expression]:
    """Return the tests that a record's time lies in a span, none for an open one."""

    def at(kind: type[exp.GTE] | type[exp.LT], time: datetime) -> exp.Expression:
        return kind(this=identifier(TIME), expression=literal(microseconds(time)))

    start = [at(exp.GTE, span.start)] if span.start else []
    return start + ([at(exp.LT, span.until)] if span.until else [])


def exempts(entry: ExemptionEntry) -> exp.Expression:
    """Return the test over `seen` that an entry of an exemption covers a record."""
    same = [exp.EQ(this=as_text(name), expression=literal(value)) for name, value in entry.match]
    return exp.Paren(this=every([*same, *covered(entry.span)]))


def as_text(name: str, of: str | None = None) -> exp.Expression:
    """Return a column as the text that findings keep (docs/evaluation.md, "Subject and by")."""
    column = identifier(name, of)
    kind = READABLE_COLUMNS[name].type if name in READABLE_COLUMNS else None
    if kind is ColumnType.DECIMAL:
        text = cast(column, "VARCHAR")
        zeros = exp.Anonymous(this="RTRIM", expressions=[text, literal("0")])
        return exp.Anonymous(this="RTRIM", expressions=[zeros, literal(".")])
    if kind is ColumnType.TIMESTAMP:
        text = exp.TimeToStr(this=column, format=literal("%Y-%m-%dT%H:%M:%S.%f"))
        whole = exp.Anonymous(this="REPLACE", expressions=[text, literal(".000000"), literal("")])
        return exp.DPipe(this=whole, expression=literal("Z"), safe=True)
    return column if kind is ColumnType.TEXT or name.startswith("extra.") else cast(column, "VARCHAR")
