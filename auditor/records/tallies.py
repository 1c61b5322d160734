"""Counts over the cited records of a run, read from its citations file.

What a case needs of citations without reading millions of them: how many of an account's cited records lie within
or after a stretch of time, and how many different records a set of findings cites.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb
from sqlglot import exp

from auditor.errors import WorkspaceError
from auditor.records.sql import call, cast, identifier, literal, open_connection, table, text_of

_SPANS = "spans"


@dataclass(frozen=True)
class AccountSpan:
    """A stretch of time on one account, both ends included."""

    account: str
    start: datetime
    end: datetime


def records_within(citations: Path, spans: Iterable[AccountSpan]) -> Mapping[tuple[str, str], tuple[int, int]]:
    """Count cited records by (finding, account), for the accounts that have spans.

    Gives (records within any span of the account, records after the start of its first span and within none).
    Only records that the finding is about count. Raises WorkspaceError when the file can't be read.
    """
    given = sorted(set(spans), key=lambda span: (span.account, span.start, span.end))
    if not given:
        return {}
    with _reading(citations) as connection:
        types = {"account": "VARCHAR", "start": "TIMESTAMP", "end": "TIMESTAMP"}
        lists = [
            call("unnest", cast(exp.Placeholder(), f"{kind}[]")).as_(name, quoted=True) for name, kind in types.items()
        ]
        filled = exp.Select(expressions=lists)
        connection.execute(
            text_of(exp.Create(this=table(_SPANS), kind="TABLE", expression=filled)),
            [[span.account for span in given], [_naive(s.start) for s in given], [_naive(s.end) for s in given]],
        )
        rows = connection.execute(text_of(_within(citations))).fetchall()
    return {(finding, account): (inside, later) for finding, account, inside, later in rows}


def cited_by_account(citations: Path, findings: Collection[str]) -> Mapping[str, int]:
    """Count the different records that the given findings cite against each account."""
    wanted = sorted(set(findings))
    if not wanted:
        return {}
    listed = exp.Select(expressions=[call("unnest", cast(exp.Placeholder(), "VARCHAR[]"))])
    chosen = exp.In(this=identifier("finding_id"), query=exp.Subquery(this=listed))
    distinct = exp.Select(expressions=[identifier(name) for name in ("account_id", "source_id", "source_line")])
    distinct = distinct.distinct().from_(_file(citations)).where(chosen, _is_about_an_account())
    query = exp.Select(expressions=[identifier("account_id"), exp.Count(this=exp.Star())])
    query = query.from_(distinct.subquery("cited")).group_by(identifier("account_id"))
    with _reading(citations) as connection:
        rows = connection.execute(text_of(query), [wanted]).fetchall()
    return dict(rows)


def _within(citations: Path) -> exp.Select:
    """Build the count: each cited record once, with whether any span of its account holds it."""
    time, start, end = identifier("time", "c"), identifier("start", "s"), identifier("end", "s")
    keys = [identifier(name, "c") for name in ("finding_id", "account_id", "source_id", "source_line")]
    inside = exp.Between(this=time, low=start, high=end)
    held = exp.Anonymous(this="bool_or", expressions=[inside]).as_("inside", quoted=True)
    after = exp.Anonymous(this="bool_or", expressions=[exp.GT(this=time.copy(), expression=start.copy())])
    same = exp.EQ(this=identifier("account_id", "c"), expression=identifier("account", "s"))
    each = exp.Select(expressions=[*keys, held, after.as_("after", quoted=True)])
    source = exp.Alias(this=_file(citations), alias=exp.to_identifier("c", quoted=True))
    each = each.from_(source).join(table(_SPANS, "s"), on=same).where(_is_about_an_account("c"))
    each = each.group_by(*(key.copy() for key in keys))
    later = exp.And(this=identifier("after"), expression=exp.Not(this=identifier("inside")))
    columns = [identifier("finding_id"), identifier("account_id"), _count_if(identifier("inside")), _count_if(later)]
    query = exp.Select(expressions=columns).from_(each.subquery("cited"))
    return query.group_by(identifier("finding_id"), identifier("account_id"))


def _count_if(condition: exp.Expression) -> exp.Expression:
    return exp.Filter(this=exp.Count(this=exp.Star()), expression=exp.Where(this=condition))


def _is_about_an_account(of: str | None = None) -> exp.Expression:
    known = exp.Not(this=exp.Is(this=identifier("account_id", of), expression=exp.Null()))
    return exp.And(this=identifier("is_against", of), expression=known)


def _file(citations: Path) -> exp.Expression:
    return call("read_parquet", literal(str(citations)))


@contextmanager
def _reading(citations: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Give a connection that may read the citations' folder, and say in our words when the file is damaged."""
    connection = open_connection(folders=(citations.parent,))
    try:
        yield connection
    except (duckdb.IOException, duckdb.InvalidInputException) as error:
        message = "the run's citations can't be read"
        raise WorkspaceError.at(str(citations), message, "run the audit again") from error
    finally:
        connection.close()


def _naive(time: datetime) -> datetime:
    return time.astimezone(UTC).replace(tzinfo=None)
