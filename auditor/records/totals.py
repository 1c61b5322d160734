"""How much an account did in all: what its cited records are held against.

"Share of ordinary traffic" speaks for an account. It needs no rule, only how many records the account has, over
which stretch of time, and which organizations it belonged to (approvals are given to organizations too). A mail domain
says openly whose accounts some are.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import duckdb
from sqlglot import exp

from auditor.records.activity import STORED, Activity
from auditor.records.asof import timestamp
from auditor.records.sql import case, identifier, table, text_of


@dataclass(frozen=True)
class AccountTotal:
    """All records of one account: their number, first and last time, and its organizations since when, oldest first.

    `prompts` is how many of them hold what was asked: an account without any may still have left digests. `mail_domain`
    is the first by the alphabet, None where no record says one.
    """

    records: int
    first: datetime
    last: datetime
    organizations: tuple[tuple[str, datetime], ...] = ()
    prompts: int = 0
    mail_domain: str | None = None


def account_totals(
    activity: Activity, accounts: Collection[str], *, as_of: datetime | None = None
) -> Mapping[str, AccountTotal]:
    """Return the totals of the given accounts; an account without records is left out.

    With `as_of` only records up to then are counted, and `last` is the last of these. Organizations have dates of
    their own and are all there: findings that a run as of a day doesn't judge are read by them too.
    """
    wanted = sorted(set(accounts))
    if not wanted:
        return {}
    organizations = _organizations(activity.connection, wanted)
    rows = activity.connection.execute(text_of(_totals(as_of)), [wanted]).fetchall()
    return {
        account: AccountTotal(records, _aware(first), _aware(last), organizations.get(account, ()), prompts, domain)
        for account, records, first, last, prompts, domain in rows
    }


def names_on_record(activity: Activity, column: str, names: Collection[str]) -> frozenset[str]:
    """Return those of the given names that a column of text of any record holds."""
    if not names:
        return frozenset()
    query = _of_wanted([identifier(column)], column).distinct()
    return frozenset(name for (name,) in activity.connection.execute(text_of(query), [sorted(names)]).fetchall())


def _totals(as_of: datetime | None) -> exp.Select:
    account, time = identifier("account_id"), identifier("time")
    seen = time if as_of is None else _by_then(as_of)
    has_prompt = exp.Not(this=exp.Is(this=identifier("prompt"), expression=exp.Null()))
    prompts = case([(has_prompt, seen.copy())])
    domain = identifier("email_domain")
    last = exp.Coalesce(this=exp.Max(this=seen.copy()), expressions=[exp.Min(this=time.copy())])
    columns = [account, exp.Count(this=seen), exp.Min(this=time), last, exp.Count(this=prompts), exp.Min(this=domain)]
    return _of_wanted(columns).group_by(identifier("account_id")).order_by(identifier("account_id"))


def _by_then(as_of: datetime) -> exp.Expression:
    """Return the time of a record, NULL for a later one."""
    is_there = exp.LTE(this=identifier("time"), expression=timestamp(as_of))
    return case([(is_there, identifier("time"))])


def _organizations(
    connection: duckdb.DuckDBPyConnection, wanted: list[str]
) -> dict[str, tuple[tuple[str, datetime], ...]]:
    account, organization = identifier("account_id"), identifier("organization_id")
    first = exp.alias_(exp.Min(this=identifier("time")), "first", quoted=True)
    held = exp.Not(this=exp.Is(this=organization.copy(), expression=exp.Null()))
    query = _of_wanted([account, organization, first]).where(held)
    query = query.group_by(account.copy(), organization.copy())
    query = query.order_by(identifier("first"), organization.copy())
    found: dict[str, tuple[tuple[str, datetime], ...]] = {}
    for name, value, since in connection.execute(text_of(query), [wanted]).fetchall():
        found[name] = (*found.get(name, ()), (value, _aware(since)))
    return found


def _of_wanted(columns: Sequence[exp.Expr], key: str = "account_id") -> exp.Select:
    """Select columns of the records whose `key` is among the statement's one parameter, a list of text."""
    parameter = exp.Cast(this=exp.Placeholder(), to=exp.DataType.build("VARCHAR[]", dialect="duckdb"))
    listed = exp.Select(expressions=[exp.Anonymous(this="unnest", expressions=[parameter])])
    wanted = exp.In(this=identifier(key), query=exp.Subquery(this=listed))
    return exp.Select(expressions=columns).from_(table(STORED)).where(wanted)


def _aware(time: datetime) -> datetime:
    return time.replace(tzinfo=UTC)
