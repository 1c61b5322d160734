"""What a step on a case says: for a person, and as JSON."""

from pathlib import Path
from typing import Any  # JSON values have no closed type

from auditor.cases.decisions import actions_in, sternest
from auditor.cases.ledger import Entry
from auditor.cases.model import ActionName
from auditor.cases.notes import show_case
from auditor.cli import console
from auditor.cli.leftovers import open_known_casebook
from auditor.cli.paths import shown_path, workspace_option
from auditor.digests import rfc3339
from auditor.records.workspace import Workspace, open_workspace


def tell(entry: Entry, folder: Path, *, is_json: bool) -> None:
    """Print a step that was taken."""
    if is_json:
        console.json_object(**entry_json(entry, folder))
    else:
        show_step(entry, folder)


def entry_json(entry: Entry, folder: Path) -> dict[str, Any]:
    """Return what a step prints with `--json`."""
    details = {name: value for name, value in entry.details.items() if name != "envelope"}
    said = {"case_id": entry.case_id, "step": entry.kind, "by": entry.person, "time": rfc3339(entry.time)}
    return {**said, "ledger": entry.number, **details, "status": status_of(folder, entry.case_id)}


def status_of(folder: Path, case_id: str) -> str:
    """Return the status that a case has now."""
    with open_known_casebook(open_workspace(folder, create=False)) as casebook:
        return show_case(casebook, case_id).status


def show_step(entry: Entry, folder: Path) -> None:
    """Print a step for a person."""
    workspace = Workspace(folder)
    console.result(f"case {entry.case_id}: {entry.kind} by {entry.person} (ledger entry {entry.number})")
    for item in entry.details.get("actions", ()):
        console.result(f"  {item['account']}: {item['action']}{_strikes(entry, item['account'])}")
    if entry.details.get("is_beyond"):
        console.result("  this goes beyond what the evidence carries; the reason given for it stands in the bundle")
    if entry.kind in ("proposed", "heard"):
        reasons = "reasons" if entry.details.get("beyond") else "reason"
        console.result(f"whoever it is decided against reads the {reasons} word for word (`auditor case notice`)")
    if entry.details.get("envelope"):
        console.result(f"signed: {shown_path(workspace.bundles / entry.case_id / 'attest')}")
    if entry.kind == "proposed":
        console.result(_what_is_needed(entry, workspace))


def _strikes(entry: Entry, account: str) -> str:
    count = entry.details.get("strikes", {}).get(account, 0)
    return f" ({console.plural(count, 'earlier decision')} still count against it)" if count else ""


def _what_is_needed(entry: Entry, workspace: Workspace) -> str:
    takes_two = sternest(actions_in(entry)).rank >= ActionName.SUSPEND.rank
    who = "another person, with another key," if takes_two else "a person"
    key = " --key FILE" if entry.details.get("envelope") else ""
    command = f"auditor case approve {entry.case_id} --by NAME{key}{workspace_option(workspace.folder)}"
    return f"nothing happens before {who} approves: `{command}`"
