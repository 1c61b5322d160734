"""The way from logs to case files, in the order in which it is told in the README.

Policies load first, since a typing error in a rule must not cost the reading of a day's logs. Each stage finishes what
it writes before the next begins, so that a run that ends early leaves the workspace as the last finished stage made it.
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from auditor import __version__
from auditor.cases.casebook import Casebook, open_casebook
from auditor.cases.model import Case, CasebookChange
from auditor.cases.notes import list_cases
from auditor.cases.runs import as_seen, given_before, is_first_run
from auditor.cases.update import accounts_concerned, knows_later, update_casebook
from auditor.checker.audit import AuditResult, run_audit
from auditor.cli.intake import warn_of_nothing_found
from auditor.cli.kept_pages import refuse_link
from auditor.cli.leftovers import sweep_runs, warn_of_lost_casebook
from auditor.cli.misnamed import warn_of_approvals_for_nobody, warn_of_unused_lists, warn_of_window_without_records
from auditor.cli.pages import write_case_pages, write_index
from auditor.cli.snapshot import Judgement, keep_judgement, load_judgement
from auditor.records.activity import Activity
from auditor.records.ingest import IngestReport, ingest
from auditor.records.manifest import load_manifest
from auditor.records.quarantine import quarantined_lines
from auditor.records.store import open_activity
from auditor.records.totals import AccountTotal, account_totals
from auditor.records.workspace import Workspace, open_workspace

PROGRAM = f"auditor {__version__}"


@dataclass(frozen=True)
class Order:
    """What was asked for; all paths are absolute, all times UTC."""

    paths: tuple[Path, ...] = ()
    profile: str = "auto"
    exclude: tuple[str, ...] = ()
    pack: str = ""
    since: datetime | None = None
    until: datetime | None = None
    as_of: datetime | None = None
    approvals: Path | None = None
    context: Path | None = None


@dataclass(frozen=True)
class Journey:
    """What came of it; `cases` are those of the pack, sternest proposal first; without a path `ingested` is None.

    `seen` are the same cases with every finding as this run saw it, where the casebook knows more of an incident.
    `given_before` names what this run lacks and an earlier run had (`approvals` of any pack, `context`), with that run.
    `is_first` says that no run of the pack came before.
    """

    workspace: Workspace
    judgement: Judgement
    ingested: IngestReport | None
    quarantined: int
    result: AuditResult
    change: CasebookChange
    cases: tuple[Case, ...]
    seen: tuple[Case, ...]
    given_before: Mapping[str, str]
    is_first: bool


def travel(order: Order, *, folder: Path, clock: Callable[[], datetime], say: Callable[[str], None]) -> Journey:
    """Read what is new, audit, update the casebook, and write the pages; `say` names each stage as it begins."""
    now = clock()
    say("loading policies")
    judgement = load_judgement(order.pack, order.context, order.approvals)
    warn_of_unused_lists(judgement.pack, judgement.context)
    workspace = open_workspace(folder, create=bool(order.paths))
    refuse_link(workspace)
    warn_of_lost_casebook(workspace)
    say("reading logs")
    ingested = _ingested(order, workspace, now)
    with workspace.lock():
        sweep_runs(workspace)
        activity = open_activity(workspace)
        warn_of_approvals_for_nobody(judgement.approvals, activity)
        warn_of_window_without_records(judgement.context, load_manifest(workspace).sources)
        say("checking rules")
        result = _audited(order, judgement, activity, workspace, clock)
        say("updating cases")
        with open_casebook(workspace.casebook) as casebook:
            accounts = accounts_concerned(casebook, pack=judgement.pack.name, findings=result.findings)
            day = None if knows_later(casebook, order.as_of) else order.as_of
            totals = account_totals(activity, accounts, as_of=day)
            change = _updated(casebook, judgement, result, totals, activity, now)
            cases = list_cases(casebook, pack=judgement.pack.name)
            approvals = judgement.approvals
            seen = as_seen(cases, result.findings, result.receipt, approvals=approvals, totals=totals)
            lacks, is_first = given_before(casebook, result.receipt), is_first_run(casebook, result.receipt)
            say("writing case files")
            write_case_pages(workspace, cases, result.receipt, judgement, activity)
            write_index(workspace, casebook, seen, result.receipt, change)
        quarantined = sum(source.quarantined for source in load_manifest(workspace).sources)
    return Journey(workspace, judgement, ingested, quarantined, result, change, cases, seen, lacks, is_first)


def _ingested(order: Order, workspace: Workspace, now: datetime) -> IngestReport | None:
    if not order.paths:
        return None
    report = ingest(order.paths, profile=order.profile, exclude=order.exclude, workspace=workspace, now=now)
    warn_of_nothing_found(report)
    return report


def run_id_of(now: datetime) -> str:
    """Return a new run's id: its time, so that runs sort by age, and six random digits."""
    return f"{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"


def _audited(
    order: Order, judgement: Judgement, activity: Activity, workspace: Workspace, clock: Callable[[], datetime]
) -> AuditResult:
    now = clock()
    run_id = run_id_of(now)
    quarantined = quarantined_lines(workspace, load_manifest(workspace))
    folder = workspace.runs / run_id
    keep_judgement(folder, judgement, order.approvals)
    return run_audit(
        activity,
        judgement.pack,
        context=judgement.context,
        approvals=judgement.approvals,
        since=order.since,
        until=order.until,
        as_of=order.as_of,
        run_id=run_id,
        started=now,
        program=PROGRAM,
        folder=folder,
        clock=clock,
        quarantined=quarantined,
    )


def _updated(
    casebook: Casebook,
    judgement: Judgement,
    result: AuditResult,
    totals: Mapping[str, AccountTotal],
    activity: Activity,
    now: datetime,
) -> CasebookChange:
    return update_casebook(
        casebook,
        findings=result.findings,
        suppressed=result.suppressed,
        receipt=result.receipt,
        pack=judgement.pack,
        approvals=judgement.approvals,
        totals=totals,
        activity=activity,
        citations=result.citations,
        links=result.links,
        now=now,
    )
