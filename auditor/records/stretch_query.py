"""The statements that read one stretch of JSON Lines the quick way, count what came, and tell what isn't proven.

What is read is in the form of the store: places and the source's id on every row. Rows in doubt are left out, whatever
the reason: they are read the exact way.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from sqlglot import exp

from auditor.records.activity import ALL_COLUMNS
from auditor.records.faults import SURE
from auditor.records.layout import ADDRESS_NUMBER, HIGH, LOW, copy_to_parquet
from auditor.records.mapping import LENGTH, colons_in, mapped_columns, quick_query
from auditor.records.profiles import Profile
from auditor.records.schema import PROVENANCE_COLUMNS
from auditor.records.sql import (
    all_of,
    any_of,
    call,
    case,
    cast,
    file_reader,
    identifier,
    is_not,
    is_null,
    literal,
    named,
    table,
    text_of,
    total,
    within,
)
from auditor.records.survey import LONGEST_LINE

QUICK = "quick"
"""Table of the rows of a source that has one stretch only."""

_LINE, _NUMBER, _END, _COLONS, _DIGEST = "·line", "·number", "·end", "·colons", "·prompt_digest"


def json_options() -> dict[str, exp.Expression]:
    """Return how DuckDB reads JSON Lines: a line that is no record becomes a row of nulls, so that none is missing."""
    return {
        "format": literal("newline_delimited"), "compression": literal("uncompressed"),
        "ignore_errors": exp.true(), "maximum_object_size": literal(LONGEST_LINE),
    }  # fmt: skip


def stored_names(profile: Profile, fields: Sequence[str]) -> tuple[str, ...]:
    """Return the columns that rows read the quick way have in the store."""
    columns = mapped_columns(profile, fields)
    own = {"record_id", *columns, *PROVENANCE_COLUMNS, *(["prompt_digest"] if "prompt" in columns else [])}
    halves = (HIGH, LOW) if "client_ip" in columns else ()
    return (*(name for name in ALL_COLUMNS if name in own and name != ADDRESS_NUMBER), *halves)


@lru_cache(maxsize=64)
def reading(profile: Profile, fields: tuple[str, ...], lines: Path, rows: Path | None) -> str:
    """Return the statement that puts the sure rows of a stretch, which lies in a file of its own, where `rows` says.

    Its parameters are the `lengths` of the lines, the `row` and `offset` of the first, the `source`, and how many
    `colons` a time has. A row without a line, which must not be, is there without a place.
    """
    columns = mapped_columns(profile, fields)
    kept = {name: identifier(name) for name in (LENGTH, _NUMBER, _END)} | {_COLONS: colons_in(columns["time"])}
    texts = quick_query(profile, fields, within(_placed(lines, fields)), kept)
    query = exp.Select(expressions=[named(value, name) for name, value in _stored(profile, fields).items()])
    query = query.from_(within(texts)).where(any_of([is_null(identifier(LENGTH)), _is_wanted(columns)]))
    if rows is None:
        return text_of(exp.Create(this=table(QUICK), kind="TABLE", replace=True, expression=query))
    return text_of(copy_to_parquet(query, rows))


def rows_in(path: Path | None) -> exp.Table:
    """Return where the rows of a stretch are: in a file, or in the table `QUICK`."""
    return table(QUICK) if path is None else exp.Table(this=file_reader("read_parquet", [path]))


def _placed(lines: Path, fields: Sequence[str]) -> exp.Select:
    """Put beside each row the length of its line, its number, and where it ends: one thread keeps them in order."""
    types = [
        exp.PropertyEQ(this=exp.to_identifier(name, quoted=True), expression=literal("VARCHAR")) for name in fields
    ]
    reader = file_reader("read_ndjson", [lines], columns=exp.Struct(expressions=types), **json_options())
    query = exp.Select(expressions=[exp.Star()]).from_(exp.Table(this=reader))
    query.append("joins", exp.Join(this=within(_places(), "places"), method="POSITIONAL"))
    return query


def _places() -> exp.Select:
    lengths = exp.Select(expressions=[named(call("unnest", cast(_parameter("lengths"), "INTEGER[]")), LENGTH)])
    before = exp.WindowSpec(kind="ROWS", start="UNBOUNDED", start_side="PRECEDING", end="CURRENT ROW")
    step = exp.Add(this=identifier(LENGTH), expression=literal(1))
    number = named(exp.Window(this=call("row_number")), _NUMBER)
    end = named(exp.Window(this=call("sum", step), spec=before), _END)
    return exp.Select(expressions=[identifier(LENGTH), number, end]).from_(within(lengths))


def _stored(profile: Profile, fields: Sequence[str]) -> Mapping[str, exp.Expression]:
    columns = mapped_columns(profile, fields)
    line = exp.Add(this=identifier(_NUMBER), expression=cast(_parameter("row"), "BIGINT"))
    before = exp.Add(this=identifier(LENGTH), expression=literal(1))
    offset = exp.Sub(
        this=exp.Add(this=identifier(_END), expression=cast(_parameter("offset"), "BIGINT")),
        expression=exp.Paren(this=before),
    )
    own = exp.DPipe(
        this=_parameter("source"), expression=exp.DPipe(this=literal(":"), expression=cast(line, "VARCHAR"))
    )
    values: dict[str, exp.Expression] = {
        "source_id": cast(_parameter("source"), "VARCHAR"),
        "source_line": line.copy(),
        "source_offset": cast(exp.Paren(this=offset), "BIGINT"),
        "source_length": cast(identifier(LENGTH), "BIGINT"),
    }
    if "record_id" not in columns:
        values["record_id"] = own
    if "prompt" in columns:
        values["prompt_digest"] = identifier(_DIGEST)
    return {name: values.get(name, identifier(name)) for name in stored_names(profile, fields)}


def _is_wanted(columns: Mapping[str, exp.Expression]) -> exp.Expression:
    """Say that a row is sure, and that its time has so many colons.

    Where the store's own value would take the place of a missing one, the row has to have it: values are counted.
    """
    tests = [identifier(SURE), exp.EQ(this=identifier(_COLONS), expression=_parameter("colons"))]
    given = ["record_id", *(["prompt_digest"] if "prompt" in columns else [])]
    return all_of([*tests, *(is_not(is_null(identifier(name))) for name in given if name in columns)])


@lru_cache(maxsize=64)
def counting(names: tuple[str, ...], rows: Path | None) -> str:
    """Return the statement that counts rows and the values of each column, and finds the first and last time."""
    counts = [call("count", exp.Star()), *(call("count", identifier(name)) for name in names)]
    ends = [call(end, identifier("time")) for end in ("min", "max")]
    return text_of(exp.Select(expressions=[*counts, *ends]).from_(rows_in(rows)))


@lru_cache(maxsize=64)
def missing(rows: Path | None) -> str:
    """Return the statement that lists the `rows` of a stretch from the `first` on that weren't read, in order."""
    first, last = cast(_parameter("first"), "BIGINT"), cast(_parameter("last"), "BIGINT")
    every = exp.Select(expressions=[named(call("unnest", call("range", first, last)), "row")])
    row = exp.Sub(this=identifier("source_line"), expression=literal(1))
    query = exp.Except(this=every, expression=exp.Select(expressions=[row]).from_(rows_in(rows)), distinct=True)
    return text_of(exp.Select(expressions=[exp.Star()]).from_(within(query)).order_by(identifier("row")))


