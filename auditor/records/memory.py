"""Records held in memory, for rule cases and for tests: the same columns and checks as the store, without files.

Rows are refused where the canonical profile would quarantine them, since a case with a wrong record proves nothing.
"""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from functools import cache, lru_cache
from typing import Any  # a row holds values of every column type

import duckdb
from sqlglot import exp

from auditor.errors import InputError, Place, Problem
from auditor.records.activity import ALL_COLUMNS, RECORDS, STORED, STORED_TYPES, Activity, SourceSummary, show
from auditor.records.addresses import number_of
from auditor.records.layout import ADDRESS_NUMBER
from auditor.records.schema import COLUMNS, PROVENANCE_COLUMNS
from auditor.records.sql import call, cast, columns_definition, identifier, open_connection, table, text_of
from auditor.records.values import BadValueError, shown, value_for

MEMORY_SOURCE = "memory"
"""`source_id` of rows that name none."""


def activity_of(
    rows: Sequence[Mapping[str, object]],
    *,
    connection: duckdb.DuckDBPyConnection | None = None,
    provides: Mapping[str, Collection[str]] | None = None,
    place: str = RECORDS,
) -> Activity:
    """Return an activity of the given rows, in canonical names with JSON-like or Python values.

    `provides` (columns by source_id) overrides what is read off the rows. A `connection` from an earlier call is
    reused, which ends the earlier activity. `place` is named in errors, with the row's number.

    Raises InputError listing every row that the canonical profile would refuse.
    """
    records = _records(rows, place)
    connection = connection or open_connection()
    _fill(connection, records)
    return Activity(connection, _sources(records, provides or {}))


def record_of(row: Mapping[str, object], position: int) -> dict[str, Any]:
    """Return one row as the store would keep it: every column, derived ones filled; `position` is 1-based.

    Raises BadValueError.
    """
    record: dict[str, Any] = dict.fromkeys(ALL_COLUMNS)
    for name, value in row.items():
        if name in COLUMNS:
            record[name] = value_for(COLUMNS[name], value)
        elif name in PROVENANCE_COLUMNS:
            record[name] = value
        else:
            raise BadValueError(f"{shown(name)} is no column, expected one of the record's columns")
    for name in ("time", "event"):
        if record[name] in (None, ""):
            raise BadValueError(f"`{name}` is missing, expected a value")
    return _derived(record, position)


def _derived(record: dict[str, Any], position: int) -> dict[str, Any]:
    source = MEMORY_SOURCE if record["source_id"] is None else record["source_id"]
    line = position if record["source_line"] is None else record["source_line"]
    prompt, digest = record["prompt"], record["prompt_digest"]
    return record | {
        "source_id": source,
        "source_line": line,
        "record_id": f"{source}:{line}" if record["record_id"] is None else record["record_id"],
        "prompt_digest": hashlib.sha256(prompt.encode()).hexdigest() if digest is None and prompt else digest,
        "client_ip_number": number_of(record["client_ip"]),
    }


def _records(rows: Sequence[Mapping[str, object]], place: str) -> list[dict[str, Any]]:
    records, problems = [], []
    for position, row in enumerate(rows, start=1):
        try:
            records.append(record_of(row, position))
        except BadValueError as error:
            hint = f"correct row {position}; column types are listed in the record contract"
            problems.append(Problem(Place(place), f"row {position}: {error}", hint))
    if problems:
        raise InputError(problems)
    return records


def _fill(connection: duckdb.DuckDBPyConnection, records: list[dict[str, Any]]) -> None:
    connection.execute(_creation())
    show(connection)
    filled = tuple(name for name in ALL_COLUMNS if any(record[name] is not None for record in records))
    if filled:
        connection.execute(_insertion(filled), [[_sent(record[name], name) for record in records] for name in filled])


def _sent(value: Any, name: str) -> Any:
    """Return a value as it is sent to DuckDB, which takes whole numbers of 128 bits from Python only as text."""
    return str(value) if name == ADDRESS_NUMBER and value is not None else value


@cache
def _creation() -> str:
    schema = exp.Schema(this=table(STORED), expressions=columns_definition(STORED_TYPES))
    return text_of(exp.Create(this=schema, kind="TABLE", replace=True))


@lru_cache(maxsize=256)
def _insertion(filled: tuple[str, ...]) -> str:
    kinds = ["VARCHAR" if name == ADDRESS_NUMBER else STORED_TYPES[name] for name in filled]
    sent = [call("unnest", cast(exp.Placeholder(), f"{kind}[]")) for kind in kinds]
    lists = [cast(value, STORED_TYPES[name]) for value, name in zip(sent, filled, strict=True)]
    target = exp.Schema(this=table(STORED), expressions=[identifier(name).this for name in filled])
    return text_of(exp.Insert(this=target, expression=exp.Select(expressions=lists)))


def _sources(records: list[dict[str, Any]], provides: Mapping[str, Collection[str]]) -> tuple[SourceSummary, ...]:
    counts: dict[str, int] = {}
    columns: dict[str, set[str]] = {}
    for record in records:
        source = record["source_id"]
        counts[source] = counts.get(source, 0) + 1
        columns.setdefault(source, set()).update(name for name in COLUMNS if record[name] is not None)
    return tuple(
        SourceSummary(source, source, "canonical", counts[source], frozenset(provides.get(source, columns[source])))
        for source in sorted(counts)
    )
