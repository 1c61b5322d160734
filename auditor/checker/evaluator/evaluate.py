"""Evaluate one rule over records, step by step as docs/evaluation.md says."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from auditor.checker.evaluator.composite import evaluated_composite
from auditor.checker.evaluator.conditions import Reading
from auditor.checker.evaluator.facts import Row, records_of
from auditor.checker.evaluator.one_rule import Setting, Watch, judged
from auditor.checker.evaluator.shown import Evaluation, position_of, shown
from auditor.checker.findings import RuleOutcome
from auditor.policy.pack import Context
from auditor.policy.rule import Exemption, Rule, Span
from auditor.policy.terms import Terms
from auditor.records.activity import SourceSummary


def evaluate(
    rule: Rule,
    rows: Iterable[Row],
    sources: Sequence[SourceSummary],
    *,
    context: Context,
    terms: Sequence[Terms] = (),
    exemptions: Sequence[Exemption] = (),
    timezone: str = "UTC",
    as_of: datetime | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    watch: Watch | None = None,
) -> Evaluation:
    """Return what a rule says about rows as `Activity.rows()` yields them."""
    setting = Setting(
        tuple(sources),
        context,
        tuple(terms),
        tuple(exemptions),
        ZoneInfo(timezone),
        as_of,
        Span(start=since, until=until),
    )
    complete = [record for record in records_of(rows, context, as_of) if context.window.covers(record.time)]
    if rule.composite:
        return evaluated_composite(rule, rule.composite, complete, setting)
    judgement = judged(rule, complete, setting, watch)
    if judgement.found is None:
        refused = RuleOutcome(
            rule=rule.name, is_evaluated=False, missing=judgement.missing, left_out=judgement.left_out
        )
        return Evaluation(refused)
    reading = Reading(rule.is_missing_counted, setting.zone)
    incidents = [item for item in judgement.incidents if setting.ends.covers(item.records[-1].time)]
    incidents.sort(key=position_of)
    told = tuple(shown(rule, number, item, terms, reading) for number, item in enumerate(incidents))
    return Evaluation(
        RuleOutcome(
            rule=rule.name,
            is_evaluated=True,
            incidents=tuple(incident for incident in told if not incident.suppressed_by),
            suppressed=tuple(incident for incident in told if incident.suppressed_by),
            selected=judgement.found.selected,
            undetermined=judgement.found.undetermined,
            without_subject=judgement.found.without_subject,
            left_out=judgement.left_out,
            not_evaluated_subjects=len(judgement.not_evaluated),
        ),
        tuple(tuple(record.reference() for record in item.records) for item in incidents),
        tuple(sorted(judgement.not_evaluated)),
    )
