"""The receipt of a run: what was read, judged by and found, as one JSON file."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from auditor.checker.findings import Receipt, RuleOutcome, RuleRun, SourceRead
from auditor.checker.provided import RuleCoverage
from auditor.digests import canonical_json, digest_of
from auditor.policy.pack import Approval, Context, Pack
from auditor.policy.rule import Rule
from auditor.records.activity import Activity
from auditor.records.workspace import write_atomically

RECEIPT = "receipt.json"


def opened_receipt(
    activity: Activity,
    pack: Pack,
    context: Context,
    approvals: Sequence[Approval],
    *,
    run_id: str,
    started: datetime,
    program: str,
) -> Receipt:
    """Return the receipt of a run that has read nothing yet."""
    sources = sorted(activity.sources, key=lambda source: source.source_id)
    return Receipt(
        run_id=run_id,
        started=started,
        program=program,
        pack=pack.name,
        pack_digest=pack.digest,
        policy_files=tuple(sorted((file.path, file.digest) for file in pack.files)),
        context_digest=context.file.digest if context.file else "",
        approvals_digest=_digest_of_approvals(approvals),
        records=sum(source.records for source in sources),
        sources=tuple(
            SourceRead(
                source_id=source.source_id,
                name=source.name,
                profile=source.profile,
                records=source.records,
                provides=tuple(sorted(source.provides)),
                extra_names=None if source.extra_names is None else tuple(sorted(source.extra_names)),
            )
            for source in sources
        ),
    )


def rule_run(rule: Rule, outcome: RuleOutcome | None, error: str, *, coverage: RuleCoverage | None = None) -> RuleRun:
    """Return a rule's line; without an outcome it failed, and `error` says why."""
    named = {"rule": rule.name, "rule_id": rule.id, "digest": rule.digest}
    if outcome is None:
        return RuleRun(**named, is_evaluated=False, error=error)
    return RuleRun(
        **named,
        is_evaluated=outcome.is_evaluated,
        missing=outcome.missing,
        findings=len(outcome.incidents),
        suppressed=len(outcome.suppressed),
        selected=outcome.selected,
        undetermined=outcome.undetermined,
        without_subject=outcome.without_subject,
        left_out=outcome.left_out,
        sources_left_out=len(coverage.sources_left_out) if coverage else 0,
        lacking=coverage.lacking if coverage else (),
        not_evaluated_subjects=outcome.not_evaluated_subjects,
    )


def write_receipt(folder: Path, receipt: Receipt) -> None:
    """Write `receipt.json` as canonical JSON, replacing an earlier one whole.

    Raises WorkspaceError when the disk refuses.
    """
    write_atomically(folder / RECEIPT, canonical_json(receipt.model_dump(mode="python")) + b"\n")


def _digest_of_approvals(approvals: Sequence[Approval]) -> str:
    if not approvals:
        return ""
    return digest_of(canonical_json([approval.model_dump(mode="python") for approval in approvals]))
