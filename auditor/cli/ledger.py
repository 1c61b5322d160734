"""`auditor ledger …`: what people did, and that nobody changed it. (Imports inside the commands: see app.py.)"""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from auditor.cli import console
from auditor.cli.options import WORKSPACE, AsJson, WorkspaceFolder, absolute
from auditor.cli.outcome import check_output


def show(
    case: Annotated[str, typer.Option("--case", metavar="CASE", help="Only what was done on this case.")] = "",
    head_out: Annotated[
        Path | None,
        typer.Option("--head-out", metavar="FILE", help="Write the number and digest of the last entry to a file."),
    ] = None,
    is_json: AsJson = False,
    workspace: WorkspaceFolder = WORKSPACE,
) -> None:
    """List what people did: each step on each case, oldest first.

    Keep the file of `--head-out` where nobody who can write the workspace can write: it shows later that nothing up to
    that entry was changed or cut off.

    Example: auditor ledger show --head-out /media/safe/head.json
    """
    check_output([("--head-out", head_out)])
    from auditor.cli import ledgers

    ledgers.show(workspace.absolute(), case, head_out=absolute(head_out), now=datetime.now(UTC), is_json=is_json)


def verify(
    head: Annotated[
        list[Path] | None,
        typer.Option("--head", metavar="FILE", help="A head, or a signed file of a bundle's attest/, kept elsewhere."),
    ] = None,
    trust: Annotated[
        list[Path] | None,
        typer.Option("--trust", metavar="PUBLIC_KEY", help="Public key of a person whose signature counts."),
    ] = None,
    is_json: AsJson = False,
    workspace: WorkspaceFolder = WORKSPACE,
) -> None:
    """Check that no entry of the ledger was changed, removed, inserted or moved.

    That none was cut off at the end takes a head that was kept elsewhere. Exit 0: verified; 1: failed; 3: empty.

    Example: auditor ledger verify --head /media/safe/head.json
    """
    from auditor.cli import ledgers

    heads, trusted = [path.absolute() for path in head or ()], [path.absolute() for path in trust or ()]
    report = ledgers.verify(workspace.absolute(), heads, trusted)
    if is_json:
        console.json_object(**report.model_dump(mode="json", exclude={"format_version"}))
    else:
        ledgers.show_report(report)
    raise typer.Exit(report.exit_code)


COMMANDS: dict[str, Callable[..., None]] = {"show": show, "verify": verify}
