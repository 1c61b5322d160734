"""The plan of an audit: every statement, in the order in which an engine runs them.

    codes        one table of whole numbers for the values of each key
    facts        one table of change-only stretches for each account fact that a rule reads
    base         one row a record, with what the rules read and the truth of their conditions
    counts       one row: what was selected, undetermined, left out
    scan<k>_*    the records that rules of the same keys can violate with (scans.py)
    rule<n>_*    rows, windows, incidents, members of each rule that can be evaluated
    told         the ids of the records that these cite

The pairing of a sequence is not SQL: the engine reads `candidates`, puts them together (checker/joining.py) and makes
the table of pairs that `rows` starts from: each record of an occurrence, and the occurrence's last one.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property

from sqlglot import exp

from auditor.checker.compile.codes import code_table, codes_of
from auditor.checker.compile.composite import plan_of_composite
from auditor.checker.compile.facts import fact_statement
from auditor.checker.compile.flags import BASE, Flags, Truths
from auditor.checker.compile.kept import base_columns, named_query, names_read, shape_of, versions_of
from auditor.checker.compile.nodes import inner, select
from auditor.checker.compile.on_records import Range, plan_on_records
from auditor.checker.compile.results import TermsColumn
from auditor.checker.compile.rows import Shape
from auditor.checker.compile.scans import Scan, scans_of
from auditor.checker.compile.seen import Scope, coded_names, facts_read, seen
from auditor.checker.compile.statements import Hasty, RulePlan, Sized, Statement
from auditor.checker.compile.told import told_of
from auditor.checker.provided import coverage_of
from auditor.checker.uncollected import uncollected
from auditor.digests import digest_of
from auditor.policy.pack import Context
from auditor.policy.rule import Exemption, Rule
from auditor.policy.terms import Terms
from auditor.records.activity import SourceSummary
from auditor.records.sql import literal, table, text_of


@dataclass(frozen=True)
class Plan:
    """The statements of an audit. `counts` gives one row: the outcome counts of each rule named in `counted`."""

    scope: Scope
    codes: tuple[Statement, ...]
    facts: tuple[Hasty, ...]
    base: Statement
    counts: exp.Select
    counted: tuple[tuple[int, str], ...]
    scans: tuple[Scan, ...]
    rules: tuple[RulePlan, ...]
    versions: tuple[TermsColumn, ...]

    def sql(self, dialect: str = "duckdb") -> str:
        """Print every statement for a dialect of SQLGlot."""
        return "\n\n".join(_printed(item, dialect) for item in self._items())

    @cached_property
    def digest(self) -> str:
        """The SHA-256 of the plan as it is printed to be run."""
        return digest_of("\n".join(map(_run, self._items())).encode())

    def texts(self) -> list[str]:
        """Print the tables that are sure to be made, in their order; they are not printed again when they are."""
        made = (item.hastily if isinstance(item, Hasty) else item for item in self._items())
        return [item.text for item in made if isinstance(item, Statement) and not isinstance(item, Sized)]

    @property
    def first(self) -> tuple[Statement, ...]:
        """The tables of what is known of every record."""
        return (*self.codes, *self.facts, self.base)

    def told(self, rules: Iterable[RulePlan]) -> Statement:
        """Return the table of the ids of the records that rules cite."""
        return told_of(tuple(rules), self.scope)

    @property
    def in_order(self) -> tuple[RulePlan, ...]:
        """The plans of rules in the order in which they run: composites read the tables of others."""
        return tuple(sorted(self.rules, key=lambda item: item.rule.composite is not None))

    def _items(self) -> Iterator[Statement | exp.Expression | str]:
        yield from self.first
        if self.counted:
            yield self.counts
        yield from (statement for scan in self.scans for statement in scan.statements)
        for rule in self.in_order:
            yield f"-- {rule.rule.name}" if rule.coverage.is_evaluable else f"-- {rule.rule.name}: not evaluated"
            yield from (query for _, query in rule.counts)
            if rule.pairing:
                yield rule.pairing.sizes
                yield "-- the records around those of the first step; where another step has fewer, around that one's"
                yield rule.pairing.around[0]
                yield f"-- the pairs of these candidates are put into {rule.pairing.pairs} (checker/joining.py)"
            yield from (part for statement in rule.statements for part in statement.whole)
            yield from (query for _, query in rule.late_counts)
        yield self.told(rule for rule in self.rules if rule.coverage.is_evaluable)
        for rule in self.in_order:
            queries = (rule.incident_query, rule.account_query, rule.source_query, rule.part_query)
            yield from (query for query in queries if query is not None)


def _printed(item: Statement | exp.Expression | str, dialect: str) -> str:
    item = item.creation() if isinstance(item, Statement) else item
    return item.replace("\n", " ") if isinstance(item, str) else f"{item.sql(dialect=dialect, pretty=True)};"


def _run(item: Statement | exp.Expression | str) -> str:
    return item if isinstance(item, str) else item.text if isinstance(item, Statement) else text_of(item)


@uncollected()
def plan_for(
    rules: Sequence[Rule],
    *,
    sources: Sequence[SourceSummary],
    context: Context,
    terms: Sequence[Terms] = (),
    exemptions: Sequence[Exemption] = (),
    timezone: str = "UTC",
    as_of: datetime | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Plan:
    """Return the plan of an audit: what each rule can be evaluated on, and all statements.

    `since` and `until` keep incidents by their end; `as_of` hides later records.
    """
    filled = tuple(source for source in sources if source.records)
    scope = Scope(filled, context, timezone, as_of)
    everything = with_parts(rules)
    coverage = coverage_of(everything, filled, context)
    pairs = enumerate(zip(everything, coverage, strict=True))
    truths = Truths()
    flags = [Flags(place, rule, found, scope).with_truths(truths) for place, (rule, found) in pairs]
    exempt = {item.name: (f"_exempt{place}", item) for place, item in enumerate(exemptions)}
    versions = versions_of(terms)
    documents = tuple(dict.fromkeys(item.column for item in versions))
    shapes = [shape_of(flag, exempt, documents) for flag in flags]
    base = base_columns(shapes, truths, exempt, versions)
    names = names_read(base.values())
    counted = [(flag.number, name, sql) for flag in flags for name, sql in flag.counts().items()]
    scans = scans_of(shapes, timezone)
    return Plan(
        scope=scope,
        codes=tuple(Statement(code_table(name), codes_of(name)) for name in coded_names(names)),
        facts=tuple(fact_statement(name, scope) for name in facts_read(names, scope)),
        base=Statement(BASE, named_query(base, inner(seen(names, scope), "seen"))),
        counts=select([sql for _, _, sql in counted] or [literal(0)], table(BASE)),
        counted=tuple((number, name) for number, name, _ in counted),
        scans=scans,
        rules=_rule_plans(shapes, scans, versions, timezone, Range(since, until), asked=len(rules)),
        versions=versions,
    )


def with_parts(rules: Sequence[Rule]) -> tuple[Rule, ...]:
    """Return the rules, and after them the parts of composites that are not among them."""
    found = list(rules)
    for rule in rules:
        for part in rule.composite.parts if rule.composite else ():
            if part not in found:
                found.append(part)
    return tuple(found)


def _rule_plans(
    shapes: Sequence[Shape],
    scans: Sequence[Scan],
    versions: Sequence[TermsColumn],
    timezone: str,
    told: Range,
    *,
    asked: int,
) -> tuple[RulePlan, ...]:
    """Return the plan of each rule, in their order; the first `asked` are those that are asked for."""
    composites = [rule.composite for shape in shapes if (rule := shape.flags.rule).composite]
    parts = [part for composite in composites if composite for part in composite.parts]
    own_scan = {shape.flags.number: scan for scan in scans for shape in scan.shapes}
    plans: dict[int, RulePlan] = {}
    for place, shape in enumerate(shapes):
        if not shape.flags.rule.composite:
            is_part = shape.flags.rule in parts
            scan = own_scan.get(place)
            plan = plan_on_records(shape, versions, timezone, told, is_part=is_part, scan=scan)
            plans[place] = replace(plan, is_asked=place < asked)
    on_records = tuple(plans.values())
    for place, shape in enumerate(shapes):
        if shape.flags.rule.composite:
            plans[place] = plan_of_composite(shape, versions, told, on_records)
    return tuple(plans[place] for place in range(len(shapes)))
