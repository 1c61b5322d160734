"""How many model calls each account made: over all, and up to a moment of its own."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlglot import exp

from auditor.records.activity import STORED, Activity
from auditor.records.sql import call, case, cast, identifier, literal, named, table, text_of, within

MODEL_CALLS = ("completion", "embedding", "image", "audio", "moderation", "batch")
"""Events that ask a model for something: fewer than what links call an account's own work."""


@dataclass(frozen=True)
class AccountCalls:
    """The number of an account's model calls, and the time of the first (None: it made none)."""

    first: datetime | None
    calls: int


def calls_of_accounts(activity: Activity) -> dict[str, AccountCalls]:
    """Return every account of the activity with its calls, answered or not."""
    account = identifier("account_id")
    time_of_call = case([(_is_call(), identifier("time"))])
    figures = [exp.Min(this=time_of_call), exp.Count(this=time_of_call.copy())]
    query = exp.Select(expressions=[account, *figures]).from_(table(STORED))
    query = query.where(exp.Not(this=exp.Is(this=account.copy(), expression=exp.null()))).group_by(account.copy())
    rows = activity.connection.execute(text_of(query)).fetchall()
    return {name: AccountCalls(first and first.replace(tzinfo=UTC), count) for name, first, count in rows}


def calls_until(activity: Activity, moments: Mapping[str, datetime]) -> dict[str, int]:
    """Return how many calls each of these accounts made up to its moment, that moment included."""
    accounts = sorted(moments)
    if not accounts:
        return {}
    cuts = [moments[name].astimezone(UTC).replace(tzinfo=None) for name in accounts]
    wanted = exp.Select(expressions=[_unnested("VARCHAR[]", "wanted"), _unnested("TIMESTAMP[]", "cut")])
    account = identifier("account_id", "record")
    matches = exp.EQ(this=account, expression=identifier("wanted", "moment"))
    is_before = exp.LTE(this=identifier("time", "record"), expression=identifier("cut", "moment"))
    query = exp.Select(expressions=[account.copy(), exp.Count(this=exp.Star())]).from_(table(STORED, "record"))
    query = query.join(within(wanted, "moment"), on=exp.And(this=matches, expression=is_before), copy=False)
    query = query.where(_is_call("record")).group_by(account.copy())
    return dict(activity.connection.execute(text_of(query), [accounts, cuts]).fetchall())


def _is_call(of: str | None = None) -> exp.Expression:
    return exp.In(this=identifier("event", of), expressions=[literal(event) for event in MODEL_CALLS])


def _unnested(kind: str, name: str) -> exp.Expression:
    listed = call("unnest", cast(exp.Placeholder(), kind))
    return named(listed, name)
