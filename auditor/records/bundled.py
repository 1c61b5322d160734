"""The records of a bundle as an activity: read from its JSON Lines, with nothing else at hand.

What sources provide is said by whoever calls, as it was in the audit: fewer records must not make a column look
missing.
"""

from collections.abc import Sequence
from pathlib import Path

import duckdb
from sqlglot import exp

from auditor.errors import BundleError
from auditor.records.activity import ALL_COLUMNS, RECORDS, STORED, STORED_TYPES, Activity, SourceSummary
from auditor.records.addresses import number_of
from auditor.records.context import DERIVED_MARK
from auditor.records.layout import ADDRESS_NUMBER
from auditor.records.schema import COLUMNS, DERIVABLE_COLUMNS, DUCKDB_TYPES, ColumnType
from auditor.records.sql import call, cast, file_reader, identifier, literal, named, open_connection, table, text_of

LARGEST_LINE = 256 * 1024 * 1024
ADDRESSES = "address_numbers"
CITINGS = "bundled_citings"
"""Table of (finding_id, source_id, source_line, is_against): which finding cites which record."""

_DERIVED = tuple(name for name in DERIVABLE_COLUMNS if name not in COLUMNS)

_PLAIN = {
    ColumnType.TEXT: "VARCHAR",
    ColumnType.ADDRESS: "VARCHAR",
    ColumnType.JSON: "VARCHAR",
    ColumnType.INTEGER: "BIGINT",
    ColumnType.BOOLEAN: "BOOLEAN",
    ColumnType.TEXT_LIST: "VARCHAR[]",
}
"""What a value is in JSON; numbers that are not whole and times are text there."""


def activity_of_lines(cited: Path, context: Path, sources: Sequence[SourceSummary]) -> Activity:
    """Return the records of both files as an activity; the table `CITINGS` says what cites them.

    Raises BundleError when a line can't be read, or a record is there twice.
    """
    connection = open_connection(files=(cited, context))
    try:
        connection.execute(text_of(_creation(STORED, _records([cited, context]))))
        _fill_addresses(connection)
        connection.execute(text_of(exp.Create(this=table(RECORDS), kind="VIEW", expression=_with_derived())))
        connection.execute(text_of(_creation(CITINGS, _citings(cited))))
        twice = connection.execute(text_of(_twice())).fetchall()
    except duckdb.Error as error:
        message = f"the records can't be read: {str(error).splitlines()[0].rstrip('.')}"
        raise BundleError.at(str(cited), message, "verify the bundle: it is damaged") from error
    if twice:
        source, line = twice[0]
        raise BundleError.at(str(cited), f"holds line {line} of {source[:12]!a} twice", "verify the bundle")
    return Activity(connection, tuple(sources), _DERIVED)


def _creation(name: str, query: exp.Query) -> exp.Create:
    return exp.Create(this=table(name), kind="TABLE", expression=query)


def _records(files: Sequence[Path]) -> exp.Select:
    record = identifier("record", "line")
    given = identifier("derived", "line")
    items = [named(_value(name, record), name) for name in ALL_COLUMNS]
    items += [named(_field(given.copy(), name), DERIVED_MARK + name) for name in DERIVABLE_COLUMNS]
    return exp.Select(expressions=items).from_(_lines(files, _record_type()))


def _with_derived() -> exp.Select:
    """Return the records with the columns that were worked out for them; a template may be in the record itself."""
    items = [named(_first_of(name), name) for name in ALL_COLUMNS]
    items += [named(_derived(name), name) for name in _DERIVED]
    return exp.Select(expressions=items).from_(table(STORED))


def _first_of(name: str) -> exp.Expression:
    own = identifier(name)
    return exp.Coalesce(this=own, expressions=[_derived(name)]) if name in DERIVABLE_COLUMNS else own


def _derived(name: str) -> exp.Expression:
    return cast(identifier(DERIVED_MARK + name), DUCKDB_TYPES[DERIVABLE_COLUMNS[name].type])


