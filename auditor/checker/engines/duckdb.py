"""Run a plan on DuckDB.

All records stay in the database: a rule may cite hundreds of thousands of them. What comes out are outcomes with
counts, and `PlanResult` reads or writes the cited records on demand. Tables are temporary and belong to the
activity's connection: the next `execute` on it replaces them, and with them the earlier result.
"""

from array import array
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any  # a record's values are of any column type

import duckdb
from sqlglot import exp

from auditor.checker.compile.conditions import TIME
from auditor.checker.compile.incidents import INCIDENT
from auditor.checker.compile.nodes import ascending, columns, every, inner, is_known, joined_on, same_keys, select
from auditor.checker.compile.on_records import pairs_without_by
from auditor.checker.compile.plan import Plan
from auditor.checker.compile.seen import NUMBER
from auditor.checker.compile.statements import PairingPlan, RulePlan
from auditor.checker.engines.citations import citations_of
from auditor.checker.engines.incidents import FoundIncident, incidents_of, pieces_of, reference
from auditor.checker.engines.tables import append, fill, first_line, interruptible, rows_of
from auditor.checker.findings import PartSeen, RecordRef, RuleOutcome
from auditor.checker.joining import occurrences_of
from auditor.checker.where import Candidate
from auditor.errors import WorkspaceError
from auditor.records.activity import RECORDS, Activity
from auditor.records.sql import identifier, literal, table, text_of

BATCH = 4096
PAIRS = 1 << 15


Ran = tuple[RuleOutcome, tuple[FoundIncident, ...]] | str
"""What a rule gave, or why the engine couldn't finish it."""


@dataclass(frozen=True)
class PlanResult:
    """What a plan gave: an outcome a rule, in the order of the plan, and the cited records in the connection.

    `errors` holds, by rule, why a rule could not be run to its end; it then has no outcome.
    """

    plan: Plan
    connection: duckdb.DuckDBPyConnection
    outcomes: tuple[RuleOutcome, ...]
    errors: Mapping[str, str]
    found: Mapping[str, tuple[FoundIncident, ...]]

    def of(self, rule: str, number: int) -> Iterator[RecordRef]:
        """Yield the records of one incident in record order."""
        rule_plan = next(item for item in self.plan.rules if item.rule.name == rule)
        query = select(columns((NUMBER, TIME, "record_id", "account_id")), table(rule_plan.members))
        query = query.where(_is(INCIDENT, self.found[rule][number].key), copy=False)
        # all at once: temporary tables are seen by this connection only, which callers use between two records
        for row in rows_of(self.connection, query.order_by(*ascending(TIME, NUMBER), copy=False)):
            yield reference(self.plan, *row)

    def pieces_of(self, rule: str, subject: tuple[str, ...]) -> tuple[PartSeen, ...]:
        """Return what the parts of a composite have of one subject, whether or not it is enough."""
        rule_plan = next(item for item in self.plan.rules if item.rule.name == rule)
        return pieces_of(rule_plan, subject, self.connection)

    def keys_of(self, rule: str, number: int) -> list[tuple[str, str | None]]:
        """Return the accounts that one incident is about with the keys of the records cited, sorted."""
        cited = citations_of(self.plan, self.found, {(rule, number): ""}, self.connection)
        same = every(same_keys(("source_id", "source_line"), "c", "r"))
        found = [identifier("account_id", "c"), identifier("api_key_id", "r")]
        query = joined_on(select(found, inner(cited, "c"), distinct=True), table(RECORDS, "r"), same)
        known = every([identifier("is_against", "c"), is_known(identifier("account_id", "c"))])
        rows = rows_of(self.connection, query.where(known, copy=False))
        return sorted(rows, key=lambda row: (row[0], row[1] or ""))

    def sources_of(self, rule: str, number: int) -> tuple[str, ...]:
        """Return the ids of the sources of one incident's records, sorted."""
        return self.found[rule][number].sources

    def write_citations(self, path: Path, ids: Mapping[tuple[str, int], str]) -> None:
        """Write the cited records of the incidents named in `ids`, by (rule, number), to a new Parquet file.

        Columns: finding_id, time, source_id, source_line, record_id, account_id, is_against; sorted by the first four.
        Raises WorkspaceError where it can't be written.
        """
        query = citations_of(self.plan, self.found, ids, self.connection)
        target = exp.Copy(
            this=query.subquery(copy=False),
            kind=False,
            files=[literal(str(path))],
            params=[
                exp.CopyParameter(this=exp.var("FORMAT"), expression=exp.var("PARQUET")),
                exp.CopyParameter(this=exp.var("COMPRESSION"), expression=exp.var("ZSTD")),
            ],
        )
        try:
            with interruptible():
                self.connection.execute(text_of(target))
        except duckdb.Error as error:
            message = f"cited records can't be written: {first_line(error)}"
            raise WorkspaceError.at(str(path), message, "check that the workspace can be written") from error


def execute(plan: Plan, activity: Activity) -> PlanResult:
    """Run a plan over an activity.

    A rule that the engine can't finish (a number beyond 38 digits, say) is named in `errors`; the others still run.
    Raises WorkspaceError when the records themselves can't be read.
    """
    connection = activity.connection
    with interruptible():
        counts = _prepared(plan, connection)
        ran = _all_tried(plan, counts, _scanned(plan, connection), connection)
    asked = {rule.rule.name: ran[place] for place, rule in enumerate(plan.rules) if rule.is_asked}
    done = {name: result for name, result in asked.items() if not isinstance(result, str)}
    return PlanResult(
        plan,
        connection,
        outcomes=tuple(outcome for outcome, _ in done.values()),
        errors={name: result for name, result in asked.items() if isinstance(result, str)},
        found={name: found for name, (outcome, found) in done.items() if outcome.is_evaluated},
    )


