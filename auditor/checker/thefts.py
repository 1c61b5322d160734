"""When somebody else used which key, as far as links are concerned: records in such a stretch make no links.

The rules of victims' conducts are judged before anything is linked, so that what a thief does with the keys of forty
customers joins none of them. Rules about clusters can't be among these: they would need the links first.
"""

from collections.abc import Sequence

import auditor.checker.engines.duckdb as engine
from auditor.checker.circumstances import Circumstances
from auditor.checker.provided import coverage_of
from auditor.policy.rule import Rule
from auditor.records.activity import Activity, SourceSummary
from auditor.records.derived import providing
from auditor.records.tallies import AccountSpan, aftermath_of


def theft_rules(circumstances: Circumstances, sources: Sequence[SourceSummary]) -> tuple[Rule, ...]:
    """Return the rules of a pack that tell of victims, need no links for it, and can be evaluated on some source."""
    victims = set(circumstances.pack.ladder.victim_conducts)
    rules = [
        rule
        for rule in circumstances.pack.rules
        if victims & set(rule.conducts) and "cluster_id" not in rule.needed_columns()
    ]
    coverage = coverage_of(rules, providing(sources, circumstances.context.derivable), circumstances.context)
    return tuple(rule for rule, found in zip(rules, coverage, strict=True) if found.is_evaluable)


def thefts_in(activity: Activity, rules: Sequence[Rule], circumstances: Circumstances) -> tuple[AccountSpan, ...]:
    """Return the stretches of time in which rules of victims' conducts hold, one for each account and key, sorted.

    A stretch lasts thirty days beyond its finding: nobody knows yet who holds the key.
    A finding that an exemption covers is none. Raises WorkspaceError when the records can't be read.
    """
    if not rules:
        return ()
    result = engine.execute(circumstances.plan(rules, activity.sources), activity)
    incidents = {(outcome.rule, item.number): item for outcome in result.outcomes for item in outcome.incidents}
    spans = {
        AccountSpan(account, incident.start, aftermath_of(incident.end), aftermath_of(incident.end), key)
        for rule, number, account, key in result.keys_cited()
        if (incident := incidents.get((rule, number)))
    }
    return tuple(sorted(spans, key=lambda span: (span.account, span.start, span.end, span.key or "")))
