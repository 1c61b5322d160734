"""What the checker says: findings with all their records, and per rule what was and wasn't evaluated.

A finding is what the machine saw: one subject, one set of `by` values, one incident of one rule. Engines and the
plain evaluator both return `RuleOutcome`; `checker/audit.py` turns outcomes into `Finding`s with clauses and
stable ids.
"""

from datetime import datetime
from decimal import Decimal
from typing import Literal

from auditor.policy.conditions import Node
from auditor.policy.rule import Level, SubjectKind
from auditor.policy.terms import Stance
from auditor.records.quarantine import QuarantinedLines

MeasureValue = int | Decimal | float
"""Counts and sums of integers are int, decimals Decimal, quotients float (docs/evaluation.md, "Numbers")."""


class RecordRef(Node):
    """One cited record: its id and where it lies in its source. Ordered by (time, source_id, source_line)."""

    time: datetime
    source_id: str
    source_line: int
    record_id: str
    account_id: str | None = None


class TermsCount(Node):
    """How many of an incident's records one version of one document applied to."""

    terms: str
    version: str
    records: int


class PartSeen(Node):
    """One incident of a rule that a composite names, as far as it concerns the subject: the subject's own records."""

    rule: str
    start: datetime
    end: datetime
    records: int

    @property
    def place(self) -> tuple[datetime, datetime, str, int]:
        """What parts are sorted by."""
        return (self.start, self.end, self.rule, self.records)


class Incident(Node):
    """Violating windows of one subject and `by` values that share records, merged.

    `number` tells the incidents of one rule apart (0-based, in order of subject, by, start, suppressed ones
    among them); its records are kept beside it (`PlanResult.of`). `start` and `end` are the times of the first and
    last contributing record, `windows` the number of violating windows, `measures` the peak of each measure over
    them in order of the rule, `accounts` the accounts whose records the finding is about (the `against`
    selection's) with the number of those records, sorted by account.
    """

    number: int
    subject: tuple[str, ...]
    by: tuple[str, ...]
    start: datetime
    end: datetime
    windows: int
    measures: tuple[tuple[str, MeasureValue | None], ...]
    records: int
    first: RecordRef
    accounts: tuple[tuple[str, int], ...]
    terms: tuple[TermsCount, ...] = ()
    suppressed_by: str = ""
    parts: tuple[PartSeen, ...] = ()
    """What met, of a composite rule; in the order of their times."""


class RuleOutcome(Node):
    """What one rule gave over one activity.

    `is_evaluated` is false when no source provides what it needs: `missing` then says why (column names, or
    `%list%`). Counts are of records, but `not_evaluated_subjects`.
    """

    rule: str
    is_evaluated: bool
    missing: tuple[str, ...] = ()
    incidents: tuple[Incident, ...] = ()
    suppressed: tuple[Incident, ...] = ()
    selected: int = 0
    undetermined: int = 0
    without_subject: int = 0
    left_out: int = 0
    not_evaluated_subjects: int = 0


class Threshold(Node):
    """One comparison of `violates` that a peak measure was held against; `margin` is how far beyond it lies."""

    measure: str
    operator: str
    value: str
    margin: str


class Applied(Node):
    """A clause that applied to cited records at their time, and how many of them."""

    terms: str
    title: str
    version: str
    effective: str
    clause: str
    text: str
    conduct: str
    stance: Stance
    limit: str = ""
    exceptions: tuple[str, ...] = ()
    url: str = ""
    source_digest: str = ""
    records: int

    @property
    def number(self) -> str:
        """The clause's number or letter in the document, which its id begins with; empty where it has none there.

        A word after it tells apart clauses under one number: `3.3(h) measures`.
        """
        first = self.clause.split(" ", 1)[0]
        return first if any(map(str.isdigit, first)) or (len(first) == 1 and first.isupper()) else ""


class Measured(Node):
    """A peak measure as text (exact), with its unit; `expression` is what was measured, as the rule states it.

    `words` are the rule's own words for it, by language.
    """

    name: str
    value: str
    unit: str = ""
    expression: str = ""
    words: tuple[tuple[str, str], ...] = ()


class WindowPoint(Node):
    """One bucket of a finding's timeline: its start and the number of cited records in it."""

    start: datetime
    records: int


class ClusterSeen(Node):
    """The linked accounts that a finding is about, as they stood at the end of the run.

    `members` are all of them, also those without cited records; `signals` are the names of what joined them and
    `columns` what those of the links rest on without which they would fall apart.
    `formerly` names clusters that were merged into this one.
    """

    id: str
    formerly: tuple[str, ...] = ()
    members: tuple[str, ...]
    signals: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()


class Finding(Node):
    """One thing the machine saw. `records` is their number; the references themselves are in the run's citations."""

    id: str
    rule: str
    rule_id: str
    rule_digest: str
    title: str
    conducts: tuple[str, ...]
    strength: Literal["bright-line", "inferential"]
    family: str
    level: Level
    subject_kind: SubjectKind
    subject: tuple[str, ...]
    by: tuple[tuple[str, str], ...]
    start: datetime
    end: datetime
    windows: int
    measures: tuple[Measured, ...]
    thresholds: tuple[Threshold, ...]
    records: int
    first_record: RecordRef
    accounts: tuple[str, ...]
    account_records: tuple[tuple[str, int], ...]
    """Cited records of each account in `accounts`."""
    clauses: tuple[Applied, ...] = ()
    suppressed_by: str = ""
    sources: tuple[str, ...] = ()
    needed_columns: tuple[str, ...] = ()
    """Columns the finding rests on, for the independence of families."""
    cluster: ClusterSeen | None = None
    """The linked accounts that it is about; None where the subject is no cluster, or a cluster of one."""
    parts: tuple[PartSeen, ...] = ()
    """Of a composite rule, what met: those findings count by themselves, so this one is no further evidence."""


class RuleRun(Node):
    """One rule's line in the receipt."""

    rule: str
    rule_id: str
    digest: str
    is_evaluated: bool
    missing: tuple[str, ...] = ()
    findings: int = 0
    suppressed: int = 0
    selected: int = 0
    undetermined: int = 0
    without_subject: int = 0
    left_out: int = 0
    sources_left_out: int = 0
    """How many sources the `left_out` records come from."""
    lacking: tuple[tuple[str, int], ...] = ()
    """Columns that sources left out lack, and how many of these sources lack each."""
    not_evaluated_subjects: int = 0
    error: str = ""


class SourceRead(Node):
    """One source in the receipt."""

    source_id: str
    name: str
    profile: str
    records: int
    provides: tuple[str, ...]
    extra_names: tuple[str, ...] | None = None
    """Names below `extra` that rules asked for and that occur in the source; None when no rule asked."""


class Receipt(Node):
    """What a run read, judged by and found; written even when the run fails."""

    format_version: int = 1
    run_id: str
    started: datetime
    ended: datetime | None = None
    program: str
    pack: str
    pack_digest: str
    policy_files: tuple[tuple[str, str], ...]
    context_digest: str = ""
    approvals_digest: str = ""
    since: datetime | None = None
    until: datetime | None = None
    as_of: datetime | None = None
    records: int = 0
    sources: tuple[SourceRead, ...] = ()
    rules: tuple[RuleRun, ...] = ()
    findings: int = 0
    suppressed: int = 0
    plan_digest: str = ""
    links_file_digest: str = ""
    """SHA-256 of the pack's links file, where a rule needed links."""
    links_digest: str = ""
    """SHA-256 of the run's `links.jsonl`."""
    clusters: int = 0
    linked_accounts: int = 0
    error: str = ""
    quarantined: QuarantinedLines = QuarantinedLines()
