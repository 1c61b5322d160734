"""Reading logs: from `ingest` to the terminal, every line of every file accounted for."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any  # JSON values have no closed type

from auditor.cli import console
from auditor.records.absent import Absent, in_words
from auditor.records.ingest import IngestReport, ingest
from auditor.records.manifest import Beginning
from auditor.records.quarantine import QuarantinedLines
from auditor.records.values import shown
from auditor.records.workspace import open_workspace

DIGITS = 12
"""How much of a source's digest tells it from one of the same name."""

_HEAD = ["source", "profile", "lines", "records", "quarantined", "duplicates", "blank", ""]


def read_logs(
    paths: Sequence[Path], *, profile: str, exclude: Sequence[str], folder: Path, now: datetime
) -> IngestReport:
    """Read logs into the workspace of a folder, which is made when there is none."""
    workspace = open_workspace(folder, create=True)
    return ingest(paths, profile=profile, exclude=exclude, workspace=workspace, now=now)


def report_json(report: IngestReport) -> dict[str, Any]:
    """Return what `ingest --json` prints; its counts are of what is new in this call."""
    return report.model_dump(mode="json", exclude={"format_version"})


def show(report: IngestReport) -> None:
    """Print where every line went, a row a file."""
    rows = [
        (
            source.name,
            source.profile,
            f"{source.lines:,}",
            f"{source.records:,}",
            f"{source.quarantined:,}",
            f"{source.duplicates:,}",
            f"{source.blank:,}",
            remark_on(source.lines, source.grew_from, is_known=source.already_known, has_new=source.records > 0),
        )
        for source in report.sources
    ]
    console.table(_HEAD, rows)
    new = f"{console.plural(report.records, 'new record')}, {console.plural(report.quarantined, 'line')} quarantined"
    console.result(f"{new}, {report.duplicates:,} duplicates, {report.conflicts:,} conflicts")
    if report.quarantined_lines.accounts:
        console.result(whose(report.quarantined_lines))
    show_skipped(report.skipped)


def show_skipped(skipped: Sequence[str]) -> None:
    """Print what was left out below the given folders, with the reason."""
    for one in skipped:
        console.result(f"skipped: {one}")


def whose(lines: QuarantinedLines) -> str:
    """Say in one line whose the quarantined lines are, most first."""
    parts = [(item.lines, f"of {shown(item.account_id)}") for item in lines.accounts]
    if lines.more_accounts:
        parts.append((lines.more_lines, f"of {console.plural(lines.more_accounts, 'more account')}"))
    if lines.nameless:
        parts.append((lines.nameless, "whose account can't be read"))
    (first, of), *rest = parts
    return ", ".join([f"{console.plural(first, 'quarantined line')} {of}", *(f"{count:,} {of}" for count, of in rest)])


def warn_of_absent_fields(absent: Mapping[str, Absent]) -> None:
    """Say which fields a profile reads that no record has: what they would fill stays empty in silence."""
    for profile, fields in absent.items():
        for line in in_words(profile, fields):
            console.talk(f"warning: {line}")
        if fields:
            console.talk("  hint: correct the profile or choose another; the name of a field counts letter by letter")


def warn_of_nothing_found(report: IngestReport) -> None:
    """Say that the paths held no file, or no record: that is nothing to stop for, but there is nothing to judge."""
    warn_of_absent_fields(report.absent_fields)
    if not report.sources and not report.failed:
        console.talk("warning: found no file to read at the given paths, so nothing new was read")
        console.talk("  hint: check the paths; hidden files and a workspace are left out")
    elif not any(source.records or source.duplicates or source.already_known for source in report.sources):
        console.talk("warning: not one record could be read at the given paths, so nothing of them can be judged")
        console.talk("  hint: `auditor ingest --dry-run` shows how each file would be read, and the first problems")


def complain_of_failures(report: IngestReport) -> None:
    """Name the files that could not be read at all; the others were."""
    for failed in report.failed:
        console.talk(f"error: {failed}")


def remark_on(lines: int, grew_from: Beginning | None, *, is_known: bool, has_new: bool) -> str:
    """Say in a few words what is special about a source."""
    if is_known:
        return "already there"
    if grew_from:
        what = "grew from" if has_new else "same content as"
        return f"{what} {grew_from.name} ({grew_from.source_id[:DIGITS]})"
    return "empty" if not lines else ""
