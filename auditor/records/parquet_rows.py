"""Parquet as a source: its rows as JSON Lines, in order, with times that say their zone."""

from pathlib import Path

import duckdb
from sqlglot import exp

from auditor.errors import AuditorError, InputError
from auditor.records.profiles import Profile
from auditor.records.rewrite import Rewritten
from auditor.records.sql import call, cast, file_reader, identifier, literal, text_of

_NAIVE = ("TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS")
_FORMAT = "%Y-%m-%dT%H:%M:%S.%f"


def rewrite_parquet(
    connection: duckdb.DuckDBPyConnection, source: Path, target: Path, profile: Profile, shown: str
) -> Rewritten:
    """Write the rows of a Parquet file as JSON Lines; a row is known by its number alone.

    A timestamp column without a zone is UTC in a canonical file, as the record contract says; elsewhere it stays
    without one. Raises InputError when the file can't be read.
    """
    reader = exp.Table(this=file_reader("read_parquet", [source]))
    suffix = "Z" if profile.name == "canonical" else ""
    try:
        columns = [
            exp.alias_(_plain(name, kind, suffix), name, quoted=True) for name, kind in _columns(connection, source)
        ]
        query = exp.Select(expressions=columns).from_(reader)
        parameters = [exp.CopyParameter(this=exp.Var(this="FORMAT"), expression=exp.Var(this="json"))]
        copy = exp.Copy(this=exp.Subquery(this=query), kind=False, files=[literal(str(target))], params=parameters)
        (rows,) = connection.execute(text_of(copy)).fetchone() or (0,)
    except duckdb.Error as error:
        raise _unreadable(error, shown) from error
    done = Rewritten(lines=rows)
    for number in range(1, rows + 1):
        done.positions.add(number, -1, -1)
    return done


def parquet_names(connection: duckdb.DuckDBPyConnection, source: Path, shown: str) -> tuple[str, ...]:
    """Return the column names of a Parquet file. Raises InputError when it can't be read."""
    try:
        return tuple(name for name, _ in _columns(connection, source))
    except duckdb.Error as error:
        raise _unreadable(error, shown) from error


def _columns(connection: duckdb.DuckDBPyConnection, source: Path) -> list[tuple[str, str]]:
    reader = exp.Table(this=file_reader("read_parquet", [source]))
    query = exp.Select(expressions=[exp.Star()]).from_(reader).limit(0)
    return [(name, str(kind)) for name, kind, *_ in connection.execute(text_of(query)).description]


def _unreadable(error: duckdb.Error, shown: str) -> AuditorError:
    message = f"found no readable Parquet: {str(error).splitlines()[0][:150].rstrip('.').lower()}"
    return InputError.at(shown, message, "check that the file is whole")


def _plain(name: str, kind: str, suffix: str) -> exp.Expression:
    column = identifier(name)
    if kind in _NAIVE:
        text = call("strftime", cast(column, "TIMESTAMP"), literal(_FORMAT))
        return exp.DPipe(this=text, expression=literal(suffix))
    if kind == "BLOB":
        return cast(column, "VARCHAR")
    return column
