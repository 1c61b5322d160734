"""The staged rows of a batch of sources as they will be stored: good ones only, with every column and provenance."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import duckdb
from sqlglot import exp

from auditor.digests import digest_of_parts
from auditor.records.activity import STORED_TYPES
from auditor.records.layout import HIGH, LOW
from auditor.records.places import ROW_NUMBER
from auditor.records.schema import COLUMNS
from auditor.records.sql import all_of, call, cast, identifier, literal, named, table
from auditor.records.staging import Staged


@dataclass
class Outcome:
    """What became of one source's good rows."""

    records: int = 0
    duplicates: int = 0
    conflicts: int = 0
    first_time: datetime | None = None
    last_time: datetime | None = None

    def add(self, records: int, first: datetime, last: datetime) -> None:
        """Take in some records and the first and last of their times."""
        self.records += records
        self.first_time = min(self.first_time or first, first)
        self.last_time = max(self.last_time or last, last)


@dataclass(frozen=True)
class Batch:
    """Staged sources with their ids, to be written together."""

    connection: duckdb.DuckDBPyConnection
    sources: Sequence[tuple[Staged, str]]

    @property
    def is_alone(self) -> bool:
        """Whether there is one source only: its id is then added after sorting, where it costs nothing."""
        return len(self.sources) == 1

    @property
    def name(self) -> str:
        """A name that follows from the sources alone."""
        return digest_of_parts([source_id for _, source_id in self.sources])[:16]


def dropped_table(staged: Staged) -> str:
    """Name the table of a source's good rows that are not stored, since an earlier record has their content."""
    return f"dropped·{staged.number}"


def rows_of(batch: Batch, outcomes: Mapping[str, Outcome]) -> exp.Query:
    """Return the query of all rows to store that aren't in files yet, with their row number in the source."""
    parts: list[exp.Query] = []
    for staged, source_id in batch.sources:
        own = () if batch.is_alone else (named(literal(source_id), "source_id"),)
        values = [*all_columns(staged, source_id), *own, identifier(ROW_NUMBER)]
        rows = table(staged.loaded_table if staged.files else staged.placed_table)
        parts.append(only_kept(exp.Select(expressions=values).from_(rows), staged, outcomes[source_id]))
    return union(parts)


def only_kept(query: exp.Select, staged: Staged, outcome: Outcome) -> exp.Select:
    """Leave rows that are not stored out of a query over a source's rows."""
    if staged.bad or staged.known:
        query = query.where(is_good(staged))
    if outcome.duplicates:
        query = query.where(_not_in(dropped_table(staged)))
    return query


def is_good(staged: Staged) -> exp.Expression:
    """Return the test that a row of a source is new and isn't bad."""
    tests: list[exp.Expression] = []
    if staged.known:
        tests.append(exp.GTE(this=identifier(ROW_NUMBER), expression=literal(staged.known)))
    if staged.bad:
        tests.append(_not_in(staged.bad_table))
    return all_of(tests)


def all_columns(staged: Staged, source_id: str | None = None) -> list[exp.Expression]:
    """Return every column of a staged source; provenance only when its id is given."""
    filled = set(staged.columns)
    values: dict[str, exp.Expression] = {
        name: identifier(name) if name in filled else cast(exp.null(), STORED_TYPES[name]) for name in COLUMNS
    }
    if "prompt" in filled:
        values["prompt_digest"] = identifier("·prompt_digest")
    for half in (HIGH, LOW):
        values[half] = identifier(half) if "client_ip" in filled else cast(exp.null(), "UBIGINT")
    if source_id is not None:
        own = exp.DPipe(this=literal(f"{source_id}:"), expression=cast(identifier("source_line"), "VARCHAR"))
        values |= {
            "record_id": call("coalesce", values["record_id"], own),
            "source_line": identifier("source_line"),
            "source_offset": call("nullif", identifier("source_offset"), literal(-1)),
            "source_length": call("nullif", identifier("source_length"), literal(-1)),
        }
    return [named(value, name) for name, value in values.items()]


def _not_in(name: str) -> exp.Expression:
    rows = exp.Select(expressions=[identifier("row")]).from_(table(name))
    return exp.Not(this=exp.In(this=identifier(ROW_NUMBER), query=exp.Subquery(this=rows)))


def union(queries: Sequence[exp.Query]) -> exp.Query:
    """Return all rows of several queries, repeated ones too."""
    whole = queries[0]
    for query in queries[1:]:
        whole = exp.Union(this=whole, expression=query, distinct=False)
    return whole
