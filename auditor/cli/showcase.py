"""The demo: sample logs, audited with what belongs to them, and everything that comes of it."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from auditor.cli import console
from auditor.cli.journey import Journey, Order, travel
from auditor.cli.leftovers import open_known_casebook
from auditor.cli.options import PACK
from auditor.cli.paths import shown_path, workspace_option
from auditor.cli.sealing import build_again
from auditor.cli.summary import audit_json, show_outcome
from auditor.digests import digest_of_file
from auditor.errors import UsageError
from auditor.records.manifest import load_manifest
from auditor.records.workspace import Workspace, open_workspace
from auditor.simulate.folder import Simulation, simulate

LOGS = "demo-logs"


@dataclass(frozen=True)
class Showcase:
    """What the demo made."""

    made: Journey
    samples: Simulation
    bundles: tuple[Path, ...]
    seconds: float


def run_demo(folder: Path, *, seed: int, clock: Callable[[], datetime], say: Callable[[str], None]) -> Showcase:
    """Go the whole way on sample logs. Raises UsageError when the workspace holds other logs."""
    started = time.monotonic()
    workspace = open_workspace(folder, create=True)
    say("making sample logs")
    samples = simulate(workspace.folder / LOGS, seed=seed)
    _refuse_other_logs(workspace, samples)
    order = Order(paths=samples.logs, pack=PACK, context=samples.context, approvals=samples.approvals)
    made = travel(order, folder=folder, clock=clock, say=say)
    say("sealing bundles")
    with workspace.lock(), open_known_casebook(workspace) as casebook:
        bundles = tuple(sorted(build_again(workspace, casebook, made.cases, say=say)))
    return Showcase(made, samples, bundles, time.monotonic() - started)


def show(shown: Showcase, *, is_json: bool) -> None:
    """Say what was found and where to look."""
    made = shown.made
    if is_json:
        bundles = [str(path) for path in shown.bundles]
        console.json_object(**audit_json(made), logs=str(shown.samples.folder), bundles=bundles)
        return
    show_outcome(made, f"sample logs of {console.plural(len(shown.samples.truth), 'account')}: ")
    console.result()
    first = made.cases[0].id if made.cases else "CASE"
    workspace = made.workspace
    console.result(f"open in a browser:   {shown_path(workspace.cases / 'index.html')}")
    console.result(f"look at a case:      auditor case show {first}{workspace_option(workspace.folder)}")
    console.result(f"verify its bundle:   auditor bundle verify {shown_path(workspace.bundles / first)}")
    console.result(f"what was planted:    {shown_path(shown.samples.labels)}")
    given = f"--context {shown_path(shown.samples.context)} --approvals {shown_path(shown.samples.approvals)}"
    console.result(f"audit it again:      auditor audit {given}{workspace_option(workspace.folder)}")
    console.talk(f"done in {shown.seconds:.0f} s")


def _refuse_other_logs(workspace: Workspace, samples: Simulation) -> None:
    """The demo's records and a person's own must not end up in one audit."""
    own = {digest_of_file(path) for path in samples.logs}
    others = [source for source in load_manifest(workspace).sources if source.source_id not in own]
    if others:
        message = f"the workspace holds other logs (`{others[0].name}`), expected none or those of this demo"
        raise UsageError.at(str(workspace.folder), message, "choose another `--workspace`, or the `--seed` of before")
