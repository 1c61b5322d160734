"""`auditor forget`: erase what an account wrote. (Imports inside the command: see app.py.)"""

from datetime import UTC, datetime
from typing import Annotated

import typer

from auditor.cli.options import WORKSPACE, AsJson, Reason, Who, WorkspaceFolder


def forget(
    account: Annotated[str, typer.Argument(metavar="ACCOUNT", help="Id of an account.")],
    reason: Reason,
    by: Who,
    is_meant: Annotated[
        bool, typer.Option("--yes", help="Do it; without, it is only said what would be done.")
    ] = False,
    is_json: AsJson = False,
    workspace: WorkspaceFolder = WORKSPACE,
) -> None:
    """Erase what an account wrote, the secrets of its cases, and their bundles.

    Refused while a case about it is open or under a legal hold. The ledger keeps that it happened.

    Example: auditor forget acct_f4cda608 --reason "asked for erasure" --by "Anna Alm"
    """
    from auditor.cli import forgetting

    now = datetime.now(UTC)
    found = forgetting.forget(workspace.absolute(), account, reason=reason, person=by, now=now, is_meant=is_meant)
    forgetting.show(found, is_json=is_json)
