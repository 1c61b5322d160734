"""`policy explain RULE --account A`: a rule followed for one account of the workspace."""

from datetime import datetime
from pathlib import Path

from auditor.checker.asked import Question
from auditor.checker.circumstances import Circumstances
from auditor.checker.following import followed
from auditor.checker.trace import AccountTrace
from auditor.cli import console
from auditor.cli.policies import rule_named
from auditor.errors import UsageError
from auditor.policy.load import load_pack
from auditor.policy.pack import Context
from auditor.policy.platform import load_context
from auditor.policy.rule import Rule
from auditor.records.store import open_activity
from auditor.records.workspace import open_workspace
from auditor.report.trace_words import differing, lines_of


def asked(
    rule: str, pack: str, account: str, context: Path | None, as_of: datetime | None, folder: Path
) -> tuple[Rule, AccountTrace]:
    """Follow a rule for an account. Raises UsageError for an account that has no record, and as the loaders do."""
    platform = load_context(context) if context else Context()
    loaded = load_pack(pack, context=platform)
    found = rule_named(rule, loaded)
    activity = open_activity(open_workspace(folder, create=False))
    try:
        trace = followed(Question(found, account, Circumstances(loaded, platform, as_of)), activity)
    finally:
        activity.connection.close()
    if not trace.records:
        message = f"no record of account `{' '.join(account.split())[:60]}`, expected an account of the workspace"
        raise UsageError.at("--account", message, "ids compare exactly; `auditor case list` names accounts")
    return found, trace


def show(result: tuple[Rule, AccountTrace], is_json: bool) -> None:
    """Print a trace, and what would have had to differ."""
    rule, trace = result
    if is_json:
        content = trace.model_dump(mode="json")
        console.json_object(**content, steps=list(lines_of(rule, trace)), differing=list(differing(rule, trace)))
        return
    for line in lines_of(rule, trace):
        console.result(line)
    console.result()
    console.result("What would have had to differ:")
    for line in differing(rule, trace):
        console.result(f"- {line}")
