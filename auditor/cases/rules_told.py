"""What people are told of the rules behind a case: what each looks for, and what innocent use can look the same.

The innocent explanations speak for the accounts, so they stand where everything does that speaks for them.
"""

from collections.abc import Iterable, Mapping

from auditor.cases.finding_evidence import FindingEvidence
from auditor.cases.model import Case, CaseFinding
from auditor.policy.conditions import Node
from auditor.policy.rule import Rule


class RuleTold(Node):
    """A rule's own words (English): what it looks for, and what else can look like that."""

    description: str = ""
    others: tuple[str, ...] = ()


RulesTold = Mapping[str, RuleTold]
"""By the rule's name; a rule that isn't in it is one of which nothing is known any more."""


def rules_told(rules: Iterable[Rule]) -> RulesTold:
    """Return what the rules of a pack say of themselves."""
    return {rule.name: RuleTold(description=rule.description, others=rule.false_positives) for rule in rules}


def rules_shown(case: Case, evidence: Iterable[FindingEvidence]) -> RulesTold:
    """Return the same of the rules behind a case, from the evidence that a dossier holds."""
    shown = {item.finding: item.rule for item in evidence}
    rules = ((item.finding.rule, shown.get(item.finding.id)) for item in case.findings)
    return {name: RuleTold(description=rule.description, others=rule.false_positives) for name, rule in rules if rule}


def innocent_explanations(findings: Iterable[CaseFinding], told: RulesTold) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return what else can look like the findings that hold, by the title of the finding, each title once."""
    found = {
        item.finding.title: told[item.finding.rule].others
        for item in findings
        if item.status != "stale" and item.finding.rule in told
    }
    return tuple((title, others) for title, others in found.items() if others)