def _scanned(plan: Plan, connection: duckdb.DuckDBPyConnection) -> dict[int, str]:
    """Make the tables that rules share; return why the engine couldn't finish some of them, by number."""
    failed: dict[int, str] = {}
    for scan in plan.scans:
        if scan.first and scan.first.number in failed:
            failed[scan.number] = failed[scan.first.number]
            continue
        try:
            for statement in scan.statements:
                connection.execute(text_of(statement.creation()))
        except duckdb.InterruptException:
            raise
        except duckdb.Error as error:
            failed[scan.number] = first_line(error)
    return failed


def _all_tried(
    plan: Plan, counts: list[dict[str, int]], unscanned: Mapping[int, str], connection: duckdb.DuckDBPyConnection
) -> dict[int, Ran]:
    """Return what each rule gave by its place; composites run last, since they read the tables of others."""
    ran: dict[int, Ran] = {}
    for rule in plan.in_order:
        place = rule.shape.flags.number
        failed = [part.rule.name for part in rule.parts if isinstance(ran[part.shape.flags.number], str)]
        if failed:
            ran[place] = f"it rests on {', '.join(failed)}, which could not be run to the end"
        elif rule.scan is not None and rule.scan in unscanned:
            ran[place] = unscanned[rule.scan]
        else:
            ran[place] = _tried(plan, rule, counts[place], connection)
    return ran


def _prepared(plan: Plan, connection: duckdb.DuckDBPyConnection) -> list[dict[str, int]]:
    try:
        for statement in plan.first:
            connection.execute(text_of(statement.creation()))
        return _counts(plan, connection)
    except duckdb.InterruptException:
        raise
    except duckdb.Error as error:
        message = f"the records can't be read: {first_line(error)}"
        raise WorkspaceError.at(None, message, "free memory and disk space, or restore the activity folder") from error


def _tried(plan: Plan, rule: RulePlan, counts: dict[str, int], connection: duckdb.DuckDBPyConnection) -> Ran:
    try:
        return _run(plan, rule, counts, connection)
    except duckdb.InterruptException:
        raise
    except duckdb.Error as error:
        return first_line(error)


def _counts(plan: Plan, connection: duckdb.DuckDBPyConnection) -> list[dict[str, int]]:
    found: list[dict[str, int]] = [{} for _ in plan.rules]
    if plan.counted:
        row = rows_of(connection, plan.counts)[0]
        for (place, name), value in zip(plan.counted, row, strict=True):
            found[place][name] = value
    return found


def _run(
    plan: Plan, rule: RulePlan, counts: dict[str, int], connection: duckdb.DuckDBPyConnection
) -> tuple[RuleOutcome, tuple[FoundIncident, ...]]:
    name = rule.rule.name
    if not rule.coverage.is_evaluable:
        refused = RuleOutcome(rule=name, is_evaluated=False, missing=rule.coverage.missing, **counts)
        return refused, ()
    for field, query in rule.counts:
        counts[field] = counts.get(field, 0) + rows_of(connection, query)[0][0]
    if rule.pairing:
        _make_pairs(rule, rule.pairing, connection)
        lacking = pairs_without_by(rule)
        counts["without_subject"] += rows_of(connection, lacking)[0][0] if lacking is not None else 0
    for statement in rule.statements:
        connection.execute(text_of(statement.creation()))
    for field, query in rule.late_counts:
        counts[field] = counts.get(field, 0) + rows_of(connection, query)[0][0]
    kept = incidents_of(plan, rule, connection)
    outcome = RuleOutcome(
        rule=name,
        is_evaluated=True,
        incidents=tuple(item.incident for item in kept if not item.incident.suppressed_by),
        suppressed=tuple(item.incident for item in kept if item.incident.suppressed_by),
        **counts,
    )
    return outcome, kept


def _make_pairs(rule: RulePlan, pairing: PairingPlan, connection: duckdb.DuckDBPyConnection) -> None:
    assert rule.rule.sequence is not None
    numbers, lasts = array("q"), array("q")
    # all of them before the first is written: another statement on the connection would end the reading
    for occurrence in occurrences_of(rule.rule.sequence, _candidates(rule, pairing, connection)):
        numbers.extend(occurrence)
        lasts.extend(occurrence[-1:] * len(occurrence))
    types = {NUMBER: "BIGINT", "_last": "BIGINT"}
    fill(connection, pairing.pairs, types, ())
    for start in range(0, len(numbers), PAIRS):
        append(connection, pairing.pairs, types, (numbers[start : start + PAIRS], lasts[start : start + PAIRS]))


def _candidates(rule: RulePlan, pairing: PairingPlan, connection: duckdb.DuckDBPyConnection) -> Iterator[Candidate]:
    assert rule.rule.sequence is not None
    truths_end = 2 + len(rule.rule.sequence.steps)
    subject_end = truths_end + 1 + pairing.subject_width
    by_end = subject_end + len(rule.rule.sequence.by)
    names, nothing = pairing.values, dict[str, Any]()
    counts = rows_of(connection, pairing.sizes)[0]
    result = connection.execute(text_of(pairing.around[counts.index(min(counts))]))
    while batch := result.fetchmany(BATCH):
        for row in batch:
            divided = row[subject_end:by_end]
            yield Candidate(
                row[1],
                row[0],
                row[2:truths_end],
                row[truths_end],
                row[truths_end + 1 : subject_end],
                None if None in divided else divided,
                dict(zip(names, row[by_end:], strict=False)) if names else nothing,
            )


def _is(name: str, value: int) -> exp.Expression:
    return exp.EQ(this=identifier(name), expression=literal(value))
