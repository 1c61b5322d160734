"""The judge: pySigma's SQLite backend over the same records, in a database in memory.

Columns have no declared type, so that a number stays a number, and ignore case, as the backend expects. Booleans are
the texts `true` and `false`, lists and objects their JSON text.
"""

import json
import re
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sigma.backends.sqlite.sqlite import sqliteBackend
from sigma.collection import SigmaCollection
from sigma.correlations import SigmaCorrelationRule

Record = Mapping[str, Any]


@dataclass(frozen=True, order=True)
class ReferenceAlert:
    """One alert of a correlation: its group, window in seconds, measure and the records that it rests on."""

    group: tuple[str, ...]
    start: float
    end: float
    metric: float
    records: tuple[int, ...]


def reference_matches(rule: str, records: Sequence[Record]) -> list[int]:
    """Return the positions of the records that a detection rule matches."""
    database = database_of(records, names_in(rule))
    queries = backend_with().convert(SigmaCollection.from_yaml(rule))
    found = {row[0] - 1 for query in queries for row in database.execute(with_rowid(query))}
    database.close()
    return sorted(found)


def reference_alerts(rules: str, records: Sequence[Record], time_field: str = "t") -> dict[str, list[ReferenceAlert]]:
    """Return the alerts of every correlation that is reported, by title."""
    collection = SigmaCollection.from_yaml(rules)
    backend = backend_with(timestamp_field=time_field, timestamp_format="unix")
    database = database_of(records, {*names_in(rules), time_field})
    found = {}
    for rule in collection.rules:
        if not isinstance(rule, SigmaCorrelationRule):
            backend.convert_rule(rule)
            continue
        queries = backend.convert_correlation_rule(rule)
        if rule._output:
            found[rule.title] = sorted(_alert(row, rule.group_by or []) for row in database.execute(queries[0]))
    database.close()
    return found


def backend_with(**options: Any) -> Any:
    """Return the backend for a table that ignores case."""
    return sqliteBackend(collate_nocase=True, **options)  # type: ignore[no-untyped-call]  # it has no annotations


def database_of(records: Sequence[Record], names: Iterable[str] = ()) -> sqlite3.Connection:
    """Return a database with the table `logs`: a row a record, a column a field."""
    columns: dict[str, str] = {}
    for name in (*(name for record in records for name in record), *names):
        columns.setdefault(name.lower(), name)
    database = sqlite3.connect(":memory:")
    database.create_function(
        "REGEXP", 2, lambda pattern, text: text is not None and bool(re.search(pattern, str(text)))
    )
    spelled = ", ".join(f"{_quoted(name)} COLLATE NOCASE" for name in columns.values())
    database.execute(f"CREATE TABLE logs ({spelled})")
    for record in records:
        row = {name.lower(): _stored(value) for name, value in record.items() if value is not None}
        database.execute(
            f"INSERT INTO logs VALUES ({', '.join('?' * len(columns))})", [row.get(key) for key in columns]
        )
    return database


def with_rowid(query: str) -> str:
    """Return a query of the backend that names rows instead of showing them."""
    return query.replace("SELECT *", "SELECT rowid", 1)


def names_in(rules: str) -> set[str]:
    """Return the words of a text of rules: every field that they may read is among them."""
    return set(re.findall(r"[A-Za-z_][A-Za-z0-9_.]*", rules))


def _alert(row: Sequence[Any], group_by: Sequence[str]) -> ReferenceAlert:
    keys = json.loads(row[1])
    events = sorted(int(name.partition(":")[2]) - 1 for name in json.loads(row[8]))
    group = tuple(str(keys.get(name)).lower() for name in group_by)
    return ReferenceAlert(group, row[3], row[4], round(row[6], 6), tuple(events))


def _found(pattern: str, text: object) -> bool:
    return text is not None and re.search(pattern, str(text)) is not None


def _stored(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value) if isinstance(value, list | dict) else value


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"
