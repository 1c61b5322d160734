"""Cited records with all their columns: the citations of runs joined to the activity.

One query serves many cases: a query a case reads the store again for each of them. Everything comes back in record
order (time, source_id, source_line), which with `source_id` and `source_line` names a record.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any  # a row holds values of every column type

import duckdb
from sqlglot import exp

from auditor.errors import WorkspaceError
from auditor.records.activity import ORDER, RECORDS, STORED, Activity
from auditor.records.schema import COLUMNS, PROVENANCE_COLUMNS
from auditor.records.sql import call, file_reader, identifier, literal, table, text_of

ROW_COLUMNS = (*COLUMNS, *PROVENANCE_COLUMNS)
"""Columns of a cited row: the contract's and its provenance, in their order."""

BATCH = 2048

WISH = ("case_id", "finding_id", "width_us", "cited_as")
"""Columns of the rows that say which findings are wanted."""


@dataclass(frozen=True)
class Wanted:
    """A finding of a case, the citations file of the run that last saw it, and the bucket of its timeline.

    `cited_as` is the finding's id in that file, where the casebook kept an earlier one.
    """

    case: str
    finding: str
    citations: Path
    cited_as: str = ""
    bucket_seconds: int = 86_400


@dataclass(frozen=True)
class CitedRow:
    """A record, the finding that cites it (with whether it is about that or context), and its columns."""

    case: str
    findings: tuple[tuple[str, bool], ...]
    row: dict[str, Any]


@dataclass(frozen=True)
class Bucket:
    """How many cited records of a finding begin in one stretch of its timeline."""

    case: str
    finding: str
    start: datetime
    records: int


def first_cited(activity: Activity, wanted: Sequence[Wanted], *, limit: int) -> Iterator[CitedRow]:
    """Yield up to `limit` records of each finding, one finding after the other, in order of case and finding."""
    if not wanted:
        return
    rank = exp.Window(
        this=exp.RowNumber(),
        partition_by=[identifier("case_id"), identifier("finding_id")],
        order=exp.Order(expressions=[_ascending(name) for name in ORDER]),
    )
    ranked = exp.select(exp.Star(), exp.alias_(rank, "place", quoted=True)).from_(citations_of(wanted).subquery("c"))
    first = (
        exp.select(exp.Star())
        .from_(ranked.subquery("r"))
        .where(exp.LTE(this=identifier("place"), expression=literal(limit)))
    )
    head = ("case_id", "finding_id", "is_against")
    query = joined_to_records(first, head).order_by(*(identifier(name, "c") for name in (*head[:2], *ORDER)))
    for values in fetched(activity, query, wanted):
        yield CitedRow(values[0], ((values[1], bool(values[2])),), row_of(values[len(head) :]))


def cited_records(wanted: Sequence[Wanted]) -> exp.Select:
    """Return every column of every cited record once a case, with `case_id` and all findings of the case that cite it.

    `findings` are a sorted list of (id, is_against); at least one finding is wanted.
    """
    key = ("case_id", *ORDER)
    pair = exp.Struct(
        expressions=[
            exp.PropertyEQ(this=exp.to_identifier(name), expression=identifier(column))
            for name, column in (("id", "finding_id"), ("is_against", "is_against"))
        ]
    )
    findings = call("list_sort", call("list", pair))
    grouped = (
        exp.select(*(identifier(name) for name in key), exp.alias_(findings, "findings", quoted=True))
        .from_(citations_of(wanted).subquery("w"))
        .group_by(*(identifier(name) for name in key))
    )
    return joined_to_records(grouped, ("case_id", "findings"))


