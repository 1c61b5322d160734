"""Sample logs for people to try the program on: where they may be written, and what to say of them."""

from collections import Counter
from pathlib import Path

from auditor.cli import console
from auditor.cli.paths import shown_path
from auditor.cli.progress import Progress
from auditor.errors import UsageError
from auditor.simulate.folder import Simulation, simulate
from auditor.simulate.model import Label
from auditor.simulate.worlds.shape import SHAPES
from auditor.simulate.worlds.world import world_of
from auditor.simulate.worlds.writing import write_world

LOGS_SHOWN = 3
"""Log files that the terminal names; a world has one a day."""


def write_samples(folder: Path, *, seed: int) -> Simulation:
    """Write sample logs to a new or empty folder. Raises UsageError when there is something else in it."""
    _refuse_used(folder)
    return simulate(folder, seed=seed)


def write_large(folder: Path, shape: str, *, accounts: int, days: int, seed: int) -> Simulation:
    """Write a world to a new or empty folder. Raises UsageError for an unknown shape, and as `write_samples`."""
    if shape not in SHAPES:
        message = f"found `{' '.join(shape.split())[:40]}`, expected one of {', '.join(sorted(SHAPES))}"
        raise UsageError.at(
            "--world", message, "each is a platform with habits of its own: identifiers, columns, clients"
        )
    _refuse_used(folder)
    with Progress() as progress:
        progress.step(f"making a world of {console.plural(accounts, 'ordinary account')}")
        made = write_world(world_of(shape, accounts=accounts, days=days, seed=seed), folder)
    truth = tuple(Label(it.account_id, it.kind, it.is_abusive) for it in made.truth)
    return Simulation(folder, made.logs, made.labels, made.context, made.approvals, made.records, 0, truth)


def samples_json(made: Simulation) -> dict[str, object]:
    """Return what `simulate --json` prints."""
    return {
        "folder": str(made.folder),
        "logs": [str(path) for path in made.logs],
        "context": str(made.context),
        "approvals": str(made.approvals),
        "labels": str(made.labels),
        "records": made.records,
        "bad_lines": made.bad_lines,
        "accounts": len(made.truth),
        "abusive": sum(label.is_abusive for label in made.truth),
    }


def show_samples(made: Simulation) -> None:
    """Say what was written, and the command that audits it."""
    kinds = Counter((label.kind, label.is_abusive) for label in made.truth)
    rows = [(kind, "yes" if is_abusive else "no", f"{count:,}") for (kind, is_abusive), count in sorted(kinds.items())]
    console.table(["kind of account", "abusive", "accounts"], rows)
    console.result()
    console.result(f"{console.plural(made.records, 'record')} and {console.plural(made.bad_lines, 'bad line')} in")
    for path in made.logs[:LOGS_SHOWN]:
        console.result(f"  {shown_path(path)}")
    if len(made.logs) > LOGS_SHOWN:
        console.result(f"  … and {console.plural(len(made.logs) - LOGS_SHOWN, 'more log')}")
    context, approvals = shown_path(made.context), shown_path(made.approvals)
    logs = shown_path(made.folder / "logs")
    console.result(f"audit them:  auditor audit {logs} --context {context} --approvals {approvals}")


def _refuse_used(folder: Path) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        message = "found something there already, expected a new or empty folder"
        raise UsageError.at(shown_path(folder), message, "choose another folder; sample logs overwrite nothing")
