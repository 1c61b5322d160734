"""What the bundle's documents hold, as models; the JSON Schemas beside them are made of these.

Only what is the same for the same case on any machine is written: run ids, timings, the state of work and people's
notes stay in the workspace. Reals and decimals are text, since a floating-point number has no one printed form.
"""

from typing import Literal

from pydantic import Field

from auditor.cases.model import Action, ActionName, SpeaksFor
from auditor.checker.findings import Finding, RuleRun, SourceRead
from auditor.checker.population import Population
from auditor.policy.conditions import Node
from auditor.report.phrases.model import Language
from auditor.report.statement import Statement

Version = Literal[2]
FORMAT_VERSION: Version = 2

POPULATION_STATEMENT = (
    "Figures over records that are not in this bundle. They are taken as given: nothing in the bundle lets anyone work"
    " them out again."
)

Digest = str
Value = str | int | bool | tuple[str, ...] | None


class CaseHead(Node):
    """Who the case is about."""

    id: str
    pack: str
    severity: str
    accounts: tuple[str, ...]
    organizations: tuple[tuple[str, str], ...] = Field(description="pairs of account and organization")
    formerly: tuple[str, ...]
    refers_to: str


class SourceStatement(Node):
    """Where every line of one source went, as far as it is known."""

    source_id: Digest
    name: str
    format: str = Field(default="", description="how it was read: jsonlines, jsonarray, csv, parquet or textlog")
    bytes: int | None = Field(description="how many it had when it was read; a log may have grown since")
    records: int
    lines: int | None
    quarantined: int | None
    duplicates: int | None
    conflicts: int | None
    first_time: str | None
    last_time: str | None
    undated: int | None = Field(description="of the quarantined lines, those without a time that can be read")
    is_ahead: bool = Field(description="whether it has a record later than the audit began")
    out_of_order: int = Field(description="records of this bundle that stand before an earlier one in their file")


class Stretch(Node):
    """A stretch of time, from its start to its end."""

    start: str
    end: str


class Completeness(Node):
    """What was read and what is in the bundle, and what isn't."""

    records_read: int
    records_cited: int
    records_context: int
    records_with_bytes: int
    without_bytes: dict[str, int] = Field(description="number of cited records without exact bytes, by reason")
    sources: tuple[SourceStatement, ...]
    rules_not_evaluated: dict[str, tuple[str, ...]] = Field(description="missing columns, by rule")
    suppressed_findings: int = Field(description="of all accounts; exemptions suppressed them")
    undetermined: dict[str, int] = Field(description="records of which a rule could not tell, by rule, over everybody")
    left_out: dict[str, int] = Field(description="records of sources that lack what a rule needs, by rule")
    subjects_not_evaluated: dict[str, int] = Field(description="subjects that a rule could not judge, by rule")
    records_not_in_bundle: dict[str, int] = Field(description="of the records read, by reason")
    gaps: tuple[Stretch, ...] = Field(description="a day or more without a record of anybody, the longest of them")


class Commitments(Node):
    """The RFC 6962 tree over the records of a bundle, those cited first: `commitments.jsonl` has a line for each."""

    root: Digest
    records: int


class CaseDocument(Node):
    """`case.json`."""

    format_version: Version = FORMAT_VERSION
    case: CaseHead
    findings: tuple[str, ...] = Field(description="ids in the order of findings.jsonl")
    cited: int = Field(description="number of lines of records/cited.jsonl")
    context: int = Field(description="number of lines of records/context.jsonl")
    commitments: Commitments
    completeness: Completeness


class FindingDocument(Finding):
    """A line of `findings.jsonl`."""

    standing: str = Field(description="what the terms and approvals in force said of it")
    approved: tuple[str, ...]
    supersedes: tuple[str, ...]
    is_stale: bool = Field(description="whether it no longer held in the latest audit")
    records_in_bundle: int
    seen_as: str = Field(description="its id in the run that last saw it, where an earlier id was kept")
    is_of_receipt: bool = Field(description="whether the run of receipt.json saw it last; else an earlier run did")


class Citing(Node):
    """A finding that cites a record."""

    id: str
    is_against: bool


