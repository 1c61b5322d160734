"""What lies behind one finding: its first records, how many there are, when they happened, and the rule in words."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from auditor.cases.cells import cell_of, columns_shown
from auditor.cases.model import Case, CaseFinding
from auditor.cases.origins import SourceAccount
from auditor.checker.findings import Finding, WindowPoint
from auditor.policy.conditions import Node
from auditor.policy.explain import words_of
from auditor.policy.rule import Rule
from auditor.records.cited import CitedRow

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


def bucket_seconds(finding: Finding) -> int:
    """Return the width of a timeline's bars, so that there are at most `BUCKETS` of them."""
    seconds = (finding.end - finding.start).total_seconds()
    return next((step for step in STEPS if seconds / step < BUCKETS - 1), STEPS[-1])


def evidence_in(
    case: Case,
    rows: Mapping[str, Sequence[CitedRow]],
    bars: Mapping[tuple[str, str], list[WindowPoint]],
    parts: Mapping[tuple[str, str], list[WindowPoint]],
    rules: Mapping[str, Rule],
    sources: Sequence[SourceAccount],
) -> tuple[FindingEvidence, ...]:
    """Return the evidence of each finding of a case, in their order, from what was read for many cases at once."""
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
