"""Records whose id is already known.

One counts once when its content is the same, and is kept as a conflict when it isn't; which row counts first is fixed:
what is stored, then sources in order, then rows in order.
"""

import hashlib
import json
from pathlib import Path
from typing import Any  # rows of queries

import duckdb
from sqlglot import exp

from auditor.records.incoming import Batch, Outcome, all_columns, is_good, union
from auditor.records.manifest import Manifest
from auditor.records.places import ROW
from auditor.records.schema import COLUMNS
from auditor.records.sql import call, identifier, is_not, is_null, literal, table, text_of, within
from auditor.records.staging import Staged
from auditor.records.store import stored_records


def find_repeated(batch: Batch, folder: Path, manifest: Manifest, outcomes: dict[str, Outcome]) -> None:
    """Judge every id that occurs twice, in the batch or in the store, and note in `outcomes` what came of it."""
    parts = [
        exp.Select(expressions=[identifier("record_id")]).from_(table(staged.rows_table)).where(is_good(staged))
        for staged, _ in batch.sources
        if "record_id" in staged.columns
    ]
    if not parts:
        return
    ids = within(union(parts))
    repeated = (
        exp.Select(expressions=[identifier("record_id")]).from_(ids).where(is_not(is_null(identifier("record_id"))))
    )
    repeated = repeated.group_by(identifier("record_id"))
    repeated = repeated.having(exp.GT(this=call("count", exp.Star()), expression=literal(1)))
    queries: list[exp.Query] = [repeated]
    if manifest.files:
        known = exp.Select(expressions=[identifier("record_id")]).from_(within(stored_records(folder, manifest)))
        both = exp.Select(expressions=[identifier("record_id")], distinct=exp.Distinct()).from_(ids.copy())
        queries.append(both.where(exp.In(this=identifier("record_id"), query=exp.Subquery(this=known))))
    create = exp.Create(this=table("repeated"), kind="TABLE", replace=True, expression=union(queries))
    batch.connection.execute(text_of(create))
    seen: dict[str, set[str]] = {}
    if manifest.files:
        for record_id, _, content in _contents(batch.connection, within(stored_records(folder, manifest)), "record_id"):
            seen.setdefault(record_id, set()).add(content)
    for staged, source_id in batch.sources:
        if "record_id" in staged.columns:
            _judge(batch.connection, staged, seen, outcomes[source_id])


def _judge(connection: duckdb.DuckDBPyConnection, staged: Staged, seen: dict[str, set[str]], outcome: Outcome) -> None:
    rows = exp.Select(expressions=[*all_columns(staged), identifier(ROW)]).from_(table(staged.rows_table))
    for record_id, row, content in _contents(connection, within(rows.where(is_good(staged))), ROW):
        known = seen.setdefault(record_id, set())
        if content in known:
            outcome.duplicates += 1
            outcome.dropped.append(row)
        else:
            outcome.conflicts += bool(known)
            known.add(content)


def _contents(connection: duckdb.DuckDBPyConnection, rows: exp.Expression, order: str) -> Any:
    """Yield (record id, order value, digest of content) of the rows whose id is repeated; `extra` ignores key order."""
    content = exp.Struct(
        expressions=[
            exp.PropertyEQ(this=exp.to_identifier(name, quoted=True), expression=identifier(name))
            for name in COLUMNS
            if name != "extra"
        ]
    )
    query = exp.Select(
        expressions=[identifier("record_id"), identifier(order), call("to_json", content), identifier("extra")]
    )
    repeated = exp.Select(expressions=[identifier("record_id")]).from_(table("repeated"))
    query = query.from_(rows).where(exp.In(this=identifier("record_id"), query=exp.Subquery(this=repeated)))
    result = connection.cursor().execute(text_of(query.order_by(identifier(order))))
    while batch := result.fetchmany(10_000):
        for record_id, value, text, extra in batch:
            rest = json.dumps(json.loads(extra), sort_keys=True) if extra else ""
            yield record_id, value, hashlib.sha256(f"{text}\0{rest}".encode()).hexdigest()
