"""`auditor retract`: take a source back. (Imports inside the command: see app.py.)"""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from auditor.cli.options import WORKSPACE, AsJson, Reason, Who, WorkspaceFolder, absolute


def retract(
    sources: Annotated[
        list[str],
        typer.Argument(metavar="SOURCE", help="File name, path or SHA-256 of what was read; several are allowed."),
    ],
    reason: Reason,
    by: Who,
    folder: Annotated[
        Path | None,
        typer.Option("--sources", metavar="DIR", help="Where files are that have to be read again, under any names."),
    ] = None,
    profiles: Annotated[
        list[Path] | None, typer.Option("--profile", metavar="FILE", help="Your own profile that they were read by.")
    ] = None,
    is_meant: Annotated[
        bool, typer.Option("--yes", help="Do it; without, it is only said what would be done.")
    ] = False,
    is_json: AsJson = False,
    workspace: WorkspaceFolder = WORKSPACE,
) -> None:
    """Take a source out of the workspace: its records, its quarantined lines, and its place in the list of sources.

    Sources whose records counted once because this one had them are read again. Refused while a case that cites it is
    under a legal hold, or people have proposed or decided something on it. The ledger keeps that it happened.

    Example: auditor retract access.log --reason "the wrong month" --by "Anna Alm"
    """
    from auditor.cli import retracting

    found = retracting.retract_sources(
        workspace.absolute(),
        sources,
        reason=reason,
        person=by,
        folder=absolute(folder),
        profiles=[path.absolute() for path in profiles or ()],
        now=datetime.now(UTC),
        is_meant=is_meant,
    )
    retracting.show(found, is_json=is_json)
