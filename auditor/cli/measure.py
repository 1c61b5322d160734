"""`auditor measure`: how good the policies are. (Imports inside the command: see app.py.)"""

from pathlib import Path
from typing import Annotated

import typer

from auditor.cli import console
from auditor.cli.options import PACK, WORKSPACE, AsJson, PackName, WorkspaceFolder

Prevalence = Annotated[
    float,
    typer.Option(
        "--prevalence", metavar="SHARE", min=0, max=1, help="Share of abusive accounts to restate precision at."
    ),
]
Resampling = Annotated[int, typer.Option("--seed", metavar="N", min=0, help="Same number, same resampled intervals.")]


def measure(
    labels: Annotated[Path, typer.Argument(metavar="LABELS", help="What each account truly is, a JSON object a line.")],
    pack: PackName = PACK,
    prevalence: Prevalence = 0.005,
    seed: Resampling = 1,
    is_json: AsJson = False,
    workspace: WorkspaceFolder = WORKSPACE,
) -> None:
    """Hold the cases against the truth.

    Precision, recall, false positives, grouping, and time until detection, each with its interval; what has no label
    or too few is said to be unmeasured.

    Example: auditor measure audit/demo-logs/labels.jsonl
    """
    from auditor.cli import measuring

    found = measuring.measure_workspace(
        workspace.absolute(), labels.absolute(), pack=pack, prevalence=prevalence, seed=seed
    )
    if is_json:
        console.json_object(**found.model_dump(mode="json"))
    else:
        measuring.show_measured(found)
