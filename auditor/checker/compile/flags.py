"""The truth values of one rule that are worked out once per record, in `base`, and the counts read off them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlglot import exp

from auditor.checker.compile.conditions import TIME, microseconds, sql_of
from auditor.checker.compile.nodes import (
    choose,
    columns,
    count_where,
    every,
    inner,
    is_known,
    is_null,
    is_true,
    named,
    negated,
    select,
    some,
)
from auditor.checker.compile.seen import SOURCE, Scope
from auditor.checker.provided import RuleCoverage
from auditor.policy.conditions import Condition
from auditor.policy.expressions import aggregates_in
from auditor.policy.rule import ExemptionEntry, Rule, Span
from auditor.records.schema import READABLE_COLUMNS, ColumnType
from auditor.records.sql import cast, identifier, literal, table

BASE = "base"
"""The relation of all records that rules look at, with what they read and the truth of their conditions."""


@dataclass(frozen=True)
class Flags:
    """Names of a rule's truth columns in `base`; `number` is the rule's place in the plan."""

    number: int
    rule: Rule
    coverage: RuleCoverage
    scope: Scope = field(repr=False)

    @property
    def steps(self) -> tuple[str, ...]:
        """One column a step of the sequence, or the rule's condition alone."""
        count = len(self.rule.sequence.steps) if self.rule.sequence else 1
        return tuple(f"_step{self.number}_{step}" for step in range(count))

    @property
    def until(self) -> str:
        """The column of the sequence's `until`, empty without one."""
        return f"_until{self.number}" if self.rule.sequence and self.rule.sequence.until else ""

    @property
    def against(self) -> str:
        """The column of `against`, empty without one."""
        return f"_against{self.number}" if self.rule.against else ""

    @property
    def shares(self) -> dict[str, str]:
        """The columns of the selections whose share is measured, by selection."""
        measured = [node for measure in self.rule.measures for node in aggregates_in(measure.expression)]
        names = sorted({node.selection for node in measured if node.selection})
        return {name: f"_share{self.number}_{place}" for place, name in enumerate(names)}

    @property
    def absent(self) -> str:
        """The column of the selection that `absent` looks for, empty without one."""
        return f"_absent{self.number}" if self.rule.absent else ""

    @property
    def keys(self) -> tuple[str, ...]:
        """The columns of subject and `by`, each once."""
        return tuple(dict.fromkeys((*self.rule.subject_columns, *self.rule.by)))

    def definitions(self) -> dict[str, exp.Expression]:
        """Return every truth column over `seen`."""
        if not self.coverage.is_evaluable or self.rule.composite:
            return {}
        rule = self.rule
        chosen = [rule.selection(name) for name in rule.sequence.steps] if rule.sequence else [rule.selected()]
        found = {name: self._usable(condition) for name, condition in zip(self.steps, chosen, strict=True)}
        if rule.sequence and self.until:
            found[self.until] = self._usable(rule.selection(rule.sequence.until))
        if self.against:
            found[self.against] = self._truth(rule.selection(rule.against))
        if rule.absent:
            found[self.absent] = self._truth(rule.selection(rule.absent.selection))
        return found | {column: self._truth(rule.selection(name)) for name, column in self.shares.items()}

    def _truth(self, condition: Condition) -> exp.Expression:
        return exp.Paren(this=sql_of(condition, is_missing_counted=self.rule.is_missing_counted))

    def _usable(self, condition: Condition) -> exp.Expression:
        return exp.Paren(this=every([*self.filters(), self._truth(condition)]))

    def filters(self) -> list[exp.Expression]:
        """Return what a record must be to be looked at: of a usable source, in the rule's effective span."""
        return [*self._from_sources(self.coverage.sources_used), *covered(self.rule.effective)]

    def _from_sources(self, ids: Sequence[str]) -> list[exp.Expression]:
        if not self.coverage.sources_left_out:
            return []
        numbers = [literal(self.scope.number_of(source)) for source in ids]
        return [exp.In(this=identifier(SOURCE), expressions=numbers)] if numbers else [exp.false()]

    def left_out(self) -> exp.Expression | None:
        """Return the test over `base` of a record that is left out, None when no record is."""
        if not self.coverage.sources_left_out:
            return None
        return every([*self._from_sources(self.coverage.sources_left_out), *covered(self.rule.effective)])

    def counts(self) -> dict[str, exp.Expression]:
        """Return the counts of the outcome as aggregates over `base`."""
        left_out = self.left_out()
        found = {"left_out": count_where(left_out)} if left_out is not None else {}
        if not self.coverage.is_evaluable or self.rule.composite:
            return found
        holds = some(columns(self.steps))
        unknown = every([negated(is_true(holds.copy())), some([is_null(column) for column in columns(self.steps)])])
        homeless = self.rule.subject_columns if self.rule.sequence else self.keys
        without = every([holds.copy(), some([is_null(column) for column in columns(homeless)])])
        return found | {
            "selected": count_where(holds),
            "undetermined": count_where(unknown),
            "without_subject": count_where(without),
        }

    def subjects_left_out(self) -> exp.Select | None:
        """Return the query counting subjects that only left-out records have, None when there can't be any."""
        left_out, subject = self.left_out(), self.rule.subject_columns
        if left_out is None or not subject or not self.coverage.is_evaluable:
            return None
        is_used = exp.Max(this=choose(left_out, literal(0), literal(1)))
        relevant = every([*covered(self.rule.effective), *(is_known(column) for column in columns(subject))])
        subjects = select([*columns(subject), named(is_used, "used")], table(BASE)).where(relevant, copy=False)
        grouped = inner(subjects.group_by(*columns(subject), copy=False), "subjects")
        is_unused = exp.EQ(this=identifier("used"), expression=literal(0))
        return select([exp.Count(this=exp.Star())], grouped).where(is_unused, copy=False)


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
