"""Numbers of the client addresses that SQL can't number: all but IPv4, which `ipv4_number` makes while reading."""

from collections.abc import Sequence
from pathlib import Path

import duckdb
from sqlglot import exp

from auditor.records.addresses import number_of
from auditor.records.layout import HIGH, LOW, copy_to_parquet
from auditor.records.sql import (
    call,
    cast,
    file_reader,
    identifier,
    is_not,
    is_null,
    named,
    table,
    text_of,
    within,
)

_LOWER = 2**64 - 1
_KINDS = {"address": "VARCHAR[]", HIGH: "UBIGINT[]", LOW: "UBIGINT[]"}
_SAME = exp.EQ(this=identifier("client_ip"), expression=identifier("address", "numbers"))


def number_table(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    """Number the addresses in a table."""
    if lists := _lists(connection, table(name)):
        given = [exp.EQ(this=identifier(half), expression=identifier(half, "numbers")) for half in (HIGH, LOW)]
        update = exp.Update(this=table(name), expressions=given, from_=exp.From(this=_numbers()))
        connection.execute(text_of(update.where(_SAME.copy())), lists)


def number_file(connection: duckdb.DuckDBPyConnection, path: Path, names: Sequence[str]) -> None:
    """Number the addresses in a Parquet file with these columns."""
    reader = exp.Table(this=file_reader("read_parquet", [path]))
    if lists := _lists(connection, reader):
        halves = {half: call("coalesce", identifier(half, "r"), identifier(half, "numbers")) for half in (HIGH, LOW)}
        reader.set("alias", exp.TableAlias(this=exp.to_identifier("r", quoted=True)))
        columns = [named(halves.get(name, identifier(name, "r")), name) for name in names]
        query = exp.Select(expressions=columns).from_(reader).join(_numbers(), on=_SAME.copy(), join_type="left")
        whole = path.with_suffix(".numbered")
        connection.execute(text_of(copy_to_parquet(query, whole)), lists)
        whole.replace(path)


def _numbers() -> exp.Subquery:
    lists = [named(call("unnest", cast(exp.Placeholder(), kind)), name) for name, kind in _KINDS.items()]
    return within(exp.Select(expressions=lists), "numbers")


def _lists(connection: duckdb.DuckDBPyConnection, rows: exp.Table) -> list[list[object]]:
    """Return addresses without a number, with the upper and lower halves of theirs; nothing when no text is one."""
    query = exp.Select(expressions=[identifier("client_ip")], distinct=exp.Distinct()).from_(rows.copy())
    query = query.where(exp.And(this=is_null(identifier(LOW)), expression=is_not(is_null(identifier("client_ip")))))
    texts = [text for (text,) in connection.execute(text_of(query)).fetchall()]
    numbers = {text: value for text in texts if (value := number_of(text)) is not None}
    if not numbers:
        return []
    values = numbers.values()
    return [list(numbers), [value >> 64 for value in values], [value & _LOWER for value in values]]
