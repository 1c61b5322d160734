"""`auditor simulate`: sample logs with labels. (Imports inside the command: see app.py.)"""

from pathlib import Path
from typing import Annotated

import typer

from auditor.cli import console
from auditor.cli.options import WORKSPACE, AnyWorkspace, AsJson, Seed


def simulate(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="New or empty folder to write to.")],
    seed: Seed = 1,
    is_json: AsJson = False,
    _workspace: AnyWorkspace = WORKSPACE,
) -> None:
    """Write a small labelled log.

    It has ordinary accounts, several kinds of abuse, and look-alikes that must not be flagged.

    Example: auditor simulate sample-logs --seed 7
    """
    from auditor.cli import samples

    made = samples.write_samples(out.absolute(), seed=seed)
    if is_json:
        console.json_object(**samples.samples_json(made))
    else:
        samples.show_samples(made)
