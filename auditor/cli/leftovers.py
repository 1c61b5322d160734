"""What an earlier run left in a workspace, or should have left and didn't: said on standard error, not passed over."""

import re
import shutil
from pathlib import Path

from auditor.cases.casebook import Casebook, open_casebook
from auditor.cases.dossier import CITATIONS
from auditor.cli import console
from auditor.cli.paths import shown_path
from auditor.cli.snapshot import RECEIPT, read_receipt
from auditor.errors import WorkspaceError
from auditor.records.workspace import TEMPORARY, Workspace, disk_errors

_RUN_ID = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{6}")


def open_known_casebook(workspace: Workspace) -> Casebook:
    """Open the casebook; say loudly when it has to be begun anew although runs have finished here.

    Raises WorkspaceError like `open_casebook`.
    """
    warn_of_lost_casebook(workspace)
    return open_casebook(workspace.casebook)


def warn_of_lost_casebook(workspace: Workspace) -> None:
    """Say that a casebook is gone, while there is still time to put a backup back."""
    if workspace.casebook.exists():
        return
    finished = next((run for run in reversed(_runs(workspace)) if _is_finished(run)), None)
    if finished is None:
        return
    file = shown_path(workspace.casebook)
    console.talk(
        f"warning: the casebook `{file}` is gone, although run {finished.name} finished here: a new one is begun, and"
        " the notes, case history and ids of before are not in it"
    )
    console.talk(
        f"  hint: if you have a backup, put it back as `{file}` (in the place of the new one) and run it again"
    )


def sweep_runs(workspace: Workspace) -> None:
    """Remove what a killed run left behind in `runs/`, naming each run that has no receipt; hold the workspace's lock.

    Such a run read no record yet. A folder that holds citations is never removed: a case may rest on them.
    """
    for run in _runs(workspace):
        with disk_errors(run):
            if not (run / RECEIPT).exists() and not (run / CITATIONS).exists():
                shutil.rmtree(run)
                console.talk(f"run {run.name} was cut off before it read any record; its unfinished folder is removed")
                continue
            for path in run.glob(f"{TEMPORARY}*"):
                path.unlink()


def _runs(workspace: Workspace) -> list[Path]:
    """Return the folders of runs, oldest first; what bears another name, or is a link, is not ours."""
    with disk_errors(workspace.runs):
        folders = [path for path in workspace.runs.glob("*") if path.is_dir() and not path.is_symlink()]
    return sorted(path for path in folders if _RUN_ID.fullmatch(path.name))


def _is_finished(run: Path) -> bool:
    """Say whether a run came to its end, and so had its findings taken into a casebook."""
    try:
        receipt = read_receipt(run)
    except WorkspaceError:
        return False
    return receipt.ended is not None and not receipt.error
