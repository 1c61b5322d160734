"""A finding of a case as rows of the casebook, and back.

Its content is kept as JSON; the columns beside it are for people who search the file. A finding keeps its row, and so
the rows that refer to it, for as long as the casebook lives.
"""

from collections.abc import Iterable, Sequence

from pydantic import TypeAdapter
from sqlite_utils import Database

from auditor.cases.model import AccountPart, CaseFinding, ConductStanding
from auditor.cases.related_rows import Row, Wanted, rows_by_case, rows_by_finding
from auditor.cases.standing import judged
from auditor.checker.findings import Finding
from auditor.digests import rfc3339

_STANDINGS = TypeAdapter(tuple[ConductStanding, ...])
_CLAUSE_COLUMNS = {"terms", "version", "effective", "clause", "conduct", "stance", "records", "text"}


def write_finding(db: Database, case_id: str, run: str, before: CaseFinding | None, after: CaseFinding) -> None:
    """Write what differs between a finding as it was in this case (None: new) and as a run leaves it."""
    number = _row_number(db, case_id, after)
    if before is None or before.parts != after.parts:
        _replace(db, "finding_accounts", number, (_part_row(part) for part in after.parts))
    if before is None or before.finding.clauses != after.finding.clauses:
        clauses = (clause.model_dump(include=_CLAUSE_COLUMNS) for clause in after.finding.clauses)
        _replace(db, "finding_clauses", number, clauses)
    if after.supersedes and (before is None or before.supersedes != after.supersedes):
        changes = [{"finding": number, "run_id": run, "change": change} for change in after.supersedes]
        db.table("finding_changes").insert_all(changes)


def read_findings(db: Database, wanted: Wanted) -> dict[str, tuple[CaseFinding, ...]]:
    """Return the findings of cases by case id, in order of their start."""
    parts = rows_by_finding(db, "finding_accounts", wanted, "account")
    changes = rows_by_finding(db, "finding_changes", wanted, "number")
    rows = rows_by_case(db, "findings", wanted, '"start", finding_id')
    return {
        case_id: tuple(_finding(row, parts.get(row["number"], ()), changes.get(row["number"], ())) for row in own)
        for case_id, own in rows.items()
    }


def _row_number(db: Database, case_id: str, item: CaseFinding) -> int:
    """Write the finding's own row and return its number."""
    table, row = db.table("findings"), _row(case_id, item)
    known = list(table.rows_where("case_id = ? and finding_id = ?", [case_id, item.finding.id], select="number"))
    if known:
        number: int = known[0]["number"]
        table.update(number, row)
        return number
    inserted = table.insert(row).last_pk
    assert isinstance(inserted, int), "the table's key is its row number"
    return inserted


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


def _replace(db: Database, name: str, number: int, rows: Iterable[Row]) -> None:
    db.table(name).delete_where("finding = ?", [number])
    db.table(name).insert_all({"finding": number, **row} for row in rows)
