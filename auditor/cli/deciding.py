"""Decisions: the bundle is sealed, the step is recorded and signed, the envelope is laid beside the evidence."""

from collections.abc import Collection
from datetime import datetime
from pathlib import Path

from auditor.cases.casebook import Casebook
from auditor.cases.decisions import Course, course_of
from auditor.cases.holds import hold, release
from auditor.cases.ledger import Entry, entries_of
from auditor.cases.model import ActionName, Case
from auditor.cases.notes import show_case
from auditor.cases.steps import appeal, assign, close
from auditor.cli import console
from auditor.cli.leftovers import open_known_casebook
from auditor.cli.pages import rewrite_index, rewrite_page
from auditor.cli.passphrase import passphrase_for
from auditor.cli.progress import Progress
from auditor.cli.sealing import build_all
from auditor.cli.snapshot import kept_judgement, read_receipt
from auditor.digests import digest_of_file
from auditor.errors import AuditorError, UsageError
from auditor.evidence.bundleddocuments import root_in
from auditor.evidence.deciding import OUTCOMES, Signer, approve, attested, hear, propose
from auditor.evidence.keys import signing_key, trusted_key
from auditor.evidence.standalone.layout import TAG_MANIFEST
from auditor.policy.fields import nearest
from auditor.records.workspace import Workspace, open_workspace, write_atomically


def signer_of(name: str, key: Path | None, passphrase_file: Path | None) -> Signer:
    """Return the person who signs, with the key opened. Raises UsageError when it can't be."""
    if key is not None:
        _must_not_be_public(key)
    return Signer(name, signing_key(key, passphrase_for(key, passphrase_file)) if key else None)


def outcome_of(text: str) -> str:
    """Return the outcome of an appeal as it was written. Raises UsageError for a word that is none."""
    if text not in OUTCOMES:
        message = f"found `{' '.join(text.split())[:40]}`, expected one of {', '.join(OUTCOMES)}"
        raise UsageError.at("--outcome", message, nearest(text, OUTCOMES, "`milder` also needs `--action ACTION`"))
    return text


def action_of(text: str) -> ActionName:
    """Return the action of a word. Raises UsageError for one that is none."""
    if text not in list(ActionName):
        message = f"found `{' '.join(text.split())[:40]}`, expected one of {', '.join(ActionName)}"
        raise UsageError.at("--action", message, "the actions go from mildest to sternest")
    return ActionName(text)


def must_be_one_of_two(to: str, outcome: str) -> None:
    """Raise UsageError unless an appeal is either begun (`to`) or heard (`outcome`)."""
    if bool(to) == bool(outcome):
        message = "found both or neither of `--to` and `--outcome`, expected one"
        raise UsageError.at(None, message, "`--to NAME` begins an appeal, `--outcome WORD` says what came of it")


def make_proposal(
    folder: Path,
    case_id: str,
    *,
    action: ActionName,
    accounts: Collection[str],
    reason: str,
    beyond: str,
    signer: Signer,
    now: datetime,
) -> Entry:
    """Seal the case and record the proposal on it."""
    workspace = open_workspace(folder, create=False)
    with workspace.lock(), open_known_casebook(workspace) as casebook:
        case = show_case(casebook, case_id)
        _must_not_be_settled(case)
        bundle = _sealed(workspace, casebook, case)
        entry = propose(
            casebook,
            case.id,
            action=action,
            accounts=accounts,
            reason=reason,
            beyond=beyond,
            signer=signer,
            bundle=digest_of_file(bundle / TAG_MANIFEST),
            root=root_in(bundle),
            strike_days=_strike_days(workspace, case),
            now=now,
        )
        _make_known(workspace, casebook, case.id)
    return entry


def make_approval(folder: Path, case_id: str, *, reason: str, signer: Signer, now: datetime) -> Entry:
    """Seal the case again, so that what is approved is what was proposed, and record the approval."""
    workspace = open_workspace(folder, create=False)
    with workspace.lock(), open_known_casebook(workspace) as casebook:
        case = show_case(casebook, case_id)
        digest = digest_of_file(_sealed(workspace, casebook, case) / TAG_MANIFEST) if case.status == "proposed" else ""
        entry = approve(casebook, case.id, reason=reason, signer=signer, bundle=digest, now=now)
        _make_known(workspace, casebook, case.id)
    return entry