def timelines(activity: Activity, wanted: Sequence[Wanted]) -> tuple[Bucket, ...]:
    """Return how many cited records fall into each bucket of each finding; empty buckets are left out."""
    if not wanted:
        return ()
    micros = call("epoch_us", identifier("time"))
    width = identifier("width_us")
    start = exp.Mul(this=exp.Paren(this=exp.IntDiv(this=micros, expression=width)), expression=width.copy())
    names = ("case_id", "finding_id", "start_us")
    query = (
        exp.select(*(identifier(name) for name in names[:2]), exp.alias_(start, "start_us", quoted=True))
        .select(exp.alias_(exp.Count(this=exp.Star()), "records", quoted=True))
        .from_(citations_of(wanted).subquery("c"))
        .group_by(*(literal(place) for place in (1, 2, 3)))
        .order_by(*(literal(place) for place in (1, 2, 3)))
    )
    return tuple(
        Bucket(case, finding, datetime.fromtimestamp(start_us // 1_000_000, UTC), records)
        for case, finding, start_us, records in fetched(activity, query, wanted)
    )


def cited_counts(activity: Activity, wanted: Sequence[Wanted]) -> dict[str, int]:
    """Return how many different records the findings of each case cite."""
    if not wanted:
        return {}
    key = ("case_id", "source_id", "source_line")
    records = exp.select(*(identifier(name) for name in key)).distinct().from_(citations_of(wanted).subquery("c"))
    query = (
        exp.select(identifier("case_id"), exp.Count(this=exp.Star()))
        .from_(records.subquery("r"))
        .group_by(identifier("case_id"))
    )
    return dict(fetched(activity, query, wanted))


def sources_cited(activity: Activity, wanted: Sequence[Wanted]) -> list[str]:
    """Return the sources that some wanted finding cites records of, sorted."""
    if not wanted:
        return []
    named = exp.select(identifier("source_id")).distinct().from_(citations_of(wanted).subquery("c"))
    return sorted(source_id for (source_id,) in fetched(activity, named, wanted))


def cited_from(activity: Activity, wanted: Sequence[Wanted], sources: Collection[str]) -> dict[tuple[str, str], int]:
    """Return how many records of some sources each finding cites, by case and finding; those with none are left out.

    What was cited counts, whether it is still in the store or not.
    """
    if not wanted or not sources:
        return {}
    key = (identifier("case_id"), identifier("finding_id"))
    is_of = exp.In(this=identifier("source_id"), expressions=[literal(source_id) for source_id in sorted(sources)])
    query = exp.select(*key, exp.Count(this=exp.Star())).from_(citations_of(wanted).subquery("c")).where(is_of)
    rows = fetched(activity, query.group_by(*(name.copy() for name in key)), wanted)
    return {(case, finding): records for case, finding, records in rows}


def organizations_of(activity: Activity, accounts: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Return every (account, organization) pair that the records name for these accounts, sorted."""
    if not accounts:
        return ()
    pair = ("account_id", "organization_id")
    query = (
        exp.select(*(identifier(name) for name in pair))
        .distinct()
        .from_(table(STORED))
        .where(
            exp.In(this=identifier("account_id"), expressions=[literal(account) for account in sorted(set(accounts))]),
            exp.Not(this=exp.Is(this=identifier("organization_id"), expression=exp.Null())),
        )
        .order_by(*(identifier(name) for name in pair))
    )
    return tuple((account, organization) for account, organization in fetched(activity, query, ()))


def citations_of(wanted: Sequence[Wanted]) -> exp.Query:
    """Return the citations of the wanted findings with their case, over every run's file."""
    files = sorted({item.citations for item in wanted})
    parts = [_citations_of_run(path, [item for item in wanted if item.citations == path]) for path in files]
    query: exp.Query = parts[0]
    for part in parts[1:]:
        query = exp.union(query, part, distinct=False)
    return query


def _citations_of_run(path: Path, wanted: Sequence[Wanted]) -> exp.Select:
    file = exp.Table(this=file_reader("read_parquet", [path]))
    file.set("alias", exp.TableAlias(this=exp.to_identifier("f", quoted=True)))
    return (
        exp.select(*(identifier(name, "w") for name in WISH[:3]))
        .select(*(identifier(name, "f") for name in (*ORDER, "is_against")))
        .from_(file)
        .join(
            wishes_of(wanted),
            on=exp.EQ(this=identifier("finding_id", "f"), expression=identifier("cited_as", "w")),
        )
    )


def wishes_of(wanted: Sequence[Wanted]) -> exp.Values:
    """Return the wanted findings as rows called `w`, of the columns `WISH`."""
    rows = [
        exp.Tuple(expressions=[literal(value) for value in _wish(item)])
        for item in sorted(wanted, key=lambda item: (item.case, item.finding))
    ]
    alias = exp.TableAlias(
        this=exp.to_identifier("w", quoted=True),
        columns=[exp.to_identifier(name, quoted=True) for name in WISH],
    )
    return exp.Values(expressions=rows, alias=alias)


def _wish(item: Wanted) -> tuple[str | int, ...]:
    return (item.case, item.finding, item.bucket_seconds * 1_000_000, item.cited_as or item.finding)


def joined_to_records(cited: exp.Query, head: tuple[str, ...]) -> exp.Select:
    """Return the named columns of a query, called `c`, and every column of the records it names, called `r`."""
    same = [
        exp.EQ(this=identifier(name, "r"), expression=identifier(name, "c")) for name in ("source_id", "source_line")
    ]
    return (
        exp.select(*(identifier(name, "c") for name in head))
        .select(*(identifier(name, "r") for name in ROW_COLUMNS))
        .from_(cited.subquery("c"))
        .join(table(RECORDS, "r"), on=exp.and_(*same))
    )


def _ascending(name: str) -> exp.Ordered:
    return exp.Ordered(this=identifier(name), nulls_first=False)


def fetched(
    activity: Activity, query: exp.Expression, wanted: Sequence[Wanted], quick: exp.Expression | None = None
) -> Iterator[tuple[Any, ...]]:
    """Run a query and yield its rows. Raises WorkspaceError naming the citations file that is gone or damaged.

    `quick` gives the same rows in the same order sooner; where the engine fails on it, the rest comes from the other.
    """
    done = 0
    if quick is not None:
        try:
            for row in _rows(activity, quick):
                done += 1
                yield row
            return
        except duckdb.InterruptException:
            raise
        except duckdb.Error:  # any: nothing rests on what is only quicker, and what is really wrong is found again
            pass
    try:
        yield from islice(_rows(activity, query), done, None)
    except (duckdb.IOException, duckdb.InvalidInputException) as error:
        files = sorted({str(item.citations) for item in wanted})
        place = next((path for path in files if path in str(error)), None)
        if place is None:
            message, hint = "a file of the store can't be read", "restore the activity folder from a backup"
        else:
            message = "the run's citations can't be read: the file is gone, cut short or damaged"
            hint = "run `auditor audit` again"
        raise WorkspaceError.at(place, message, hint) from error


def _rows(activity: Activity, query: exp.Expression) -> Iterator[tuple[Any, ...]]:
    result = activity.connection.cursor().execute(text_of(query))
    while batch := result.fetchmany(BATCH):
        yield from batch


def row_of(values: Sequence[Any]) -> dict[str, Any]:
    """Return a record's values by their columns, its time with its zone."""
    row = dict(zip(ROW_COLUMNS, values, strict=True))
    row["time"] = row["time"].replace(tzinfo=UTC)
    return row
