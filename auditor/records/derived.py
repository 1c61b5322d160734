"""Columns worked out from all records before a plan runs: the view `records` with more columns in its place.

What derives them (what prompts have in common, who acted together) puts its answers into tables of the activity's
connection and says here how a record finds its value. The compiled plan and the plain evaluator then read the same
values, since both read the view. Nothing is derived that nobody asked for.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import duckdb
from sqlglot import exp

from auditor.errors import WorkspaceError
from auditor.records.activity import ALL_COLUMNS, STORED, Activity, SourceSummary, show
from auditor.records.schema import COLUMNS, DERIVABLE_COLUMNS, DERIVED_FROM, DUCKDB_TYPES, FACT_COLUMNS
from auditor.records.sql import call, cast, identifier, named, table, text_of

ROW = "r"
"""The alias of the stored record in `Derivation.value` and in the conditions of its joins."""


@dataclass(frozen=True)
class Derivation:
    """How a record gets its value of a column.

    `value` is over `ROW` and the joined tables, each under its own name; `joins` are (table, condition), LEFT JOINs
    that find at most one row for a record. The tables are ordinary ones (`make_table`): a temporary table is
    seen by one cursor only. `needs` are the stored columns that a source must provide.
    """

    name: str
    value: exp.Expression
    joins: tuple[tuple[str, exp.Expression], ...] = ()
    needs: frozenset[str] = frozenset()


def with_derived(activity: Activity, derivations: Sequence[Derivation]) -> Activity:
    """Return the activity with the derived columns in its view, in the place of those derived before.

    A source provides such a column if it gives it, or everything that it needs. The view belongs to the connection:
    activities made from the same one see it too. Raises WorkspaceError when the records can't be read.
    """
    assert not activity.derived, "columns are derived from what is stored, all in one go"
    names = [item.name for item in derivations]
    assert len(set(names)) == len(names), f"each column is derived once: {names}"
    for item in derivations:
        assert item.needs == DERIVED_FROM[item.name], f"`{item.name}` needs {DERIVED_FROM[item.name]}, by the schema"
    try:
        show(activity.connection, _query(derivations) if derivations else None)
    except duckdb.Error as error:
        message = f"the records can't be read: {str(error).splitlines()[0]}"
        raise WorkspaceError.at(None, message, "restore the activity folder") from error
    new = tuple(name for name in names if name not in COLUMNS)
    return replace(activity, sources=providing(activity.sources, names), derived=new)


def providing(sources: Iterable[SourceSummary], names: Collection[str]) -> tuple[SourceSummary, ...]:
    """Return the sources with those of the derivable columns `names` that what they provide is enough for."""
    kept = tuple(sources)
    facts = frozenset(FACT_COLUMNS) & frozenset().union(*(source.provides for source in kept if source.records))

    def with_more(source: SourceSummary) -> SourceSummary:
        known = source.provides | facts
        return replace(source, provides=source.provides | {name for name in names if DERIVED_FROM[name] <= known})

    return tuple(map(with_more, kept))


def derivable(names: Iterable[str]) -> frozenset[str]:
    """Return those of some columns that can be worked out."""
    return frozenset(names) & frozenset(DERIVABLE_COLUMNS)


def make_table(activity: Activity, name: str, query: exp.Query) -> None:
    """Keep the answer of a query as a table for derivations, in the place of an earlier one of that name."""
    activity.connection.execute(text_of(exp.Create(this=table(name), kind="TABLE", replace=True, expression=query)))


def insert(activity: Activity, name: str, query: exp.Query) -> None:
    """Add the answer of a query to a table for derivations."""
    activity.connection.execute(text_of(exp.Insert(this=table(name), expression=query)))


def keep_table(activity: Activity, name: str, columns: Mapping[str, tuple[str, Sequence[object]]]) -> None:
    """Put columns, given as (type, values), into a table of the activity's in-memory database."""
    lists = [
        named(call("unnest", cast(exp.Placeholder(this=column), f"{kind}[]")), column)
        for column, (kind, _) in columns.items()
    ]
    made = exp.Create(this=table(name), kind="TABLE", replace=True, expression=exp.Select(expressions=lists))
    values = {column: list(given) for column, (_, given) in columns.items()}
    activity.connection.cursor().execute(text_of(made), values)


def _query(derivations: Sequence[Derivation]) -> exp.Select:
    derived = {item.name: _typed(item) for item in derivations}
    stored = {name: identifier(name, ROW) for name in ALL_COLUMNS}
    values = {**stored, **derived}
    query = exp.Select(expressions=[named(value, name) for name, value in values.items()]).from_(table(STORED, ROW))
    for name, condition in {name: condition for item in derivations for name, condition in item.joins}.items():
        query = query.join(table(name, name), on=condition.copy(), join_type="LEFT")
    return query


def _typed(item: Derivation) -> exp.Expression:
    return cast(item.value.copy(), DUCKDB_TYPES[DERIVABLE_COLUMNS[item.name].type])
