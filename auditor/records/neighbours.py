"""The records that decide what a rule says of one account: its own, and those that share its subject.

An account's facts come from its own records only, so every account of which a record is taken comes whole.
"""

from collections.abc import Iterator, Sequence
from typing import Any  # a row holds values of every column type

from sqlglot import exp

from auditor.records.activity import RECORDS, Activity
from auditor.records.sql import any_of, call, identifier, literal, table, text_of

ACCOUNT = "account_id"


def rows_about(activity: Activity, account: str, subject: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Yield, in record order, the records that share a subject with the account; `subject` are the rule's columns.

    Without columns everything is one subject: all records.
    """
    return activity.rows(_sharing(activity, account, subject))


def count_about(activity: Activity, account: str, subject: Sequence[str]) -> int:
    """Return how many records `rows_about` would yield."""
    query = exp.Select(expressions=[call("count", exp.Star())]).from_(table(RECORDS))
    where = _sharing(activity, account, subject)
    query = query if where is None else query.where(where)
    row = activity.connection.cursor().execute(text_of(query)).fetchone()
    assert row is not None, "a count is one row"
    return int(row[0])


def _sharing(activity: Activity, account: str, subject: Sequence[str]) -> exp.Expression | None:
    if not subject:
        return None
    own = _is_one_of(ACCOUNT, [account])
    if ACCOUNT in subject:
        return own
    shared = [_is_one_of(name, values) for name in subject if (values := _values(activity, name, own))]
    if not shared:
        return own
    accounts = _values(activity, ACCOUNT, any_of(shared))
    return any_of([own, *shared, *([_is_one_of(ACCOUNT, accounts)] if accounts else [])]).copy()


def _values(activity: Activity, name: str, where: exp.Expression) -> list[str]:
    """Return the values of a text column in some records, sorted."""
    query = exp.Select(expressions=[identifier(name)]).from_(table(RECORDS)).where(where).distinct()
    rows = activity.connection.cursor().execute(text_of(query)).fetchall()
    return sorted(value for (value,) in rows if value is not None)


def _is_one_of(name: str, values: Sequence[str]) -> exp.Expression:
    return exp.In(this=identifier(name), expressions=[literal(value) for value in values])