def _value(name: str, record: exp.Expression) -> exp.Expression:
    match name:
        case "source_id":
            return _field(identifier("source", "line"), "id")
        case "source_line" | "source_offset" | "source_length":
            return cast(_field(identifier("source", "line"), name.removeprefix("source_")), "BIGINT")
        case _ if name == ADDRESS_NUMBER:
            return cast(exp.null(), "UHUGEINT")
    value = _field(record.copy(), name)
    if COLUMNS[name].type is ColumnType.TIMESTAMP:
        value = call("rtrim", value, literal("Z"))
    return cast(value, STORED_TYPES[name])


def _field(value: exp.Expression, name: str) -> exp.Expression:
    return call("struct_extract", value, literal(name))


def _record_type() -> str:
    fields = [f'"{name}" {_PLAIN.get(column.type, "VARCHAR")}' for name, column in COLUMNS.items()]
    return f"STRUCT({', '.join(fields)})"


def _lines(files: Sequence[Path], record: str, findings: str = "JSON") -> exp.Table:
    source = 'STRUCT("id" VARCHAR, "line" BIGINT, "offset" BIGINT, "length" BIGINT)'
    derived = f"STRUCT({', '.join(f'{chr(34)}{name}{chr(34)} VARCHAR' for name in DERIVABLE_COLUMNS)})"
    kinds = {"derived": derived, "findings": findings, "record": record, "source": source}
    columns = exp.Struct(
        expressions=[
            exp.PropertyEQ(this=exp.to_identifier(name, quoted=True), expression=literal(kind))
            for name, kind in kinds.items()
        ]
    )
    read = exp.Table(
        this=file_reader(
            "read_json",
            files,
            columns=columns,
            format=literal("newline_delimited"),
            maximum_object_size=literal(LARGEST_LINE),
        )
    )
    read.set("alias", exp.TableAlias(this=exp.to_identifier("line", quoted=True)))
    return read


def _fill_addresses(connection: duckdb.DuckDBPyConnection) -> None:
    """Give each address its number, as ingest does."""
    asked = exp.Select(expressions=[identifier("client_ip")]).distinct().from_(table(STORED))
    asked = asked.where(exp.Not(this=exp.Is(this=identifier("client_ip"), expression=exp.null())))
    found = [address for (address,) in connection.execute(text_of(asked)).fetchall()]
    pairs = [(address, str(number)) for address in found if (number := number_of(address)) is not None]
    items = [
        named(call("unnest", cast(exp.Placeholder(), "VARCHAR[]")), "client_ip"),
        named(cast(call("unnest", cast(exp.Placeholder(), "VARCHAR[]")), "UHUGEINT"), "number"),
    ]
    connection.execute(
        text_of(_creation(ADDRESSES, exp.Select(expressions=items))),
        [[address for address, _ in pairs], [number for _, number in pairs]],
    )
    same = exp.EQ(this=identifier("client_ip", STORED), expression=identifier("client_ip", "a"))
    filled = exp.EQ(this=identifier(ADDRESS_NUMBER), expression=identifier("number", "a"))
    given = exp.From(this=table(ADDRESSES, "a"))
    update = exp.Update(this=table(STORED), expressions=[filled], from_=given, where=exp.Where(this=same))
    connection.execute(text_of(update))


def _citings(cited: Path) -> exp.Select:
    findings = 'STRUCT("id" VARCHAR, "is_against" BOOLEAN)[]'
    source = identifier("source", "line")
    each = exp.Select(
        expressions=[
            named(call("unnest", identifier("findings", "line")), "citing"),
            named(_field(source, "id"), "source_id"),
            named(_field(source.copy(), "line"), "source_line"),
        ]
    ).from_(_lines([cited], 'STRUCT("time" VARCHAR)', findings))
    items = [
        named(_field(identifier("citing"), "id"), "finding_id"),
        *(identifier(name) for name in ("source_id", "source_line")),
        named(_field(identifier("citing"), "is_against"), "is_against"),
    ]
    return exp.Select(expressions=items).from_(each.subquery(exp.to_identifier("each", quoted=True)))


def _twice() -> exp.Select:
    key = [identifier(name) for name in ("source_id", "source_line")]
    several = exp.GT(this=exp.Count(this=exp.Star()), expression=literal(1))
    query = exp.Select(expressions=key).from_(table(STORED)).group_by(*(part.copy() for part in key))
    return query.having(several).limit(1)
