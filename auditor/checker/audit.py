"""One audit: a pack over an activity, giving findings, their cited records and a receipt.

The receipt is there whatever happens: it is written before the first record is read, and again when the run ends or
fails. One rule that fails doesn't stop the others; it is named in its line of the receipt.
"""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from auditor.checker.circumstances import Circumstances
from auditor.checker.compile.plan import Plan
from auditor.checker.engines.duckdb import PlanResult, execute
from auditor.checker.engines.lookback import Files, write_context
from auditor.checker.findings import Finding, Receipt
from auditor.checker.linked import write_links
from auditor.checker.naming import NamedFindings
from auditor.checker.population import Population, write_population
from auditor.checker.prepared import prepared
from auditor.checker.receipts import opened_receipt, rule_run, write_receipt
from auditor.errors import WorkspaceError
from auditor.linking.model import Links
from auditor.policy.pack import Approval, Context, Pack, rules_begun
from auditor.policy.rule import Rule
from auditor.records.activity import Activity
from auditor.records.asof import as_on
from auditor.records.context import CONTEXT, DERIVED, REACHES
from auditor.records.quarantine import QuarantinedLines
from auditor.records.workspace import disk_errors, temporary_name

CITATIONS = "citations.parquet"


@dataclass(frozen=True)
class AuditResult:
    """What an audit gave; `citations` is the Parquet file of every cited record, suppressed findings' among them.

    `links` is None where no rule needed them.
    """

    receipt: Receipt
    findings: tuple[Finding, ...]
    suppressed: tuple[Finding, ...]
    citations: Path
    links: Links | None = None


def run_audit(
    activity: Activity,
    pack: Pack,
    *,
    context: Context,
    approvals: Sequence[Approval],
    since: datetime | None,
    until: datetime | None,
    as_of: datetime | None,
    run_id: str,
    started: datetime,
    program: str,
    folder: Path,
    clock: Callable[[], datetime] | None = None,
    quarantined: QuarantinedLines | None = None,
) -> AuditResult:
    """Judge an activity by a pack and write `receipt.json`, `citations.parquet` and `links.jsonl` into `folder`.

    `since` and `until` keep incidents by their end, `as_of` hides what is later; `clock` ends the receipt.
    `quarantined` says whose lines could not be read as records, and so were not judged; the receipt keeps it.

    Raises WorkspaceError when the folder can't be written or the records can't be read.
    """
    pack = _in_force(pack, as_of)
    circumstances = Circumstances(pack, context, as_of, since, until)
    read = as_on(activity, as_of, {name for rule in pack.rules for name in rule.needed_columns()})
    receipt = opened_receipt(read, pack, context, approvals, run_id=run_id, started=started, program=program)
    receipt = receipt.model_copy(update={"since": since, "until": until, "as_of": as_of})
    receipt = receipt.model_copy(update={"quarantined": quarantined or QuarantinedLines()})
    with _receipt_kept(folder, receipt):
        ready = prepared(activity, pack.rules, circumstances)
        plan = circumstances.plan(pack.rules, ready.activity.sources)
        result = execute(plan, ready.activity)
        found = NamedFindings(pack.rules, pack.terms, result, ready.links)
        _write_citations(folder / CITATIONS, result, found)
        write_population(folder, _write_context(folder, result, found, ready.activity))
        closed = _closed(_linked(receipt, pack, ready.links, folder), plan, result, pack.rules, clock)
        write_receipt(folder, closed)
    kept, suppressed = found.kept(), found.suppressed()
    return AuditResult(closed, kept, suppressed, folder / CITATIONS, ready.links)


def _in_force(pack: Pack, as_of: datetime | None) -> Pack:
    """Leave out rules that begin later than `as_of`: nobody could be judged by them, or not judged for lack of data."""
    return pack.model_copy(update={"rules": rules_begun(pack, as_of)})


@contextlib.contextmanager
def _receipt_kept(folder: Path, receipt: Receipt) -> Iterator[None]:
    """Leave a receipt that says why the run ended, if it doesn't reach its end (also after Ctrl-C or a kill)."""
    write_receipt(folder, receipt.model_copy(update={"error": "the run did not reach its end"}))
    try:
        yield
    except BaseException as error:
        failed = receipt.model_copy(update={"error": str(error).splitlines()[0] if str(error) else _name_of(error)})
        with contextlib.suppress(WorkspaceError):
            write_receipt(folder, failed)
        raise


def _name_of(error: BaseException) -> str:
    return "interrupted" if isinstance(error, KeyboardInterrupt) else type(error).__name__


def _closed(
    receipt: Receipt, plan: Plan, result: PlanResult, rules: Sequence[Rule], clock: Callable[[], datetime] | None
) -> Receipt:
    outcomes = {outcome.rule: outcome for outcome in result.outcomes}
    coverage = {item.rule.name: item.coverage for item in plan.rules}
    runs = tuple(
        rule_run(rule, outcomes.get(rule.name), result.errors.get(rule.name, ""), coverage=coverage.get(rule.name))
        for rule in rules
    )
    return receipt.model_copy(
        update={
            "ended": clock() if clock else None,
            "rules": runs,
            "findings": sum(run.findings for run in runs),
            "suppressed": sum(run.suppressed for run in runs),
            "plan_digest": plan.digest,
        }
    )


def _linked(receipt: Receipt, pack: Pack, links: Links | None, folder: Path) -> Receipt:
    """Write the links and say in the receipt by which file they were made, and what they are."""
    if links is None or pack.links is None:
        return receipt
    return receipt.model_copy(
        update={
            "links_file_digest": pack.links.digest,
            "links_digest": write_links(folder, links),
            "clusters": len(links.clusters),
            "linked_accounts": sum(len(cluster.members) for cluster in links.clusters),
        }
    )


def _write_citations(path: Path, result: PlanResult, found: NamedFindings) -> None:
    temporary = temporary_name(path)
    with disk_errors(path):
        try:
            result.write_citations(temporary, found.ids())
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)


def _write_context(folder: Path, result: PlanResult, found: NamedFindings, activity: Activity) -> Population:
    files = {path: temporary_name(path) for path in (folder / CONTEXT, folder / REACHES, folder / DERIVED)}
    with disk_errors(folder / CONTEXT):
        try:
            kept = write_context(result, found.kept_ids(), activity, Files(*files.values()))
            for path, temporary in files.items():
                if temporary.exists():
                    temporary.replace(path)
        finally:
            for temporary in files.values():
                temporary.unlink(missing_ok=True)
    return kept
