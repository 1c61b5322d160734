"""`ingest --dry-run`: how each file would be read, without a workspace."""

from collections.abc import Sequence
from typing import Any  # JSON values have no closed type

from auditor.cli import console
from auditor.cli.options import PACK
from auditor.policy.load import load_pack
from auditor.records.dryrun import DryRun
from auditor.records.schema import COLUMNS


def rehearsal_json(files: Sequence[DryRun]) -> dict[str, Any]:
    """Return what `ingest --dry-run --json` prints."""
    return {"files": [{**file.model_dump(mode="json"), "rules": _runnable(file)} for file in files]}


def show_rehearsal(files: Sequence[DryRun]) -> None:
    """Print mapping, columns, first problems and the shipped rules that a file lets run."""
    for file in files:
        if file.failed:
            console.talk(f"error: {file.failed}")
            continue
        lines = f"{console.plural(file.lines, 'line')}, {file.bad:,} of them would be quarantined"
        console.result(f"{file.path}: profile {file.profile}, {file.format}, {lines}")
        console.table(["column", "made from"], [(name, text) for name, text in file.mapping.items()])
        console.result(f"columns it provides: {', '.join(name for name in COLUMNS if name in file.provides)}")
        rules = _runnable(file)
        console.result(f"shipped rules it lets run: {', '.join(rules) or 'none'}")
        for problem in file.problems:
            console.result(f"problem: {problem}")
        console.result()
    console.result("nothing was written")


def _runnable(file: DryRun) -> list[str]:
    provided = frozenset(file.provides)
    return [rule.name for rule in load_pack(PACK).rules if rule.needed_columns() <= provided]
