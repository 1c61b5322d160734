"""The context of cases: records of their subjects that findings need, and don't cite, to come out the same again.

A run leaves `context.parquet` and `reaches.parquet` beside its citations (checker/engines/lookback.py): which records
bear on the findings of one group, and which group and stretch of time each finding needs.
"""

from collections.abc import Sequence
from pathlib import Path

from sqlglot import exp

from auditor.records.activity import ORDER
from auditor.records.cited import Wanted, citations_of, joined_to_records, wishes_of
from auditor.records.schema import DERIVABLE_COLUMNS
from auditor.records.sql import all_of, any_of, call, file_reader, identifier, literal, named, within

CONTEXT, REACHES, DERIVED = "context.parquet", "reaches.parquet", "derived.parquet"
"""Files of a run's folder; the last is there where a rule read what was worked out from many records."""

DERIVED_MARK = "derived."
"""Before the name of a derived column, where its value was given to a record by the run."""

CONTEXT_TYPES = {
    "rule": "BIGINT",
    "scope": "BIGINT",
    "time": "TIMESTAMP",
    "source_id": "VARCHAR",
    "source_line": "BIGINT",
    "is_fact": "BOOLEAN",
}
"""`is_fact` marks what is needed however old it is: a record that gave a fact, or the first that a baseline knows."""

REACH_TYPES = {"finding_id": "VARCHAR", "rule": "BIGINT", "scope": "BIGINT", "edge": "BIGINT", "until": "BIGINT"}


def has_context(wanted: Wanted) -> bool:
    """Say whether the run that last saw a finding wrote down its context."""
    return all(wanted.citations.with_name(name).is_file() for name in (CONTEXT, REACHES))


def context_records(wanted: Sequence[Wanted]) -> exp.Select | None:
    """Return every column of every context record once a case, with `case_id` and all its findings that need it.

    `findings` are a sorted list of ids. None where no run wrote down any context.
    """
    known = [item for item in wanted if has_context(item)]
    if not known:
        return None
    key = ("case_id", *ORDER)
    findings = call("list_sort", call("list", exp.Distinct(expressions=[identifier("finding_id")])))
    needed = (
        exp.select(*(identifier(name) for name in key), exp.alias_(findings, "findings", quoted=True))
        .from_(_needed(known).subquery("w"))
        .group_by(*(identifier(name) for name in key))
    )
    return joined_to_records(_uncited(needed, wanted), ("case_id", "findings"))


def derived_names(wanted: Sequence[Wanted]) -> tuple[str, ...]:
    """Return the columns that were worked out for the records of some wanted finding."""
    return tuple(DERIVABLE_COLUMNS) if _derived_files(wanted) else ()


def with_derived_values(records: exp.Select, wanted: Sequence[Wanted]) -> exp.Select:
    """Return records with what the latest run worked out for each of them, in columns named `derived.NAME`."""
    files = _derived_files(wanted)
    if not files:
        return records
    names = tuple(DERIVABLE_COLUMNS)
    key = ("source_id", "source_line")
    parts = [
        exp.select(named(literal(run), "run"), *(identifier(name) for name in (*key, *names))).from_(_file(path, "d"))
        for run, path in enumerate(files)
    ]
    every: exp.Query = parts[0]
    for part in parts[1:]:
        every = exp.union(every, part, distinct=False)
    latest = exp.select(*(identifier(name) for name in key)).from_(within(every, "every"))
    latest = latest.select(
        *(named(call("arg_max", identifier(name), identifier("run")), DERIVED_MARK + name) for name in names)
    ).group_by(*(identifier(name) for name in key))
    same = [exp.EQ(this=identifier(name, "item"), expression=identifier(name, "given")) for name in key]
    return (
        exp.select(exp.Column(this=exp.Star(), table=exp.to_identifier("item", quoted=True)))
        .select(*(identifier(DERIVED_MARK + name, "given") for name in names))
        .from_(within(records, "item"))
        .join(within(latest, "given"), on=all_of(same), join_type="LEFT")
    )


def _derived_files(wanted: Sequence[Wanted]) -> list[Path]:
    """Return the files by age: runs are named by their time."""
    files = {item.citations.with_name(DERIVED) for item in wanted}
    return sorted(path for path in files if path.is_file())


def _uncited(needed: exp.Select, wanted: Sequence[Wanted]) -> exp.Select:
    cited = exp.select(literal(1)).from_(citations_of(wanted).subquery("cited"))
    same = [
        exp.EQ(this=identifier(name, "cited"), expression=identifier(name, "needed"))
        for name in ("case_id", "source_id", "source_line")
    ]
    is_cited = exp.Exists(this=cited.where(all_of(same)))
    return exp.select(exp.Star()).from_(within(needed, "needed")).where(exp.Not(this=is_cited))


def _needed(wanted: Sequence[Wanted]) -> exp.Query:
    files = sorted({item.citations for item in wanted})
    parts = [_needed_of_run(path, [item for item in wanted if item.citations == path]) for path in files]
    query: exp.Query = parts[0]
    for part in parts[1:]:
        query = exp.union(query, part, distinct=False)
    return query


def _needed_of_run(citations: Path, wanted: Sequence[Wanted]) -> exp.Select:
    same = [exp.EQ(this=identifier(name, "record"), expression=identifier(name, "reach")) for name in ("rule", "scope")]
    time = call("epoch_us", identifier("time", "record"))
    lasts = exp.LTE(this=time, expression=identifier("until", "reach"))
    begun = exp.GTE(this=time.copy(), expression=identifier("edge", "reach"))
    is_wished = exp.EQ(this=identifier("finding_id", "reach"), expression=identifier("cited_as", "w"))
    return (
        exp.select(*(identifier(name, "w") for name in ("case_id", "finding_id")))
        .select(*(identifier(name, "record") for name in ORDER))
        .from_(_file(citations.with_name(CONTEXT), "record"))
        .join(_file(citations.with_name(REACHES), "reach"), on=all_of(same))
        .join(wishes_of(wanted), on=is_wished)
        .where(all_of([lasts, any_of([identifier("is_fact", "record"), begun])]))
    )


def _file(path: Path, alias: str) -> exp.Table:
    file = exp.Table(this=file_reader("read_parquet", [path]))
    file.set("alias", exp.TableAlias(this=exp.to_identifier(alias, quoted=True)))
    return file
