"""`auditor simulate`: sample logs with labels. (Imports inside the command: see app.py.)"""

from pathlib import Path
from typing import Annotated

import typer

from auditor.cli import console
from auditor.cli.options import WORKSPACE, AnyWorkspace, AsJson, Seed


def simulate(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="New or empty folder to write to.")],
    seed: Seed = 1,
    world: Annotated[
        str | None, typer.Option("--world", metavar="SHAPE", help="A large log for measuring, of this shape.")
    ] = None,
    accounts: Annotated[
        int, typer.Option("--accounts", metavar="N", min=100, max=1_000_000, help="Ordinary accounts of a world.")
    ] = 10_000,
    days: Annotated[int, typer.Option("--days", metavar="D", min=21, max=180, help="Days of a world.")] = 30,
    is_json: AsJson = False,
    _workspace: AnyWorkspace = WORKSPACE,
) -> None:
    """Write a labelled log.

    It has ordinary accounts, many kinds of abuse, and look-alikes that must not be flagged. Without `--world` it is
    the small log of the demo; with it, a large one for `auditor measure`.

    Example: auditor simulate sample-logs --seed 7
    """
    from auditor.cli import samples

    if world:
        made = samples.write_large(out.absolute(), world, accounts=accounts, days=days, seed=seed)
    else:
        made = samples.write_samples(out.absolute(), seed=seed)
    if is_json:
        console.json_object(**samples.samples_json(made))
    else:
        samples.show_samples(made)
