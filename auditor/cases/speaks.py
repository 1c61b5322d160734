"""Facts that speak for an account, stated beside the findings so that nobody has to ask for them.

Approvals; exemptions that suppressed something or nearly did; how little of the account's traffic is cited; thresholds
that a fifth more would not have reached; members that did nothing; and rules that couldn't be evaluated. What is true
of several accounts at once is said once, for the whole case. Facts are about findings that hold.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from auditor.cases.model import AccountPart, CaseFinding, SpeaksFor
from auditor.cases.speaks_of_links import facts_of_clusters, facts_of_tie
from auditor.cases.speaks_of_thresholds import facts_of_thresholds
from auditor.cases.ties import NO_TIES, Ties
from auditor.checker.findings import Finding, Receipt
from auditor.digests import rfc3339
from auditor.policy.condition_words import counted
from auditor.policy.pack import Pack
from auditor.policy.rule import Exemption, ExemptionEntry
from auditor.records.totals import AccountTotal

ORDINARY = Decimal("0.1")
"""The least share of an account's records that is worth saying nobody complains about."""

RULES_NAMED = 5


@dataclass(frozen=True)
class Known:
    """What a run knows about accounts besides the findings; `cited` counts different cited records an account."""

    pack: Pack
    receipt: Receipt
    suppressed: Sequence[Finding]
    totals: Mapping[str, AccountTotal]
    cited: Mapping[str, int]
    ties: Ties = NO_TIES


def facts_for(accounts: Sequence[str], findings: Sequence[CaseFinding], known: Known) -> tuple[SpeaksFor, ...]:
    """Return the facts for every account of a case, in order of account, those of the whole case last."""
    parts: dict[str, list[tuple[CaseFinding, AccountPart]]] = {account: [] for account in accounts}
    for finding in findings:
        for part in finding.parts if finding.status != "stale" else ():
            parts[part.account].append((finding, part))
    suppressed = _suppressed_by_account(known.suppressed)
    facts = [
        SpeaksFor(account=account, fact=fact)
        for account, cited in parts.items()
        for fact in _unique(_facts_of(account, cited, suppressed.get(account, ()), known))
    ]
    shared = [item.finding for item in findings if item.status != "stale" and len(item.parts) != 1]
    of_the_case = [
        *facts_of_clusters(findings),
        *(fact for finding in shared for fact in facts_of_thresholds(finding)),
        *_not_evaluated(known.receipt),
    ]
    return (*facts, *(SpeaksFor(account="", fact=fact) for fact in _unique(of_the_case)))


def _facts_of(
    account: str, cited: Sequence[tuple[CaseFinding, AccountPart]], suppressed: Sequence[Finding], known: Known
) -> Iterator[str]:
    for item, part in cited:
        yield from (standing.because for standing in part.standings if standing.standing == "approved")
        yield from (f"{item.finding.title}: {standing.ended}" for standing in part.standings if standing.ended)
    for finding in suppressed:
        records = counted(finding.records, "record")
        yield f"the exemption `{finding.suppressed_by}` covers a finding of {finding.title} ({records})"
    for item, _ in cited:
        yield from _near_exemptions(account, item.finding, known)
    yield from facts_of_tie(account, known.ties)
    yield from _share_of_traffic(account, known)
    for item, _ in cited:
        if len(item.parts) == 1:
            yield from facts_of_thresholds(item.finding)
    if not cited:
        yield "no finding that holds cites a record of this account"


def _share_of_traffic(account: str, known: Known) -> Iterator[str]:
    total, cited = known.totals.get(account), known.cited.get(account, 0)
    if not total or not cited or total.records - cited < ORDINARY * total.records:
        return
    percent = (Decimal(100) * (total.records - cited) / total.records).quantize(Decimal("0.1"))
    yield (
        f"{total.records - cited:,} of this account's {total.records:,} records ({percent} %) are cited by no finding; "
        f"it was active from {rfc3339(total.first)} to {rfc3339(total.last)}"
    )


def _near_exemptions(account: str, finding: Finding, known: Known) -> Iterator[str]:
    """Name exemptions with an entry for the account or its organization that did not suppress the finding."""
    total = known.totals.get(account)
    names = {
        ("account_id", account),
        *(("organization_id", name) for name, _ in (total.organizations if total else ())),
    }
    rule = next((rule for rule in known.pack.rules if rule.id == finding.rule_id), None)
    for exemption in known.pack.exemptions:
        for entry in exemption.entries:
            if names & set(entry.match) and not _is_later(entry, known.receipt.as_of):
                is_named = rule is not None and exemption.name in rule.unless
                yield f"the exemption `{exemption.name}` names it, but {_why_not(exemption, entry, finding, is_named)}"


def _is_later(entry: ExemptionEntry, as_of: datetime | None) -> bool:
    """Say whether an entry began only after the day as on which a run judged."""
    return as_of is not None and entry.span.start is not None and as_of < entry.span.start


def _why_not(exemption: Exemption, entry: ExemptionEntry, finding: Finding, is_named: bool) -> str:
    if not is_named:
        return f"is not for the rule `{finding.rule}`"
    if entry.span.until is not None and entry.span.until <= finding.end:
        return f"ended {rfc3339(entry.span.until)}, before the end of {finding.title}"
    if entry.span.start is not None and finding.start < entry.span.start:
        return f"began {rfc3339(entry.span.start)}, after the start of {finding.title}"
    return f"not all records of {finding.title} fit its conditions (owner {exemption.owner})"


def _not_evaluated(receipt: Receipt) -> Iterator[str]:
    missing = sorted(run.rule for run in receipt.rules if not run.is_evaluated)
    if missing:
        more = f" and {len(missing) - RULES_NAMED} more" if len(missing) > RULES_NAMED else ""
        named = ", ".join(missing[:RULES_NAMED])
        yield f"{len(missing)} rules were not evaluated, so they say nothing for or against: {named}{more}"


def _suppressed_by_account(suppressed: Sequence[Finding]) -> dict[str, list[Finding]]:
    found: dict[str, list[Finding]] = {}
    for finding in suppressed:
        for account in finding.accounts:
            found.setdefault(account, []).append(finding)
    return found


def _unique(facts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(facts))
