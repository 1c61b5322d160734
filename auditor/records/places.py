"""Where the rows of a source came from, in a table beside them: line, byte offset and byte length, -1 for none.

For a regular file DuckDB adds up the lengths itself; otherwise the survey's positions are handed over as a file.
"""

import csv
from pathlib import Path

import duckdb
from sqlglot import exp

from auditor.errors import InputError
from auditor.records.glance import Glance
from auditor.records.mapping import LENGTH
from auditor.records.sql import all_of, call, cast, columns_definition, identifier, literal, named, table, text_of
from auditor.records.survey import Positions

ROW = "rowid"
_PLACES = {"line": "BIGINT", "offset": "BIGINT", "length": "BIGINT"}


def add_up_places(connection: duckdb.DuckDBPyConnection, number: int) -> int:
    """Make the table of places of a file whose rows have one line feed between them; returns their number."""
    before = exp.WindowSpec(kind="ROWS", start="UNBOUNDED", start_side="PRECEDING", end="CURRENT ROW")
    in_order = exp.Order(expressions=[exp.Ordered(this=identifier(ROW), nulls_first=True)])
    step = exp.Add(this=identifier(LENGTH), expression=literal(1))
    end = exp.Window(this=call("sum", step.copy()), order=in_order, spec=before)
    line = exp.Add(this=identifier(ROW), expression=literal(1))
    values: dict[str, exp.Expression] = {
        "line": line,
        "offset": cast(exp.Paren(this=exp.Sub(this=end, expression=exp.Paren(this=step))), "BIGINT"),
        "length": cast(identifier(LENGTH), "BIGINT"),
    }
    query = exp.Select(expressions=[named(value, name) for name, value in values.items()]).from_(
        table(f"rows·{number}")
    )
    _create(connection, number, query.order_by(identifier(ROW)))
    count = exp.Select(expressions=[call("count", exp.Star())]).from_(table(f"places·{number}"))
    (rows,) = connection.execute(text_of(count)).fetchone() or (0,)
    return int(rows)


def hand_over_places(connection: duckdb.DuckDBPyConnection, number: int, positions: Positions, folder: Path) -> None:
    """Make the table of places from positions, by way of a file in `folder`."""
    path = folder / f"places-{number}"
    with path.open("w", newline="") as stream:
        csv.writer(stream).writerows(zip(positions.lines, positions.offsets, positions.lengths, strict=True))
    types = [exp.PropertyEQ(this=exp.to_identifier(name), expression=literal(kind)) for name, kind in _PLACES.items()]
    options = {"columns": exp.Struct(expressions=types), "header": exp.false(), "auto_detect": exp.false()}
    reader = exp.Table(this=call("read_csv", literal(str(path)), **options))
    _create(connection, number, exp.Select(expressions=[identifier(name) for name in _PLACES]).from_(reader))
    path.unlink()


def no_places(connection: duckdb.DuckDBPyConnection, number: int) -> None:
    """Make an empty table of places."""
    schema = exp.Schema(this=table(f"places·{number}"), expressions=columns_definition(_PLACES))
    connection.execute(text_of(exp.Create(this=schema, kind="TABLE", replace=True)))


def _create(connection: duckdb.DuckDBPyConnection, number: int, query: exp.Select) -> None:
    create = exp.Create(this=table(f"places·{number}"), kind="TABLE", replace=True, expression=query)
    connection.execute(text_of(create))


def rows_fill(connection: duckdb.DuckDBPyConnection, number: int, seen: Glance) -> bool:
    """Whether the rows with one line feed between them are the whole file: then no byte of it lies elsewhere."""
    counts = [call("count", exp.Star()), call("count", identifier(LENGTH)), call("sum", identifier(LENGTH))]
    query = exp.Select(expressions=counts).from_(table(f"rows·{number}"))
    rows, whole, length = connection.execute(text_of(query)).fetchone() or (0, 0, 0)
    between = rows if seen.ends_line else rows - 1
    return bool(rows) and rows == whole and length + between == seen.size


def rows_must_align(
    connection: duckdb.DuckDBPyConnection, number: int, rows: int, path: Path, *, is_exact: bool
) -> None:
    """Raise InputError when the rows that DuckDB saw aren't the lines that were surveyed."""
    count = exp.Select(expressions=[call("count", exp.Star())]).from_(table(f"rows·{number}"))
    (found,) = connection.execute(text_of(count)).fetchone() or (0,)
    differing: list[tuple[int]] = []
    if found == rows and is_exact:
        both = exp.Select(expressions=[identifier(ROW, "r")]).from_(table(f"rows·{number}", "r"))
        same = exp.EQ(this=identifier(ROW, "r"), expression=identifier(ROW, "p"))
        both = both.join(table(f"places·{number}", "p"), on=same)
        differs = exp.NEQ(this=identifier(LENGTH, "r"), expression=identifier("length", "p"))
        has_offset = exp.GTE(this=identifier("offset", "p"), expression=literal(0))
        differing = connection.execute(text_of(both.where(all_of([differs, has_offset])).limit(1))).fetchall()
    if found != rows or differing:
        message = f"found {found} rows where {rows} lines were counted, expected the same lines twice"
        raise InputError.at(str(path), message, "the file may have changed while it was read; run ingest again")
