"""What the terms and the platform's approvals say of a finding, conduct by conduct and account by account.

A rule with several conducts states alternatives: each is judged by its own clauses, and the gravest standing counts. An
approval for the account, or for an organization it belonged to by then, takes a conduct out while it lasts.
"""

from collections.abc import Iterable, Sequence

from auditor.cases.approvals import covers_part, in_words, is_for, lasts_through, part_in_words
from auditor.cases.model import AccountPart, CaseFinding, ConductStanding, FindingStatus, StandingName, worst_of
from auditor.checker.findings import Applied, Finding
from auditor.policy.condition_words import counted
from auditor.policy.pack import Approval
from auditor.policy.terms import Stance
from auditor.records.totals import AccountTotal

_WORDS: dict[Stance, StandingName] = {"prohibits": "prohibited", "limits": "limited", "permits": "permitted"}
_GRAVEST_FIRST: tuple[Stance, ...] = ("prohibits", "limits", "permits")


def judged(
    finding: Finding,
    parts: Sequence[AccountPart],
    *,
    status: FindingStatus,
    first_run: str,
    last_run: str,
    supersedes: Sequence[str] = (),
    cited_as: str = "",
) -> CaseFinding:
    """Return a finding with what its accounts' parts say of it as a whole: the worst standing, and every approval."""
    standings = [standing for part in parts for standing in part.standings]
    approved = {standing.because for standing in standings if standing.standing == "approved"}
    return CaseFinding(
        finding=finding,
        status=status,
        first_run=first_run,
        last_run=last_run,
        supersedes=tuple(supersedes),
        approved=tuple(sorted(approved)),
        standing=worst_of(part.worst for part in parts) if parts else _without_account(finding),
        parts=tuple(parts),
        cited_as=cited_as or finding.id,
    )


def _without_account(finding: Finding) -> StandingName:
    """A finding about nobody we know is judged by its clauses alone."""
    standings = [standing_of(finding, "", conduct, approvals=(), total=None) for conduct in finding.conducts]
    return worst_of(standings)


def whole_of(finding: Finding) -> int:
    """Return how many records a finding cites against accounts."""
    return sum(count for _, count in finding.account_records)


def part_with(
    finding: Finding,
    account: str,
    records: int,
    whole: int,
    *,
    approvals: Sequence[Approval],
    total: AccountTotal | None,
) -> AccountPart:
    """Return the share of an account that made `records` of the `whole`, judged for each conduct.

    Both are counted once by who asks, as there may be thousands of accounts; theft is weighed later (`victims.py`).
    """
    counts = (records, whole)
    standings = tuple(
        _standing(finding, account, conduct, counts, approvals=approvals, total=total) for conduct in finding.conducts
    )
    return AccountPart(account=account, records=records, standings=standings)


def organizations_in(finding: Finding, total: AccountTotal | None) -> set[str]:
    """Return the organizations whose approvals may be for an account in a finding."""
    belonged_to = {name for name, _ in total.organizations} if total else set()
    return belonged_to.union(finding.subject if finding.subject_kind == "organization" else ())


def standing_of(
    finding: Finding, account: str, conduct: str, *, approvals: Sequence[Approval], total: AccountTotal | None
) -> ConductStanding:
    """Judge one conduct of a finding for one account.

    Clauses say how many of all cited records they applied to, not whose: only so many of the account's own are sure to
    be covered as remain when every record without the clause is taken to be its own. Where an approval began or ended
    inside the finding, nobody can say which of its records the clause is left with: none is sure.
    """
    counts = (dict(finding.account_records).get(account, 0), whole_of(finding))
    return _standing(finding, account, conduct, counts, approvals=approvals, total=total)


def _standing(
    finding: Finding,
    account: str,
    conduct: str,
    counts: tuple[int, int],
    *,
    approvals: Sequence[Approval],
    total: AccountTotal | None,
) -> ConductStanding:
    records, whole = counts
    own = [item for item in approvals if item.conduct == conduct and is_for(item, finding, account, total)]
    if lasting := next((item for item in own if lasts_through(item, finding)), None):
        words = in_words(lasting)
        return ConductStanding(conduct=conduct, standing="approved", because=words, covered=records, records=records)
    ended = "; ".join(part_in_words(item, finding) for item in own if covers_part(item, finding))
    for stance in _GRAVEST_FIRST:
        clauses = [clause for clause in finding.clauses if clause.conduct == conduct and clause.stance == stance]
        if clauses:
            return ConductStanding(
                conduct=conduct,
                standing=_WORDS[stance],
                because="; ".join(_clause_in_words(clause) for clause in clauses),
                covered=0 if ended else _surely_covered(clauses, records, whole),
                records=records,
                ended=ended,
            )
    words = f"no clause about {conduct} applied to the cited records at their time"
    return ConductStanding(
        conduct=conduct, standing="observed", because=words, covered=records, records=records, ended=ended
    )


def _surely_covered(clauses: Sequence[Applied], records: int, whole: int) -> int:
    missing = whole - _covered(clauses)
    return max(0, records - max(0, missing))


def _covered(clauses: Iterable[Applied]) -> int:
    """Count records under any of the clauses: those of one version apply to the same records."""
    versions: dict[tuple[str, str], int] = {}
    for clause in clauses:
        key = (clause.terms, clause.version)
        versions[key] = max(versions.get(key, 0), clause.records)
    return sum(versions.values())


def _clause_in_words(clause: Applied) -> str:
    limit = f", limit {clause.limit}" if clause.limit else ""
    records = counted(clause.records, "record")
    return f"{clause.terms} version {clause.version}, clause {clause.clause}{limit} ({records})"
