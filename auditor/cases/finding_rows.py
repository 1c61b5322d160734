"""A finding of a case as rows of the casebook, and back.

Its content is kept as JSON; the columns beside it are for people who search the file. A finding keeps its row, and so
the rows that refer to it, for as long as the casebook lives.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count

from pydantic import TypeAdapter
from sqlite_utils import Database

from auditor.cases.model import AccountPart, CaseFinding, ConductStanding
from auditor.cases.related_rows import Row, Wanted, of_pack, replace_rows, rows_by_case, rows_by_finding
from auditor.cases.standing import judged
from auditor.checker.findings import Finding
from auditor.digests import rfc3339

_STANDINGS = TypeAdapter(tuple[ConductStanding, ...])
_CLAUSE_COLUMNS = {"terms", "version", "effective", "clause", "conduct", "stance", "records", "text"}


@dataclass(frozen=True)
class FindingChange:
    """A finding of a case as it was (None: new) and as a run leaves it."""

    case_id: str
    run: str
    before: CaseFinding | None
    after: CaseFinding


def write_findings(db: Database, pack: str, changes: Sequence[FindingChange]) -> None:
    """Write what differs in findings of a pack, with a few statements for all of them."""
    known = _numbers(db, pack)
    unused = count(1 + max((row["number"] for row in db.table("findings").rows_where(select="number")), default=0))
    numbered = [(known.get((item.case_id, item.after.finding.id)) or next(unused), item) for item in changes]
    rows = ({"number": number, **_row(item.case_id, item.after)} for number, item in numbered)
    db.table("findings").upsert_all(rows, pk="number")
    old = set(known.values())
    parts = {number: map(_part_row, item.after.parts) for number, item in numbered if _has_other_parts(item)}
    replace_rows(db, "finding_accounts", "finding", parts, old)
    clauses = {number: _clause_rows(item.after.finding) for number, item in numbered if _has_other_clauses(item)}
    replace_rows(db, "finding_clauses", "finding", clauses, old)
    db.table("finding_changes").insert_all(
        {"finding": number, "run_id": item.run, "change": change}
        for number, item in numbered
        if item.before is None or item.before.supersedes != item.after.supersedes
        for change in item.after.supersedes
    )


def read_findings(db: Database, wanted: Wanted) -> dict[str, tuple[CaseFinding, ...]]:
    """Return the findings of cases by case id, in order of their start."""
    parts = rows_by_finding(db, "finding_accounts", wanted, "account")
    changes = rows_by_finding(db, "finding_changes", wanted, "number")
    rows = rows_by_case(db, "findings", wanted, '"start", finding_id')
    return {
        case_id: tuple(_finding(row, parts.get(row["number"], ()), changes.get(row["number"], ())) for row in own)
        for case_id, own in rows.items()
    }


def _numbers(db: Database, pack: str) -> dict[tuple[str, str], int]:
    """Return the row number of every finding of a pack by its case and id."""
    rows = rows_by_case(db, "findings", of_pack(pack), "number", select="number, case_id, finding_id")
    return {(case_id, row["finding_id"]): row["number"] for case_id, own in rows.items() for row in own}


def _has_other_parts(item: FindingChange) -> bool:
    return item.before is None or item.before.parts != item.after.parts


def _has_other_clauses(item: FindingChange) -> bool:
    return item.before is None or item.before.finding.clauses != item.after.finding.clauses


def _clause_rows(finding: Finding) -> Iterator[Row]:
    return (clause.model_dump(include=_CLAUSE_COLUMNS) for clause in finding.clauses)


def _finding(row: Row, parts: Sequence[Row], changes: Sequence[Row]) -> CaseFinding:
    return judged(
        Finding.model_validate_json(row["content"]),
        [_part(part) for part in parts],
        status=row["status"],
        first_run=row["first_run"],
        last_run=row["last_run"],
        supersedes=[item["change"] for item in changes if item["run_id"] == changes[-1]["run_id"]],
        cited_as=row["cited_as"],
    )


def _row(case_id: str, item: CaseFinding) -> Row:
    finding = item.finding
    return {
        "case_id": case_id, "finding_id": finding.id, "rule": finding.rule, "title": finding.title,
        "strength": finding.strength, "family": finding.family, "level": str(finding.level),
        "start": rfc3339(finding.start), "end": rfc3339(finding.end), "records": finding.records,
        "status": item.status, "standing": item.standing, "first_run": item.first_run, "last_run": item.last_run,
        "cited_as": item.cited_as, "content": finding.model_dump_json(),
    }  # fmt: skip


def _part_row(part: AccountPart) -> Row:
    return {
        "account": part.account,
        "records": part.records,
        "standing": part.worst.standing,
        "within_theft": part.within_theft,
        "after_theft": part.after_theft,
        "standings": _STANDINGS.dump_json(part.standings).decode(),
    }


def _part(row: Row) -> AccountPart:
    return AccountPart(
        account=row["account"],
        records=row["records"],
        standings=_STANDINGS.validate_json(row["standings"]),
        within_theft=row["within_theft"],
        after_theft=row["after_theft"],
    )
