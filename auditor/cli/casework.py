"""Reading cases and writing notes: from the casebook to the terminal."""

from datetime import datetime
from pathlib import Path
from typing import Any  # JSON values have no closed type

from auditor.cases.export import case_exported, cases_listed
from auditor.cases.model import Action, Case, CaseFinding, Note, StepTaken
from auditor.cases.notes import add_note, list_cases, show_case
from auditor.checker.findings import Finding
from auditor.cli import console
from auditor.cli.case_table import show_cases
from auditor.cli.kept_pages import page_of
from auditor.cli.leftovers import open_known_casebook
from auditor.cli.pages import rewrite_page
from auditor.cli.paths import shown_path
from auditor.digests import rfc3339
from auditor.errors import AuditorError
from auditor.records.workspace import Workspace, open_workspace, write_atomically
from auditor.report.words import figure, operator_words

FINDINGS_SHOWN = 12
"""Findings of a case that the terminal shows."""


def all_cases(folder: Path) -> tuple[Case, ...]:
    """Return all cases of a workspace, sternest proposal first."""
    workspace = open_workspace(folder, create=False)
    with open_known_casebook(workspace) as casebook:
        return list_cases(casebook)


def one_case(folder: Path, case_id: str) -> Case:
    """Return one case. Raises UsageError when there is none of this id."""
    workspace = open_workspace(folder, create=False)
    with open_known_casebook(workspace) as casebook:
        return show_case(casebook, case_id)


def write_note(folder: Path, case_id: str, *, author: str, text: str, now: datetime) -> Note:
    """Write a note on a case and its page anew, while no audit is changing them.

    The note is kept even when the page can't be made, which is then said.
    """
    workspace = open_workspace(folder, create=False)
    with workspace.lock(), open_known_casebook(workspace) as casebook:
        note = add_note(casebook, case_id, author=author, text=text, now=now)
        try:
            rewrite_page(workspace, casebook, show_case(casebook, case_id))
        except AuditorError as error:
            console.talk("the note is kept; its case file could not be written anew:")
            console.complain(error.problems)
    return note


def export(folder: Path, case_id: str, out: Path | None) -> None:
    """Write the whole case as JSON to a file, or to standard output when there is none."""
    document = case_exported(one_case(folder, case_id))
    if out is None:
        console.raw(document)
        return
    write_atomically(out, document)
    console.result(shown_path(out))


def list_json(cases: tuple[Case, ...]) -> list[dict[str, Any]]:
    """Return what `case list --json` prints."""
    return cases_listed(cases)


def case_json(case: Case) -> dict[str, Any]:
    """Return what `case show --json` prints."""
    return {"case_id": case.id, **case.model_dump(mode="json", exclude={"id"})}


def show_list(cases: tuple[Case, ...]) -> None:
    """Print all cases as a table."""
    show_cases(cases)
    if cases:
        console.result(f"{console.plural(len(cases), 'case')}; `auditor case show CASE` tells more")


def show_one(case: Case, folder: Path) -> None:
    """Print one case for a person."""
    console.result(f"case {case.id}: {case.severity}, proposed action `{case.proposed_action}`, {case.status}")
    console.result(f"pack {case.pack}, opened {rfc3339(case.opened)}, last run {case.last_run}")
    if case.assignee:
        console.result(f"looked into by {case.assignee}")
    for former in case.formerly:
        console.result(f"formerly also {former}")
    _section("What was seen (a finding is not a violation)", _findings(case))
    _section("What is proposed (a person decides)", [line for action in case.actions for line in _action(action)])
    _section("What speaks for the accounts", [f"{item.account or 'all'}: {item.fact}" for item in case.speaks_for])
    if case.steps:
        _section("What people decided", [_step(item) for item in case.steps])
    _section("Notes", [f"{note.number} {rfc3339(note.time)} {note.author}: {note.text}" for note in case.notes])
    console.result()
    console.result(f"case file: {shown_path(page_of(Workspace(folder), case.id))}")


def _step(step: StepTaken) -> str:
    action = f": {step.action}" if step.action else f", to be heard by {step.to}" if step.to else ""
    beyond = f" (beyond what the evidence carries: {step.beyond})" if step.beyond else ""
    signed = ", signed" if step.is_signed else ""
    reason = f": {step.reason}" if step.reason else ""
    return f"{step.kind}{action}, {step.person}, {rfc3339(step.time)}{signed}{reason}{beyond}"


def _section(title: str, lines: list[str]) -> None:
    console.result()
    console.result(title)
    for line in lines or ["nothing"]:
        console.result(f"  {line}")


def _findings(case: Case) -> list[str]:
    shown = case.findings[:FINDINGS_SHOWN]
    lines = [line for item in shown for line in _finding(item)]
    more = len(case.findings) - len(shown)
    return [*lines, f"… and {console.plural(more, 'more finding')}; the case file has all of them"] if more else lines


def _finding(item: CaseFinding) -> list[str]:
    finding = item.finding
    who = ", ".join(finding.accounts[:3]) + (f" and {len(finding.accounts) - 3} more" if finding.accounts[3:] else "")
    divided = "".join(f", {name} {value}" for name, value in finding.by)
    lines = [
        f"{finding.title} ({finding.level}, {finding.strength}, {item.status})",
        f"  {who or 'no account'}{divided}, {rfc3339(finding.start)} to {rfc3339(finding.end)}",
        f"  {console.plural(finding.records, 'record')}{_peaks(finding)}",
    ]
    lines += [f"  {clause.title} {clause.clause} {clause.stance}: “{clause.text}”" for clause in finding.clauses]
    return lines


def _action(action: Action) -> list[str]:
    protect = f", protect: {', '.join(action.protect)}" if action.protect else ""
    return [f"{action.account}: {action.action}{protect}", *(f"  {reason}" for reason in action.because)]


def _peaks(finding: Finding) -> str:
    """Say what was measured at its peak, each beside the threshold it was held against; nothing without measures."""
    limits: dict[str, list[str]] = {}
    for limit in finding.thresholds:
        limits.setdefault(limit.measure, []).append(f"{operator_words(limit.operator)} {figure(limit.value)}")
    peaks = [f"{part.name} {figure(part.value)}{_unit(part.unit)}" for part in finding.measures]
    held = [
        f" (threshold: {' and '.join(limits[part.name])})" if part.name in limits else "" for part in finding.measures
    ]
    return "; at its peak: " + ", ".join(map("".join, zip(peaks, held, strict=True))) if peaks else ""


def _unit(unit: str) -> str:
    return f" {unit}" if unit else ""
