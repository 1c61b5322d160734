"""The plan of an audit: every statement, in the order in which an engine runs them.

    facts        one table of change-only stretches for each account fact that a rule reads
    base         one row a record, with what the rules read and the truth of their conditions
    counts       one row: what was selected, undetermined, left out
    rule<n>_*    rows, windows, incidents, members of each rule that can be evaluated

The pairing of a sequence is not SQL: the engine reads `candidates`, puts them together (checker/joining.py) and makes
the table of pairs that `rows` starts from: each record of an occurrence, and the occurrence's last one.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlglot import exp

from auditor.checker.compile.absent import absent_counts, followed, unfollowed_rows
from auditor.checker.compile.baseline import (
    compared_measures,
    compared_violations,
    compared_windows,
    numbered_opens,
    past_values,
    unjudged_subjects,
    usual_values,
)
from auditor.checker.compile.candidates import candidates
from auditor.checker.compile.columns import FOLDED, TEXTUAL, type_of
from auditor.checker.compile.conditions import ELEMENT, TIME, sql_of
from auditor.checker.compile.flags import BASE, Flags, exempts
from auditor.checker.compile.incidents import incidents, members, numbered_windows
from auditor.checker.compile.nodes import inner, is_true, named, select, some
from auditor.checker.compile.peers import peers_of_windows, values_of_peers, windows_with_peers
from auditor.checker.compile.pruning import near_rows
from auditor.checker.compile.repeat import repeated_windows, runs
from auditor.checker.compile.results import (
    TermsColumn,
    account_query,
    incident_query,
    is_of_its_account,
    source_query,
)
from auditor.checker.compile.rows import (
    Shape,
    bucketed,
    novel_counts,
    occurrences_without_by,
    rows_of_occurrences,
    rows_of_records,
)
from auditor.checker.compile.seen import NUMBER, SOURCE, Scope, fact_table, facts_read, seen, stretches_of
from auditor.checker.compile.windows import is_pruned, open_windows, violating_windows
from auditor.checker.provided import RuleCoverage, coverage_of
from auditor.digests import digest_of
from auditor.policy.expressions import Name, walk
from auditor.policy.pack import Context
from auditor.policy.rule import Exemption, Rule
from auditor.policy.terms import Terms
from auditor.records.activity import SourceSummary
from auditor.records.schema import is_identifier
from auditor.records.sql import identifier, literal, table

ALWAYS_KEPT = (NUMBER, TIME, SOURCE, "record_id", "account_id")


@dataclass(frozen=True)
class Statement:
    """A table and the query that makes it."""

    name: str
    query: exp.Query

    def creation(self) -> exp.Create:
        """Return CREATE OR REPLACE TEMPORARY TABLE name AS query."""
        temporary = exp.Properties(expressions=[exp.TemporaryProperty()])
        return exp.Create(
            this=table(self.name), kind="TABLE", replace=True, properties=temporary, expression=self.query
        )


@dataclass(frozen=True)
class PairingPlan:
    """What the pairing of a sequence reads: `candidates` (candidates.py), how many of its keys are the subject's, and
    which columns of each record its `where` may look at; `pairs` is the table that it makes (`_n`, `_last`).
    """

    candidates: exp.Select
    subject_width: int
    values: tuple[str, ...]
    pairs: str


@dataclass(frozen=True)
class RulePlan:
    """Everything one rule needs. `counts` are queries of one number, added to the outcome's field of that name;
    `late_counts` likewise, once the statements have run.

    `account_query` is None where the subject is the account, `source_query` where there is one source.
    """

    rule: Rule
    coverage: RuleCoverage
    shape: Shape
    counts: tuple[tuple[str, exp.Select], ...] = ()
    pairing: PairingPlan | None = None
    statements: tuple[Statement, ...] = ()
    late_counts: tuple[tuple[str, exp.Select], ...] = ()
    incident_query: exp.Select | None = None
    account_query: exp.Select | None = None
    source_query: exp.Select | None = None

    @property
    def members(self) -> str:
        """The name of the table of contributing records."""
        return self.shape.table("members")


@dataclass(frozen=True)
class Plan:
    """The statements of an audit. `counts` gives one row: the outcome counts of each rule named in `counted`."""

    scope: Scope
    facts: tuple[Statement, ...]
    base: Statement
    counts: exp.Select
    counted: tuple[tuple[int, str], ...]
    rules: tuple[RulePlan, ...]
    versions: tuple[TermsColumn, ...]

    def sql(self, dialect: str = "duckdb") -> str:
        """Print every statement for a dialect of SQLGlot."""
        return "\n\n".join(_printed(item, dialect) for item in self._items())

    @property
    def digest(self) -> str:
        """The SHA-256 of the plan as printed for DuckDB."""
        return digest_of(self.sql().encode())

    def _items(self) -> Iterator[exp.Expression | str]:
        yield from (statement.creation() for statement in (*self.facts, self.base))
        if self.counted:
            yield self.counts
        for rule in self.rules:
            yield f"-- {rule.rule.name}" if rule.coverage.is_evaluable else f"-- {rule.rule.name}: not evaluated"
            yield from (query for _, query in rule.counts)
            if rule.pairing:
                yield rule.pairing.candidates
                yield f"-- the pairs of these candidates are put into {rule.pairing.pairs} (checker/joining.py)"
            yield from (statement.creation() for statement in rule.statements)
            yield from (query for _, query in rule.late_counts)
            queries = (rule.incident_query, rule.account_query, rule.source_query)
            yield from (query for query in queries if query is not None)


def _printed(item: exp.Expression | str, dialect: str) -> str:
    return item.replace("\n", " ") if isinstance(item, str) else f"{item.sql(dialect=dialect, pretty=True)};"


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
    coverage = coverage_of(rules, filled, context)
    flags = [Flags(place, rule, found, scope) for place, (rule, found) in enumerate(zip(rules, coverage, strict=True))]
    exempt = {item.name: (f"_exempt{place}", item) for place, item in enumerate(exemptions)}
    versions = _versions(terms)
    shapes = [_shape(flag, exempt) for flag in flags]
    base = _base(shapes, exempt, versions)
    names = _names_read(base.values())
    counted = [(flag.number, name, sql) for flag in flags for name, sql in flag.counts().items()]
    return Plan(
        scope=scope,
        facts=tuple(Statement(fact_table(name), stretches_of(name, scope)) for name in facts_read(names, scope)),
        base=Statement(BASE, _named_query(base, inner(seen(names, scope), "seen"))),
        counts=select([sql for _, _, sql in counted] or [literal(0)], table(BASE)),
        counted=tuple((number, name) for number, name, _ in counted),
        rules=tuple(_rule_plan(shape, versions, timezone, since, until) for shape in shapes),
        versions=versions,
    )


def _versions(terms: Sequence[Terms]) -> tuple[TermsColumn, ...]:
    ordered = sorted(terms, key=lambda document: document.id)
    return tuple(
        TermsColumn(document, version, f"_terms{place}")
        for place, document in enumerate(ordered)
        for version in sorted(document.versions, key=lambda version: version.version)
    )


def _shape(flags: Flags, exempt: dict[str, tuple[str, Exemption]]) -> Shape:
    names = tuple(name for name in dict.fromkeys(flags.rule.unless) if name in exempt)
    return Shape(flags, tuple(exempt[name][0] for name in names), names)


def _base(
    shapes: Sequence[Shape], exempt: dict[str, tuple[str, Exemption]], versions: Sequence[TermsColumn]
) -> dict[str, exp.Expression]:
    judged = [shape for shape in shapes if shape.flags.coverage.is_evaluable]
    kept = sorted({name for shape in judged for name in _kept(shape)} - set(ALWAYS_KEPT))
    found: dict[str, exp.Expression] = {name: identifier(name) for name in (*ALWAYS_KEPT, *kept)}
    for shape in judged:
        found |= shape.flags.definitions()
    used = {name for shape in judged for name in shape.exemption_names}
    for name, (column, exemption) in exempt.items():
        if name in used:
            found[column] = is_true(some([exempts(entry) for entry in exemption.entries]))
    for item in versions if judged else ():
        applies = item.terms.applies
        found[item.column] = is_true(sql_of(applies)) if applies else exp.true()
    return found


def _kept(shape: Shape) -> set[str]:
    rule = shape.flags.rule
    kept = {*shape.keys, *shape.measured, *shape.numbers, *shape.divided, *(rule.novel.fields if rule.novel else ())}
    kept |= {"plan"} if shape.has_peers else set()
    return kept | ({*rule.sequence.by, *_where_values(rule)} if rule.sequence else set())


def _where_values(rule: Rule) -> tuple[str, ...]:
    """Return the columns that `where` looks at, with the folded form of text that may ignore case."""
    if not rule.sequence or rule.sequence.where is None:
        return ()
    nodes = walk(rule.sequence.where)
    names = {node.name for node in nodes if isinstance(node, Name) and node.step and node.name != "time"}
    if any(node.kind == "pair_call" and node.function == "distance_km" for node in nodes):
        names |= {"latitude", "longitude"}
    folding = {FOLDED + name for name in names if type_of(name) in TEXTUAL and not is_identifier(name)}
    return tuple(sorted(names | folding))


def _names_read(definitions: Iterable[exp.Expression]) -> tuple[str, ...]:
    found = {column.name for sql in definitions for column in sql.find_all(exp.Column)}
    return tuple(sorted(found - {ELEMENT}))


def _named_query(definitions: dict[str, exp.Expression], source: exp.Expression) -> exp.Select:
    return select([named(sql, name) for name, sql in definitions.items()], source)


def _rule_plan(
    shape: Shape, versions: Sequence[TermsColumn], timezone: str, since: datetime | None, until: datetime | None
) -> RulePlan:
    rule, coverage = shape.flags.rule, shape.flags.coverage
    has_sources = len(shape.flags.scope.sources) > 1
    if not coverage.is_evaluable:
        return RulePlan(rule, coverage, shape)
    rows, windows, found, cited = (shape.table(name) for name in ("rows", "windows", "incidents", "members"))
    alone, spans = shape.table("violating"), shape.table("runs") if _has_runs(shape) else found
    pairing = _pairing(shape)
    selected = rows_of_occurrences(shape, pairing.pairs) if pairing else rows_of_records(shape)
    unfollowed = _unfollowed(shape, selected) if rule.absent else ()
    if unfollowed:
        selected = unfollowed_rows(*(statement.name for statement in unfollowed))
    if not shape.is_sliding():
        selected = bucketed(selected, shape.keys, rule.within, timezone)
    documents = tuple(dict.fromkeys(item.column for item in versions))
    near = shape.table("near") if is_pruned(shape) else rows
    pruned = (Statement(near, near_rows(shape, rows)),) if is_pruned(shape) else ()
    compared = _compared(shape, rows, near) if rule.compared else ()
    violating = compared_violations(shape, compared[-1].name) if compared else violating_windows(shape, near)
    return RulePlan(
        rule=rule,
        coverage=coverage,
        shape=shape,
        counts=_counts(shape),
        pairing=pairing,
        statements=(
            *unfollowed,
            Statement(rows, selected),
            *pruned,
            *compared,
            *((Statement(alone, violating),) if rule.repeat else ()),
            Statement(
                windows,
                repeated_windows(shape, alone, timezone) if rule.repeat else numbered_windows(shape, violating),
            ),
            Statement(found, incidents(shape, windows, since, until)),
            *((Statement(spans, runs(shape, windows, found)),) if _has_runs(shape) else ()),
            Statement(cited, members(shape, near, windows, spans, documents)),
        ),
        late_counts=(
            *(absent_counts(shape, unfollowed[-1].name) if unfollowed else ()),
            *((("not_evaluated_subjects", unjudged_subjects(shape, compared[-1].name)),) if compared else ()),
        ),
        incident_query=incident_query(shape, found, cited, versions),
        account_query=None if is_of_its_account(shape) else account_query(cited),
        source_query=source_query(cited) if has_sources else None,
    )


def _has_runs(shape: Shape) -> bool:
    """Say whether an incident's windows may leave gaps in which records are not the incident's."""
    return shape.flags.rule.repeat is not None and shape.is_sliding()


def _unfollowed(shape: Shape, selected: exp.Select) -> tuple[Statement, ...]:
    """Return the tables of `absent`: the rows before it, and what follows each of their occurrences."""
    found = shape.table("found")
    return Statement(found, selected), Statement(shape.table("followed"), followed(shape, found))


def _compared(shape: Shape, rows: str, near: str) -> tuple[Statement, ...]:
    """Return the tables of a baseline, the windows with what they are compared with last."""
    opened, past, compared = (shape.table(name) for name in ("open", "past", "compared"))
    if shape.has_peers:
        values, peers = shape.table("values"), shape.table("peers")
        return (
            Statement(opened, open_windows(shape, near)),
            Statement(values, values_of_peers(shape, rows)),
            Statement(peers, peers_of_windows(shape, opened, values)),
            Statement(compared, windows_with_peers(shape, opened, peers)),
        )

    def usual(place: int) -> str:
        return shape.table(f"usual{place}")

    return (
        Statement(opened, numbered_opens(shape, open_windows(shape, near))),
        Statement(past, past_values(shape, rows, opened)),
        *(
            Statement(usual(place), usual_values(shape, rows, opened, past, place))
            for place in compared_measures(shape)
        ),
        Statement(compared, compared_windows(shape, opened, usual)),
    )


def _counts(shape: Shape) -> tuple[tuple[str, exp.Select], ...]:
    rule = shape.flags.rule
    subjects = shape.flags.subjects_left_out()
    found = [("not_evaluated_subjects", subjects)] if subjects is not None else []
    if rule.novel and not rule.sequence:
        found += novel_counts(shape, rule.novel).items()
    return tuple(found)


def _pairing(shape: Shape) -> PairingPlan | None:
    rule = shape.flags.rule
    if not rule.sequence:
        return None
    values = _where_values(rule)
    return PairingPlan(candidates(shape, values), len(rule.subject_columns), values, shape.table("pairs"))


def pairs_without_by(plan: RulePlan) -> exp.Select | None:
    """Return the count of a sequence's occurrences that have no value of `by`; None where there can't be any."""
    return occurrences_without_by(plan.shape, plan.pairing.pairs) if plan.pairing else None
