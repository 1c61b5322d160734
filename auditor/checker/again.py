"""Judge again by the records that a bundle carries: those cited, their context, and figures over others.

The same plan runs as in the audit, over fewer records. Three things are said instead of looked up: which columns the
sources provide, where the log ends, and what peers did.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlglot import exp

from auditor.checker.compile.codes import CODE, code_in, with_code
from auditor.checker.compile.nodes import named
from auditor.checker.compile.plan import Plan, plan_for
from auditor.checker.compile.rows import BUCKET
from auditor.checker.compile.statements import RulePlan, Statement
from auditor.checker.compile.windows import measure_column
from auditor.checker.engines.citations import citations_of
from auditor.checker.engines.duckdb import PlanResult, execute
from auditor.checker.findings import Finding
from auditor.checker.naming import NamedFindings
from auditor.checker.population import PeersSeen, Population
from auditor.policy.pack import Context, Pack, rules_begun
from auditor.policy.rule import SUBJECT_COLUMNS, Span
from auditor.records.activity import STORED_TYPES, Activity
from auditor.records.sql import call, cast, identifier, table, text_of


@dataclass(frozen=True)
class JudgedAgain:
    """What came of it; `ids` name the findings by (rule, number) in the result."""

    result: PlanResult
    findings: tuple[Finding, ...]
    ids: dict[tuple[str, int], str]


def judge_again(
    activity: Activity,
    pack: Pack,
    *,
    context: Context,
    population: Population,
    bundled: Sequence[Finding],
    as_of: datetime | None,
) -> JudgedAgain:
    """Return the findings that a pack gives over the records of a bundle, of which `bundled` are the findings.

    `population.peers` name the bundled findings; which windows these had is told by their subjects.
    """
    rules = rules_begun(pack, as_of)
    plan = plan_for(
        rules,
        sources=activity.sources,
        context=ending_with(context, population.log_end),
        terms=pack.terms,
        exemptions=pack.exemptions,
        timezone=pack.timezone,
        as_of=as_of,
    )
    result = execute(with_peers(plan, population.peers, bundled), activity)
    found = NamedFindings(rules, pack.terms, result)
    return JudgedAgain(result, found.kept(), found.kept_ids())


def citings_apart(again: JudgedAgain, names: Mapping[str, str], bundled: str) -> dict[str, tuple[int, int]]:
    """Count, by bundled finding, citings that only the bundle has and citings that only this judgement has.

    `names` are bundled findings by the id that they have here, `bundled` is a table of (finding_id, source_id,
    source_line, is_against). Findings whose citings are the same are left out.
    """
    ids = {key: names[name] for key, name in again.ids.items() if name in names}
    columns = ("finding_id", "source_id", "source_line", "is_against")
    listed = exp.Array(expressions=[exp.convert(name) for name in sorted(names.values())] or [exp.convert("")])
    is_meant = call("list_contains", listed, identifier("finding_id"))
    own = exp.Select(expressions=[identifier(name) for name in columns]).from_(table(bundled)).where(is_meant)
    cited = citations_of(again.result.plan, again.result.found, ids, again.result.connection)
    here = exp.Select(expressions=[identifier(name) for name in columns]).from_(cited.subquery("cited"))
    found: dict[str, list[int]] = {}
    for place, (one, other) in enumerate(((own, here), (here, own))):
        apart = exp.Except(this=one.copy(), expression=other.copy(), distinct=True)
        counts = exp.Select(expressions=[identifier("finding_id"), exp.Count(this=exp.Star())])
        counts = counts.from_(apart.subquery("apart")).group_by(identifier("finding_id"))
        for name, count in again.result.connection.execute(text_of(counts)).fetchall():
            found.setdefault(name, [0, 0])[place] = count
    return {name: (missing, more) for name, (missing, more) in found.items()}


def ending_with(context: Context, log_end: datetime | None) -> Context:
    """Return the context with the end of the complete log said, where it left that to the last record."""
    window = context.window
    if window.until is not None or log_end is None:
        return context
    until = log_end + timedelta(microseconds=1)
    return context.model_copy(update={"window": Span(start=window.start, until=until)})


def with_peers(plan: Plan, peers: Sequence[PeersSeen], bundled: Sequence[Finding]) -> Plan:
    """Return the plan with what peers did given instead of worked out."""
    return replace(plan, rules=tuple(_with_peers(rule, peers, bundled) for rule in plan.rules))


def _with_peers(rule: RulePlan, peers: Sequence[PeersSeen], bundled: Sequence[Finding]) -> RulePlan:
    if not rule.shape.has_peers or not rule.statements:
        return rule
    own = {finding.id: finding for finding in bundled if finding.rule == rule.rule.name}
    seen = [one for one in peers if one.finding in own]
    name = rule.shape.table("peers")
    given = Statement(name, _given(rule, seen, own))
    return replace(
        rule, statements=tuple(given if statement.name == name else statement for statement in rule.statements)
    )


def _given(rule: RulePlan, peers: Sequence[PeersSeen], own: dict[str, Finding]) -> exp.Select:
    """Return the table `peers` of compile/peers.py out of values."""
    keys, shape = rule.shape.keys, rule.shape
    first = len(shape.flags.rule.measures)
    places = {name.full: place for place, name in enumerate(shape.flags.rule.compared, first)}
    rows: dict[tuple[str, int], dict[int, str]] = {}
    for one in peers:
        rows.setdefault((one.finding, one.bucket), {})[places.get(one.name, -1)] = one.value
    columns = [*keys, BUCKET, *(measure_column(place) for place in places.values())]
    kinds = [*(STORED_TYPES.get(key, "VARCHAR") for key in keys), "BIGINT", *("DOUBLE" for _ in places)]
    values = [
        [*_key_values(own[finding], keys), bucket, *(found.get(place) for place in places.values())]
        for (finding, bucket), found in rows.items()
    ] or [[None] * len(columns)]
    data = exp.values(
        [tuple(row) for row in values], alias="given", columns=[f"c{place}" for place in range(len(columns))]
    )
    query, items = exp.Select().from_(data, copy=False), []
    for place, (name, kind) in enumerate(zip(columns, kinds, strict=True)):
        value: exp.Expression = cast(exp.column(f"c{place}", table="given"), kind)
        if name.startswith(CODE):
            text = name.removeprefix(CODE)
            query, value = with_code(query, text, value), code_in(text)
        items.append(named(value, name))
    query = query.select(*items, copy=False)
    return query if rows else query.where(exp.false(), copy=False)


def _key_values(finding: Finding, keys: Sequence[str]) -> list[str | None]:
    names = dict(zip(SUBJECT_COLUMNS[finding.subject_kind], finding.subject, strict=False)) | dict(finding.by)
    return [names.get(key.removeprefix(CODE)) for key in keys]