def make_outcome(
    folder: Path,
    case_id: str,
    *,
    outcome: str,
    action: ActionName | None,
    reason: str,
    signer: Signer,
    now: datetime,
) -> Entry:
    """Record what came of an appeal."""
    workspace = open_workspace(folder, create=False)
    with workspace.lock(), open_known_casebook(workspace) as casebook:
        case = show_case(casebook, case_id)
        entry = hear(casebook, case.id, outcome=outcome, action=action, reason=reason, signer=signer, now=now)
        _make_known(workspace, casebook, case.id)
    return entry


def make_appeal(folder: Path, case_id: str, *, reason: str, to: str, person: str, now: datetime) -> Entry:
    """Record an appeal and who hears it."""
    workspace = open_workspace(folder, create=False)
    with workspace.lock(), open_known_casebook(workspace) as casebook:
        entry = appeal(casebook, case_id, reason=reason, to=to, person=person, now=now)
        _page_anew(workspace, casebook, case_id)
    return entry


def make_assignment(folder: Path, case_id: str, *, to: str, person: str, now: datetime) -> Entry:
    """Record who looks into a case."""
    workspace = open_workspace(folder, create=False)
    with workspace.lock(), open_known_casebook(workspace) as casebook:
        return assign(casebook, case_id, to=to, person=person, now=now)


def make_close(folder: Path, case_id: str, *, reason: str, person: str, now: datetime) -> Entry:
    """Record that a case is closed."""
    workspace = open_workspace(folder, create=False)
    with workspace.lock(), open_known_casebook(workspace) as casebook:
        case, course = show_case(casebook, case_id), _course(casebook, case_id)
        entry = close(casebook, case_id, reason=reason, person=person, now=now)
        if case.status == "proposed" and course.proposed:
            console.talk(f"the proposal of {course.proposed.person}, which nobody had approved, is dropped")
        _page_anew(workspace, casebook, case_id)
    return entry


def make_hold(folder: Path, case_id: str, *, reason: str, person: str, now: datetime, is_lifted: bool) -> Entry:
    """Record that a case is under a legal hold, or no longer."""
    workspace = open_workspace(folder, create=False)
    with workspace.lock(), open_known_casebook(workspace) as casebook:
        record = release if is_lifted else hold
        entry = record(casebook, case_id, reason=reason, person=person, now=now)
        _page_anew(workspace, casebook, case_id)
    return entry


def _must_not_be_public(path: Path) -> None:
    """Refuse a public key where a private one is asked for, before anything is said of who may read the file."""
    try:
        trusted_key(path)
    except UsageError:
        return
    message = "this is a public key, expected the private one that goes with it"
    raise UsageError.at(str(path), message, "name the file without `.pub`")


def _must_not_be_settled(case: Case) -> None:
    if case.status not in ("open", "proposed"):
        message = f"case {case.id} is {case.status}, so nothing can be proposed any more"
        raise UsageError.at(None, message, "a decision can be appealed; new findings open a case of their own")


def _sealed(workspace: Workspace, casebook: Casebook, case: Case) -> Path:
    """Make the bundle of a case in the workspace anew and return it."""
    people = attested(_course(casebook, case.id))
    signed = {case.id: people} if people else {}
    with Progress() as progress:
        return next(build_all(workspace, [case], people=signed, say=progress.step))


def _course(casebook: Casebook, case_id: str) -> Course:
    with casebook.reading() as db:
        return course_of(entries_of(db, case_id))


def _strike_days(workspace: Workspace, case: Case) -> int:
    run = workspace.runs / case.last_run
    return kept_judgement(run, read_receipt(run)).pack.ladder.strike_days


def _make_known(workspace: Workspace, casebook: Casebook, case_id: str) -> None:
    """Put a step into the bundle of the workspace and on the page; the ledger has it already, whatever happens here."""
    _lay_beside(workspace, casebook, case_id)
    _page_anew(workspace, casebook, case_id)


def _lay_beside(workspace: Workspace, casebook: Casebook, case_id: str) -> None:
    people = attested(_course(casebook, case_id))
    folder = workspace.bundles / case_id
    manifest = folder / TAG_MANIFEST
    if people is None or not manifest.is_file() or digest_of_file(manifest) != people.digest:
        console.talk(f"the step is recorded; `auditor bundle build {case_id}` puts it into the bundle")
        return
    try:
        for name, data in people.files.items():
            write_atomically(folder / name, data)
    except AuditorError as error:
        console.talk("the step is recorded; it could not be put into the bundle:")
        console.complain(error.problems)


def _page_anew(workspace: Workspace, casebook: Casebook, case_id: str) -> None:
    try:
        rewrite_page(workspace, casebook, show_case(casebook, case_id))
        rewrite_index(workspace, casebook)
    except AuditorError as error:
        console.talk("the step is recorded; the case file could not be written anew:")
        console.complain(error.problems)
