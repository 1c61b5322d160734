"""A record as rules see it: its own values, account facts and context columns together."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any  # a column's value is of the column's type

from auditor.checker.findings import RecordRef
from auditor.digests import rfc3339


@dataclass(frozen=True, eq=False)
class Record:
    """One record; two are the same only if they are the same object."""

    values: Mapping[str, Any]

    @property
    def time(self) -> datetime:
        """When it happened, aware UTC."""
        moment: datetime = self.values["time"]
        return moment

    @property
    def order(self) -> tuple[datetime, str, int]:
        """What records are ordered by."""
        return (self.time, self.values["source_id"], self.values["source_line"])

    def value(self, column: str) -> Any:
        """Return a column's value, None if it has none; `extra.a.b` looks into the unknown fields."""
        if column.startswith("extra."):
            return _inside(self.values.get("extra"), column.split(".")[1:])
        return self.values.get(column)

    def texts(self, columns: tuple[str, ...]) -> tuple[str, ...] | None:
        """Return the values of columns as texts, or None if one of them is null."""
        values = [self.value(column) for column in columns]
        return None if None in values else tuple(text_of(value) for value in values)

    def reference(self) -> RecordRef:
        """Return how the record is cited."""
        return RecordRef(
            time=self.time,
            source_id=self.values["source_id"],
            source_line=self.values["source_line"],
            record_id=self.values["record_id"],
            account_id=self.values["account_id"],
        )


def text_of(value: Any) -> str:
    """Return a value as subjects, `by` and exemptions keep it."""
    match value:
        case bool():
            return "true" if value else "false"
        case Decimal():
            return format(value.normalize(), "f") if value else "0"
        case datetime():
            return rfc3339(value)
        case _:
            return str(value)


def _inside(extra: str | None, keys: list[str]) -> str | None:
    found: Any = None if extra is None else json.loads(extra)
    for key in keys:
        found = found.get(key) if isinstance(found, dict) else None
    if found is None or isinstance(found, str):
        return found
    return json.dumps(found, ensure_ascii=False, separators=(",", ":"))
