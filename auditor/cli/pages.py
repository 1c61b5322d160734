"""Case files and their index: gathered from the casebook and the store, rendered, and written where they changed."""

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict, ValidationError

from auditor.cases.casebook import Casebook
from auditor.cases.dossier import gather
from auditor.cases.made_from import made_from
from auditor.cases.model import Case, CasebookChange
from auditor.cases.notes import list_cases
from auditor.cases.rules_told import RulesTold, rules_told
from auditor.cases.runs import last_receipt, other_packs
from auditor.checker.findings import Receipt
from auditor.cli import console
from auditor.cli.kept_pages import keep_pages, outdated
from auditor.cli.snapshot import Judgement, kept_judgement
from auditor.errors import WorkspaceError
from auditor.records.activity import Activity
from auditor.records.manifest import load_manifest
from auditor.records.store import open_activity
from auditor.records.workspace import Workspace, disk_errors, write_atomically
from auditor.report.page import edition, render_case, render_index

INDEXED = "indexed.json"
"""Beside the index: the run that it tells of, and what that changed."""


class IndexedRun(BaseModel):
    """The run that the index tells of."""

    model_config = ConfigDict(frozen=True)

    run_id: str
    pack: str
    change: CasebookChange


def write_case_pages(
    workspace: Workspace, cases: Sequence[Case], receipt: Receipt, judgement: Judgement, activity: Activity
) -> None:
    """Write the case file of each case as a run sees it, where that says anything else than the page that is there.

    Raises WorkspaceError.
    """
    manifest = load_manifest(workspace)
    made = made_from(
        cases, receipt=receipt, manifest=manifest, runs=workspace.runs, edition=f"{receipt.program} {edition()}"
    )
    due = outdated(workspace, made)
    dossiers = gather(
        [case for case in cases if case.id in due],
        receipt=receipt,
        pack=judgement.pack,
        activity=activity,
        runs=workspace.runs,
        sources=manifest.sources,
        context=judgement.context,
        approvals=judgement.approvals,
    )
    keep_pages(workspace, ((dossier.case.id, render_case(dossier)) for dossier in dossiers), made)


def write_index(
    workspace: Workspace, casebook: Casebook, cases: Sequence[Case], receipt: Receipt, change: CasebookChange
) -> None:
    """Write the index of all cases that the casebook holds: those of the pack just run first, then the others."""
    others = other_packs(casebook, receipt.pack)
    write_atomically(workspace.cases / "index.html", render_index(cases, receipt, change, others))
    kept = IndexedRun(run_id=receipt.run_id, pack=receipt.pack, change=change)
    write_atomically(workspace.cases / INDEXED, kept.model_dump_json().encode() + b"\n")


def rewrite_index(workspace: Workspace, casebook: Casebook) -> None:
    """Write the index anew after people did something, with what the last run changed as it stands there.

    An index of an earlier version of the program is left for the next audit. Raises WorkspaceError.
    """
    indexed = _indexed(workspace)
    if indexed is None:
        return
    receipt = last_receipt(casebook, indexed.pack)
    if receipt.run_id == indexed.run_id:
        write_index(workspace, casebook, list_cases(casebook, pack=indexed.pack), receipt, indexed.change)


def _indexed(workspace: Workspace) -> IndexedRun | None:
    path = workspace.cases / INDEXED
    with disk_errors(path):
        if path.is_symlink() or not path.is_file():
            return None
        data = path.read_bytes()
    try:
        return IndexedRun.model_validate_json(data)
    except ValidationError:
        return None


def rules_behind(casebook: Casebook, workspace: Workspace, case: Case) -> RulesTold:
    """Return what the rules behind a case say of themselves, as the last run of its pack kept them.

    Where that run's files are gone, that is said and nothing returned: a case can be read without them.
    """
    receipt = last_receipt(casebook, case.pack)
    try:
        return rules_told(kept_judgement(workspace.runs / receipt.run_id, receipt).pack.rules)
    except WorkspaceError as error:
        console.talk(f"without what the rules say of themselves: {error}")
        return {}


def rewrite_page(workspace: Workspace, casebook: Casebook, case: Case) -> None:
    """Write the case file of one case anew, as the last run of its pack sees it.

    Raises WorkspaceError when what that run judged by isn't there any more.
    """
    receipt = last_receipt(casebook, case.pack)
    judgement = kept_judgement(workspace.runs / receipt.run_id, receipt)
    activity = open_activity(workspace)
    try:
        write_case_pages(workspace, [case], receipt, judgement, activity)
    finally:
        activity.connection.close()
