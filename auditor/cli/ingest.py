"""`auditor ingest`: logs into the workspace. (Imports inside the command: see app.py.)"""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from auditor.cli import console
from auditor.cli.options import WORKSPACE, AsJson, Exclude, Profile, WorkspaceFolder
from auditor.cli.progress import Progress
from auditor.errors import EXIT_PARTIAL


def ingest(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH", help="Log files and folders of log files.")],
    profile: Profile = "auto",
    exclude: Exclude = None,
    is_dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show how the logs would be read; write nothing.")
    ] = False,
    is_strict: Annotated[bool, typer.Option("--strict", help="Exit with 3 when a line was quarantined.")] = False,
    is_json: AsJson = False,
    workspace: WorkspaceFolder = WORKSPACE,
) -> None:
    """Read logs into the workspace.

    A file that is already there changes nothing. Bad lines are kept in quarantine, byte for byte, and counted.

    Example: auditor ingest access.log exports/ --workspace audit
    """
    from auditor.cli import intake

    sources, left_out = [path.absolute() for path in paths], exclude or []
    if is_dry_run:
        _rehearse(sources, profile, left_out, workspace.absolute(), is_json=is_json)
        return
    with Progress() as progress:
        progress.step("reading logs")
        folder, now = workspace.absolute(), datetime.now(UTC)
        report = intake.read_logs(sources, profile=profile, exclude=left_out, folder=folder, now=now)
    if is_json:
        console.json_object(**intake.report_json(report))
    else:
        intake.show(report)
    intake.warn_of_nothing_found(report)
    intake.complain_of_failures(report)
    if report.failed or (is_strict and any(source.quarantined for source in report.sources)):
        raise typer.Exit(EXIT_PARTIAL)


def _rehearse(sources: list[Path], profile: str, exclude: list[str], folder: Path, *, is_json: bool) -> None:
    from auditor.cli import rehearsal

    files, skipped = rehearsal.rehearse(sources, profile=profile, exclude=exclude, folder=folder)
    if is_json:
        console.json_object(**rehearsal.rehearsal_json(files, skipped))
    else:
        rehearsal.show_rehearsal(files, skipped)
    if any(file.failed for file in files):
        raise typer.Exit(EXIT_PARTIAL)
