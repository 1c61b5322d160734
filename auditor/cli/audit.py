"""`auditor audit`: findings and cases from what the workspace holds. (Imports inside the command: see app.py.)"""

from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from auditor.cli.options import (
    PACK,
    WORKSPACE,
    AsJson,
    ContextFile,
    Exclude,
    PackName,
    Profile,
    WorkspaceFolder,
    absolute,
    level_of,
)
from auditor.cli.outcome import check_ending, check_output
from auditor.cli.progress import Progress
from auditor.cli.times import check_order, time_of

_Paths = Annotated[list[Path] | None, typer.Argument(metavar="PATH", help="Logs to read first.")]
_Since = Annotated[str | None, typer.Option(metavar="T", help="Only incidents that end at this time or later.")]
_Until = Annotated[str | None, typer.Option(metavar="T", help="Only incidents that end before this time.")]
_AsOf = Annotated[str | None, typer.Option(metavar="T", help="As if no later record existed.")]
_Approvals = Annotated[Path | None, typer.Option(metavar="FILE", help="Conducts allowed to named accounts (YAML).")]
_CasesOut = Annotated[
    Path | None, typer.Option(metavar="FILE.jsonl", help="Write the cases that this run judged, one a line.")
]
_FindingsOut = Annotated[Path | None, typer.Option(metavar="FILE.csv|.jsonl", help="Write the findings of this run.")]
_FailOn = Annotated[
    str | None,
    typer.Option(
        metavar="LEVEL",
        help="Exit with 1 when a new finding has this level or a graver one: "
        "informational, low, medium, high or critical.",
    ),
]
_Strict = Annotated[bool, typer.Option("--strict", help="Exit with 3 on quarantined lines and not-evaluated rules.")]


def audit(
    paths: _Paths = None,
    profile: Profile = "auto",
    exclude: Exclude = None,
    pack: PackName = PACK,
    since: _Since = None,
    until: _Until = None,
    as_of: _AsOf = None,
    approvals: _Approvals = None,
    context: ContextFile = None,
    cases_out: _CasesOut = None,
    findings_out: _FindingsOut = None,
    fail_on: _FailOn = None,
    is_strict: _Strict = False,
    is_json: AsJson = False,
    workspace: WorkspaceFolder = WORKSPACE,
) -> None:
    """Find what the terms don't allow.

    Reads what is new, audits the whole store, and says first what is new since the last run.

    Example: auditor audit access.log --pack my-policies/ --workspace audit
    """
    starts, ends = time_of(since, "--since"), time_of(until, "--until")
    check_order(starts, ends)
    check_output([("--cases-out", cases_out), ("--findings-out", findings_out)])
    check_ending("--findings-out", findings_out, (".csv", ".jsonl"))
    least = level_of(fail_on)
    from auditor.cli import exports, journey, summary

    order = journey.Order(
        paths=tuple(path.absolute() for path in paths or ()),
        profile=profile,
        exclude=tuple(exclude or ()),
        pack=pack,
        since=starts,
        until=ends,
        as_of=time_of(as_of, "--as-of"),
        approvals=absolute(approvals),
        context=absolute(context),
    )
    with Progress() as progress:
        made = journey.travel(order, folder=workspace.absolute(), clock=partial(datetime.now, UTC), say=progress.step)
    receipt = made.result.receipt
    exports.write_exports(made.seen, receipt, cases_file=absolute(cases_out), findings_file=absolute(findings_out))
    summary.show_audit(made, is_json=is_json)
    raise typer.Exit(summary.ending_of(made, fail_on=least, is_strict=is_strict))
