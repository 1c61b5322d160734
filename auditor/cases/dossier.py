"""The dossier: everything that a case file and a bundle show of one case, gathered once.

Frozen and complete, so that what renders it needs no store. It keeps the first cited records of the gravest findings
and counts the rest; whoever needs all of them streams them (`auditor.records.cited`). A *sealed* dossier is shown
without what belongs to one run or one working day: run ids, timings, status and notes.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from pathlib import Path

from auditor.cases.approvals import OnFile, on_file
from auditor.cases.cells import cell_of, columns_shown
from auditor.cases.linked import LinkedAccounts, linked_accounts
from auditor.cases.model import Case, CaseFinding
from auditor.cases.origins import SourceAccount, numbered_sources
from auditor.checker.findings import Finding, Receipt, WindowPoint
from auditor.checker.linked import read_links
from auditor.policy.conditions import Node
from auditor.policy.explain import words_of
from auditor.policy.pack import Approval, Context, Pack, SourceFile
from auditor.policy.rule import Rule
from auditor.records.activity import Activity
from auditor.records.cited import Bucket, CitedRow, Wanted, cited_counts, first_cited, organizations_of, timelines
from auditor.records.manifest import Source

CITATIONS = "citations.parquet"
"""The file of a run's cited records, in the run's folder."""

RECORDS_SHOWN = 25
"""Cited records of a finding that its case file shows."""

FINDINGS_IN_FULL = 50
"""Findings of a case, gravest first, of which a dossier holds records and timelines; nobody reads thousands."""

BUCKETS = 40
"""At most so many bars in a finding's timeline."""

STEPS = (
    1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400,
    172_800, 604_800, 1_209_600, 2_592_000, 7_776_000, 31_536_000,
)  # fmt: skip
"""Widths of a bucket, in seconds, that a reader can name."""


class ShownRecord(Node):
    """One cited record as the case file shows it; `cells` go with `FindingEvidence.columns`.

    `source` is the number of its source; `line` counts what the source's `format` holds (lines, elements of an array,
    rows of a table). `offset` and `length` are in decompressed bytes, None where the format has no byte ranges.
    """

    time: datetime
    record_id: str
    account: str
    source: int
    source_id: str
    format: str
    compression: str
    line: int
    offset: int | None
    length: int | None
    is_against: bool
    cells: tuple[str, ...]


class RuleInWords(Node):
    """What a reader should know of the rule, as it stands in the pack."""

    description: str
    words: tuple[str, ...]
    note: str
    false_positives: tuple[str, ...]
    references: tuple[str, ...]
    window_seconds: int
    is_same_version: bool
    """Whether the pack's rule is byte for byte the one that made the finding."""


class FindingEvidence(Node):
    """What lies behind one finding: its first records, how many there are, and when they happened."""

    finding: str
    total: int
    columns: tuple[str, ...]
    shown: tuple[ShownRecord, ...]
    bucket_seconds: int
    timeline: tuple[WindowPoint, ...]
    rule: RuleInWords | None
    seen_in_part: int = 0
    """Cited records that the run behind the dossier saw of an incident that its `--as-of` cut short; 0 otherwise."""


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
    bars = _by_finding(timelines(activity, shown))
    parts = _by_finding(timelines(activity, cut_short(cases, receipt, runs)))
    organizations = _by_account(organizations_of(activity, [account for case in cases for account in case.accounts]))
    rules = {rule.name: rule for rule in pack.rules}
    approved = on_file(approvals)
    counts = cited_counts(activity, wanted)
    origins = numbered_sources(receipt, sources)
    clusters = read_links(runs / receipt.run_id)
    rows = groupby(first_cited(activity, shown, limit=RECORDS_SHOWN), key=lambda row: row.case)
    case_id, cited = next(rows, ("", iter(())))
    for case in sorted(cases, key=lambda case: case.id):
        own = _rows_by_finding(cited if case_id == case.id else ())
        belongs_to = tuple((account, name) for account in case.accounts for name in organizations.get(account, ()))
        yield Dossier(
            case=case,
            receipt=receipt,
            evidence=_evidence(case, own, bars, parts, rules, origins),
            cited=counts.get(case.id, 0),
            organizations=belongs_to,
            sources=origins,
            policy_files=pack.files,
            context_file=context.file if context else None,
            approvals=_approvals_of(case, organizations, approved),
            linked=linked_accounts(case, clusters),
        )
        if case_id == case.id:
            case_id, cited = next(rows, ("", iter(())))


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


def bucket_seconds(finding: Finding) -> int:
    """Return the width of a timeline's bars, so that there are at most `BUCKETS` of them."""
    seconds = (finding.end - finding.start).total_seconds()
    return next((step for step in STEPS if seconds / step < BUCKETS - 1), STEPS[-1])


def _evidence(
    case: Case,
    rows: Mapping[str, Sequence[CitedRow]],
    bars: Mapping[tuple[str, str], list[WindowPoint]],
    parts: Mapping[tuple[str, str], list[WindowPoint]],
    rules: Mapping[str, Rule],
    sources: Sequence[SourceAccount],
) -> tuple[FindingEvidence, ...]:
    origins = {source.source_id: source for source in sources}
    return tuple(
        _evidence_of(
            item,
            rows.get(item.finding.id, ()),
            tuple(bars.get((case.id, item.finding.id), ())),
            rules.get(item.finding.rule),
            origins,
            sum(point.records for point in parts.get((case.id, item.finding.id), ())),
        )
        for item in case.findings
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


def _evidence_of(
    item: CaseFinding,
    rows: Sequence[CitedRow],
    timeline: tuple[WindowPoint, ...],
    rule: Rule | None,
    origins: Mapping[str, SourceAccount],
    seen_in_part: int,
) -> FindingEvidence:
    finding = item.finding
    preferred = (*rule.evidence.columns, *finding.needed_columns) if rule else finding.needed_columns
    columns = columns_shown(preferred, [row.row for row in rows])
    return FindingEvidence(
        finding=finding.id,
        total=finding.records,
        columns=columns,
        shown=tuple(_shown(row, columns, origins) for row in rows),
        bucket_seconds=bucket_seconds(finding),
        timeline=timeline,
        rule=_in_words(rule, finding) if rule else None,
        seen_in_part=seen_in_part,
    )


def _shown(cited: CitedRow, columns: tuple[str, ...], origins: Mapping[str, SourceAccount]) -> ShownRecord:
    row, origin = cited.row, origins.get(cited.row["source_id"])
    return ShownRecord(
        time=row["time"],
        record_id=row["record_id"] or "",
        account=row["account_id"] or "",
        source=origin.number if origin else 0,
        source_id=row["source_id"],
        format=origin.format if origin else "",
        compression=origin.compression if origin else "",
        line=row["source_line"],
        offset=row["source_offset"],
        length=row["source_length"],
        is_against=cited.findings[0][1],
        cells=tuple(cell_of(row, column) for column in columns),
    )


def _in_words(rule: Rule, finding: Finding) -> RuleInWords:
    return RuleInWords(
        description=rule.description,
        words=words_of(rule),
        note=rule.evidence.note,
        false_positives=rule.false_positives,
        references=rule.references,
        window_seconds=rule.within.seconds if rule.within else 0,
        is_same_version=rule.digest == finding.rule_digest,
    )


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
