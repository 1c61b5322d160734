"""Notices to account holders: from the casebook and its ledger to the terminal or a folder."""

from collections.abc import Collection, Sequence
from pathlib import Path

from auditor.cases.decisions import course_of
from auditor.cases.ledger import entries_of
from auditor.cases.model import Case
from auditor.cases.notes import show_case
from auditor.cli import console
from auditor.cli.leftovers import open_known_casebook
from auditor.cli.pages import rules_behind
from auditor.cli.paths import shown_path
from auditor.digests import digest_of
from auditor.errors import UsageError
from auditor.records.workspace import open_workspace, write_atomically
from auditor.report.dsa import record_of
from auditor.report.notice import LANGUAGES, notice_of, notice_text, render_notice
from auditor.report.phrases.model import Language
from auditor.report.statement import Statement, decision_for, statement_of, waiting_for


def language_of(text: str) -> Language:
    """Return a language by its code. Raises UsageError for another one."""
    for language in LANGUAGES:
        if language == text:
            return language
    raise UsageError.at(None, f"`--language {text}`, expected one of {', '.join(LANGUAGES)}", "choose one of these")


def statements(folder: Path, case_id: str, accounts: Collection[str]) -> tuple[tuple[Case, Statement], ...]:
    """Return the statements of reasons of a case, for the accounts asked for or all that are to be told something.

    Raises UsageError where there is no such case or account, or nothing to tell an account that was asked for.
    """
    workspace = open_workspace(folder, create=False)
    with open_known_casebook(workspace) as casebook:
        case = show_case(casebook, case_id)
        with casebook.reading() as db:
            course = course_of(entries_of(db, case.id))
        told = rules_behind(casebook, workspace, case)
    made = []
    for account in accounts or case.accounts:
        if account not in case.accounts:
            raise UsageError.at(None, f"`{account}` is no account of case {case.id}", "`auditor case show` lists them")
        statement = statement_of(case, account, decision_for(course, account), waiting_for(course, account), told=told)
        if statement is None and accounts:
            message = f"nothing is proposed or decided against `{account}`, expected an account to be told something"
            raise UsageError.at(None, message, "leave `--account` away to see whom there is something to tell")
        made += [(case, statement)] if statement else []
    return tuple(made)


def show(told: Sequence[tuple[Case, Statement]], language: Language, *, is_json: bool) -> None:
    """Print the notices as text, or as one JSON object."""
    notices = [notice_of(statement, language) for _, statement in told]
    if is_json:
        console.json_object(
            notices=[
                {"account": statement.account, "text": notice_text(notice), **notice.model_dump(mode="json")}
                for (_, statement), notice in zip(told, notices, strict=True)
            ]
        )
        return
    for notice in notices:
        console.document(notice_text(notice))
    if not notices:
        console.result("nothing is proposed or decided against an account of this case, so nobody is told anything")


def show_records(told: Sequence[tuple[Case, Statement]]) -> None:
    """Print the record of each decision that restricts an account, as JSON Lines.

    Raises BundleError where a record would hold personal data.
    """
    records = [record_of(statement, case.accounts) for case, statement in told]
    if not any(records):
        console.talk("no record: no decision in force restricts an account")
    for record in filter(None, records):
        console.json_line(record)


def write(told: Sequence[tuple[Case, Statement]], language: Language, folder: Path) -> None:
    """Write a page and a text an account into a folder; names are digests, since an account may be called anything."""
    folder.mkdir(parents=True, exist_ok=True)
    for _, statement in told:
        notice = notice_of(statement, language)
        name = f"{digest_of(statement.account.encode())[:16]}.{language}"
        write_atomically(folder / f"{name}.html", render_notice(notice))
        write_atomically(folder / f"{name}.txt", notice_text(notice).encode())
        console.result(f"{shown_path(folder / name)}.html  {statement.account}")
