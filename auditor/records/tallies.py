"""Counts over the cited records of runs, read from their citations files.

What a case needs of citations without reading millions of them: how many of an account's cited records lie within
or after a stretch of time, with which keys they were made, and how many different records a set of findings cites.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any  # a row holds values of every column type

import duckdb
from sqlglot import exp

from auditor.errors import WorkspaceError
from auditor.records.activity import STORED, Activity
from auditor.records.sql import call, cast, file_reader, identifier, literal, named, table, text_of

Files = Mapping[str, Path]
"""Citations files by the run that wrote them."""

_SPAN_TYPES = {"account": "VARCHAR", "key": "VARCHAR", "start": "TIMESTAMP", "end": "TIMESTAMP", "until": "TIMESTAMP"}
_CITED = ("run", "finding_id", "account_id", "source_id", "source_line")


AFTERMATH = timedelta(days=30)
"""How long after a theft its key is doubted: time enough to tell the holder and to replace the key."""


def aftermath_of(end: datetime) -> datetime:
    """Return until when a key is doubted that was stolen until `end`."""
    latest = datetime.max.replace(tzinfo=UTC)
    return end + AFTERMATH if end <= latest - AFTERMATH else latest


@dataclass(frozen=True)
class AccountSpan:
    """A stretch of time on one account from `start` to `end`, both included, and how long it is felt afterwards.

    With a `key` it is about records made with that key (`api_key_id`), or with none that is known.
    """

    account: str
    start: datetime
    end: datetime
    until: datetime
    key: str | None = None


def keys_cited(
    activity: Activity, citations: Files, findings: Collection[tuple[str, str]]
) -> Mapping[tuple[str, str, str], tuple[str, ...]]:
    """Return the known keys of the records that findings, given as (run, finding), cite against each account, sorted.

    The keys of the result are (run, finding, account). Raises WorkspaceError when a file can't be read.
    """
    if not citations or not findings:
        return {}
    wanted = exp.In(this=identifier("finding_id"), query=exp.Subquery(this=_listed("findings")))
    cited = _cited(citations).where(wanted)
    names = ("run", "finding_id", "account_id")
    items = [*(identifier(name, "c") for name in names), identifier("api_key_id", "r")]
    query = exp.Select(expressions=items).distinct().from_(cited.subquery(exp.to_identifier("c", quoted=True)))
    query = query.join(table(STORED, "r"), on=_same_record())
    query = query.where(_is_known("api_key_id", "r"))
    found: dict[tuple[str, str, str], list[str]] = {}
    values = {"findings": sorted({finding for _, finding in findings})}
    for run, finding, account, key in _fetched(activity, citations, query, values):
        if (run, finding) in findings:
            found.setdefault((run, finding, account), []).append(key)
    return {name: tuple(sorted(keys)) for name, keys in found.items()}


def records_within(
    activity: Activity, citations: Files, spans: Iterable[AccountSpan]
) -> Mapping[str, Mapping[tuple[str, str], tuple[int, int]]]:
    """Count cited records of each run by (finding, account), for the accounts that have spans.

    Gives (records within any span of the account, records after one, up to its `until`, and within none). Only
    records that the finding is about count. Raises WorkspaceError when a file can't be read.
    """
    given = sorted(set(spans), key=lambda span: (span.account, span.start, span.end, span.until, span.key or ""))
    counts: dict[str, dict[tuple[str, str], tuple[int, int]]] = {run: {} for run in citations}
    if not given or not citations:
        return counts
    values = {
        "account": [span.account for span in given],
        "key": [span.key for span in given],
        "start": [_naive(span.start) for span in given],
        "end": [_naive(span.end) for span in given],
        "until": [_naive(span.until) for span in given],
        "accounts": sorted({span.account for span in given}),
    }
    for run, finding, account, inside, later in _fetched(activity, citations, _within(citations), values):
        counts[run][finding, account] = (inside, later)
    return counts


def cited_by_account(activity: Activity, citations: Files, findings: Collection[tuple[str, str]]) -> Mapping[str, int]:
    """Count the different records that findings, given as (run, finding), cite against each account.

    Raises WorkspaceError when a file can't be read.
    """
    if not citations or not findings:
        return {}
    given = [named(_unnested(name, "VARCHAR"), name) for name in ("runs", "findings")]
    wanted = exp.Select(expressions=given).subquery(exp.to_identifier("w", quoted=True))
    same = [
        exp.EQ(this=identifier("run", "c"), expression=identifier("runs", "w")),
        exp.EQ(this=identifier("finding_id", "c"), expression=identifier("findings", "w")),
    ]
    distinct = exp.Select(expressions=[identifier(name, "c") for name in ("account_id", "source_id", "source_line")])
    distinct = distinct.distinct().from_(_cited(citations).subquery(exp.to_identifier("c", quoted=True)))
    distinct = distinct.join(wanted, on=_every(same))
    query = exp.Select(expressions=[identifier("account_id"), exp.Count(this=exp.Star())])
    query = query.from_(distinct.subquery("cited")).group_by(identifier("account_id"))
    pairs = sorted(findings)
    values = {"runs": [run for run, _ in pairs], "findings": [finding for _, finding in pairs]}
    return dict(_fetched(activity, citations, query, values))


def _within(citations: Files) -> exp.Select:
    """Build the count: each cited record once, with whether any span of its account and key holds it."""
    time, keys = identifier("time", "c"), [identifier(name, "c") for name in _CITED]
    inside = exp.Between(this=time, low=identifier("start", "s"), high=identifier("end", "s"))
    is_later = exp.GT(this=time.copy(), expression=identifier("end", "s"))
    is_felt = exp.LTE(this=time.copy(), expression=identifier("until", "s"))
    each = exp.Select(
        expressions=[
            *keys,
            named(call("bool_or", inside), "inside"),
            named(call("bool_or", exp.And(this=is_later, expression=is_felt)), "after"),
        ]
    )
    victims = exp.In(this=identifier("account_id"), query=exp.Subquery(this=_listed("accounts")))
    cited = _cited(citations).where(victims)
    spans = exp.Select(expressions=[named(_unnested(name, kind), name) for name, kind in _SPAN_TYPES.items()])
    each = each.from_(cited.subquery(exp.to_identifier("c", quoted=True)))
    each = each.join(_keyed_records(), on=_same_record(), join_type="left")
    each = each.join(spans.subquery(exp.to_identifier("s", quoted=True)), on=_same_key())
    each = each.group_by(*(key.copy() for key in keys))
    later = exp.And(this=identifier("after"), expression=exp.Not(this=identifier("inside")))
    names = [identifier(name) for name in ("run", "finding_id", "account_id")]
    query = exp.Select(expressions=[*names, _count_if(identifier("inside")), _count_if(later)])
    return query.from_(each.subquery("cited")).group_by(*(name.copy() for name in names))


def _keyed_records() -> exp.Expression:
    """Return the records of the accounts asked for, with their key: all that is read of the store."""
    names = [identifier(name) for name in ("source_id", "source_line", "api_key_id")]
    victims = exp.In(this=identifier("account_id"), query=exp.Subquery(this=_listed("accounts")))
    records = exp.Select(expressions=names).from_(table(STORED)).where(victims)
    return records.subquery(exp.to_identifier("r", quoted=True))


def _same_record() -> exp.Expression:
    return _every(
        [exp.EQ(this=identifier(name, "r"), expression=identifier(name, "c")) for name in ("source_id", "source_line")]
    )


def _same_key() -> exp.Expression:
    """Return the test that a span is about a record: its account, and its key unless one of the two is not known."""
    key, own = identifier("key", "s"), identifier("api_key_id", "r")
    fits = [exp.Is(this=key, expression=exp.null()), exp.Is(this=own, expression=exp.null())]
    either = exp.Or(this=exp.Or(this=fits[0], expression=fits[1]), expression=exp.EQ(this=key.copy(), expression=own))
    account = exp.EQ(this=identifier("account", "s"), expression=identifier("account_id", "c"))
    return _every([account, exp.Paren(this=either)])


def _cited(citations: Files) -> exp.Select:
    """Return the cited records of all runs that a finding is about, with the run that cites them."""
    columns = ("finding_id", "time", "source_id", "source_line", "account_id")
    parts: list[exp.Query] = []
    for run, path in sorted(citations.items()):
        items = [named(literal(run), "run"), *(identifier(name) for name in columns)]
        parts.append(exp.Select(expressions=items).from_(_file(path)).where(_is_about_an_account()))
    whole = parts[0]
    for part in parts[1:]:
        whole = exp.Union(this=whole, expression=part, distinct=False)
    return exp.Select(expressions=[exp.Star()]).from_(whole.subquery(exp.to_identifier("all", quoted=True)))


def _listed(name: str) -> exp.Select:
    return exp.Select(expressions=[_unnested(name, "VARCHAR")])


def _unnested(name: str, kind: str) -> exp.Expression:
    """Return the values of the statement's parameter of that name, a list, as rows."""
    return call("unnest", cast(exp.Placeholder(this=name), f"{kind}[]"))


