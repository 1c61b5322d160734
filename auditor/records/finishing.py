"""A source that was read, under names of its own: tables and views that its rows are taken from until they are stored.

However a source was read, two views show its rows alike: typed columns and the row's number, and the same with places.
"""

from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache

import duckdb
from sqlglot import exp

from auditor.records.activity import STORED_TYPES
from auditor.records.layout import HIGH, LOW
from auditor.records.mapping import mapped_columns
from auditor.records.numbering import number_table
from auditor.records.places import LOADED, PLACES, ROW, ROW_NUMBER
from auditor.records.profiles import Profile
from auditor.records.sql import call, cast, identifier, literal, named, table, text_of
from auditor.records.staging import BAD, Staged, is_good, mark_bad
from auditor.records.stretch_query import QUICK, rows_in, stored_names
from auditor.records.stretches import QuickRows

_DIGEST = "·prompt_digest"
_TYPES = {**STORED_TYPES, HIGH: "UBIGINT", LOW: "UBIGINT", _DIGEST: "VARCHAR"}
_PLACES = {"source_line": "line", "source_offset": "offset", "source_length": "length"}


def finished(
    connection: duckdb.DuckDBPyConnection,
    number: int,
    profile: Profile,
    fields: Sequence[str],
    rows: int,
    bad: Mapping[int, str],
) -> Staged:
    """Finish a source that was read the exact way, into `LOADED` and `PLACES`."""
    columns = _columns(profile, fields)
    staged = Staged(number, rows, columns, _provided(connection, columns), bad)
    _rename(connection, LOADED, staged.loaded_table)
    _rename(connection, PLACES, f"{PLACES}·{number}")
    _rename(connection, BAD, staged.bad_table)
    row = named(identifier(ROW), ROW_NUMBER)
    _view(connection, staged.rows_table, exp.Select(expressions=[exp.Star(), row]).from_(table(staged.loaded_table)))
    places = [named(identifier(place, "p"), name) for name, place in _PLACES.items()]
    query = exp.Select(expressions=[exp.Column(this=exp.Star(), table=exp.to_identifier("r")), *places])
    query = query.from_(table(staged.rows_table, "r"))
    same = exp.EQ(this=identifier(ROW_NUMBER, "r"), expression=identifier(ROW, "p"))
    _view(connection, staged.placed_table, query.join(table(f"{PLACES}·{number}", "p"), on=same))
    return staged


def finished_quickly(
    connection: duckdb.DuckDBPyConnection,
    number: int,
    profile: Profile,
    quick: Sequence[QuickRows],
    fields: Sequence[Sequence[str]],
    rows: int,
    bad: Mapping[int, str],
    *,
    keeps_files: bool,
) -> Staged:
    """Finish a source that was read the quick way; with `keeps_files`, rows in files stay there.

    `fields` are those of the quick rows, and if any were read the exact way, then the fields of these too.
    """
    own, others = tuple(mapped_columns(profile, fields[0])), [_columns(profile, one) for one in fields[1:]]
    columns = tuple(dict.fromkeys([*own, *(name for rest in others for name in rest)]))
    provides = {name for one in quick for name, count in one.values.items() if count and _is_own(name, own)}
    provides.update(*(_provided(connection, rest) for rest in others))
    files = tuple(one for one in quick if one.path and keeps_files)
    staged = Staged(number, rows, columns, tuple(sorted(provides)), bad, files=files)
    if others:
        mark_bad(connection, bad)
    _rename(connection, BAD, staged.bad_table)
    names = _names(columns)
    rest = [_rest(names, _names(one)) for one in others]
    proven = [_proven(names, profile, fields[0], rows_in(one.path)) for one in quick]
    if files:
        _create(connection, staged.loaded_table, [*rest, proven[0].limit(0)])
        _view(connection, staged.rows_table, _union([*proven, _all(staged.loaded_table)]))
    elif rest or quick[0].path:
        _create(connection, staged.loaded_table, [*proven, *rest])
        _view(connection, staged.rows_table, _all(staged.loaded_table))
    else:
        _rename(connection, QUICK, staged.loaded_table)
        shown = _proven(names, profile, fields[0], table(staged.loaded_table))
        _view(connection, staged.rows_table, shown)
    _view(connection, staged.placed_table, _all(staged.rows_table))
    return staged


