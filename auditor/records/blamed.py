"""Whose the bad lines of a source are: the account that a line names, where that can still be read.

A caller can get their own lines quarantined, and then nothing judges them; so the account is looked for in what is left
of the line. A line that is sound JSON but for a value is read with Python, a broken one is searched for the fields that
the profile makes the account of. A field that stands there twice with different values says nothing.
"""

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import duckdb
from sqlglot import exp

from auditor.records.places import LOADED, ROW
from auditor.records.profiles import JSON_ARRAY, JSON_LINES, Profile
from auditor.records.reading import Loaded
from auditor.records.sql import identifier, table, text_of
from auditor.records.staging import Staged, load_rows
from auditor.records.survey import LONGEST_LINE

LONGEST_ACCOUNT = 256
"""Characters of an account's name; what is longer is none."""

_ACCOUNT = "account_id"
_SCALAR = r'\s*:\s*("(?:[^"\\]|\\.)*+"|-?[0-9]{1,20}(?![0-9.eE]))'


def accounts_behind(
    connection: duckdb.DuckDBPyConnection, loaded: Loaded, staged: Staged, scratch: Path
) -> dict[int, str]:
    """Return the account of each bad row that names one; `scratch` is a folder that the connection reaches."""
    tree = loaded.profile.columns.get(_ACCOUNT)
    if not staged.bad or tree is None:
        return {}
    rows = sorted(staged.bad)
    if loaded.format not in (JSON_LINES, JSON_ARRAY):
        found = _accounts(connection, staged.loaded_table) if _ACCOUNT in staged.columns else {}
        return {row: found[row] for row in rows if row in found}
    only = replace(loaded.profile, columns={_ACCOUNT: tree})
    lines = scratch / f"mended-{staged.number}"
    with lines.open("wb") as stream:
        stream.writelines(_mended(line, only) for line in loaded.data.each(rows))
    load_rows(connection, lines, only, only.fields)
    lines.unlink()
    return {rows[at]: account for at, account in _accounts(connection, LOADED).items()}


def _accounts(connection: duckdb.DuckDBPyConnection, rows: str) -> dict[int, str]:
    query = exp.Select(expressions=[identifier(ROW), identifier(_ACCOUNT)]).from_(table(rows))
    query = query.where(exp.Not(this=exp.Is(this=identifier(_ACCOUNT), expression=exp.null())))
    found = connection.execute(text_of(query)).fetchall()
    return {row: account for row, account in found if len(account) <= LONGEST_ACCOUNT}


def _mended(line: bytes, profile: Profile) -> bytes:
    """Return a sound line with the fields that make the account, as far as they can be read."""
    values = _values(line[:LONGEST_LINE].decode("utf-8", "replace"), profile.fields)
    is_plain = isinstance(profile.columns[_ACCOUNT], exp.Column)
    kept = {}
    for name, value in values.items():
        is_scalar = isinstance(value, str | int) and not isinstance(value, bool)
        if (is_scalar or not is_plain) and _is_sound(json.dumps(value)):
            kept[name] = value
    return json.dumps(kept).encode() + b"\n"


def _is_sound(text: str) -> bool:
    return not re.search(r"\\u(0000|d[89a-f])|NaN|Infinity", text) and "\N{REPLACEMENT CHARACTER}" not in text


def _values(text: str, fields: Sequence[str]) -> Mapping[str, object]:
    try:
        record = json.loads(text, object_pairs_hook=_unrepeated)
    except (ValueError, RecursionError):
        return {name: value for name in fields if (value := _searched(text, name)) is not None}
    return {name: record[name] for name in fields if name in record} if isinstance(record, dict) else {}


def _unrepeated(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Return an object without the keys that it has twice: which of the two is true can't be known."""
    counts = Counter(name for name, _ in pairs)
    return {name: value for name, value in pairs if counts[name] == 1}


def _searched(text: str, name: str) -> object:
    """Return the one value that a field has in a broken line; a quote within a text is escaped, so a text has none."""
    found = set(re.findall(re.escape(json.dumps(name)) + _SCALAR, text))
    if len(found) != 1:
        return None
    try:
        return json.loads(found.pop())
    except ValueError:
        return None
