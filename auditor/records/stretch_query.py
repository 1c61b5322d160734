"""The statements that read one stretch of JSON Lines the quick way, count what came, and tell what isn't proven.

What is read is in the form of the store: places and the source's id on every row. Rows in doubt are left out, whatever
the reason: they are read the exact way.
"""

import json
from array import array
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
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
from auditor.records.survey import LONGEST_LINE, Positions

QUICK = "quick"
"""Table of the rows of a source that has one stretch only."""

_LINE, _NUMBER, _COLONS, _DIGEST = "·line", "·number", "·colons", "·prompt_digest"
_PLACE = {"source_line": "·at", "source_offset": "·offset", "source_length": LENGTH}
"""Columns of the file of places; the first row of it is that of the template, on line 0."""


@dataclass(frozen=True)
class StretchFiles:
    """Where the statements of a thread find a stretch, and where its `rows` go: a file, or the table `QUICK` for None.

    `lines` are a template, a line with every field as text, and then the lines of the stretch; `places` is where each
    stands. None is longer than `longest`.
    """

    lines: Path
    places: Path
    rows: Path | None
    longest: int


def template_of(fields: Sequence[str]) -> bytes:
    """Return the line that tells DuckDB which fields there are, and that they are texts."""
    return json.dumps(dict.fromkeys(fields, "x")).encode() + b"\n"


def places_of(positions: Positions, rows: Sequence[range]) -> dict[str, "array[int]"]:
    """Return the places of some runs of rows, after that of the template."""
    parts = zip(_PLACE.values(), (positions.lines, positions.offsets, positions.lengths), strict=True)
    return {name: sum((values[run.start : run.stop] for run in rows), array("q", [0])) for name, values in parts}


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
def reading(profile: Profile, fields: tuple[str, ...], files: StretchFiles, *, is_strict: bool) -> str:
    """Return the statement that puts the sure rows of a stretch where they belong.

    A strict one fails when it sees a field that isn't known, one twice, or a row that isn't sure: nothing is left to be
    proven then. Any other one leaves out what isn't sure, and fields that it doesn't know. A row without a line, which
    must not be, is there without a place. Its parameters are the `source` and, but for a strict one, the number of
    `colons` of a time.
    """
    columns = mapped_columns(profile, fields)
    kept: dict[str, exp.Expression] = {name: identifier(name) for name in _PLACE.values()}
    kept |= {} if is_strict else {_COLONS: colons_in(columns["time"])}
    texts = quick_query(profile, fields, within(_placed(files, fields, is_strict=is_strict)), kept)
    stored = _stored(profile, fields)
    if is_strict:
        is_sure = all_of([is_not(is_null(identifier(LENGTH))), identifier(SURE), *_is_given(columns, ["record_id"])])
        stored |= {"source_line": case([(is_sure, stored["source_line"])], call("error", literal("a row in doubt")))}
    query = exp.Select(expressions=[named(value, name) for name, value in stored.items()]).from_(within(texts))
    if not is_strict:
        query = query.where(any_of([is_null(identifier(LENGTH)), _is_wanted(columns)]))
    if files.rows is None:
        return text_of(exp.Create(this=table(QUICK), kind="TABLE", replace=True, expression=query))
    return text_of(copy_to_parquet(query, files.rows))


def rows_in(path: Path | None) -> exp.Table:
    """Return where the rows of a stretch are: in a file, or in the table `QUICK`."""
    return table(QUICK) if path is None else exp.Table(this=file_reader("read_parquet", [path]))


def _placed(files: StretchFiles, fields: Sequence[str], *, is_strict: bool) -> exp.Select:
    """Put beside each row where its line is: one thread keeps them in order."""
    if is_strict:
        reader = file_reader("read_json", [files.lines], **_strict_options(files.longest))
    else:
        types = [
            exp.PropertyEQ(this=exp.to_identifier(name, quoted=True), expression=literal("VARCHAR")) for name in fields
        ]
        reader = file_reader("read_ndjson", [files.lines], columns=exp.Struct(expressions=types), **json_options())
    query = exp.Select(expressions=[exp.Star()]).from_(exp.Table(this=reader))
    places = exp.Select(expressions=[exp.Star()]).from_(exp.Table(this=file_reader("read_parquet", [files.places])))
    query.append("joins", exp.Join(this=within(places, "places"), method="POSITIONAL"))
    is_no_template = exp.NullSafeNEQ(this=identifier(_PLACE["source_line"]), expression=literal(0))
    return query.where(is_no_template)


