"""One audit: a pack over an activity, giving findings, their cited records and a receipt.

The receipt is there whatever happens: it is written before the first record is read, and again when the run ends or
fails. One rule that fails doesn't stop the others; it is named in its line of the receipt.
"""

import contextlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from auditor.checker.clauses import clauses_for
from auditor.checker.compile.plan import Plan, plan_for
from auditor.checker.engines.duckdb import PlanResult, execute
from auditor.checker.findings import Finding, Incident, Measured, Receipt
from auditor.checker.receipts import opened_receipt, rule_run, write_receipt
from auditor.checker.thresholds import number_text, thresholds_of
from auditor.digests import digest_of_parts, rfc3339
from auditor.errors import WorkspaceError
from auditor.policy.pack import Approval, Context, Pack
from auditor.policy.rule import Rule
from auditor.policy.terms import Terms
from auditor.records.activity import Activity
from auditor.records.asof import as_on
from auditor.records.quarantine import QuarantinedLines
from auditor.records.workspace import disk_errors, temporary_name

CITATIONS = "citations.parquet"
ID_DIGITS = 16


@dataclass(frozen=True)
class AuditResult:
    """What an audit gave; `citations` is the Parquet file of every cited record, suppressed findings' among them."""

    receipt: Receipt
    findings: tuple[Finding, ...]
    suppressed: tuple[Finding, ...]
    citations: Path


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
    """Judge an activity by a pack and write `receipt.json` and `citations.parquet` into `folder`.

    `since` and `until` keep incidents by their end, `as_of` hides what is later; `clock` ends the receipt.
    `quarantined` says whose lines could not be read as records, and so were not judged; the receipt keeps it.

    Raises WorkspaceError when the folder can't be written or the records can't be read.
    """
    pack = _in_force(pack, as_of)
    activity = as_on(activity, as_of, {name for rule in pack.rules for name in rule.needed_columns()})
    receipt = opened_receipt(activity, pack, context, approvals, run_id=run_id, started=started, program=program)
    receipt = receipt.model_copy(update={"since": since, "until": until, "as_of": as_of})
    receipt = receipt.model_copy(update={"quarantined": quarantined or QuarantinedLines()})
    with _receipt_kept(folder, receipt):
        plan = plan_for(
            pack.rules,
            sources=activity.sources,
            context=context,
            terms=pack.terms,
            exemptions=pack.exemptions,
            timezone=pack.timezone,
            as_of=as_of,
            since=since,
            until=until,
        )
        result = execute(plan, activity)
        found = _Findings(pack.rules, pack.terms, result)
        _write_citations(folder / CITATIONS, result, found)
        closed = _closed(receipt, plan, result, pack.rules, clock)
        write_receipt(folder, closed)
    kept, suppressed = found.kept(), found.suppressed()
    return AuditResult(closed, kept, suppressed, folder / CITATIONS)


def _in_force(pack: Pack, as_of: datetime | None) -> Pack:
    """Leave out rules that begin later than `as_of`: nobody could be judged by them, or not judged for lack of data."""
    if as_of is None:
        return pack
    return pack.model_copy(update={"rules": tuple(rule for rule in pack.rules if _has_begun(rule, as_of))})


def _has_begun(rule: Rule, as_of: datetime) -> bool:
    """Say whether a rule was in force by then; a composite also needs enough of the rules that it names."""
    if rule.composite:
        begun = [part for part in rule.composite.parts if _has_begun(part, as_of)]
        if len({rule.composite.counted(part) for part in begun}) < rule.composite.at_least:
            return False
    return rule.effective.start is None or rule.effective.start <= as_of


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


def _write_citations(path: Path, result: PlanResult, found: "_Findings") -> None:
    temporary = temporary_name(path)
    with disk_errors(path):
        try:
            result.write_citations(temporary, found.ids())
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)


class _Findings:
    """The findings of a result, with their ids.

    An id is `F-` and the first 16 hexadecimal digits of the digest of (rule id, kind of subject, subject, `by`, time of
    the first record); a suppressed finding adds its exemption. Incidents that still have all of these in common are
    told apart by a count from 2 on, in their order.
    """

    def __init__(self, rules: Sequence[Rule], terms: Sequence[Terms], result: PlanResult) -> None:
        """Number and name every incident."""
        self._terms = terms
        self._result = result
        self._incidents: list[tuple[Rule, Incident, str]] = []
        by_name = {rule.name: rule for rule in rules}
        for outcome in result.outcomes:
            rule, seen = by_name[outcome.rule], Counter[tuple[str | None, ...]]()
            for incident in sorted((*outcome.incidents, *outcome.suppressed), key=lambda item: item.number):
                parts = _parts(rule, incident)
                seen[parts] += 1
                self._incidents.append((rule, incident, _id_of(parts, seen[parts])))

    def ids(self) -> dict[tuple[str, int], str]:
        """Return the id of every incident, by rule and number."""
        return {(rule.name, incident.number): identity for rule, incident, identity in self._incidents}

    def kept(self) -> tuple[Finding, ...]:
        """Return the findings that no exemption covers."""
        return tuple(self._finding(*item) for item in self._incidents if not item[1].suppressed_by)

    def suppressed(self) -> tuple[Finding, ...]:
        """Return the findings that an exemption covers."""
        return tuple(self._finding(*item) for item in self._incidents if item[1].suppressed_by)

    def _finding(self, rule: Rule, incident: Incident, identity: str) -> Finding:
        units = {measure.name: measure.unit for measure in rule.measures}
        return Finding(
            id=identity,
            rule=rule.name,
            rule_id=rule.id,
            rule_digest=rule.digest,
            title=rule.title,
            conducts=rule.conducts,
            strength=rule.strength,
            family=rule.family,
            level=rule.level,
            subject_kind=rule.subject,
            subject=incident.subject,
            by=tuple(zip(rule.by, incident.by, strict=True)),
            start=incident.start,
            end=incident.end,
            windows=incident.windows,
            measures=tuple(
                Measured(name=name, value=number_text(value), unit=units.get(name.rpartition(".")[2], ""))
                for name, value in incident.measures
                if value is not None
            ),
            thresholds=thresholds_of(rule.violates, dict(incident.measures)),
            records=incident.records,
            first_record=incident.first,
            accounts=tuple(account for account, _ in incident.accounts),
            account_records=incident.accounts,
            clauses=clauses_for(incident.terms, rule.conducts, self._terms),
            suppressed_by=incident.suppressed_by,
            sources=self._result.sources_of(rule.name, incident.number),
            needed_columns=tuple(sorted(rule.needed_columns())),
            parts=incident.parts,
        )


def _parts(rule: Rule, incident: Incident) -> tuple[str | None, ...]:
    first = rfc3339(incident.first.time)
    exemption = (incident.suppressed_by,) if incident.suppressed_by else ()
    return (rule.id, rule.subject, *incident.subject, *incident.by, first, *exemption)


def _id_of(parts: tuple[str | None, ...], count: int) -> str:
    numbered = parts if count == 1 else (*parts, str(count))
    return f"F-{digest_of_parts(numbered)[:ID_DIGITS]}"
