"""Read one rule's incidents out of the tables that its plan made."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any  # rows hold values of every column type

import duckdb

from auditor.checker.compile.conditions import TIME
from auditor.checker.compile.flags import BASE
from auditor.checker.compile.nodes import columns, every, joined_on, same_keys, select
from auditor.checker.compile.plan import Plan, RulePlan
from auditor.checker.compile.seen import LINES, NUMBER
from auditor.checker.compile.windows import NOT_EXEMPT
from auditor.checker.engines.tables import fill, rows_of
from auditor.checker.findings import Incident, MeasureValue, RecordRef, TermsCount
from auditor.records.sql import table

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class FoundIncident:
    """An incident as the engine knows it: its number in the rule's tables, and the sources of its records."""

    key: int
    incident: Incident
    sources: tuple[str, ...]


def incidents_of(plan: Plan, rule: RulePlan, connection: duckdb.DuckDBPyConnection) -> tuple[FoundIncident, ...]:
    """Return the incidents that a rule's tables hold, numbered in the order of docs/evaluation.md."""
    assert rule.incident_query is not None
    assert rule.account_query is not None
    assert rule.source_query is not None
    rows = rows_of(connection, rule.incident_query)
    if not rows:
        return ()
    accounts = _grouped(rows_of(connection, rule.account_query))
    sources = _grouped(rows_of(connection, rule.source_query))
    terms = _grouped(rows_of(connection, rule.terms_query)) if rule.terms_query is not None else {}
    firsts = _firsts(plan, [row[6] for row in rows], connection)
    built = [_built(plan, rule, row, accounts.get(row[0], []), terms.get(row[0], [])) for row in rows]
    order = sorted(range(len(rows)), key=lambda place: (*built[place].position, rows[place][6], rows[place][7]))
    return tuple(
        FoundIncident(
            key=rows[place][0],
            incident=built[place].incident(number, firsts[rows[place][6]]),
            sources=tuple(plan.scope.source_ids[source] for (source,) in sources[rows[place][0]]),
        )
        for number, place in enumerate(order)
    )


@dataclass(frozen=True)
class _Built:
    """An incident without its number and first record."""

    subject: tuple[str, ...]
    by: tuple[str, ...]
    start: datetime
    end: datetime
    windows: int
    records: int
    measures: tuple[tuple[str, MeasureValue | None], ...]
    accounts: tuple[tuple[str, int], ...]
    terms: tuple[TermsCount, ...]
    suppressed_by: str

    @property
    def position(self) -> tuple[object, ...]:
        return (self.subject, self.by, self.start, bool(self.suppressed_by), self.suppressed_by)

    def incident(self, number: int, first: RecordRef) -> Incident:
        # not validated again: a rule may have a hundred thousand incidents, and all values are the engine's own
        return Incident.model_construct(number=number, first=first, **self.__dict__)


def _built(
    plan: Plan, rule: RulePlan, row: tuple[Any, ...], accounts: list[tuple[Any, ...]], terms: list[tuple[Any, ...]]
) -> _Built:
    _, exempt, windows, start, end, records, _, _ = row[:8]
    subject_end = 8 + len(rule.rule.subject_columns)
    by_end = subject_end + len(rule.rule.by)
    names = [measure.name for measure in rule.rule.measures]
    return _Built(
        subject=row[8:subject_end],
        by=row[subject_end:by_end],
        start=_time(start),
        end=_time(end),
        windows=windows,
        records=records,
        measures=tuple(zip(names, row[by_end:], strict=True)),
        accounts=tuple((account, count) for account, count in accounts),
        terms=tuple(count for values in terms for count in _terms_counts(plan, values)),
        suppressed_by="" if exempt == NOT_EXEMPT else rule.shape.exemption_names[exempt],
    )


def _terms_counts(plan: Plan, counts: Sequence[int]) -> Iterator[TermsCount]:
    for item, count in zip(plan.versions, counts, strict=True):
        if count:
            yield TermsCount(terms=item.terms.id, version=item.version.version, records=count)


def _firsts(plan: Plan, numbers: list[int], connection: duckdb.DuckDBPyConnection) -> dict[int, RecordRef]:
    fill(connection, "first_records", {NUMBER: "BIGINT"}, [(number,) for number in sorted(set(numbers))])
    query = select(columns((NUMBER, TIME, "record_id", "account_id"), "record"), table(BASE, "record"))
    same = every(same_keys((NUMBER,), "record", "first"))
    query = joined_on(query, table("first_records", "first"), same)
    return {row[0]: reference(plan, *row) for row in rows_of(connection, query)}


def reference(plan: Plan, number: int, time: int, record_id: str, account_id: str | None) -> RecordRef:
    """Return a record as findings cite it, from its number and time in the plan's tables."""
    return RecordRef.model_construct(
        time=_time(time),
        source_id=plan.scope.source_ids[number // LINES],
        source_line=number % LINES,
        record_id=record_id,
        account_id=account_id,
    )


def _time(micros: int) -> datetime:
    return EPOCH + timedelta(microseconds=micros)


def _grouped(rows: list[tuple[Any, ...]]) -> dict[int, list[tuple[Any, ...]]]:
    found: dict[int, list[tuple[Any, ...]]] = {}
    for key, *values in rows:
        found.setdefault(key, []).append(tuple(values))
    return found
