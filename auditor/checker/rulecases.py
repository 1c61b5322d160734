"""Run a rule's cases: what it says about small sets of records, by the compiled plan and by the plain evaluator.

Facts are a roster: a source of their own, before the complete part of the log, which begins with the first record
unless the case's context says otherwise. The records of a case are linked by the links of the pack, and by nothing
else. A case of a composite runs the rules that it names. A case fails too when plan and evaluator disagree.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any  # a row holds values of every column type

import auditor.checker.engines.duckdb as engine
from auditor.checker.agreement import differences
from auditor.checker.circumstances import Circumstances
from auditor.checker.evaluator.shown import Evaluation
from auditor.checker.findings import RuleOutcome
from auditor.checker.prepared import prepared
from auditor.digests import rfc3339
from auditor.errors import Place, PolicyError
from auditor.policy.load import load_rule
from auditor.policy.pack import Context, Pack
from auditor.policy.rule import Rule, Span
from auditor.policy.rulecases import Expectation, RuleCase, load_cases
from auditor.records.activity import Activity
from auditor.records.memory import activity_of

FACTS_SOURCE = "facts"
_FACTS_TIME = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class CaseResult:
    """What a case expected and what was found; `disagreements` are between plan and evaluator."""

    name: str
    place: Place
    expected: Expectation
    found: Expectation
    outcome: RuleOutcome
    disagreements: tuple[str, ...] = ()

    @property
    def is_ok(self) -> bool:
        """Whether the rule said what was expected, and both ways of evaluating it the same."""
        return self.found == self.expected and not self.disagreements


def run_cases(rule_path: Path, *, pack: Pack) -> tuple[CaseResult, ...]:
    """Run all cases beside a rule file with the lists, exemptions, terms and time zone of a pack.

    Raises PolicyError for a rule, cases or facts that can't be used, and InputError for records that can't.
    """
    return tuple(run_case(rule_path, case, pack=pack) for case in load_cases(rule_path))


def run_case(rule_path: Path, case: RuleCase, *, pack: Pack) -> CaseResult:
    """Run one case. The rule is loaded for it, as the case's context may give other lists. Raises as `run_cases`."""
    names = [exemption.name for exemption in pack.exemptions]
    rule = load_rule(rule_path, lists=[*pack.lists, *case.context.lists], exemptions=names, pack=pack)
    given = activity_of(_rows(case), place=str(case.place))
    circumstances = Circumstances(pack, _with_roster(case, given))
    activity = prepared(given, [rule], circumstances).activity
    rows = list(activity.rows())
    evaluation = circumstances.evaluation(rule, rows, activity.sources)
    return CaseResult(
        name=case.name,
        place=case.place,
        expected=case.expect,
        found=_found(rule, case, circumstances.context, evaluation, rows),
        outcome=evaluation.outcome,
        disagreements=_disagreements(rule, circumstances, activity, evaluation),
    )


def _rows(case: RuleCase) -> list[dict[str, Any]]:
    facts = [{"event": "signup", "time": _FACTS_TIME, **fact, "source_id": FACTS_SOURCE} for fact in case.facts]
    return [*case.records, *facts]


def _with_roster(case: RuleCase, activity: Activity) -> Context:
    rows = list(activity.rows())
    begins = case.context.window.start or min(
        (row["time"] for row in rows if row["source_id"] != FACTS_SOURCE), default=None
    )
    if begins is None or not case.facts:
        return case.context
    latest = max(row["time"] for row in rows if row["source_id"] == FACTS_SOURCE)
    if latest >= begins:
        message = f"a fact at {rfc3339(latest)}, expected facts before the first record at {rfc3339(begins)}"
        raise PolicyError.at(case.place, message, "put what happens later among the records")
    return case.context.model_copy(update={"window": Span(start=begins, until=case.context.window.until)})


def _found(
    rule: Rule, case: RuleCase, context: Context, evaluation: Evaluation, rows: list[dict[str, Any]]
) -> Expectation:
    outcome = evaluation.outcome
    if any(not case.subject or incident.subject == case.subject for incident in outcome.incidents):
        return "match"
    unjudged = [subject for subject in evaluation.not_evaluated if not case.subject or subject == case.subject]
    times = [row["time"] for row in rows]
    judged = sum(context.window.covers(time) and rule.effective.covers(time) for time in times)
    is_all_left_out = judged > 0 and outcome.left_out == judged
    return "not evaluated" if not outcome.is_evaluated or unjudged or is_all_left_out else "no match"


def _disagreements(
    rule: Rule, circumstances: Circumstances, activity: Activity, evaluation: Evaluation
) -> tuple[str, ...]:
    result = engine.execute(circumstances.plan((rule,), activity.sources), activity)
    if result.errors:
        return tuple(f"the engine failed: {error}" for error in result.errors.values())
    (outcome,) = result.outcomes
    return differences(
        outcome,
        evaluation.outcome,
        lambda number: tuple(result.of(rule.name, number)),
        lambda number: evaluation.citations[number],
    )