class SourcePlace(Node):
    """Where a record lies in its source, with the exact bytes of its line as `text`, or `base64` if not UTF-8."""

    id: Digest
    name: str
    line: int
    offset: int | None
    length: int | None
    text: str | None = None
    base64: str | None = None
    without_bytes: str | None = None


class CitedDocument(Node):
    """A line of `records/cited.jsonl`; columns without a value are left out of `record`."""

    findings: tuple[Citing, ...]
    record: dict[str, Value]
    derived: dict[str, str] = Field(default_factory=dict, description="what was worked out from many records")
    pseudonyms: dict[str, str] = Field(default_factory=dict, description="of withheld columns, in a redacted edition")
    source: SourcePlace


class ContextDocument(Node):
    """A line of `records/context.jsonl`: a record that findings need to come out again, and don't cite."""

    findings: tuple[str, ...]
    record: dict[str, Value]
    derived: dict[str, str] = Field(default_factory=dict, description="what was worked out from many records")
    pseudonyms: dict[str, str] = Field(default_factory=dict, description="of withheld columns, in a redacted edition")
    source: SourcePlace


class CommitmentDocument(Node):
    """A line of `commitments.jsonl`, one a record: the key that all its salts come from, and its leaf.

    A redacted edition has the salts of groups that it shows and the commitments to those it withholds instead of the
    key, or the leaf alone where it withholds the whole record.
    """

    leaf: Digest
    key: str | None = None
    salts: dict[str, str] | None = None
    withheld: dict[str, Digest] | None = None


class PopulationDocument(Population):
    """`population.json`: what findings rest on that is not reproducible from the bundle."""

    format_version: Version = FORMAT_VERSION  # type: ignore[assignment]  # a run's file has a version of its own
    statement: str = POPULATION_STATEMENT


class ReceiptDocument(Node):
    """`receipt.json`: what the run read and judged by."""

    format_version: Version = FORMAT_VERSION
    program: str
    pack: str
    pack_digest: Digest
    plan_digest: Digest
    policy_files: tuple[tuple[str, Digest], ...]
    context_digest: str
    approvals_digest: str
    since: str | None
    until: str | None
    as_of: str | None
    records: int
    sources: tuple[SourceRead, ...]
    rules: tuple[RuleRun, ...]


class ProposalDocument(Node):
    """`proposal.json`: what the machine proposes for each account; a person decides."""

    format_version: Version = FORMAT_VERSION
    status: Literal["a proposal, not a decision"] = "a proposal, not a decision"
    proposed_action: ActionName
    actions: tuple[Action, ...]
    speaks_for: tuple[SpeaksFor, ...]


class PolicyEntry(Node):
    """One policy file: its path in the pack, its name in the bundle, its digest."""

    path: str
    file: str
    sha256: Digest
    role: Literal["pack", "context"]
    is_withheld: bool = Field(default=False, description="whether a redacted edition leaves it out")


class PolicyDocument(Node):
    """`policy/index.json`."""

    format_version: Version = FORMAT_VERSION
    pack: str
    files: tuple[PolicyEntry, ...]


class WithheldDocument(Node):
    """One disclosure group that an edition withholds, why, and of how many of its records."""

    group: str
    fields: tuple[str, ...]
    reason: str
    has_pseudonyms: bool
    records: int


class EditionDocument(Node):
    """`edition.json`: there in a redacted edition only. `derived_from` is the SHA-256 of the full tag manifest."""

    format_version: Version = FORMAT_VERSION
    edition: str
    title: str
    purpose: str
    recipient: str
    account: str | None
    derived_from: Digest
    root: Digest
    withheld: tuple[WithheldDocument, ...]
    records_withheld: int


class NoticeDocument(Node):
    """A line of `statement/notices.jsonl`: what the holder of one account would be told, in one language."""

    account: str
    language: Language
    is_draft: bool
    text: str


SCHEMAS: dict[str, type[Node]] = {
    "case": CaseDocument,
    "cited": CitedDocument,
    "commitment": CommitmentDocument,
    "context": ContextDocument,
    "edition": EditionDocument,
    "finding": FindingDocument,
    "notice": NoticeDocument,
    "policy": PolicyDocument,
    "population": PopulationDocument,
    "proposal": ProposalDocument,
    "receipt": ReceiptDocument,
    "statement": Statement,
}
"""The document that each file of `schemas/` describes."""
