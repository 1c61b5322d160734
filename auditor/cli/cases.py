"""`auditor case …`: read cases, write notes on them, and decide. (Imports inside the commands: see app.py.)"""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from auditor.cli import console
from auditor.cli.options import (
    WORKSPACE,
    AsJson,
    CaseId,
    KeyFile,
    PassphraseFile,
    Reason,
    ToldReason,
    Who,
    WorkspaceFolder,
    absolute,
)
from auditor.cli.outcome import check_output


def list_(
    status: Annotated[
        list[str] | None,
        typer.Option("--status", metavar="STATUS", help="Only cases of this status, such as `open`; may be repeated."),
    ] = None,
    is_json: AsJson = False,
    workspace: WorkspaceFolder = WORKSPACE,
) -> None:
    """List the cases, sternest proposal first, closed ones last.

    Example: auditor case list --status open --status proposed
    """
    from auditor.cli import casework

    cases = casework.all_cases(workspace.absolute(), status or ())
    if is_json:
        console.json_array(casework.list_json(cases))
    else:
        casework.show_list(cases)


def show(case: CaseId, is_json: AsJson = False, workspace: WorkspaceFolder = WORKSPACE) -> None:
    """Show one case.

    Accounts, findings, proposed actions with their reasons, what speaks for the accounts, and notes.

    Example: auditor case show C-0123456789ab
    """
    from auditor.cli import casework

    found = casework.one_case(workspace.absolute(), case)
    if is_json:
        console.json_object(**casework.case_json(found))
    else:
        casework.show_one(found, workspace.absolute())


def note(
    case: CaseId,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What to note.")],
    by: Annotated[str, typer.Option("--by", metavar="NAME", help="Who notes it.")],
    is_json: AsJson = False,
    workspace: WorkspaceFolder = WORKSPACE,
) -> None:
    """Write a note on a case.

    Notes are never changed and never lost.

    Example: auditor case note C-0123456789ab "called the customer" --by "A. Reviewer"
    """
    from auditor.cli import casework

    written = casework.write_note(workspace.absolute(), case, author=by, text=text, now=datetime.now(UTC))
    if is_json:
        console.json_object(case_id=case, note=written.model_dump(mode="json"))
    else:
        console.result(f"note {written.number} on {case}")


def export(
    case: CaseId,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Write to a file instead.")] = None,
    is_json: Annotated[bool, typer.Option("--json", help="Accepted everywhere; an export always is JSON.")] = True,
    workspace: WorkspaceFolder = WORKSPACE,
) -> None:
    """Print the whole case as JSON.

    Example: auditor case export C-0123456789ab --out case.json
    """
    assert is_json
    check_output([("--out", out)])
    from auditor.cli import casework

    casework.export(workspace.absolute(), case, absolute(out))


def assign(
    case: CaseId,
    to: Annotated[str, typer.Option("--to", metavar="NAME", help="Who looks into it from now on.")],
    by: Who,
    is_json: AsJson = False,
    workspace: WorkspaceFolder = WORKSPACE,
) -> None:
    """Name the person who looks into a case.

    Example: auditor case assign C-0123456789ab --to "B. Reviewer" --by "A. Lead"
    """
    from auditor.cli import decided, deciding

    folder = workspace.absolute()
    entry = deciding.make_assignment(folder, case, to=to, person=by, now=datetime.now(UTC))
    decided.tell(entry, folder, is_json=is_json)


def propose(
    case: CaseId,
    action: Annotated[str, typer.Option("--action", metavar="ACTION", help="From `none` to `terminate`.")],
    reason: ToldReason,
    by: Who,
    key: KeyFile = None,
    account: Annotated[
        list[str] | None,
        typer.Option("--account", metavar="ACCOUNT", help="Account that it is meant for; all others get `none`."),
    ] = None,
    beyond: Annotated[
        str,
        typer.Option(
            "--beyond",
            metavar="TEXT",
            help="Why it goes beyond what the evidence carries. The account holder reads it word for word.",
        ),
    ] = "",
    passphrase_file: PassphraseFile = None,
    is_json: AsJson = False,
    workspace: WorkspaceFolder = WORKSPACE,
) -> None:
    """Propose what to do in a case, on its sealed bundle.

    No account gets more than the evidence carries for it, unless you say why. A proposal is not a decision.

    Example: auditor case propose C-0123456789ab --action verify --reason "ask who owns the keys" --by "A. Reviewer"
    """
    from auditor.cli import decided, deciding

    folder = workspace.absolute()
    entry = deciding.make_proposal(
        folder,
        case,
        action=deciding.action_of(action),
        accounts=account or (),
        reason=reason,
        beyond=beyond,
        signer=deciding.signer_of(by, absolute(key), absolute(passphrase_file)),
        now=datetime.now(UTC),
    )
    decided.tell(entry, folder, is_json=is_json)


