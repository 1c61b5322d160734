"""Which cases a run concerns, and the findings each of them is to be judged by.

Open cases take the run's findings in; what the run should have seen and didn't is stale; what was out of its scope
stays as it was. A decided or closed case is never touched: what is new about its accounts opens a case that refers to
it, and what is not new opens nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from auditor.cases.approvals import OnFile
from auditor.cases.grouping import Group, Member, grouped, members_of
from auditor.cases.matching import Earlier, IncidentKey, Matched, changes, could_be_seen, key_of, matched
from auditor.cases.model import Case, CaseFinding
from auditor.cases.standing import judged, part_of_finding
from auditor.checker.findings import Finding, Receipt
from auditor.records.totals import AccountTotal

SETTLED = ("decided", "appealed", "closed")
"""Statuses in which a case is never merged or changed."""


@dataclass(frozen=True)
class Draft:
    """A case to be: the open cases it continues (oldest first), its members, and its findings before judgement."""

    earlier: tuple[Case, ...]
    members: tuple[Member, ...]
    findings: tuple[CaseFinding, ...]
    refers_to: str

    @property
    def accounts(self) -> tuple[str, ...]:
        """The accounts of the case, sorted."""
        return tuple(sorted(member[1] for member in self.members if member[0] == "account"))


def drafts_of(
    cases: Sequence[Case], findings: Sequence[Finding], suppressed: Sequence[Finding], receipt: Receipt
) -> tuple[Draft, ...]:
    """Gather the run's findings and the open cases that they concern; cases out of the run's scope are left out."""
    open_cases = {case.id: case for case in cases if case.status not in SETTLED}
    settled = [case for case in cases if case.status in SETTLED]
    fresh = _not_settled(matched(findings, _earlier(open_cases.values())), settled, receipt)
    groups = grouped(fresh, {case.id: _members(case) for case in open_cases.values()})
    exempt = {key_of(finding): finding.suppressed_by for finding in suppressed}
    drafts = []
    for group in groups:
        continued = sorted((open_cases[case_id] for case_id in group.cases), key=lambda case: (case.opened, case.id))
        if group.findings or any(could_be_seen(item.finding, receipt) for item in _holding(continued)):
            drafts.append(_draft(group, continued, settled, exempt, receipt))
    return tuple(drafts)


def with_parts(draft: Draft, approvals: OnFile, totals: Mapping[str, AccountTotal]) -> Draft:
    """Return the draft with every finding that holds read anew for each of its accounts."""
    findings = (item if item.status == "stale" else read_anew(item, approvals, totals) for item in draft.findings)
    return replace(draft, findings=tuple(findings))


def read_anew(item: CaseFinding, approvals: OnFile, totals: Mapping[str, AccountTotal]) -> CaseFinding:
    """Return a finding as terms and approvals say it is to be read for each of its accounts."""
    before = {part.account: part for part in item.parts}
    parts = []
    for account, _ in item.finding.account_records:
        own = approvals.naming(account, _organizations(item.finding, totals.get(account)))
        part = part_of_finding(item.finding, account, approvals=own, total=totals.get(account))
        if account in before:
            thefts = {"within_theft": before[account].within_theft, "after_theft": before[account].after_theft}
            part = part.model_copy(update=thefts)
        parts.append(part)
    return judged(
        item.finding,
        parts,
        status=item.status,
        first_run=item.first_run,
        last_run=item.last_run,
        supersedes=item.supersedes,
        cited_as=item.cited_as,
    )


def _organizations(finding: Finding, total: AccountTotal | None) -> set[str]:
    """Return the organizations whose approvals may be for an account in a finding."""
    belonged_to = {name for name, _ in total.organizations} if total else set()
    return belonged_to.union(finding.subject if finding.subject_kind == "organization" else ())


def _not_settled(seen: Sequence[Matched], settled: Sequence[Case], receipt: Receipt) -> list[Matched]:
    """Leave out findings that a settled case already holds unchanged, and incidents that `--as-of` cut short."""
    decided: dict[IncidentKey, list[Finding]] = {}
    for item in _holding(settled):
        decided.setdefault(key_of(item.finding), []).append(item.finding)

    def is_new(item: Matched) -> bool:
        if item.earlier is not None:
            is_cut_short = receipt.as_of is not None and receipt.as_of < item.earlier.finding.finding.end
            return not is_cut_short
        return all(changes(finding, item.finding) for finding in decided.get(key_of(item.finding), ()))

    return [item for item in seen if is_new(item)]


def _draft(
    group: Group,
    continued: Sequence[Case],
    settled: Sequence[Case],
    exempt: Mapping[IncidentKey, str],
    receipt: Receipt,
) -> Draft:
    found = {(item.earlier.case_id, item.earlier.finding.finding.id) for item in group.findings if item.earlier}
    before = [
        _unseen(item, exempt.get(key_of(item.finding), ""), receipt)
        for case in continued
        for item in case.findings
        if (case.id, item.finding.id) not in found
    ]
    referred = [case for case in settled if set(_members(case)) & set(group.members)]
    previous = {item.finding.id: item for item in matched([m.finding for m in group.findings], _earlier(referred))}
    current = [_current(item, previous[item.finding.id], receipt.run_id) for item in group.findings]
    refers_to = max(referred, key=lambda case: (case.opened, case.id)).id if referred else ""
    return Draft(tuple(continued), group.members, (*before, *current), refers_to)


def _unseen(item: CaseFinding, exemption: str, receipt: Receipt) -> CaseFinding:
    """A finding that the run did not report: stale, if the run would have reported it."""
    if item.status == "stale" or not could_be_seen(item.finding, receipt):
        return item
    reason = f"now covered by the exemption `{exemption}`" if exemption else "no longer found"
    return item.model_copy(update={"status": "stale", "supersedes": (f"{reason} in run {receipt.run_id}",)})


def _current(item: Matched, settled: Matched, run: str) -> CaseFinding:
    """A finding of the run, under the id of the one it continues; its parts are read later."""
    if item.earlier is None:
        finding = _under_old_id(item.finding, settled.earlier)
        words: tuple[str, ...] = ()
        if settled.earlier:
            differences = changes(settled.earlier.finding.finding, finding) or ("it holds again",)
            words = (f"continues a finding of the settled case {settled.earlier.case_id}", *differences)
        return CaseFinding(
            finding=finding, status="new", first_run=run, last_run=run, supersedes=words, cited_as=item.finding.id
        )
    before = item.earlier.finding
    finding = _under_old_id(item.finding, item.earlier)
    again = ("holds again",) if before.status == "stale" else ()
    differences = (*again, *changes(before.finding, finding))
    return before.model_copy(
        update={
            "finding": finding,
            "status": "changed" if differences else "held",
            "last_run": run,
            "supersedes": differences or before.supersedes,
            "cited_as": item.finding.id,
        }
    )


def _under_old_id(finding: Finding, earlier: Earlier | None) -> Finding:
    return finding.model_copy(update={"id": earlier.finding.finding.id}) if earlier else finding


def _earlier(cases: Iterable[Case]) -> list[Earlier]:
    return [Earlier(case.id, item) for case in cases for item in case.findings]


def _holding(cases: Iterable[Case]) -> list[CaseFinding]:
    return [item for case in cases for item in case.findings if item.status != "stale"]


def _members(case: Case) -> list[Member]:
    """What joins a case with others: its accounts, and the subjects of findings that have none."""
    return sorted({("account", account) for account in case.accounts} | _subjects(case))


def _subjects(case: Case) -> set[Member]:
    return {member for item in case.findings if not item.finding.accounts for member in members_of(item.finding)}
