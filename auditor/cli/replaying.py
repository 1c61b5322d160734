"""Judging the case of a bundle again: from the bundle to the terminal."""

from pathlib import Path

from auditor.cli import console
from auditor.errors import UsageError
from auditor.evidence.replay import FindingReplay, ReplayReport, replay

SHOWN = 50
"""Findings that the terminal shows; `--json` gives all."""


def replay_bundle(path: Path) -> ReplayReport:
    """Judge again. Raises UsageError when there is nothing at the path, BundleError when it can't be read."""
    if not path.exists():
        raise UsageError.at(str(path), "no such bundle", "`auditor bundle build CASE` prints where it put one")
    return replay(path)


def show(report: ReplayReport, *, is_json: bool) -> None:
    """Print what did not come out the same, what rests on others, and the verdict."""
    if is_json:
        console.json_object(**report.model_dump(mode="json", exclude={"format_version"}))
        return
    for fault in report.faults:
        console.result(f"differs: {fault}")
    for finding in report.findings[:SHOWN]:
        _show_finding(finding)
    if len(report.findings) > SHOWN:
        console.result(f"… and {console.plural(len(report.findings) - SHOWN, 'more finding')}; `--json` gives all")
    again = sum(finding.outcome == "reproduced" for finding in report.findings)
    console.result(f"{again} of {console.plural(len(report.findings), 'finding')} reproduced from the bundle alone")


def _show_finding(finding: FindingReplay) -> None:
    because = f": {finding.message}" if finding.message else ""
    console.result(f"{finding.outcome}: {finding.id} {finding.rule}{because}")
    for item in finding.differences:
        console.result(f"  {item.field}: the bundle says {item.bundled}, judged again {item.again or 'nothing'}")
    if finding.rests_on:
        console.result(f"  taken as given: {', '.join(finding.rests_on)}")
