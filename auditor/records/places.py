"""Where the rows of a source came from, in a table beside them: line, byte offset and byte length, -1 for none."""

import csv
from collections.abc import Sequence
from pathlib import Path

import duckdb
from sqlglot import exp

from auditor.errors import InputError
from auditor.records.mapping import LENGTH
from auditor.records.sql import (
    all_of,
    call,
    cast,
    columns_definition,
    file_reader,
    identifier,
    literal,
    named,
    table,
    text_of,
)
from auditor.records.survey import Positions

ROW = "rowid"
ROW_NUMBER = "·row"
"""Number of a row in its source, where rows of more than one table are seen together."""

LOADED, PLACES = "loaded", "places"
"""Tables of the source that is being read."""

_PLACES = {"line": "BIGINT", "offset": "BIGINT", "length": "BIGINT"}


def hand_over_places(connection: duckdb.DuckDBPyConnection, positions: Positions, folder: Path) -> None:
    """Make the table of places from positions, by way of a file in `folder`; where rows are dense, lengths suffice."""
    path = folder / PLACES
    if positions.is_dense:
        path.write_text("\n".join(map(str, positions.lengths)) + "\n")
        _create(connection, _added_up(_read(path, ("length",))))
    else:
        with path.open("w", newline="") as stream:
            csv.writer(stream).writerows(zip(positions.lines, positions.offsets, positions.lengths, strict=True))
        names = [identifier(name) for name in _PLACES]
        _create(connection, exp.Select(expressions=names).from_(_read(path, tuple(_PLACES))))
    path.unlink()


def _read(path: Path, names: Sequence[str]) -> exp.Expression:
    types = [exp.PropertyEQ(this=exp.to_identifier(name), expression=literal(_PLACES[name])) for name in names]
    options = {"columns": exp.Struct(expressions=types), "header": exp.false(), "auto_detect": exp.false()}
    return exp.Table(this=file_reader("read_csv", [path], **options))


def _added_up(lengths: exp.Expression) -> exp.Select:
    """Return the places of rows that have one line feed between them and nothing else."""
    before = exp.WindowSpec(kind="ROWS", start="UNBOUNDED", start_side="PRECEDING", end="CURRENT ROW")
    step = exp.Add(this=identifier("length"), expression=literal(1))
    end = exp.Window(this=call("sum", step.copy()), spec=before)
    offset = cast(exp.Paren(this=exp.Sub(this=end, expression=exp.Paren(this=step))), "BIGINT")
    line = exp.Window(this=call("row_number"), spec=None)
    values = {"line": line, "offset": offset, "length": identifier("length")}
    return exp.Select(expressions=[named(value, name) for name, value in values.items()]).from_(lengths)


def no_places(connection: duckdb.DuckDBPyConnection) -> None:
    """Make an empty table of places."""
    schema = exp.Schema(this=table(PLACES), expressions=columns_definition(_PLACES))
    connection.execute(text_of(exp.Create(this=schema, kind="TABLE", replace=True)))


def _create(connection: duckdb.DuckDBPyConnection, query: exp.Select) -> None:
    create = exp.Create(this=table(PLACES), kind="TABLE", replace=True, expression=query)
    connection.execute(text_of(create))


def rows_must_align(connection: duckdb.DuckDBPyConnection, rows: int, path: Path, *, is_exact: bool) -> None:
    """Raise InputError when the rows that DuckDB saw aren't the lines that were surveyed."""
    count = exp.Select(expressions=[call("count", exp.Star())]).from_(table(LOADED))
    (found,) = connection.execute(text_of(count)).fetchone() or (0,)
    differing: list[tuple[int]] = []
    if found == rows and is_exact:
        both = exp.Select(expressions=[identifier(ROW, "r")]).from_(table(LOADED, "r"))
        same = exp.EQ(this=identifier(ROW, "r"), expression=identifier(ROW, "p"))
        both = both.join(table(PLACES, "p"), on=same)
        differs = exp.NEQ(this=identifier(LENGTH, "r"), expression=identifier("length", "p"))
        has_offset = exp.GTE(this=identifier("offset", "p"), expression=literal(0))
        differing = connection.execute(text_of(both.where(all_of([differs, has_offset])).limit(1))).fetchall()
    if found != rows or differing:
        message = f"found {found} rows where {rows} lines were counted, expected the same lines twice"
        raise InputError.at(str(path), message, "the file may have changed while it was read; run ingest again")
