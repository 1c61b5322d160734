"""`auditor demo`: the whole way on sample logs. (Imports inside the command: see app.py.)"""

from datetime import UTC, datetime
from functools import partial

from auditor.cli.options import WORKSPACE, AsJson, Seed, WorkspaceFolder
from auditor.cli.progress import Progress


def demo(workspace: WorkspaceFolder = WORKSPACE, seed: Seed = 1, is_json: AsJson = False) -> None:
    """Go the whole way on sample logs.

    Makes sample logs, audits them, and writes case files and evidence bundles. Running it twice is fine: the second
    run finds nothing new.

    Example: auditor demo
    """
    from auditor.cli import showcase

    with Progress() as progress:
        shown = showcase.run_demo(workspace.absolute(), seed=seed, clock=partial(datetime.now, UTC), say=progress.step)
    showcase.show(shown, is_json=is_json)
