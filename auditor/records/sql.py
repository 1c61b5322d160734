"""The few SQLGlot nodes that every statement of the store is built from.

A statement is a tree, printed once for DuckDB; names are always quoted and values always go through `exp.convert`.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path

import duckdb
from sqlglot import exp


def identifier(name: str, of: str | None = None) -> exp.Column:
    """Return a quoted column, of a table's alias when one is given."""
    # not exp.column, which copies its parts: a plan has thousands of columns
    owner = exp.to_identifier(of, quoted=True) if of else None
    return exp.Column(this=exp.to_identifier(name, quoted=True), table=owner)


def table(name: str, alias: str | None = None) -> exp.Table:
    """Return a quoted table, under an alias when one is given."""
    named = exp.Table(this=exp.to_identifier(name, quoted=True))
    if alias:
        named.set("alias", exp.TableAlias(this=exp.to_identifier(alias, quoted=True)))
    return named


def call(function: str, *arguments: exp.Expression, **named: exp.Expression) -> exp.Anonymous:
    """Return a DuckDB function call that is printed as it stands; named arguments become `name = value`."""
    options = [exp.EQ(this=exp.to_identifier(name), expression=value) for name, value in named.items()]
    return exp.Anonymous(this=function, expressions=[*arguments, *options])


def file_reader(function: str, files: Iterable[Path], **options: exp.Expression) -> exp.Anonymous:
    """Return the call of a DuckDB function that reads files: nothing but what they hold.

    Left to itself, DuckDB takes a folder on the way that is called `plan=free` for a column of every row, in the place
    of the one that is there, and a name with `*`, `?` or `[` for all that it fits.
    """
    names = [literal(pattern_of(path)) for path in files]
    return call(function, exp.Array(expressions=names), **options, hive_partitioning=exp.false())


def pattern_of(path: Path) -> str:
    """Return the pattern that fits this path and no other."""
    return re.sub(r"([*?\[])", r"[\1]", str(path))


@cache
def data_type(kind: str) -> exp.DataType:
    """Return a DuckDB type; printing doesn't change it, so one serves all."""
    return exp.DataType.build(kind, dialect="duckdb")


def cast(value: exp.Expression, kind: str, *, attempt: bool = False) -> exp.Expression:
    """Return a cast to a DuckDB type; with `attempt`, one that gives NULL instead of an error."""
    made = exp.TryCast if attempt else exp.Cast
    return made(this=value, to=data_type(kind).copy())


def literal(value: object) -> exp.Expression:
    """Return a value as a literal."""
    converted = exp.convert(value)
    assert isinstance(converted, exp.Expression)
    return converted


def named(value: exp.Expression, name: str) -> exp.Alias:
    """Return a value under a quoted name."""
    return exp.Alias(this=value, alias=exp.to_identifier(name, quoted=True))


def case(cases: Sequence[tuple[exp.Expression, exp.Expression]], default: exp.Expression | None = None) -> exp.Case:
    """Return a CASE; DuckDB runs a branch only for the rows that get there."""
    return exp.Case(ifs=[exp.If(this=when, true=then) for when, then in cases], default=default)


def is_null(value: exp.Expression) -> exp.Expression:
    """Return the test that a value is NULL."""
    return exp.Paren(this=exp.Is(this=value, expression=exp.null()))


def is_not(value: exp.Expression) -> exp.Expression:
    """Return the negation of a test."""
    return exp.Paren(this=exp.Not(this=exp.Paren(this=value)))


def total(values: Sequence[exp.Expression]) -> exp.Expression:
    """Return the sum of values, 0 when there are none."""
    return _folded(exp.Add, values, literal(0))


def any_of(tests: Sequence[exp.Expression]) -> exp.Expression:
    """Return the test that one of the tests holds, false when there are none."""
    return _folded(exp.Or, tests, exp.false())


def all_of(tests: Sequence[exp.Expression]) -> exp.Expression:
    """Return the test that all tests hold, true when there are none."""
    return _folded(exp.And, tests, exp.true())


def _folded(
    kind: Callable[..., exp.Expression], values: Sequence[exp.Expression], empty: exp.Expression
) -> exp.Expression:
    if not values:
        return empty
    whole: exp.Expression = values[0]
    for value in values[1:]:
        whole = kind(this=whole, expression=exp.Paren(this=value))
    return exp.Paren(this=whole)


def within(query: exp.Query, alias: str = "inner") -> exp.Subquery:
    """Return a query as a table of another one."""
    return exp.Subquery(this=query, alias=exp.TableAlias(this=exp.to_identifier(alias, quoted=True)))


def columns_definition(types: Mapping[str, str]) -> list[exp.Expression]:
    """Return column definitions for CREATE TABLE, in order."""
    return [
        exp.ColumnDef(this=exp.to_identifier(name, quoted=True), kind=data_type(kind).copy())
        for name, kind in types.items()
    ]


def text_of(statement: exp.Expr) -> str:
    """Print a statement for DuckDB."""
    return statement.sql(dialect="duckdb", copy=False)


def setting(name: str, value: object) -> str:
    """Return the statement that sets a DuckDB option."""
    assignment = exp.EQ(this=exp.to_identifier(name), expression=exp.convert(value))
    return text_of(exp.Set(expressions=[exp.SetItem(this=assignment)]))


def open_connection(
    *,
    folders: Sequence[Path] = (),
    files: Sequence[Path] = (),
    memory_limit: str = "1GB",
    temporary: Path | None = None,
    keeps_footers: bool = False,
) -> duckdb.DuckDBPyConnection:
    """Open an in-memory connection that reaches no network, no extension, and only `files` and what is in `folders`.

    `temporary` is where DuckDB may put what doesn't fit into memory; without it, nothing is put on disk. With
    `keeps_footers` what Parquet files say of themselves is read once: for files that nobody writes meanwhile.
    """
    connection = duckdb.connect(
        config={
            "memory_limit": memory_limit,
            "temp_directory": str(temporary) if temporary else "",
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        }
    )
    connection.execute(setting("TimeZone", "UTC"))
    connection.execute(setting("parquet_metadata_cache", keeps_footers))
    connection.execute(setting("enable_progress_bar", False))  # it would be drawn on standard output, among results
    spelt = [name for folder in folders for name in (str(folder), pattern_of(folder))]
    _allow(connection, "allowed_directories", [f"{name}/" for name in dict.fromkeys(spelt)])
    _allow(connection, "allowed_paths", [str(file) for file in files])
    connection.execute(setting("enable_external_access", False))
    connection.execute(setting("lock_configuration", True))
    return connection


def _allow(connection: duckdb.DuckDBPyConnection, option: str, paths: Sequence[str]) -> None:
    if paths:
        listed = exp.Array(expressions=[literal(path) for path in paths])
        assignment = exp.EQ(this=exp.to_identifier(option), expression=listed)
        connection.execute(text_of(exp.Set(expressions=[exp.SetItem(this=assignment)])))