def _columns(profile: Profile, fields: Sequence[str]) -> tuple[str, ...]:
    return (*(name for name in mapped_columns(profile, fields) if name != "extra"), "extra")


def _is_own(name: str, columns: Sequence[str]) -> bool:
    return name in columns or (name == "prompt_digest" and "prompt" in columns)


def _names(columns: Sequence[str]) -> tuple[str, ...]:
    """Return the names that typed rows have: their columns and what follows from them."""
    halves = (HIGH, LOW) if "client_ip" in columns else ()
    return (*columns, *halves, *((_DIGEST,) if "prompt" in columns else ()))


def _proven(names: Sequence[str], profile: Profile, fields: Sequence[str], rows: exp.Table) -> exp.Select:
    """Return the query of rows in the form of the store as typed rows."""
    stored = {name: identifier(name) for name in stored_names(profile, fields)}
    if "prompt_digest" in stored:
        stored[_DIGEST] = identifier("prompt_digest")
    values = [_value(name, stored, stored.get(name)) for name in names]
    row = named(exp.Sub(this=identifier("source_line"), expression=literal(1)), ROW_NUMBER)
    return exp.Select(expressions=[*values, row, *map(identifier, _PLACES)]).from_(rows)


def _rest(names: Sequence[str], own: Sequence[str]) -> exp.Select:
    """Return the query of the rows that were read the exact way; lines are dense, so the number follows from them."""
    values = [_value(name, own, identifier(name, "r")) for name in names]
    row = named(exp.Sub(this=identifier("line", "p"), expression=literal(1)), ROW_NUMBER)
    places = [named(identifier(place, "p"), name) for name, place in _PLACES.items()]
    same = exp.EQ(this=identifier(ROW, "r"), expression=identifier(ROW, "p"))
    query = exp.Select(expressions=[*values, row, *places]).from_(table(LOADED, "r"))
    return query.join(table(PLACES, "p"), on=same)


def _value(name: str, own: Collection[str], value: exp.Expression | None) -> exp.Expression:
    return named(value or identifier(name) if name in own else cast(exp.null(), _TYPES[name]), name)


def _provided(connection: duckdb.DuckDBPyConnection, columns: tuple[str, ...]) -> tuple[str, ...]:
    """Return the columns with a value somewhere among rows that were read the exact way; numbers addresses first."""
    if "client_ip" in columns:
        number_table(connection, LOADED)
    found = connection.execute(_counting(columns)).fetchone() or ()
    names = [*columns, "prompt_digest"] if "prompt" in columns else [*columns]
    return tuple(sorted({name for name, count in zip(names, found, strict=True) if count}))


@lru_cache(maxsize=64)
def _counting(columns: tuple[str, ...]) -> str:
    counts = [call("count", identifier(name)) for name in columns]
    if "prompt" in columns:
        counts.append(call("count", identifier(_DIGEST)))
    return text_of(exp.Select(expressions=counts).from_(table(LOADED)).where(is_good()))


def _all(name: str) -> exp.Select:
    return exp.Select(expressions=[exp.Star()]).from_(table(name))


def _union(queries: Sequence[exp.Query]) -> exp.Query:
    whole = queries[0]
    for query in queries[1:]:
        whole = exp.Union(this=whole, expression=query, distinct=False)
    return whole


def _view(connection: duckdb.DuckDBPyConnection, name: str, query: exp.Query) -> None:
    connection.execute(text_of(exp.Create(this=table(name), kind="VIEW", replace=True, expression=query)))


def _create(connection: duckdb.DuckDBPyConnection, name: str, queries: Sequence[exp.Query]) -> None:
    create = exp.Create(this=table(name), kind="TABLE", replace=True, expression=_union(queries))
    connection.execute(text_of(create))


def _rename(connection: duckdb.DuckDBPyConnection, name: str, target: str) -> None:
    connection.execute(text_of(exp.Drop(tables=[table(target)], kind="TABLE", exists=True)))
    rename = exp.AlterRename(this=table(target))
    connection.execute(text_of(exp.Alter(this=table(name), kind="TABLE", actions=[rename])))
