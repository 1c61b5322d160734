"""Why what accounts did together may support nothing graver for one of them: a table, a row a reason.

A finding measured over several accounts says that something was done, not that each of them did it. The first row that
holds for an account is the reason given; where none holds, the finding may be the second family for it.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from auditor.cases.independence import signals_in
from auditor.cases.model import AccountPart, CaseFinding
from auditor.cases.payers import hidden_behind_payers
from auditor.cases.ties import BORROWED, LONG_BEFORE, Tie, Ties
from auditor.checker.findings import Finding

SMALL_PART = 10
"""An account that made less than one in so many of what is typical in a finding did not do what the others did."""

SHARED_OUT = ("coordination", "limits")
"""Families of what accounts do by sharing out their work: also who runs one test on several services at once is
refused on one and answered on another, by chance, and together beyond what one account may do."""


@dataclass(frozen=True)
class Shared:
    """A finding that accounts made together, seen from one of them; `tie` is None where nothing links it any more.

    `is_hiding` says that something about how it is linked hides who the accounts are, which no firm has a use for.
    """

    finding: Finding
    part: AccountPart
    typical: int
    tie: Tie | None
    is_hiding: bool

    @property
    def is_of_cluster(self) -> bool:
        """Whether links say whose the finding is; otherwise the value that its rule divides by does."""
        return self.finding.cluster is not None

    @property
    def enterable(self) -> str:
        """What the rule divides by, where all of it is what somebody else can enter; empty otherwise."""
        signals = signals_in(name for name, _ in self.finding.by)
        return ", ".join(sorted(signals)) if self.finding.by and signals <= BORROWED else ""


@dataclass(frozen=True)
class Doubt:
    """One reason: when it holds, and how it is said; `{kinds}` is what links the account, `{values}` what it shares."""

    holds: Callable[[Shared], bool]
    words: str


def _by_tie(holds: Callable[[Tie], bool]) -> Callable[[Shared], bool]:
    """Return a test of how an account is linked, which holds for findings on clusters alone."""
    return lambda item: item.is_of_cluster and item.tie is not None and holds(item.tie)


DOUBTS = (
    Doubt(
        lambda item: item.part.records * SMALL_PART < item.typical,
        "this account's own part is less than a tenth of what the others typically did",
    ),
    Doubt(
        lambda item: not item.is_of_cluster and bool(item.enterable),
        "whoever knows this account's {values} can enter it for another one",
    ),
    Doubt(
        lambda item: item.is_of_cluster and item.tie is None,
        "the account is not linked to the others any more",
    ),
    Doubt(
        lambda item: item.is_of_cluster and item.finding.family in SHARED_OUT and not item.is_hiding,
        "how linked accounts share out what they do is no second family where nothing hides who they are, as a "
        "company deals out the calls of its product, too",
    ),
    Doubt(
        _by_tie(lambda tie: tie.is_by_card),
        "a shared card alone links this account to the others, as an agency's does that pays for its customers",
    ),
    Doubt(
        _by_tie(lambda tie: tie.is_borrowed),
        "only what somebody else can enter at sign-up ({kinds}) links this account to the others",
    ),
    Doubt(
        _by_tie(lambda tie: tie.is_copied),
        "this account had what links it to the others ({kinds}) at least "
        f"{LONG_BEFORE.days} days before them, and they may have copied it",
    ),
)
"""Every doubt, in the order in which they are asked."""


@dataclass(frozen=True)
class Doubts:
    """What is doubted of the findings of a case: how its accounts are linked, and by the id of each finding what is
    typical in it and who did it from behind several payers."""

    ties: Ties
    typical: Mapping[str, int]
    hidden: Mapping[str, frozenset[str]]

    def of(self, finding: Finding, part: AccountPart) -> str:
        """Say why a finding that accounts made together supports nothing graver for one of them; empty when it may."""
        if not is_pooled(finding):
            return ""
        tie = self._tie(finding, part.account)
        is_hiding = bool(tie and tie.is_by_exits) or part.account in self.hidden.get(finding.id, ())
        shared = Shared(finding, part, self.typical[finding.id], tie, is_hiding)
        words = next((doubt.words for doubt in DOUBTS if doubt.holds(shared)), "")
        kinds = shared.tie.kinds if shared.tie else ""
        return f"{words.format(kinds=kinds, values=shared.enterable)}, so it supports no more" if words else ""

    def _tie(self, finding: Finding, account: str) -> Tie | None:
        tie = self.ties.of(account)
        return tie if tie and finding.cluster and tie.cluster == finding.cluster.id else None


def doubts_about(findings: Iterable[CaseFinding], ties: Ties) -> Doubts:
    """Return what is doubted of some findings."""
    pooled = [item.finding for item in findings if is_pooled(item.finding)]
    shared_out = [finding for finding in pooled if finding.family in SHARED_OUT and finding.cluster]
    return Doubts(
        ties,
        {finding.id: _typical(finding) for finding in pooled},
        {finding.id: _hidden(finding, ties) for finding in shared_out},
    )


def _hidden(finding: Finding, ties: Ties) -> frozenset[str]:
    """Return who did what is found from behind several payers, of those that did their part."""
    cluster = ties.clusters.get(finding.cluster.id) if finding.cluster else None
    least = _typical(finding) / SMALL_PART
    working = [ties.of(account) for account, records in finding.account_records if records >= least]
    workers = {tie.account: tie.mail_domain for tie in working if tie}
    return hidden_behind_payers(cluster, workers) if cluster else frozenset()


def _typical(finding: Finding) -> int:
    """Return the lower median of the cited records of the accounts in a finding."""
    counts = sorted(count for _, count in finding.account_records)
    return counts[(len(counts) - 1) // 2] if counts else 0


def is_pooled(finding: Finding) -> bool:
    """Say whether what was measured was measured on several accounts together.

    A rule without a subject measures all that share what it divides by, though it may be about one account in the end:
    a request that is refused on one account and answered on another is the work of whoever has both, if anybody has.
    """
    if finding.subject_kind == "none":
        return "account_id" not in dict(finding.by)
    return finding.subject_kind in ("organization", "cluster") and len(finding.accounts) != 1
