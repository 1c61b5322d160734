"""Fields that a profile reads and no record of a source has: most often a name that was misspelt.

Whoever reads the profile's columns later would only see that they are empty. The beginning of a source tells nearly
always; where it doesn't, the names in all of it are read.
"""

from collections.abc import Collection, Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path

import duckdb
from sqlglot import exp

from auditor.records.expressions import fields_of
from auditor.records.profiles import SHIPPED, Profile, load_profile
from auditor.records.shapes import objects_in
from auditor.records.sql import call, cast, file_reader, identifier, literal, named, text_of
from auditor.records.stretch_query import json_options

Absent = Mapping[str, str]
"""Fields that are read and that no record has, each with the field there that is most like it, or nothing."""

_HEAD = 1 << 20
_REQUIRED = ("time", "event")


def absent_fields(
    connection: duckdb.DuckDBPyConnection, lines: Path, profile: Profile, filled: Collection[str]
) -> Absent:
    """Return the fields that the profile reads and no object of a file of JSON Lines has; `filled` columns have values.

    A shipped profile reads more than any one source has: of it, only what every record needs is looked for.
    """
    is_shipped = any(profile is load_profile(name) for name in SHIPPED)
    trees = [tree for column, tree in profile.columns.items() if not is_shipped or column in _REQUIRED]
    wanted = dict.fromkeys(name for tree in trees for name in fields_of(tree))
    there = {tree.name for column, tree in profile.columns.items() if column in filled and isinstance(tree, exp.Column)}
    with lines.open("rb") as stream:
        there |= {name for record in objects_in(stream.read(_HEAD).decode("utf-8", "replace")) for name in record}
    if not wanted.keys() - there:
        return {}
    try:
        there |= _names_in(connection, lines)
    except (
        duckdb.OutOfMemoryException
    ):  # a line that is longer than the engine takes: nothing is known then, so nothing is said
        return {}
    return {name: _nearest(name, there) for name in wanted if name not in there} if there else {}


def absent_everywhere(sources: Iterable[Absent]) -> Absent:
    """Return the fields that are absent from each of several sources."""
    found = list(sources)
    return {name: near for name, near in found[0].items() if all(name in one for one in found)} if found else {}


def in_words(profile: str, absent: Absent) -> list[str]:
    """Say of each absent field that no record has it, and which field may have been meant."""
    return [
        f"no record has a field `{name}`, which profile `{profile}` reads"
        + (f"; did you mean `{near}`?" if near else "")
        for name, near in absent.items()
    ]


def _names_in(connection: duckdb.DuckDBPyConnection, lines: Path) -> set[str]:
    reader = exp.Table(this=file_reader("read_ndjson_objects", [lines], **json_options()))
    line = cast(identifier("json"), "VARCHAR")
    keys = call("unnest", call("json_keys", line))
    inner = exp.Select(expressions=[named(keys, "key")]).from_(reader)
    inner = inner.where(exp.EQ(this=call("json_type", line.copy()), expression=literal("OBJECT")))
    query = exp.Select(expressions=[identifier("key")], distinct=exp.Distinct())
    query = query.from_(inner.subquery(exp.to_identifier("inner", quoted=True)))
    return {name for (name,) in connection.execute(text_of(query)).fetchall()}


def _nearest(name: str, there: Collection[str]) -> str:
    by_folded = {other.casefold(): other for other in sorted(there)}
    near = get_close_matches(name.casefold(), by_folded, n=1)
    return by_folded[near[0]] if near else ""