@lru_cache(maxsize=64)
def line_count(lines: Path) -> str:
    """Return the statement that counts the rows which DuckDB sees in a stretch."""
    return text_of(exp.Select(expressions=[call("count", exp.Star())]).from_(_objects(lines)))


@lru_cache(maxsize=64)
def unproven(profile: Profile, fields: tuple[str, ...], lines: Path, rows: Path | None) -> str:
    """Return the statement that lists the lines that may have another field, or one twice, by looking at their keys.

    As many keys as values says that each key is known and there once; only where values are missing, keys are compared
    by name. A row with an escaped NUL isn't proven either. The parameter is the `row` of the first line.
    """
    columns = mapped_columns(profile, fields)
    line = cast(identifier("json"), "VARCHAR")
    number = exp.Add(this=exp.Window(this=call("row_number")), expression=cast(_parameter("row"), "BIGINT"))
    texts = exp.Select(expressions=[named(line, _LINE), named(number, _NUMBER)]).from_(_objects(lines))
    keys, count = call("json_keys", identifier(_LINE)), call("len", call("json_keys", identifier(_LINE)))
    values = total([cast(is_not(is_null(identifier(name))), "INTEGER") for name in columns])
    known = exp.Array(expressions=[literal(tree.name) for tree in columns.values()])
    is_known = call("list_has_all", known, keys)
    is_once = exp.EQ(this=call("len", call("list_distinct", keys.copy())), expression=count.copy())
    is_proven = case([(exp.EQ(this=count, expression=values), exp.true())], all_of([is_known, is_once]))
    hides = call("contains", identifier(_LINE), literal("\\u0000"))
    same = exp.EQ(this=identifier("source_line"), expression=identifier(_NUMBER, "texts"))
    query = exp.Select(expressions=[identifier("source_line")]).from_(rows_in(rows))
    query = query.join(within(texts, "texts"), on=same)
    is_open = any_of([hides, is_not(call("coalesce", is_proven, exp.false()))])
    return text_of(query.where(is_open).order_by(identifier("source_line")))


def _objects(lines: Path) -> exp.Table:
    return exp.Table(this=file_reader("read_ndjson_objects", [lines], **json_options()))


def _parameter(name: str) -> exp.Expression:
    return exp.Parameter(this=exp.Var(this=name))
