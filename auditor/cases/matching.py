"""Whether a finding of this run is one the casebook already knows, and what changed in it.

An incident that overlaps an earlier one (same rule, subject and `by` values; stretches of time that touch) is the
same incident: it keeps the earlier id. Each earlier incident continues in one later one at most; where two grew
together, the older id goes on and the other becomes stale.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from auditor.cases.model import CaseFinding
from auditor.checker.findings import ClusterSeen, Finding, Receipt
from auditor.digests import rfc3339

IncidentKey = tuple[str, str, tuple[str, ...], tuple[tuple[str, str], ...]]


@dataclass(frozen=True)
class Earlier:
    """A finding as the casebook holds it, and the case it is in."""

    case_id: str
    finding: CaseFinding


@dataclass(frozen=True)
class Matched:
    """A finding of this run with the earlier one that it continues, if any."""

    finding: Finding
    earlier: Earlier | None


def matched(findings: Sequence[Finding], earlier: Iterable[Earlier]) -> tuple[Matched, ...]:
    """Pair findings with the earlier ones they continue: those of equal id first, then by overlap, oldest first."""
    known = _by_key(earlier)
    pairs: dict[str, Earlier] = {}
    ordered = sorted(findings, key=lambda finding: (finding.start, finding.id))
    for is_same in (_has_same_id, _was_cited_so, _overlaps):
        for finding in ordered:
            candidates = known.get(key_of(finding), [])
            found = next((item for item in candidates if is_same(finding, item)), None)
            if found and finding.id not in pairs:
                pairs[finding.id] = found
                candidates.remove(found)
    return tuple(Matched(finding, pairs.get(finding.id)) for finding in findings)


def key_of(finding: Finding) -> IncidentKey:
    """Return what must be equal for two findings to be of one incident."""
    return (finding.rule_id, finding.subject_kind, finding.subject, finding.by)


def could_be_seen(finding: Finding, receipt: Receipt) -> bool:
    """Say whether a run would have reported a finding, had it still held: its rule ran, its time was in scope."""
    ran = any(run.rule_id == finding.rule_id and run.is_evaluated and not run.error for run in receipt.rules)
    return (
        ran
        and (receipt.since is None or receipt.since <= finding.end)
        and (receipt.until is None or finding.end < receipt.until)
        and (receipt.as_of is None or finding.end <= receipt.as_of)
    )


def changes(before: Finding, after: Finding) -> tuple[str, ...]:
    """Say in words how a finding differs from what it was; empty when it is the same (ids left out)."""
    lines = [*_field_changes(before, after), *_measure_changes(before, after)]
    if not lines and _compared(before) != _compared(after):
        lines.append("details of the finding changed")
    return tuple(lines)


def _field_changes(before: Finding, after: Finding) -> Iterable[str]:
    if before.start != after.start:
        yield f"starts {rfc3339(after.start)}, was {rfc3339(before.start)}"
    if before.end != after.end:
        yield f"ends {rfc3339(after.end)}, was {rfc3339(before.end)}"
    if before.records != after.records:
        yield f"{after.records} records, was {before.records}"
    if before.accounts != after.accounts:
        joined, left = set(after.accounts) - set(before.accounts), set(before.accounts) - set(after.accounts)
        yield f"{len(joined)} accounts joined, {len(left)} left"
    yield from _cluster_changes(before.cluster, after.cluster)
    if before.level != after.level:
        yield f"level {after.level}, was {before.level}"
    if before.rule_digest != after.rule_digest:
        yield f"the rule file changed to {after.rule_digest[:12]}, was {before.rule_digest[:12]}"
    if before.clauses != after.clauses:
        yield "other clauses, or other numbers of records under them"


def _cluster_changes(before: ClusterSeen | None, after: ClusterSeen | None) -> Iterable[str]:
    old, new = (set(cluster.members) if cluster else set[str]() for cluster in (before, after))
    if old != new:
        yield f"{len(new - old)} accounts were linked to the others, {len(old - new)} are no more"
    merged = sorted(set(after.formerly) - set(before.formerly)) if before and after else []
    if merged:
        yield f"the cluster took in {', '.join(merged)}"


def _measure_changes(before: Finding, after: Finding) -> Iterable[str]:
    old: Mapping[str, str] = {measure.name: measure.value for measure in before.measures}
    for measure in after.measures:
        if old.get(measure.name) != measure.value:
            yield f"{measure.name} {measure.value}, was {old.get(measure.name, 'not measured')}"


def _by_key(earlier: Iterable[Earlier]) -> dict[IncidentKey, list[Earlier]]:
    known: dict[IncidentKey, list[Earlier]] = {}
    ordered = sorted(earlier, key=lambda item: (item.finding.status == "stale", item.finding.finding.start))
    for item in ordered:
        known.setdefault(key_of(item.finding.finding), []).append(item)
    return known


def _has_same_id(finding: Finding, earlier: Earlier) -> bool:
    return finding.id == earlier.finding.finding.id


def _was_cited_so(finding: Finding, earlier: Earlier) -> bool:
    return finding.id == earlier.finding.cited_as


def _overlaps(finding: Finding, earlier: Earlier) -> bool:
    before = earlier.finding.finding
    return before.start <= finding.end and finding.start <= before.end


def _compared(finding: Finding) -> Finding:
    """Return a finding without what is no difference: its id, and what the rule file holds of its measures."""
    measures = tuple(measure.model_copy(update={"expression": "", "words": ()}) for measure in finding.measures)
    return finding.model_copy(update={"id": "", "measures": measures})