def _every(tests: Sequence[exp.Expression]) -> exp.Expression:
    whole = tests[0]
    for test in tests[1:]:
        whole = exp.And(this=whole, expression=test)
    return whole


def _count_if(condition: exp.Expression) -> exp.Expression:
    return exp.Filter(this=exp.Count(this=exp.Star()), expression=exp.Where(this=condition))


def _is_about_an_account() -> exp.Expression:
    return exp.And(this=identifier("is_against"), expression=_is_known("account_id"))


def _is_known(name: str, of: str | None = None) -> exp.Expression:
    return exp.Not(this=exp.Is(this=identifier(name, of), expression=exp.null()))


def _file(citations: Path) -> exp.Expression:
    return file_reader("read_parquet", [citations])


def _fetched(
    activity: Activity, citations: Files, query: exp.Select, values: Mapping[str, object]
) -> list[tuple[Any, ...]]:
    with _in_our_words(citations.values()):
        return activity.connection.cursor().execute(text_of(query), dict(values)).fetchall()


@contextmanager
def _in_our_words(files: Iterable[Path]) -> Iterator[None]:
    """Say which files can't be read when one of them is damaged."""
    try:
        yield
    except (duckdb.IOException, duckdb.InvalidInputException) as error:
        place = ", ".join(str(path) for path in sorted(files))
        raise WorkspaceError.at(place, "the run's citations can't be read", "run the audit again") from error


def _naive(time: datetime) -> datetime:
    return time.astimezone(UTC).replace(tzinfo=None)
