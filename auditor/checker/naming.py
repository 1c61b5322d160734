"""From outcomes to findings: incidents with their clauses, measures as text, and ids that stay the same."""

from collections import Counter
from collections.abc import Iterator, Sequence

from auditor.checker.clauses import clauses_for
from auditor.checker.engines.duckdb import PlanResult
from auditor.checker.findings import Finding, Incident, Measured
from auditor.checker.linked import clusters_seen
from auditor.checker.thresholds import number_text, thresholds_of
from auditor.digests import digest_of_parts, rfc3339
from auditor.linking.model import Links
from auditor.policy.expression_text import text_of_expression
from auditor.policy.rule import Rule
from auditor.policy.terms import Terms

ID_DIGITS = 16


class NamedFindings:
    """The findings of a result, with their ids.

    An id is `F-` and the first 16 hexadecimal digits of the digest of (rule id, kind of subject, subject, `by`, time of
    the first record); a suppressed finding adds its exemption. Incidents that still have all of these in common are
    told apart by a count from 2 on, in their order.
    """

    def __init__(
        self, rules: Sequence[Rule], terms: Sequence[Terms], result: PlanResult, links: Links | None = None
    ) -> None:
        """Number and name every incident; `links` say who is in the clusters that they are about."""
        self._terms = terms
        self._clusters = clusters_seen(links)
        self._result = result
        self._incidents: list[tuple[Rule, Incident, str]] = []
        by_name = {rule.name: rule for rule in rules}
        for outcome in result.outcomes:
            rule, seen = by_name[outcome.rule], Counter[tuple[str | None, ...]]()
            for incident in sorted((*outcome.incidents, *outcome.suppressed), key=lambda item: item.number):
                parts = _parts(rule, incident)
                seen[parts] += 1
                self._incidents.append((rule, incident, _id_of(parts, seen[parts])))

    def ids(self) -> dict[tuple[str, int], str]:
        """Return the id of every incident, by rule and number."""
        return {(rule.name, incident.number): identity for rule, incident, identity in self._incidents}

    def kept_ids(self) -> dict[tuple[str, int], str]:
        """Return the ids of the findings that no exemption covers, by rule and number."""
        return {
            (rule.name, item.number): identity for rule, item, identity in self._incidents if not item.suppressed_by
        }

    def kept(self) -> tuple[Finding, ...]:
        """Return the findings that no exemption covers."""
        return tuple(self._finding(*item) for item in self._incidents if not item[1].suppressed_by)

    def suppressed(self) -> tuple[Finding, ...]:
        """Return the findings that an exemption covers."""
        return tuple(self._finding(*item) for item in self._incidents if item[1].suppressed_by)

    def _finding(self, rule: Rule, incident: Incident, identity: str) -> Finding:
        return Finding(
            id=identity,
            rule=rule.name,
            rule_id=rule.id,
            rule_digest=rule.digest,
            title=rule.title,
            conducts=rule.conducts,
            strength=rule.strength,
            family=rule.family,
            level=rule.level,
            subject_kind=rule.subject,
            subject=incident.subject,
            by=tuple(zip(rule.by, incident.by, strict=True)),
            start=incident.start,
            end=incident.end,
            windows=incident.windows,
            measures=tuple(_measured(rule, incident)),
            thresholds=thresholds_of(rule.violates, dict(incident.measures)),
            records=incident.records,
            first_record=incident.first,
            accounts=tuple(account for account, _ in incident.accounts),
            account_records=incident.accounts,
            clauses=clauses_for(incident.terms, rule.conducts, self._terms),
            suppressed_by=incident.suppressed_by,
            sources=self._result.sources_of(rule.name, incident.number),
            needed_columns=tuple(sorted(rule.needed_columns())),
            cluster=self._clusters.get(incident.subject[0]) if rule.subject == "cluster" else None,
            parts=incident.parts,
        )


def _measured(rule: Rule, incident: Incident) -> Iterator[Measured]:
    """Yield the peaks that are known; what is compared with a measure (`usual.calls`) has its unit and expression."""
    declared = {measure.name: measure for measure in rule.measures}
    for name, value in incident.measures:
        if value is not None:
            measure = declared.get(name.rpartition(".")[2])
            unit, expression = (measure.unit, text_of_expression(measure.expression)) if measure else ("", "")
            words = rule.evidence.words_of(name.rpartition(".")[2])
            yield Measured(name=name, value=number_text(value), unit=unit, expression=expression, words=words)


def _parts(rule: Rule, incident: Incident) -> tuple[str | None, ...]:
    first = rfc3339(incident.first.time)
    exemption = (incident.suppressed_by,) if incident.suppressed_by else ()
    return (rule.id, rule.subject, *incident.subject, *incident.by, first, *exemption)


def _id_of(parts: tuple[str | None, ...], count: int) -> str:
    numbered = parts if count == 1 else (*parts, str(count))
    return f"F-{digest_of_parts(numbered)[:ID_DIGITS]}"
