"""Bringing the casebook up to date with a run, in one transaction.

The same run twice changes nothing, a narrower one touches only what it looked at, another pack's cases are not seen
at all, and no note is ever written or lost here.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlite_utils import Database

from auditor.cases.approvals import on_file
from auditor.cases.casebook import Casebook
from auditor.cases.drafts import SETTLED, Draft, drafts_of, with_parts
from auditor.cases.ledger import entries_of
from auditor.cases.model import CasebookChange, CaseFinding
from auditor.cases.related_rows import case_rows, of_pack, rows_by_case
from auditor.cases.revision import Revision, change_of, revision_of
from auditor.cases.rows import merge_rows, read_cases, write_cases, write_run
from auditor.cases.speaks import Known
from auditor.cases.ties import ties_of
from auditor.cases.unfounded import taken_back
from auditor.cases.victims import Tally, cited_id, theft_spans, thefts_in
from auditor.checker.findings import Finding, Receipt
from auditor.linking.model import Links
from auditor.policy.pack import Approval, Pack
from auditor.records.activity import Activity
from auditor.records.tallies import cited_by_account, keys_cited, records_within
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
    activity: Activity,
    citations: Path,
    now: datetime,
    links: Links | None = None,
) -> CasebookChange:
    """Take a run into the casebook and return what it changed there.

    `totals` should know the accounts of `accounts_concerned`, `links` are the run's; `citations` is the run's file,
    beside which those of earlier runs lie (`runs/RUN/citations.parquet`), all within reach of the `activity`. Raises
    WorkspaceError; the casebook is then as it was.
    """
    domains = {account: total.mail_domain for account, total in totals.items()}
    cited, ties = Cited(activity, citations), ties_of(links, domains)
    with casebook.writing() as db:
        write_run(db, receipt)
        cases, unfounded = read_cases(db, of_pack(pack.name)), taken_back(entries_of(db, ""))
        drafts = drafts_of(cases, findings, suppressed, receipt, ties, unfounded)
        approved = on_file(approvals)
        drafts = tuple(with_parts(draft, approved, totals, ties) for draft in drafts)
        counts = _cited_against(drafts, cited, receipt.run_id)
        known = Known(pack=pack, receipt=receipt, suppressed=suppressed, totals=totals, cited=counts, ties=ties)
        revisions = _revisions(db, drafts, known, cited, now)
        for revision in revisions:
            merge_rows(db, revision.after.id, revision.merged)
        write_cases(db, pack.name, [(revision.before, revision.after) for revision in revisions])
    return change_of(revisions)


def accounts_concerned(casebook: Casebook, *, pack: str, findings: Sequence[Finding]) -> tuple[str, ...]:
    """Return the accounts whose totals a run's update needs: those of its findings and of the pack's open cases."""
    accounts = {account for finding in findings for account in finding.accounts}
    accounts |= {account for finding in findings if finding.cluster for account in finding.cluster.members}
    with casebook.reading() as db:
        members = rows_by_case(db, "case_accounts", of_pack(pack), "account")
        for row in case_rows(db, of_pack(pack)):
            if row["status"] not in SETTLED:
                accounts |= {member["account"] for member in members.get(row["case_id"], ())}
    return tuple(sorted(accounts))


def knows_later(casebook: Casebook, as_of: datetime | None) -> bool:
    """Say whether an earlier run saw records later than a day: then the facts of its cases are not of that day."""
    if as_of is None:
        return False
    with casebook.reading() as db:
        days = [row["as_of"] for row in db.table("runs").rows_where(select="as_of")]
    return any(day is None or datetime.fromisoformat(day) > as_of for day in days)


@dataclass(frozen=True)
class Cited:
    """The cited records of this run, of which `citations` is the file, and of earlier ones."""

    activity: Activity
    citations: Path

    def files(self, findings: Iterable[CaseFinding], run: str) -> dict[str, Path]:
        """Return the files by run; a run whose citations are gone is left out."""
        runs, own = {item.last_run for item in findings}, self.citations
        files = {name: own.parent.parent / name / own.name for name in runs} | {run: own}
        return {name: path for name, path in sorted(files.items()) if path.is_file()}


def _cited_against(drafts: Sequence[Draft], cited: Cited, run: str) -> Mapping[str, int]:
    """Count the records cited against each account by all findings that hold, those out of the run's sight too."""
    held = [item for draft in drafts for item in draft.findings if item.status != "stale"]
    pairs = {(item.last_run, cited_id(item)) for item in held}
    return cited_by_account(cited.activity, cited.files(held, run), pairs)


def _revisions(
    db: Database, drafts: Sequence[Draft], known: Known, cited: Cited, now: datetime
) -> tuple[Revision, ...]:
    victims, tallies = _tallies(drafts, known, cited)
    taken = {row["case_id"] for row in db.table("cases").rows_where(select="case_id")}
    taken |= {row["former_id"] for row in db.table("former_ids").rows_where(select="former_id")}
    revisions = []
    for draft in drafts:
        revision = revision_of(draft, victims=victims, tallies=tallies, known=known, taken=taken, now=now)
        taken.add(revision.after.id)
        revisions.append(revision)
    return tuple(revisions)


def _tallies(drafts: Sequence[Draft], known: Known, cited: Cited) -> tuple[frozenset[str], Mapping[str, Tally]]:
    """Return the victims of thefts, and each run's cited records counted against the thefts."""
    ladder = known.pack.ladder
    held = [item for draft in drafts for item in draft.findings if item.status != "stale"]
    thefts = thefts_in(held, ladder)
    if not thefts:
        return frozenset(), {}
    files = cited.files(held, known.receipt.run_id)
    keys = keys_cited(cited.activity, files, {(item.last_run, cited_id(item)) for item in thefts})
    spans = theft_spans(thefts, keys, ladder)
    return frozenset(span.account for span in spans), records_within(cited.activity, files, spans)
