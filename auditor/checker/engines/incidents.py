"""Read one rule's incidents out of the tables that its plan made."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, TypeVar  # rows hold values of every column type

import duckdb

from auditor.checker.compile.composite import piece_query
from auditor.checker.compile.plan import Plan
from auditor.checker.compile.seen import LINES
from auditor.checker.compile.statements import RulePlan
from auditor.checker.compile.windows import NOT_EXEMPT
from auditor.checker.engines.tables import rows_of
from auditor.checker.findings import Incident, PartSeen, RecordRef, TermsCount
from auditor.policy.conditions import Node

Model = TypeVar("Model", bound=Node)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LOW_SOURCE, HIGH_SOURCE, SUBJECT = 10, 11, 12
"""Places of columns in a row of the incident query (compile/results.py)."""


class FoundIncident(NamedTuple):
    """An incident as the engine knows it: its number in the rule's tables, and the sources of its records."""

    key: int
    incident: Incident
    sources: tuple[str, ...]


def incidents_of(
    plan: Plan, rule: RulePlan, connection: duckdb.DuckDBPyConnection
) -> Callable[[], tuple[FoundIncident, ...]]:
    """Fetch the incidents that a rule's tables hold, and return what makes them of the rows, without the engine.

    They are numbered in the order of docs/evaluation.md.
    """
    assert rule.incident_query is not None
    rows = rows_of(connection, rule.incident_query)
    if not rows:
        return tuple
    sources, parts = _sources(plan, rule, rows, connection), _parts(rule, connection)
    reader = _Reader(plan, rule, _accounts(rule, connection), sources, parts)
    return lambda: tuple([reader.found(number, row) for number, row in enumerate(rows)])


def _accounts(rule: RulePlan, connection: duckdb.DuckDBPyConnection) -> dict[int, tuple[tuple[str, int], ...]] | None:
    if rule.account_query is None:
        return None
    found: dict[int, list[tuple[str, int]]] = {}
    for key, account, count in rows_of(connection, rule.account_query):
        found.setdefault(key, []).append((account, count))
    return {key: tuple(accounts) for key, accounts in found.items()}


def _sources(
    plan: Plan, rule: RulePlan, rows: list[tuple[Any, ...]], connection: duckdb.DuckDBPyConnection
) -> dict[int, tuple[str, ...]]:
    """Return the sources of the incidents that have several, none where every incident lies in one."""
    found: dict[int, tuple[str, ...]] = {}
    if rule.source_query is not None and any(row[LOW_SOURCE] != row[HIGH_SOURCE] for row in rows):
        for key, source in rows_of(connection, rule.source_query):
            found[key] = (*found.get(key, ()), plan.scope.source_ids[source])
    return found


def _parts(rule: RulePlan, connection: duckdb.DuckDBPyConnection) -> dict[int, tuple[PartSeen, ...]]:
    """Return what met in each incident of a composite, none for other rules."""
    found: dict[int, list[PartSeen]] = {}
    for key, *piece in rows_of(connection, rule.part_query) if rule.part_query is not None else ():
        found.setdefault(key, []).append(_piece(rule, piece))
    return {key: tuple(sorted(parts, key=lambda part: part.place)) for key, parts in found.items()}


def pieces_of(rule: RulePlan, subject: tuple[str, ...], connection: duckdb.DuckDBPyConnection) -> tuple[PartSeen, ...]:
    """Return what the parts of a composite have of one subject, in the order of their times."""
    rows = rows_of(connection, piece_query(rule.shape, subject))
    return tuple(sorted((_piece(rule, row) for row in rows), key=lambda part: part.place))


def _piece(rule: RulePlan, row: Sequence[Any]) -> PartSeen:
    names = {part.shape.flags.number: part.rule.name for part in rule.parts}
    part, low, high, records = row
    return PartSeen(rule=names[part], start=time_of(low), end=time_of(high), records=records)


class _Reader:
    """Turns rows of a rule's incident query into incidents.

    Nothing is validated again: a rule may have a hundred thousand incidents, and all values are the engine's own.
    """

    def __init__(
        self,
        plan: Plan,
        rule: RulePlan,
        accounts: dict[int, tuple[tuple[str, int], ...]] | None,
        sources: dict[int, tuple[str, ...]],
        parts: dict[int, tuple[PartSeen, ...]],
    ) -> None:
        self._plan, self._accounts, self._sources, self._parts = plan, accounts, sources, parts
        self._suppressors = rule.shape.exemption_names
        self._names = [name.full for name in rule.rule.reported]
        self._by = SUBJECT + len(rule.rule.subject_columns)
        self._measures = self._by + len(rule.rule.by)
        self._terms = self._measures + len(self._names)

    def found(self, number: int, row: tuple[Any, ...]) -> FoundIncident:
        """Return the incident of a row; `number` is its place among the rule's incidents."""
        key, exempt, windows, start, end, records, record_id, account_id, first, about, low, _ = row[:SUBJECT]
        subject = row[SUBJECT : self._by]
        incident = made(
            Incident,
            number=number,
            subject=subject,
            by=row[self._by : self._measures],
            start=time_of(start),
            end=time_of(end),
            windows=windows,
            measures=tuple(zip(self._names, row[self._measures : self._terms], strict=True)),
            records=records,
            first=reference(self._plan, first, start, record_id, account_id),
            accounts=self._accounts_of(key, account_id, about),
            terms=self._terms_of(row[self._terms :]),
            suppressed_by="" if exempt == NOT_EXEMPT else self._suppressors[exempt],
            parts=self._parts.get(key, ()),
        )
        return FoundIncident(key, incident, self._sources.get(key) or (self._plan.scope.source_ids[low],))

    def _accounts_of(self, key: int, account_id: str, about: int) -> tuple[tuple[str, int], ...]:
        if self._accounts is None:
            return ((account_id, about),) if about else ()
        return self._accounts.get(key, ())

    def _terms_of(self, counts: Sequence[int]) -> tuple[TermsCount, ...]:
        return tuple(
            [
                made(TermsCount, terms=item.terms.id, version=item.version.version, records=count)
                for item, count in zip(self._plan.versions, counts, strict=True)
                if count
            ]
        )


def made(model: type[Model], **values: object) -> Model:
    """Return a frozen model of values that need no check: what `model_construct` does, without looking at its fields.

    All fields must be given. A rule may have a hundred thousand incidents, and this takes a quarter of the time.
    """
    item = model.__new__(model)
    object.__setattr__(item, "__dict__", values)
    object.__setattr__(item, "__pydantic_fields_set__", set(values))
    object.__setattr__(item, "__pydantic_extra__", None)
    object.__setattr__(item, "__pydantic_private__", None)
    return item


def reference(plan: Plan, number: int, time: int, record_id: str, account_id: str | None) -> RecordRef:
    """Return a record as findings cite it, from its number and time in the plan's tables."""
    return made(
        RecordRef,
        time=time_of(time),
        source_id=plan.scope.source_ids[number // LINES],
        source_line=number % LINES,
        record_id=record_id,
        account_id=account_id,
    )


def time_of(micros: int) -> datetime:
    """Return the UTC time of microseconds since 1970."""
    return EPOCH + timedelta(microseconds=micros)
