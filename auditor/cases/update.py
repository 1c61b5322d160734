"""Bringing the casebook up to date with a run, in one transaction.

The same run twice changes nothing, a narrower one touches only what it looked at, another pack's cases are not seen
at all, and no note is ever written or lost here.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from sqlite_utils import Database

from auditor.cases.casebook import Casebook
from auditor.cases.drafts import SETTLED, Draft, drafts_of, with_parts
from auditor.cases.model import CasebookChange
from auditor.cases.revision import Revision, change_of, revision_of
from auditor.cases.rows import merge_rows, read_cases, write_case, write_run
from auditor.cases.speaks import Known
from auditor.cases.victims import Tally, theft_spans
from auditor.checker.findings import Finding, Receipt
from auditor.policy.pack import Approval, Pack
from auditor.records.tallies import AccountSpan, cited_by_account, records_within
from auditor.records.totals import AccountTotal


def update_casebook(
    casebook: Casebook,
    *,
    findings: Sequence[Finding],
    suppressed: Sequence[Finding],
    receipt: Receipt,
    pack: Pack,
    approvals: Sequence[Approval],
    totals: Mapping[str, AccountTotal],
    citations: Path,
    now: datetime,
) -> CasebookChange:
    """Take a run into the casebook and return what it changed there.

    `totals` should know the accounts of `accounts_concerned`; `citations` is the run's file, beside which those of
    earlier runs lie (`runs/RUN/citations.parquet`). Raises WorkspaceError; the casebook is then as it was.
    """
    cited = cited_by_account(citations, [finding.id for finding in findings])
    known = Known(pack=pack, receipt=receipt, suppressed=suppressed, totals=totals, cited=cited)
    with casebook.writing() as db:
        write_run(db, receipt)
        drafts = drafts_of(read_cases(db, pack.name), findings, suppressed, receipt)
        drafts = tuple(with_parts(draft, approvals, totals) for draft in drafts)
        revisions = _revisions(db, drafts, known, citations, now)
        for revision in revisions:
            merge_rows(db, revision.after.id, revision.merged)
            write_case(db, revision.before, revision.after)
    return change_of(revisions)


def accounts_concerned(casebook: Casebook, *, pack: str, findings: Sequence[Finding]) -> tuple[str, ...]:
    """Return the accounts whose totals a run's update needs: those of its findings and of the pack's open cases."""
    accounts = {account for finding in findings for account in finding.accounts}
    with casebook.reading() as db:
        for row in list(db.table("cases").rows_where("pack = ?", [pack], select="case_id, status")):
            if row["status"] not in SETTLED:
                members = db.table("case_accounts").rows_where("case_id = ?", [row["case_id"]])
                accounts |= {member["account"] for member in members}
    return tuple(sorted(accounts))


def _revisions(
    db: Database, drafts: Sequence[Draft], known: Known, citations: Path, now: datetime
) -> tuple[Revision, ...]:
    spans = theft_spans((item for draft in drafts for item in draft.findings), known.pack.ladder)
    tallies = _tallies(drafts, spans, citations, known.receipt.run_id)
    victims = frozenset(span.account for span in spans)
    taken = {row["case_id"] for row in db.table("cases").rows_where(select="case_id")}
    taken |= {row["former_id"] for row in db.table("former_ids").rows_where(select="former_id")}
    revisions = []
    for draft in drafts:
        revision = revision_of(draft, victims=victims, tallies=tallies, known=known, taken=taken, now=now)
        taken.add(revision.after.id)
        revisions.append(revision)
    return tuple(revisions)


def _tallies(drafts: Sequence[Draft], spans: Sequence[AccountSpan], citations: Path, run: str) -> dict[str, Tally]:
    """Count each run's cited records against thefts; a run whose citations are gone is left out."""
    if not spans:
        return {}
    runs = {item.last_run for draft in drafts for item in draft.findings if item.status != "stale"}
    files = {name: citations.parent.parent / name / citations.name for name in runs} | {run: citations}
    return {name: records_within(path, spans) for name, path in sorted(files.items()) if path.is_file()}
