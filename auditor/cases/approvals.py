"""Whom and when an approval of the platform covers."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from auditor.checker.findings import Finding
from auditor.digests import rfc3339
from auditor.policy.pack import Approval
from auditor.records.totals import AccountTotal


@dataclass(frozen=True)
class OnFile:
    """Approvals found by whom they name, since looking through all of them for every account grows with the square."""

    approvals: tuple[Approval, ...]
    by_account: dict[str, list[int]]
    by_organization: dict[str, list[int]]

    def naming(self, account: str, organizations: Iterable[str]) -> tuple[Approval, ...]:
        """Return the approvals that name an account or, naming none, one of its organizations; in order of the file."""
        places = {place for name in organizations for place in self.by_organization.get(name, ())}
        return tuple(self.approvals[place] for place in sorted(places.union(self.by_account.get(account, ()))))


def on_file(approvals: Sequence[Approval]) -> OnFile:
    """Return approvals so that those of an account are found at once."""
    by_account: dict[str, list[int]] = {}
    by_organization: dict[str, list[int]] = {}
    for place, approval in enumerate(approvals):
        if approval.account_id:
            by_account.setdefault(approval.account_id, []).append(place)
        elif approval.organization_id:
            by_organization.setdefault(approval.organization_id, []).append(place)
    return OnFile(tuple(approvals), by_account, by_organization)


def is_for(approval: Approval, finding: Finding, account: str, total: AccountTotal | None) -> bool:
    """Say whether an approval is for an account, whenever it ends.

    One that names an account is for that account alone; one that names only an organization is for every account that
    belonged to it by the finding's end.
    """
    if approval.account_id:
        return approval.account_id == account
    if finding.subject_kind == "organization":
        return finding.subject == (approval.organization_id,)
    organizations = total.organizations if total else ()
    return any(name == approval.organization_id and since <= finding.end for name, since in organizations)


def lasts_through(approval: Approval, finding: Finding) -> bool:
    """Say whether an approval was there at the start of a finding and lasts beyond its end."""
    is_there = approval.start is None or approval.start <= finding.start
    return is_there and (approval.expires is None or finding.end < approval.expires)


def covers_part(approval: Approval, finding: Finding) -> bool:
    """Say whether an approval covers some of a finding's stretch of time and not all of it."""
    begins_in_time = approval.start is None or approval.start <= finding.end
    ends_too_late = approval.expires is None or finding.start < approval.expires
    return begins_in_time and ends_too_late and not lasts_through(approval, finding)


def part_in_words(approval: Approval, finding: Finding) -> str:
    """Return what was approved, and that it began or ended inside a finding: other records are not covered."""
    bounds = []
    if approval.start is not None and finding.start < approval.start:
        bounds.append(f"began on {rfc3339(approval.start)}, inside this finding; records before that are not covered")
    if approval.expires is not None and approval.expires <= finding.end:
        end = f"ended on {rfc3339(approval.expires)}, inside this finding"
        bounds.append(f"{end}; it covers the records before that and none from then on")
    return f"the approval by {approval.approved_by} ({approval.conduct}: {approval.reason}) {' and '.join(bounds)}"


def in_words(approval: Approval) -> str:
    """Return what was approved, by whom, until when and why."""
    start = f"from {rfc3339(approval.start)} " if approval.start else ""
    until = f"until {rfc3339(approval.expires)}" if approval.expires else "without expiry"
    return f"{approval.conduct} approved by {approval.approved_by} {start}{until}: {approval.reason}"
