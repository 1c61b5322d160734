"""Account facts as of a record's time, and the columns that come from the context."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any  # a row holds values of every column type

from auditor.checker.evaluator.record import Record
from auditor.policy.pack import Context
from auditor.records.schema import FACT_COLUMNS

Row = Mapping[str, Any]


Held = dict[tuple[str, str], list[Record]]
"""By account and fact column: the records that hold a value, in record order."""


def records_of(rows: Iterable[Row], context: Context, as_of: datetime | None) -> tuple[Record, ...]:
    """Return the rows that exist at `as_of`, in record order, with facts and context columns filled in."""
    known = [Record(row) for row in rows if as_of is None or row["time"] <= as_of]
    known.sort(key=lambda record: record.order)
    held = _held(known)
    with_facts = [Record({**record.values, **_facts_at(record, held)}) for record in known]
    return tuple(Record({**record.values, **_from_context(record, context)}) for record in with_facts)


def _held(known: list[Record]) -> Held:
    held: Held = {}
    for record in known:
        for name in FACT_COLUMNS:
            if record.value(name) is not None and record.value("account_id") is not None:
                held.setdefault((record.value("account_id"), name), []).append(record)
    return held


def _facts_at(record: Record, held: Held) -> dict[str, Any]:
    return {name: _fact(name, record, held) for name in FACT_COLUMNS}


def _fact(name: str, record: Record, held: Held) -> Any:
    own = record.value(name)
    if own is not None or record.value("account_id") is None:
        return own
    holders = held.get((record.value("account_id"), name), [])
    known_by_then = bisect_right(holders, record.time, key=lambda holder: holder.time)
    return holders[known_by_then - 1].value(name) if known_by_then else None


def _from_context(record: Record, context: Context) -> dict[str, Any]:
    limits, releases = dict(context.requests_per_minute), dict(context.model_releases)
    released = releases.get(record.value("model"))
    return {
        "rate_limit": limits.get(record.value("plan")),
        "model_age": None if released is None else seconds_between(released, record.time),
    }


def seconds_between(first: datetime, second: datetime) -> Decimal:
    """Return the exact seconds from one time to another, negative when the second is earlier."""
    return Decimal((second - first) // timedelta(microseconds=1)).scaleb(-6)
