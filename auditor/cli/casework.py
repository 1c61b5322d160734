"""Reading cases and writing notes: from the casebook to the terminal."""

from collections.abc import Collection
from datetime import datetime
from pathlib import Path
from typing import Any, get_args  # JSON values have no closed type

from auditor.cases.export import case_exported, cases_listed
from auditor.cases.ledger import entries_of
from auditor.cases.model import Case, CaseStatus, Note
from auditor.cases.notes import add_note, list_cases, show_case
from auditor.cases.unfounded import seen_as, taken_back
from auditor.cli import console
from auditor.cli.case_table import show_cases
from auditor.cli.case_words import words_of_case
from auditor.cli.kept_pages import page_of
from auditor.cli.leftovers import open_known_casebook
from auditor.cli.pages import rewrite_page, rules_behind
from auditor.cli.paths import shown_path
from auditor.errors import AuditorError, UsageError
from auditor.policy.fields import nearest
from auditor.records.workspace import Workspace, open_workspace, write_atomically

STATUSES: tuple[CaseStatus, ...] = get_args(CaseStatus)


def all_cases(folder: Path, statuses: Collection[str]) -> tuple[Case, ...]:
    """Return the cases of a workspace, sternest proposal first, closed ones last; none named means of any status.

    Raises UsageError for a status that there isn't.
    """
    for status in statuses:
        if status not in STATUSES:
            message = f"found `{status}`, expected one of {', '.join(STATUSES)}"
            raise UsageError.at("--status", message, nearest(status, STATUSES, "choose one of these"))
    workspace = open_workspace(folder, create=False)
    with open_known_casebook(workspace) as casebook:
        return list_cases(casebook, statuses=statuses)


def one_case(folder: Path, case_id: str) -> Case:
    """Return one case, and say so where a source that it cites was taken back since it was judged.

    Raises UsageError when there is none of this id.
    """
    workspace = open_workspace(folder, create=False)
    with open_known_casebook(workspace) as casebook:
        case = show_case(casebook, case_id)
        with casebook.reading() as db:
            gone = taken_back(entries_of(db, ""))
    lost = [item for item in case.findings if item.status != "stale" and seen_as(item) in gone]
    if lost and case.status != "closed":
        console.talk(
            f"warning: a source that {console.plural(len(lost), 'finding')} of case {case.id} cites was taken back"
        )
        console.talk("  hint: `auditor audit` judges it anew; until then nothing can be proposed on it")
    return case


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
    workspace = open_workspace(folder, create=False)
    with open_known_casebook(workspace) as casebook:
        told = rules_behind(casebook, workspace, case)
    for line in words_of_case(case, told):
        console.result(line)
    console.result()
    console.result(f"case file: {shown_path(page_of(Workspace(folder), case.id))}")