def _strict_options(longest: int) -> dict[str, exp.Expression]:
    """Return how DuckDB reads JSON Lines whose first one has every field: whatever else comes is an error.

    It minds unknown fields only where it finds out by itself which there are, in one file, and where all are asked for.
    A small `longest` keeps it from reading much of the file for that.
    """
    return {
        "format": literal("newline_delimited"), "compression": literal("uncompressed"),
        "maximum_object_size": literal(longest), "sample_size": literal(1), "map_inference_threshold": literal(-1),
    }  # fmt: skip


def _stored(profile: Profile, fields: Sequence[str]) -> dict[str, exp.Expression]:
    columns = mapped_columns(profile, fields)
    values: dict[str, exp.Expression] = {name: identifier(place) for name, place in _PLACE.items()}
    values["source_id"] = cast(_parameter("source"), "VARCHAR")
    if "record_id" not in columns:
        line = exp.DPipe(this=literal(":"), expression=cast(values["source_line"].copy(), "VARCHAR"))
        values["record_id"] = exp.DPipe(this=_parameter("source"), expression=line)
    if "prompt" in columns:
        values["prompt_digest"] = identifier(_DIGEST)
    return {name: values.get(name, identifier(name)) for name in stored_names(profile, fields)}


def _is_wanted(columns: Mapping[str, exp.Expression]) -> exp.Expression:
    """Say that a row is sure, and that its time has so many colons.

    Where the store's own value would take the place of a missing one, the row has to have it: values are counted.
    """
    tests = [identifier(SURE), exp.EQ(this=identifier(_COLONS), expression=_parameter("colons"))]
    return all_of([*tests, *_is_given(columns, ["record_id"])])


def are_all_given(columns: Collection[str]) -> bool:
    """Whether the values that are stored are those that the lines have: digests may be made of prompts."""
    return not {"prompt", "prompt_digest"} <= set(columns)


def _is_given(columns: Mapping[str, exp.Expression], names: Sequence[str]) -> list[exp.Expression]:
    return [is_not(is_null(identifier(name))) for name in names if name in columns]


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
    """Return the statement that counts the rows which DuckDB sees in a stretch, with the template."""
    return text_of(exp.Select(expressions=[call("count", exp.Star())]).from_(_objects(lines)))


@lru_cache(maxsize=64)
def unproven(profile: Profile, fields: tuple[str, ...], files: StretchFiles) -> str:
    """Return the statement that lists the lines that may have another field, or one twice, by looking at their keys.

    As many keys as values says that each key is known and there once; only where values are missing, keys are compared
    by name. A row with an escaped NUL isn't proven either.
    """
    columns = mapped_columns(profile, fields)
    texts = exp.Select(
        expressions=[named(cast(identifier("json"), "VARCHAR"), _LINE), identifier(_PLACE["source_line"])]
    )
    texts = texts.from_(_objects(files.lines))
    places = exp.Select(expressions=[exp.Star()]).from_(exp.Table(this=file_reader("read_parquet", [files.places])))
    texts.append("joins", exp.Join(this=within(places, "places"), method="POSITIONAL"))
    keys, count = call("json_keys", identifier(_LINE)), call("len", call("json_keys", identifier(_LINE)))
    values = total([cast(is_not(is_null(identifier(name))), "INTEGER") for name in columns])
    known = exp.Array(expressions=[literal(tree.name) for tree in columns.values()])
    is_known = call("list_has_all", known, keys)
    is_once = exp.EQ(this=call("len", call("list_distinct", keys.copy())), expression=count.copy())
    is_proven = all_of([is_known, is_once])
    if are_all_given(columns):
        is_proven = case([(exp.EQ(this=count, expression=values), exp.true())], is_proven)
    hides = call("contains", identifier(_LINE), literal("\\u0000"))
    same = exp.EQ(this=identifier("source_line"), expression=identifier(_PLACE["source_line"], "texts"))
    query = exp.Select(expressions=[identifier("source_line")]).from_(rows_in(files.rows))
    query = query.join(within(texts, "texts"), on=same)
    is_open = any_of([hides, is_not(call("coalesce", is_proven, exp.false()))])
    return text_of(query.where(is_open).order_by(identifier("source_line")))


def _objects(lines: Path) -> exp.Table:
    return exp.Table(this=file_reader("read_ndjson_objects", [lines], **json_options()))


def _parameter(name: str) -> exp.Expression:
    return exp.Parameter(this=exp.Var(this=name))
