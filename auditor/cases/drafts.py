"""Which cases a run concerns, and the findings each of them is to be judged by.

Open cases take the run's findings in; what the run should have seen and didn't is stale; what was out of its scope
stays as it was. A decided or closed case is never touched: what is new about its accounts opens a case that refers to
it, and what is not new opens nothing.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from auditor.cases.approvals import OnFile
from auditor.cases.grouping import CLUSTER, Group, Member, grouped, members_of
from auditor.cases.matching import Earlier, IncidentKey, Matched, changes, could_be_seen, key_of, matched
from auditor.cases.model import Case, CaseFinding
from auditor.cases.reach import Reaching, reaching
from auditor.cases.standing import judged, organizations_in, part_with, whole_of
from auditor.cases.ties import NO_TIES, Ties
from auditor.cases.unfounded import Seen, seen_as
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
    reaching: tuple[Reaching, ...] = ()

    @property
    def accounts(self) -> tuple[str, ...]:
        """The accounts of the case, sorted."""
        return tuple(sorted(member[1] for member in self.members if member[0] == "account"))


def drafts_of(
    cases: Sequence[Case],
    findings: Sequence[Finding],
    suppressed: Sequence[Finding],
    receipt: Receipt,
    ties: Ties = NO_TIES,
    unfounded: Collection[Seen] = (),
) -> tuple[Draft, ...]:
    """Gather the run's findings and the open cases that they concern; cases out of the run's scope are left out.

    Of `unfounded` findings records were taken back: they are in the scope of every run.
    """

    def is_in_scope(item: CaseFinding) -> bool:
        return could_be_seen(item.finding, receipt) or seen_as(item) in unfounded

    open_cases = {case.id: case for case in cases if case.status not in SETTLED}
    settled = [case for case in cases if case.status in SETTLED]
    fresh = _not_settled(matched(findings, _earlier(open_cases.values())), settled, receipt)
    groups = grouped(fresh, {case.id: _members(case) for case in open_cases.values()}, ties)
    exempt = {key_of(finding): finding.suppressed_by for finding in suppressed}
    drafts = []
    for group in groups:
        continued = sorted((open_cases[case_id] for case_id in group.cases), key=lambda case: (case.opened, case.id))
        if group.findings or any(map(is_in_scope, _holding(continued))):
            drafts.append(_draft(group, continued, settled, exempt, receipt, unfounded))
    return tuple(drafts)


def with_parts(draft: Draft, approvals: OnFile, totals: Mapping[str, AccountTotal], ties: Ties = NO_TIES) -> Draft:
    """Return the draft with every finding that holds read anew for each account of it, and what reaches others."""
    accounts = frozenset(draft.accounts)
    findings = tuple(
        item if item.status == "stale" else read_anew(item, approvals, totals, accounts) for item in draft.findings
    )
    reached = reaching(findings, draft.accounts, ties=ties, approvals=approvals, totals=totals)
    return replace(draft, findings=findings, reaching=reached)


def read_anew(
    item: CaseFinding, approvals: OnFile, totals: Mapping[str, AccountTotal], accounts: Collection[str]
) -> CaseFinding:
    """Return a finding as terms and approvals say it is to be read for each of its accounts that are in the case."""
    before = {part.account: part for part in item.parts}
    whole, parts = whole_of(item.finding), []
    for account, records in item.finding.account_records:
        if account not in accounts:
            continue
        total = totals.get(account)
        own = approvals.naming(account, organizations_in(item.finding, total))
        part = part_with(item.finding, account, records, whole, approvals=own, total=total)
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
    unfounded: Collection[Seen],
) -> Draft:
    known = {item.finding.id: item for case in reversed(continued) for item in case.findings}
    found = {item.earlier.finding.finding.id for item in group.findings if item.earlier}
    before = [
        _unseen(item, exempt.get(key_of(item.finding), ""), receipt, is_unfounded=seen_as(item) in unfounded)
        for identity, item in known.items()
        if identity not in found
    ]
    referred = [case for case in settled if set(_members(case)) & set(group.members)]
    previous = {item.finding.id: item for item in matched([m.finding for m in group.findings], _earlier(referred))}
    current = [_current(item, previous[item.finding.id], known, receipt.run_id) for item in group.findings]
    refers_to = max(referred, key=lambda case: (case.opened, case.id)).id if referred else ""
    return Draft(tuple(continued), group.members, (*before, *current), refers_to)


def _unseen(item: CaseFinding, exemption: str, receipt: Receipt, *, is_unfounded: bool) -> CaseFinding:
    """A finding that the run did not report: stale, if the run would have reported it, or its records are gone."""
    if item.status == "stale" or not (is_unfounded or could_be_seen(item.finding, receipt)):
        return item
    if is_unfounded:
        words = f"no longer found in run {receipt.run_id}, since a source that it cited was taken back"
        return item.model_copy(update={"status": "stale", "supersedes": (words,)})
    reason = f"now covered by the exemption `{exemption}`" if exemption else "no longer found"
    return item.model_copy(update={"status": "stale", "supersedes": (f"{reason} in run {receipt.run_id}",)})


def _current(item: Matched, settled: Matched, known: Mapping[str, CaseFinding], run: str) -> CaseFinding:
    """A finding of the run, under the id of the one it continues; its parts are read later.

    It is new to a case that doesn't hold it yet, though another one does (`grouping.py`: a finding may be in several).
    """
    before = known.get(item.earlier.finding.finding.id) if item.earlier else None
    if before is None:
        finding = _under_old_id(item.finding, item.earlier or settled.earlier)
        words: tuple[str, ...] = ()
        if settled.earlier and not item.earlier:
            differences = changes(settled.earlier.finding.finding, finding) or ("it holds again",)
            words = (f"continues a finding of the settled case {settled.earlier.case_id}", *differences)
        return CaseFinding(
            finding=finding, status="new", first_run=run, last_run=run, supersedes=words, cited_as=item.finding.id
        )
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
    """Return the findings of cases, each once: one that is in several cases is one incident."""
    known: dict[str, Earlier] = {}
    for case in cases:
        for item in case.findings:
            other = known.get(item.finding.id)
            if other is None or (other.finding.status == "stale" and item.status != "stale"):
                known[item.finding.id] = Earlier(case.id, item)
    return list(known.values())


def _holding(cases: Iterable[Case]) -> list[CaseFinding]:
    return [item for case in cases for item in case.findings if item.status != "stale"]


def _members(case: Case) -> list[Member]:
    """What joins a case with others: its accounts, and the subjects of findings that have none."""
    return sorted({("account", account) for account in case.accounts} | _subjects(case) | _clusters(case))


def _clusters(case: Case) -> set[Member]:
    clusters = [item.finding.cluster for item in case.findings if item.finding.cluster and item.status != "stale"]
    return {(CLUSTER, name) for cluster in clusters for name in (cluster.id, *cluster.formerly)}


def _subjects(case: Case) -> set[Member]:
    return {member for item in case.findings if not item.finding.accounts for member in members_of(item.finding)}
