"""The dossier: everything that a case file and a bundle show of one case, gathered once.

Frozen and complete, so that what renders it needs no store. It keeps the first cited records of the gravest findings
and counts the rest; whoever needs all of them streams them (`auditor.records.cited`). A *sealed* dossier is shown
without what belongs to one run or one working day: run ids, timings, status and notes.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from auditor.cases.approvals import OnFile, on_file
from auditor.cases.finding_evidence import FindingEvidence, bucket_seconds, evidence_in
from auditor.cases.linked import LinkedAccounts, linked_accounts
from auditor.cases.model import Case, CaseFinding
from auditor.cases.origins import SourceAccount, numbered_sources
from auditor.checker.findings import Receipt, WindowPoint
from auditor.checker.linked import read_links
from auditor.linking.model import Cluster
from auditor.policy.conditions import Node
from auditor.policy.pack import Approval, Context, Pack, SourceFile
from auditor.records.activity import Activity
from auditor.records.cited import Bucket, CitedRow, Wanted, cited_counts, first_cited, organizations_of, timelines
from auditor.records.manifest import Source

CITATIONS = "citations.parquet"
"""The file of a run's cited records, in the run's folder."""

RECORDS_SHOWN = 25
"""Cited records of a finding that its case file shows."""

FINDINGS_IN_FULL = 50
"""Findings of a case, gravest first, of which a dossier holds records and timelines; nobody reads thousands."""


class Dossier(Node):
    """One case with all that is shown of it; `evidence` goes with `case.findings`, one by one."""

    case: Case
    receipt: Receipt
    evidence: tuple[FindingEvidence, ...]
    cited: int
    """How many different records the findings cite, as far as the citations of their runs are still there."""
    organizations: tuple[tuple[str, str], ...] = ()
    sources: tuple[SourceAccount, ...] = ()
    policy_files: tuple[SourceFile, ...] = ()
    context_file: SourceFile | None = None
    approvals: tuple[Approval, ...] = ()
    linked: tuple[LinkedAccounts, ...] = ()
    """Whom the run behind the dossier linked with whom, as far as the case is about them."""
    is_sealed: bool = False

    def sealed(self) -> "Dossier":
        """Return the dossier as a bundle shows it: the same for the same case, whenever and wherever it was made."""
        return self.model_copy(update={"is_sealed": True})


def gather(
    cases: Sequence[Case],
    *,
    receipt: Receipt,
    pack: Pack,
    activity: Activity,
    runs: Path,
    sources: Sequence[Source] = (),
    context: Context | None = None,
    approvals: Sequence[Approval] = (),
) -> Iterator[Dossier]:
    """Yield the dossier of each case, in order of case id, with a handful of queries for all of them.

    `runs` holds one folder a run with its `citations.parquet` and `links.jsonl`; `sources` come from the store's
    manifest.
    """
    wanted = [item for case in cases for item in wanted_of(case, runs)]
    in_full = {(case.id, item.finding.id) for case in cases for item in gravest_first(case)[:FINDINGS_IN_FULL]}
    shown = [item for item in wanted if (item.case, item.finding) in in_full]
    read = _Read(
        bars=_by_finding(timelines(activity, shown)),
        parts=_by_finding(timelines(activity, cut_short(cases, receipt, runs))),
        organizations=_by_account(organizations_of(activity, [account for case in cases for account in case.accounts])),
        counts=cited_counts(activity, wanted),
        clusters=tuple(read_links(runs / receipt.run_id)),
    )
    behind = _Behind(receipt, pack, numbered_sources(receipt, sources), context, on_file(approvals))
    rows = groupby(first_cited(activity, shown, limit=RECORDS_SHOWN), key=lambda row: row.case)
    case_id, cited = next(rows, ("", iter(())))
    for case in sorted(cases, key=lambda case: case.id):
        yield _dossier(case, cited if case_id == case.id else (), read, behind)
        if case_id == case.id:
            case_id, cited = next(rows, ("", iter(())))


@dataclass(frozen=True)
class _Read:
    """What was read for all cases at once."""

    bars: Mapping[tuple[str, str], list[WindowPoint]]
    parts: Mapping[tuple[str, str], list[WindowPoint]]
    """Timelines of incidents that `--as-of` cut short, as far as the run saw them."""
    organizations: Mapping[str, Sequence[str]]
    counts: Mapping[str, int]
    clusters: Sequence[Cluster]


@dataclass(frozen=True)
class _Behind:
    """What stands behind every case of a run."""

    receipt: Receipt
    pack: Pack
    sources: tuple[SourceAccount, ...]
    context: Context | None
    approved: OnFile


def _dossier(case: Case, cited: Iterable[CitedRow], read: _Read, behind: _Behind) -> Dossier:
    rules = {rule.name: rule for rule in behind.pack.rules}
    own = _rows_by_finding(cited)
    return Dossier(
        case=case,
        receipt=behind.receipt,
        evidence=evidence_in(case, own, read.bars, read.parts, rules, behind.sources),
        cited=read.counts.get(case.id, 0),
        organizations=tuple(
            (account, name) for account in case.accounts for name in read.organizations.get(account, ())
        ),
        sources=behind.sources,
        policy_files=behind.pack.files,
        context_file=behind.context.file if behind.context else None,
        approvals=_approvals_of(case, read.organizations, behind.approved),
        linked=linked_accounts(case, read.clusters),
    )


def wanted_of(case: Case, runs: Path) -> list[Wanted]:
    """Return which citations a case needs; a run whose file is gone is left out, so its findings show no records."""
    kept = {run for run in {item.last_run for item in case.findings} if (runs / run / CITATIONS).is_file()}
    return [
        Wanted(case.id, item.finding.id, runs / item.last_run / CITATIONS, item.cited_as, bucket_seconds(item.finding))
        for item in case.findings
        if item.last_run in kept
    ]


def cut_short(cases: Sequence[Case], receipt: Receipt, runs: Path) -> list[Wanted]:
    """Return the citations, by a run with `--as-of`, of incidents of which the casebook knows more than the run saw."""
    path = runs / receipt.run_id / CITATIONS
    if receipt.as_of is None or not path.is_file():
        return []
    return [
        Wanted(case.id, item.finding.id, path, item.cited_as)
        for case in cases
        for item in case.findings
        if item.last_run != receipt.run_id and item.finding.start <= receipt.as_of < item.finding.end
    ]


def gravest_first(case: Case) -> list[CaseFinding]:
    """Return the findings of a case, gravest first, those that no longer hold last."""
    return sorted(
        case.findings,
        key=lambda item: (
            item.status == "stale",
            -item.finding.level.rank,
            item.finding.start,
            item.finding.id,
        ),
    )


def _rows_by_finding(cited: Iterable[CitedRow]) -> dict[str, list[CitedRow]]:
    rows: dict[str, list[CitedRow]] = {}
    for row in cited:
        rows.setdefault(row.findings[0][0], []).append(row)
    return rows


def _by_account(organizations: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    names: dict[str, list[str]] = {}
    for account, organization in organizations:
        names.setdefault(account, []).append(organization)
    return names


def _by_finding(buckets: Sequence[Bucket]) -> dict[tuple[str, str], list[WindowPoint]]:
    bars: dict[tuple[str, str], list[WindowPoint]] = {}
    for bucket in buckets:
        bars.setdefault((bucket.case, bucket.finding), []).append(
            WindowPoint(start=bucket.start, records=bucket.records)
        )
    return bars


def _approvals_of(case: Case, organizations: Mapping[str, Sequence[str]], approved: OnFile) -> tuple[Approval, ...]:
    """Return the approvals for accounts of a case, each once; one that names another account is none of them."""
    found = [item for account in case.accounts for item in approved.naming(account, organizations.get(account, ()))]
    return tuple(dict.fromkeys(found))