def approve(
    case: CaseId,
    by: Who,
    key: KeyFile = None,
    reason: Annotated[
        str, typer.Option("--reason", metavar="TEXT", help="Why, for colleagues: the account holder is not told this.")
    ] = "",
    passphrase_file: PassphraseFile = None,
    is_json: AsJson = False,
    workspace: WorkspaceFolder = WORKSPACE,
) -> None:
    """Approve what was proposed: from then on it is decided.

    For `suspend` and above, this takes another person than the proposer, with another key.

    Example: auditor case approve C-0123456789ab --by "B. Lead" --key ~/keys/lead.pem
    """
    from auditor.cli import decided, deciding

    folder = workspace.absolute()
    signer = deciding.signer_of(by, absolute(key), absolute(passphrase_file))
    entry = deciding.make_approval(folder, case, reason=reason, signer=signer, now=datetime.now(UTC))
    decided.tell(entry, folder, is_json=is_json)


def appeal(
    case: CaseId,
    reason: Annotated[
        str,
        typer.Option(
            "--reason",
            metavar="TEXT",
            help="Why. With `--outcome`, the account holder reads it word for word: name no other account.",
        ),
    ],
    by: Who,
    to: Annotated[
        str, typer.Option("--to", metavar="NAME", help="Who hears the appeal: nobody who had a part in the decision.")
    ] = "",
    outcome: Annotated[
        str, typer.Option("--outcome", metavar="WORD", help="What came of it: `upheld`, `milder` or `overturned`.")
    ] = "",
    action: Annotated[
        str, typer.Option("--action", metavar="ACTION", help="With `--outcome milder`: what takes its place.")
    ] = "",
    key: KeyFile = None,
    passphrase_file: PassphraseFile = None,
    is_json: AsJson = False,
    workspace: WorkspaceFolder = WORKSPACE,
) -> None:
    """Record an appeal against a decision and who hears it; with `--outcome`, what came of it.

    Example: auditor case appeal C-0123456789ab --reason "says the keys were stolen" --by "A. Reviewer" --to "C. Third"
    """
    from auditor.cli import decided, deciding

    folder, now = workspace.absolute(), datetime.now(UTC)
    deciding.must_be_one_of_two(to, outcome)
    if outcome:
        entry = deciding.make_outcome(
            folder,
            case,
            outcome=deciding.outcome_of(outcome),
            action=deciding.action_of(action) if action else None,
            reason=reason,
            signer=deciding.signer_of(by, absolute(key), absolute(passphrase_file)),
            now=now,
        )
    else:
        entry = deciding.make_appeal(folder, case, reason=reason, to=to, person=by, now=now)
    decided.tell(entry, folder, is_json=is_json)


def close(
    case: CaseId, reason: Reason, by: Who, is_json: AsJson = False, workspace: WorkspaceFolder = WORKSPACE
) -> None:
    """Close a case, because it leads to nothing or its decision is done.

    Example: auditor case close C-0123456789ab --reason "a failover inside one team" --by "A. Reviewer"
    """
    from auditor.cli import decided, deciding

    folder = workspace.absolute()
    entry = deciding.make_close(folder, case, reason=reason, person=by, now=datetime.now(UTC))
    decided.tell(entry, folder, is_json=is_json)


def hold(
    case: CaseId,
    reason: Reason,
    by: Who,
    is_lifted: Annotated[bool, typer.Option("--release", help="Lift the hold.")] = False,
    is_json: AsJson = False,
    workspace: WorkspaceFolder = WORKSPACE,
) -> None:
    """Put a case under a legal hold, or lift it: while it is held, nothing it rests on can be erased.

    Example: auditor case hold C-0123456789ab --reason "claim 12 O 34/26" --by "A. Reviewer"
    """
    from auditor.cli import decided, deciding

    folder = workspace.absolute()
    entry = deciding.make_hold(folder, case, reason=reason, person=by, now=datetime.now(UTC), is_lifted=is_lifted)
    decided.tell(entry, folder, is_json=is_json)


def notice(
    case: CaseId,
    account: Annotated[
        list[str] | None, typer.Option("--account", metavar="ACCOUNT", help="Only for this account of the case.")
    ] = None,
    language: Annotated[str, typer.Option("--language", metavar="LANGUAGE", help="`en`, `de` or `fr`.")] = "en",
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FOLDER", help="Write a page and a text an account instead.")
    ] = None,
    sender: Annotated[
        str, typer.Option("--sender", metavar="TEXT", help="Who writes: name, postal address, how to be reached.")
    ] = "",
    is_record: Annotated[
        bool, typer.Option("--record", help="The records for the public database instead, one a line.")
    ] = False,
    is_json: AsJson = False,
    workspace: WorkspaceFolder = WORKSPACE,
) -> None:
    """Tell the account holders why: the statement of reasons in plain language.

    Before a decision it is a draft and says so. `--record` gives what a public database takes, without personal data.

    Example: auditor case notice C-0123456789ab --account acct_1 --language de
    """
    from auditor.cli import notices

    told = notices.statements(workspace.absolute(), case, account or ())
    if is_record:
        notices.show_records(told)
    elif out is not None:
        notices.write(told, notices.language_of(language), sender, out.absolute())
    else:
        notices.show(told, notices.language_of(language), sender, is_json=is_json)


COMMANDS: dict[str, Callable[..., None]] = {
    "list": list_,
    "show": show,
    "note": note,
    "assign": assign,
    "propose": propose,
    "approve": approve,
    "appeal": appeal,
    "close": close,
    "hold": hold,
    "notice": notice,
    "export": export,
}
