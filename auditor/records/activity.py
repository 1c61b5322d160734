"""What the checker reads: one relation of records and what each source provides.

`Activity` is the narrow door between the store and everything that reads it: an open, locked-down DuckDB
connection with a view `records` (every column of the schema and of provenance, in contract types, and whatever
`derived.py` adds) and one summary a source. A column that a source never fills isn't in its `provides`: that is how
a rule learns that it can't be evaluated there.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any  # a row holds values of every column type

import duckdb
from sqlglot import exp

from auditor.records.schema import COLUMNS, DERIVED_COLUMNS, DUCKDB_TYPES, PROVENANCE_COLUMNS
from auditor.records.sql import identifier, table, text_of

RECORDS = "records"
"""Name of the view that holds all records of an activity."""

STORED = "stored_records"
"""Name of what lies below that view: the records without what is derived.

Whoever needs nothing that is derived reads here: the engine makes a view's joins whether or not somebody looks at what
they bring.
"""

ALL_COLUMNS = (*COLUMNS, *PROVENANCE_COLUMNS, *DERIVED_COLUMNS)

STORED_TYPES: dict[str, str] = {
    **{name: DUCKDB_TYPES[column.type] for name, column in COLUMNS.items()},
    **PROVENANCE_COLUMNS,
    **DERIVED_COLUMNS,
}
"""DuckDB type of every column, in the order of `ALL_COLUMNS`."""

ORDER = ("time", "source_id", "source_line")
"""The order of records wherever an order is seen."""


@dataclass(frozen=True)
class SourceSummary:
    """One source file as the checker sees it.

    `provides` are the columns filled in at least one record of its kind (`one_kind`). `extra_names` are the names below
    `extra` that were asked for and occur there; None when nobody asked, and then any name counts as there.
    """

    source_id: str
    name: str
    profile: str
    records: int
    provides: frozenset[str]
    extra_names: frozenset[str] | None = None

    def has(self, name: str) -> bool:
        """Say whether the source provides a stored column, or a name such as `extra.size`."""
        if not name.startswith("extra."):
            return name in self.provides
        return "extra" in self.provides and (self.extra_names is None or name in self.extra_names)


def one_kind(sources: Iterable[SourceSummary]) -> tuple[SourceSummary, ...]:
    """Return the sources with what all sources of their profile provide together.

    A service writes a file every five minutes: that one of them has no error in it says nothing about what the
    service records. How a log is cut into files must not decide what a rule can see.
    """
    kept = tuple(sources)
    provides: dict[str, frozenset[str]] = {}
    names: dict[str, frozenset[str]] = {}
    for source in kept:
        provides[source.profile] = provides.get(source.profile, frozenset()) | source.provides
        names[source.profile] = names.get(source.profile, frozenset()) | (source.extra_names or frozenset())
    return tuple(
        replace(
            source,
            provides=provides[source.profile],
            extra_names=None if source.extra_names is None else names[source.profile],
        )
        for source in kept
    )


@dataclass(frozen=True)
class Activity:
    """An open connection whose view `records` holds the activity, and the sources it came from.

    `derived` are the columns that the view has besides the stored ones.
    """

    connection: duckdb.DuckDBPyConnection
    sources: tuple[SourceSummary, ...]
    derived: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column of a record, in order."""
        return (*ALL_COLUMNS, *self.derived)

    def rows(self, where: exp.Expression | None = None) -> Iterator[dict[str, Any]]:
        """Yield every record (that fulfils `where`) as a dict, ordered by (time, source_id, source_line).

        Times are aware UTC.
        """
        names = self.columns
        query = exp.Select(expressions=[identifier(name) for name in names]).from_(table(RECORDS))
        query = query if where is None else query.where(where, copy=False)
        query = query.order_by(*(identifier(name) for name in ORDER))
        result = self.connection.cursor().execute(text_of(query))
        while batch := result.fetchmany(2048):
            for values in batch:
                row = dict(zip(names, values, strict=True))
                row["time"] = _aware(row["time"])
                yield row


def show(connection: duckdb.DuckDBPyConnection, query: exp.Select | None = None) -> None:
    """Make `records` a view of a query, or of what is stored and nothing else; a view of that name is replaced."""
    query = query or exp.Select(expressions=[exp.Star()]).from_(table(STORED))
    connection.execute(text_of(exp.Create(this=table(RECORDS), kind="VIEW", replace=True, expression=query)))


def _aware(time: datetime) -> datetime:
    return time.replace(tzinfo=UTC)
