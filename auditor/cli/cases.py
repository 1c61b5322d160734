"""`auditor case …`: read cases and write notes on them. (Imports inside the commands: see app.py.)"""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from auditor.cli import console
from auditor.cli.options import WORKSPACE, AsJson, CaseId, WorkspaceFolder, absolute
from auditor.cli.outcome import check_output


def list_(is_json: AsJson = False, workspace: WorkspaceFolder = WORKSPACE) -> None:
    """List the cases, gravest first.

    Example: auditor case list
    """
    from auditor.cli import casework

    cases = casework.all_cases(workspace.absolute())
    if is_json:
        console.json_array(casework.list_json(cases))
    else:
        casework.show_list(cases)


def show(case: CaseId, is_json: AsJson = False, workspace: WorkspaceFolder = WORKSPACE) -> None:
    """Show one case.

    Accounts, findings, proposed actions with their reasons, what speaks for the accounts, and notes.

    Example: auditor case show C-0123456789ab
    """
    from auditor.cli import casework

    found = casework.one_case(workspace.absolute(), case)
    if is_json:
        console.json_object(**casework.case_json(found))
    else:
        casework.show_one(found, workspace.absolute())


def note(
    case: CaseId,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What to note.")],
    by: Annotated[str, typer.Option("--by", metavar="NAME", help="Who notes it.")],
    is_json: AsJson = False,
    workspace: WorkspaceFolder = WORKSPACE,
) -> None:
    """Write a note on a case.

    Notes are never changed and never lost.

    Example: auditor case note C-0123456789ab "called the customer" --by "A. Reviewer"
    """
    from auditor.cli import casework

    written = casework.write_note(workspace.absolute(), case, author=by, text=text, now=datetime.now(UTC))
    if is_json:
        console.json_object(case_id=case, note=written.model_dump(mode="json"))
    else:
        console.result(f"note {written.number} on {case}")


def export(
    case: CaseId,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Write to a file instead.")] = None,
    is_json: Annotated[bool, typer.Option("--json", help="Accepted everywhere; an export always is JSON.")] = True,
    workspace: WorkspaceFolder = WORKSPACE,
) -> None:
    """Print the whole case as JSON.

    Example: auditor case export C-0123456789ab --out case.json
    """
    assert is_json
    check_output([("--out", out)])
    from auditor.cli import casework

    casework.export(workspace.absolute(), case, absolute(out))


COMMANDS: dict[str, Callable[..., None]] = {"list": list_, "show": show, "note": note, "export": export}
