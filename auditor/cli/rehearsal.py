"""`ingest --dry-run`: how each file would be read, and what of it the workspace has already, if there is one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any  # JSON values have no closed type

from auditor.checker.provided import coverage_of
from auditor.cli import console
from auditor.cli.intake import remark_on, show_skipped, warn_of_absent_fields
from auditor.cli.options import PACK
from auditor.cli.policy_words import is_from_context
from auditor.policy.load import load_pack
from auditor.policy.pack import Context
from auditor.records.absent import absent_everywhere
from auditor.records.activity import SourceSummary
from auditor.records.derived import providing
from auditor.records.dryrun import DryRun, dry_run
from auditor.records.schema import COLUMNS
from auditor.records.workspace import MARKER, open_workspace


def rehearse(
    paths: Sequence[Path], *, profile: str, exclude: Sequence[str], folder: Path
) -> tuple[tuple[DryRun, ...], tuple[str, ...]]:
    """Read logs as `ingest` would, and name what was left out; a folder that is no workspace holds nothing yet."""
    workspace = open_workspace(folder, create=False) if (folder / MARKER).exists() else None
    return dry_run(paths, profile=profile, exclude=exclude, workspace=workspace)


def rehearsal_json(files: Sequence[DryRun], skipped: Sequence[str]) -> dict[str, Any]:
    """Return what `ingest --dry-run --json` prints."""
    told = [{**file.model_dump(mode="json"), "rules": list(_rules_for([file]).can_run)} for file in files]
    return {"files": told, "skipped": list(skipped)}


def show_rehearsal(files: Sequence[DryRun], skipped: Sequence[str]) -> None:
    """Print each profile's mapping, columns and shipped rules once, then a row a file, then the first problems."""
    for file in files:
        if file.failed:
            console.talk(f"error: {file.failed}")
    readable = [file for file in files if not file.failed]
    for alike in _by_profile(readable):
        _show_profile(alike)
    for file in readable:
        for problem in file.problems:
            console.result(f"problem: {problem}")
    show_skipped(skipped)
    console.result("nothing was written")


def _by_profile(files: Sequence[DryRun]) -> list[list[DryRun]]:
    """Gather files that are read by the same profile, in the order in which the profiles come up."""
    alike: dict[tuple[str, tuple[tuple[str, str], ...]], list[DryRun]] = {}
    for file in files:
        alike.setdefault((file.profile, tuple(file.mapping.items())), []).append(file)
    return list(alike.values())


def _show_profile(files: Sequence[DryRun]) -> None:
    console.result(f"profile {files[0].profile}: {console.plural(len(files), 'file')}")
    _show_mapping(files[0].mapping)
    warn_of_absent_fields(
        {files[0].profile: absent_everywhere(file.absent for file in files if file.lines > file.blank)}
    )
    provided = {name for file in files for name in file.provides}
    console.result(f"columns they provide: {', '.join(name for name in COLUMNS if name in provided)}")
    rules = _rules_for(files)
    console.result(f"shipped rules they let run: {', '.join(rules.can_run) or 'none'}")
    if rules.with_context:
        console.result(f"and with what `--context` gives: {', '.join(rules.with_context)}")
    console.result()
    rows = [
        (
            file.path,
            file.format,
            f"{file.lines:,}",
            f"{file.known:,}",
            f"{file.bad:,}",
            remark_on(file.lines, file.grew_from, is_known=file.already_known, has_new=file.lines > file.known),
        )
        for file in files
    ]
    console.table(["file", "format", "lines", "known", "would be quarantined", ""], rows)
    console.result()


def _show_mapping(mapping: Mapping[str, str]) -> None:
    """Print what each column is made of; the columns that are fields of their own name by number."""
    made = {name: source for name, source in mapping.items() if source != f'"{name}"'}
    if made:
        console.table(["column", "made from"], made.items())
    if len(made) < len(mapping):
        columns = console.plural(len(mapping) - len(made), f"{'more ' if made else ''}column")
        console.result(f"{columns} as they are: fields of the same name")


@dataclass(frozen=True)
class _Rules:
    """Shipped rules that can run, and those that lack nothing but facts of the platform."""

    can_run: tuple[str, ...]
    with_context: tuple[str, ...]


def _rules_for(files: Sequence[DryRun]) -> _Rules:
    """Return what `policy coverage` would say once the files were read."""
    sources = [
        SourceSummary(file.path, file.path, file.profile, file.lines, frozenset(file.provides)) for file in files
    ]
    rows = coverage_of(load_pack(PACK).rules, providing(sources, Context().derivable), Context())
    return _Rules(
        can_run=tuple(row.rule for row in rows if row.is_evaluable),
        with_context=tuple(row.rule for row in rows if row.missing and all(map(is_from_context, row.missing))),
    )
