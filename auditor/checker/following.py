"""Follow a rule for one account: by the plain evaluator, which is told to show every window that it looks at.

Only records that share a subject with the account are read. Where these are so many that the evaluator's windows
would take minutes, the compiled plan still gives the verdict.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial

import auditor.checker.engines.duckdb as engine
from auditor.checker.asked import Question, records_seen, verdict_of
from auditor.checker.evaluator.facts import Row
from auditor.checker.findings import PartSeen, RuleOutcome
from auditor.checker.linked import linked_seen
from auditor.checker.looked import Windows
from auditor.checker.prepared import Prepared, prepared
from auditor.checker.trace import AccountTrace
from auditor.errors import WorkspaceError
from auditor.policy.rule import Composite, Rule
from auditor.records.activity import Activity
from auditor.records.neighbours import count_about, rows_about

MOST_RECORDS = 100_000
"""Records of a subject that are followed one by one; beyond it only the verdict is given."""

MOST_STEPS = 3_000_000
"""Records in all sliding windows together that are looked at; the same."""


def followed(
    question: Question, activity: Activity, *, most_records: int = MOST_RECORDS, most_steps: int = MOST_STEPS
) -> AccountTrace:
    """Return what a rule made of an account.

    Of a subject with more than `most_records`, or with more than `most_steps` records in its windows together, only the
    verdict is given. Raises WorkspaceError when the records can't be read.
    """
    ready = prepared(activity, [question.rule], question.circumstances)
    return followed_in(ready, question, most_records=most_records, most_steps=most_steps)


def followed_in(
    ready: Prepared, question: Question, *, most_records: int = MOST_RECORDS, most_steps: int = MOST_STEPS
) -> AccountTrace:
    """Return what a rule made of an account, from an activity made ready for it; otherwise as `followed`."""
    trace = _followed(ready, question, most_records=most_records, most_steps=most_steps)
    if "cluster_id" not in question.rule.needed_columns():
        return trace
    return trace.model_copy(update={"is_linking": True, "linked": linked_seen(ready.links, question.account)})


def _followed(ready: Prepared, question: Question, *, most_records: int, most_steps: int) -> AccountTrace:
    rule, activity = question.rule, ready.activity
    if rule.composite:
        return _composite(ready, question, most_records=most_records, most_steps=most_steps)
    shared = _shared_columns(rule)
    if count_about(activity, question.account, shared) > most_records:
        own: list[Row] = list(rows_about(activity, question.account, ("account_id",)))
        return _unfollowed(question, activity, own)
    rows: list[Row] = list(rows_about(activity, question.account, shared))
    if _steps(rule, rows) > most_steps:
        return _unfollowed(question, activity, rows)
    windows = Windows(question)
    evaluation = question.circumstances.evaluation(rule, rows, activity.sources, watch=windows.look)
    seen = records_seen(question, activity, rows)
    windows.keep_own()
    is_short = bool(seen.subjects & set(evaluation.not_evaluated))
    verdict = verdict_of(question.account, evaluation.outcome, evaluation.citations.__getitem__)
    return seen.trace.model_copy(
        update={
            "verdict": "not evaluated" if verdict == "no match" and is_short else verdict,
            "missing": evaluation.outcome.missing,
            "is_history_short": is_short,
            "kept": len(windows.occurrences),
            "windows": len(windows.looked),
            "violating": sum(item.is_violating for item in windows.looked),
            "suppressed": sum(bool(item.suppressed_by) for item in windows.looked),
            "nearest": windows.nearest(),
        }
    )


def _shared_columns(rule: Rule) -> tuple[str, ...]:
    """Return the columns of which the account must share a value with the records that matter to it.

    Where everything is one subject, `by` divides it; but what is new, and what follows what, is found before that. What
    is absent depends on where the whole log ends, and peers are others.
    """
    if rule.absent or (rule.baseline and rule.baseline.of == "peers"):
        return ()
    if rule.subject != "none":
        return rule.subject_columns
    return () if rule.novel or rule.sequence else rule.by


def _composite(ready: Prepared, question: Question, *, most_records: int, most_steps: int) -> AccountTrace:
    """Follow every rule that a composite names, and see which of their findings meet."""
    rule, activity, composite = question.rule, ready.activity, question.rule.composite
    assert composite is not None
    parts = tuple(
        followed_in(ready, replace(question, rule=part), most_records=most_records, most_steps=most_steps)
        for part in composite.parts
    )
    own: list[Row] = list(rows_about(activity, question.account, ("account_id",)))
    seen = records_seen(question, activity, own)
    result, outcome = _ran(question, activity)
    verdict = verdict_of(question.account, outcome, partial(result.of, rule.name))
    pieces = [result.pieces_of(rule.name, subject) for subject in sorted(seen.subjects)] if outcome.is_evaluated else []
    met = max((most_meeting(composite, each) for each in pieces), key=partial(_different, composite), default=())
    update = {"verdict": verdict, "missing": outcome.missing, "parts": parts, "met": met, "kept": sum(map(len, pieces))}
    return seen.trace.model_copy(update=update)


def _ran(question: Question, activity: Activity) -> tuple[engine.PlanResult, RuleOutcome]:
    """Run the compiled plan of the rule alone. Raises WorkspaceError when it can't be run to its end."""
    result = engine.execute(question.circumstances.plan([question.rule], activity.sources), activity)
    if question.rule.name in result.errors:
        raise WorkspaceError.at(None, result.errors[question.rule.name], "narrow the rule, or look at an earlier day")
    (outcome,) = result.outcomes
    return result, outcome


def most_meeting(composite: Composite, pieces: Sequence[PartSeen]) -> tuple[PartSeen, ...]:
    """Return what lies in the stretch of time in which most different parts meet, the earliest of several."""
    length = timedelta(seconds=composite.within)
    stretches = [
        tuple(piece for piece in pieces if piece.start <= time and piece.end >= time - length)
        for time in sorted({piece.start for piece in pieces})
    ]
    return max(stretches, key=partial(_different, composite), default=())


def _different(composite: Composite, pieces: Sequence[PartSeen]) -> int:
    return composite.different(piece.rule for piece in pieces)


def _unfollowed(question: Question, activity: Activity, rows: list[Row]) -> AccountTrace:
    seen = records_seen(question, activity, rows)
    result, outcome = _ran(question, activity)
    verdict = verdict_of(question.account, outcome, partial(result.of, question.rule.name))
    return seen.trace.model_copy(update={"verdict": verdict, "missing": outcome.missing, "is_followed": False})


def _steps(rule: Rule, rows: Sequence[Row]) -> int:
    window = rule.within
    if window is None or window.kind != "sliding":
        return len(rows)
    times = [row["time"] for row in rows]
    length = timedelta(seconds=window.seconds)
    return sum(place - bisect_left(times, time - length) + 1 for place, time in enumerate(times))
