"""Run a plan on DuckDB.

All records stay in the database: a rule may cite hundreds of thousands of them. What comes out are outcomes with
counts, and `PlanResult` reads or writes the cited records on demand. Tables are temporary and belong to the
activity's connection: the next `execute` on it replaces them, and with them the earlier result.
"""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import duckdb
from sqlglot import exp

from auditor.checker.compile.codes import account_text, with_account
from auditor.checker.compile.conditions import TIME
from auditor.checker.compile.incidents import INCIDENT
from auditor.checker.compile.nodes import columns, every, inner, is_known, joined_on, same_keys, select
from auditor.checker.compile.plan import Plan
from auditor.checker.compile.seen import NUMBER
from auditor.checker.compile.statements import RulePlan
from auditor.checker.compile.told import told_id, with_told
from auditor.checker.engines.citations import citations_of
from auditor.checker.engines.incidents import FoundIncident, incidents_of, pieces_of, reference
from auditor.checker.engines.making import all_tried, look_up, prepared, scanned
from auditor.checker.engines.tables import first_line, interruptible, rows_of
from auditor.checker.findings import PartSeen, RecordRef, RuleOutcome
from auditor.checker.uncollected import uncollected
from auditor.errors import WorkspaceError
from auditor.records.activity import STORED, Activity
from auditor.records.sql import identifier, literal, table, text_of

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
        items = [*columns((NUMBER, TIME), "member"), told_id(), account_text()]
        query = with_told(select(items, table(rule_plan.members, "member")), identifier(NUMBER, "member"))
        query = with_account(query, "member")
        query = query.where(_is(INCIDENT, self.found[rule][number].key), copy=False)
        # all at once: temporary tables are seen by this connection only, which callers use between two records
        for row in rows_of(self.connection, query.order_by(*_by_place("member"), copy=False)):
            yield reference(self.plan, *row)

    def pieces_of(self, rule: str, subject: tuple[str, ...]) -> tuple[PartSeen, ...]:
        """Return what the parts of a composite have of one subject, whether or not it is enough."""
        rule_plan = next(item for item in self.plan.rules if item.rule.name == rule)
        return pieces_of(rule_plan, subject, self.connection)

    def keys_cited(self) -> list[tuple[str, int, str, str | None]]:
        """Return (rule, number, account, key) of each incident, suppressed ones too: the accounts that it is about with
        the keys of the records cited, each once, sorted.
        """
        incidents = [(rule, number) for rule, found in self.found.items() for number in range(len(found))]
        ids = {incident: str(place) for place, incident in enumerate(incidents)}
        cited = citations_of(self.plan, self.found, ids, self.connection)
        same = every(same_keys(("source_id", "source_line"), "c", "r"))
        items = [identifier("finding_id", "c"), identifier("account_id", "c"), identifier("api_key_id", "r")]
        query = joined_on(select(items, inner(cited, "c"), distinct=True), table(STORED, "r"), same)
        known = every([identifier("is_against", "c"), is_known(identifier("account_id", "c"))])
        rows = rows_of(self.connection, query.where(known, copy=False))
        told = [(*incidents[int(place)], account, key) for place, account, key in rows]
        return sorted(told, key=lambda row: (*row[:3], row[3] or ""))

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
    # Python's own work is done in a thread of its own, so that the engine doesn't wait for it
    with interruptible(), uncollected(), ThreadPoolExecutor(1) as aside:
        aside.submit(plan.texts)
        counts = prepared(plan, connection)
        made = all_tried(plan, counts, scanned(plan, connection), connection)
        look_up(plan, made, connection)
        reading = {
            rule.rule.name: aside.submit(_read(plan, rule, made[place], counts[place], connection))
            for place, rule in enumerate(plan.rules)
            if rule.is_asked
        }
        asked = {name: read.result() for name, read in reading.items()}
    done = {name: result for name, result in asked.items() if not isinstance(result, str)}
    return PlanResult(
        plan,
        connection,
        outcomes=tuple(outcome for outcome, _ in done.values()),
        errors={name: result for name, result in asked.items() if isinstance(result, str)},
        found={name: found for name, (outcome, found) in done.items() if outcome.is_evaluated},
    )


def _read(
    plan: Plan, rule: RulePlan, failed: str, counts: dict[str, int], connection: duckdb.DuckDBPyConnection
) -> Callable[[], Ran]:
    """Fetch what the tables of a rule hold, and return what makes its outcome of that, without the engine."""
    name = rule.rule.name
    if failed:
        return lambda: failed
    if not rule.coverage.is_evaluable:
        return lambda: (RuleOutcome(rule=name, is_evaluated=False, missing=rule.coverage.missing, **counts), ())
    try:
        incidents = incidents_of(plan, rule, connection)
    except duckdb.InterruptException:
        raise
    except duckdb.Error as error:
        return partial(first_line, error)
    return lambda: _outcome(name, incidents(), counts)


def _outcome(name: str, kept: tuple[FoundIncident, ...], counts: dict[str, int]) -> Ran:
    outcome = RuleOutcome(
        rule=name,
        is_evaluated=True,
        incidents=tuple(item.incident for item in kept if not item.incident.suppressed_by),
        suppressed=tuple(item.incident for item in kept if item.incident.suppressed_by),
        **counts,
    )
    return outcome, kept


def _by_place(of: str) -> list[exp.Expression]:
    return [exp.Ordered(this=column, desc=False) for column in columns((TIME, NUMBER), of)]


def _is(name: str, value: int) -> exp.Expression:
    return exp.EQ(this=identifier(name), expression=literal(value))
