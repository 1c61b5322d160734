"""Conduct shown on linked accounts whose prompts are known, and the members that left nothing but digests.

One source keeps prompts, another their digests only; a crew that spreads its calls over both is one crew. What a
finding on a cluster shows about content counts for a member without any prompt too, if strong links alone lead from
it to a member that the finding cites. It never counts by itself: the member must have cited records in a finding of
another family, and the reason says how the finding got there.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from auditor.cases.approvals import OnFile
from auditor.cases.independence import signals_of
from auditor.cases.model import AccountPart, CaseFinding
from auditor.cases.standing import organizations_in, part_with
from auditor.cases.ties import Tie, Ties
from auditor.checker.findings import Finding
from auditor.policy.rule import Level
from auditor.records.totals import AccountTotal

CONTENT = "prompt"
"""The signal of findings that need to read what was asked."""


@dataclass(frozen=True)
class Reaching:
    """A finding on others of a cluster that counts for an account; `part` has no records of its own."""

    finding: CaseFinding
    part: AccountPart
    tie: Tie
    shown_on: int

    @property
    def may_support(self) -> bool:
        """Whether it may be the second family for the account: the terms speak against it, and it is above low."""
        is_grave = self.finding.finding.level.rank > Level.LOW.rank
        return self.part.worst.standing in ("prohibited", "limited") and is_grave and not self.tie.is_copied

    @property
    def in_words(self) -> str:
        """Say what reaches the account, from where, and that it is not its own."""
        accounts = "1 account" if self.shown_on == 1 else f"{self.shown_on} accounts"
        return (
            f"{self.finding.finding.title} ({self.finding.finding.family}) was shown on {accounts} that strong links "
            f"alone ({self.tie.strong_kinds}) connect with this one; its own records hold no prompts, only digests, "
            "and none of them is cited for it"
        )


def reaching(
    findings: Sequence[CaseFinding],
    accounts: Sequence[str],
    *,
    ties: Ties,
    approvals: OnFile,
    totals: Mapping[str, AccountTotal],
) -> tuple[Reaching, ...]:
    """Return which findings of a case reach which of its accounts, in the order of both."""
    without_text = [account for account in accounts if _has_digests_only(totals.get(account))]
    return tuple(
        item
        for finding in findings
        if finding.status != "stale" and finding.finding.cluster and CONTENT in signals_of(finding.finding)
        for item in _from(finding, without_text, ties, approvals, totals)
    )


def _from(
    finding: CaseFinding,
    accounts: Sequence[str],
    ties: Ties,
    approvals: OnFile,
    totals: Mapping[str, AccountTotal],
) -> Iterator[Reaching]:
    shown = _shown_in(finding, ties)
    own = {part.account for part in finding.parts}
    for account in accounts:
        tie = ties.of(account)
        shown_on = shown.get((tie.cluster, tie.strong_group or ""), 0) if tie else 0
        if tie and shown_on and account not in own:
            yield Reaching(finding, _part(finding.finding, account, approvals, totals.get(account)), tie, shown_on)


def _shown_in(finding: CaseFinding, ties: Ties) -> dict[tuple[str, str], int]:
    """Count the cited accounts that the terms speak against, by the strong group that they are in."""
    counts: dict[tuple[str, str], int] = {}
    for part in finding.parts:
        tie = ties.of(part.account)
        if tie and tie.strong_group and part.worst.standing in ("prohibited", "limited") and not part.within_theft:
            group = (tie.cluster, tie.strong_group)
            counts[group] = counts.get(group, 0) + 1
    return counts


def _part(finding: Finding, account: str, approvals: OnFile, total: AccountTotal | None) -> AccountPart:
    own = approvals.naming(account, organizations_in(finding, total))
    return part_with(finding, account, 0, 0, approvals=own, total=total)


def _has_digests_only(total: AccountTotal | None) -> bool:
    return total is not None and total.records > 0 and total.prompts == 0
