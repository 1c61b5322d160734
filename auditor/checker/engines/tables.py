"""What the engine does with a connection: run a query, make a table of Python rows, turn an interruption into one."""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any  # rows hold values of every column type

import duckdb
from sqlglot import exp

from auditor.checker.compile.nodes import named
from auditor.records.sql import call, cast, table, text_of


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """Let Ctrl-C in the middle of a query be a KeyboardInterrupt; DuckDB makes a RuntimeError of it."""
    try:
        yield
    except duckdb.InterruptException as error:
        raise KeyboardInterrupt from error
    except RuntimeError as error:
        if str(error) == "Query interrupted":
            raise KeyboardInterrupt from error
        raise


def rows_of(connection: duckdb.DuckDBPyConnection, query: exp.Expression) -> list[tuple[Any, ...]]:
    """Return all rows of a query."""
    return connection.execute(text_of(query)).fetchall()


def fill(
    connection: duckdb.DuckDBPyConnection, name: str, types: Mapping[str, str], rows: Sequence[tuple[Any, ...]]
) -> None:
    """Make a temporary table of Python rows; one list a column is the quick way in."""
    items = [named(call("UNNEST", cast(exp.Placeholder(), f"{kind}[]")), column) for column, kind in types.items()]
    creation = exp.Create(
        this=table(name),
        kind="TABLE",
        replace=True,
        properties=exp.Properties(expressions=[exp.TemporaryProperty()]),
        expression=exp.Select(expressions=items),
    )
    lists = [[row[place] for row in rows] for place in range(len(types))]
    connection.execute(text_of(creation), lists)


def append(
    connection: duckdb.DuckDBPyConnection, name: str, types: Mapping[str, str], lists: Sequence[Sequence[Any]]
) -> None:
    """Add rows to a table that `fill` made, given as one list a column."""
    items = [named(call("UNNEST", cast(exp.Placeholder(), f"{kind}[]")), column) for column, kind in types.items()]
    insertion = exp.Insert(this=table(name), expression=exp.Select(expressions=items))
    connection.execute(text_of(insertion), [list(values) for values in lists])


def first_line(error: duckdb.Error) -> str:
    """Return the first line of DuckDB's message, as a part of a message of ours."""
    return str(error).splitlines()[0].rstrip(".")
