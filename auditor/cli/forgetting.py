"""Forget an account: what it wrote, the secrets of its cases and their bundles; the ledger keeps that it happened."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path

from auditor.cases.casebook import Casebook
from auditor.cases.holds import must_be_free
from auditor.cases.ledger import Entry, append, entries_of
from auditor.cases.model import Case
from auditor.cases.notes import list_cases
from auditor.cases.written import text_of
from auditor.cli import console
from auditor.cli.leftovers import open_known_casebook
from auditor.cli.pages import rewrite_page
from auditor.errors import AuditorError, UsageError
from auditor.evidence.forgetting import erase_evidence, evidence_of
from auditor.records.forgotten import forget_content, records_with_content
from auditor.records.manifest import load_manifest
from auditor.records.workspace import Workspace, open_workspace


@dataclass(frozen=True)
class Forgotten:
    """What is erased of an account, or would be; `ledger` is the number of the entry, 0 where nothing was done yet.

    `decided` are cases that people decided: what they decided on can't be sealed again afterwards.
    """

    account: str
    records: int
    secrets: tuple[str, ...]
    bundles: tuple[str, ...]
    cases: tuple[str, ...]
    decided: tuple[str, ...]
    ledger: int = 0


def forget(folder: Path, account: str, *, reason: str, person: str, now: datetime, is_meant: bool) -> Forgotten:
    """Erase what is kept of an account, or say what would be.

    Raises UsageError when there is nothing, or a case of the account is held or isn't closed.
    """
    workspace = open_workspace(folder, create=False)
    with workspace.lock(), open_known_casebook(workspace) as casebook:
        cases = tuple(case for case in list_cases(casebook) if account in case.accounts)
        with casebook.reading() as db:
            entries = entries_of(db)
        found = _found(workspace, account, cases, entries)
        must_be_free(account, cases)
        text_of(person, "a name")
        text_of(reason, "a reason")
        if is_meant:
            found = _erase(workspace, casebook, found, reason=reason, person=person, now=now)
            _write_pages(workspace, casebook, cases)
    return found


def _found(workspace: Workspace, account: str, cases: tuple[Case, ...], entries: Sequence[Entry]) -> Forgotten:
    ids = tuple(sorted(case.id for case in cases))
    evidence = evidence_of(workspace, ids)
    records = records_with_content(workspace, account)
    if not records and not any(evidence) and (not cases or account in load_manifest(workspace).forgotten):
        message = f"nothing is kept that {account!a} wrote, nor a secret or bundle of a case about it"
        raise UsageError.at(None, message, "`auditor case list` names the accounts that cases are about")
    decided = {entry.case_id for entry in entries if entry.kind == "approved"} & {*evidence.secrets, *evidence.bundles}
    return Forgotten(account, records, evidence.secrets, evidence.bundles, ids, tuple(sorted(decided)))


def _erase(
    workspace: Workspace, casebook: Casebook, found: Forgotten, *, reason: str, person: str, now: datetime
) -> Forgotten:
    """Erase and record it in one transaction: what isn't recorded can be done again, and then is."""
    with casebook.writing() as db:
        evidence = erase_evidence(workspace, found.cases)
        records = forget_content(workspace, found.account)
        details = {
            "account": found.account,
            "reason": text_of(reason, "a reason"),
            "records": records,
            "secrets": list(evidence.secrets),
            "bundles": list(evidence.bundles),
        }
        name = text_of(person, "a name")
        entry = append(db, kind="forgotten", case_id="", person=name, time=now, details=details)
    return replace(found, records=records, secrets=evidence.secrets, bundles=evidence.bundles, ledger=entry.number)


def _write_pages(workspace: Workspace, casebook: Casebook, cases: tuple[Case, ...]) -> None:
    for case in cases:
        try:
            rewrite_page(workspace, casebook, case)
        except AuditorError as error:
            console.talk(f"what the account wrote is erased; the case file of {case.id} could not be written anew:")
            console.complain(error.problems)


def show(found: Forgotten, *, is_json: bool) -> None:
    """Say what was erased, or would be."""
    if is_json:
        console.json_object(**asdict(found), is_done=bool(found.ledger))
        return
    verb = "erased" if found.ledger else "would be erased"
    console.result(f"account {found.account}")
    console.result(f"  what it wrote in {console.plural(found.records, 'record')}: {verb}")
    console.result(f"  secrets of cases: {', '.join(found.secrets) or 'none'}: {verb}")
    console.result(f"  bundles: {', '.join(found.bundles) or 'none'}: {verb}")
    if found.decided:
        tense = "can't be made again" if found.ledger else "could never be made again; keep copies elsewhere first"
        console.result(f"  what people decided on in {', '.join(found.decided)}: that bundle {tense}")
    if found.ledger:
        console.result(f"recorded as ledger entry {found.ledger}")
        console.result("original logs, the quarantine, and copies that left the house are yours to deal with")
    else:
        console.result("nothing was done; `--yes` does it, and it can't be undone")
