"""Follow a rule for one account: by the plain evaluator, which is told to show every window that it looks at.

Only records that share a subject with the account are read. Where these are so many that the evaluator's windows
would take minutes, the compiled plan still gives the verdict.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from zoneinfo import ZoneInfo

import auditor.checker.engines.duckdb as engine
from auditor.checker.circumstances import Circumstances
from auditor.checker.evaluator.conditions import Reading, truth
from auditor.checker.evaluator.evaluate import Looked
from auditor.checker.evaluator.facts import Row, records_of
from auditor.checker.evaluator.incidents import is_exempt
from auditor.checker.evaluator.occurrence import Occurrence, records_in
from auditor.checker.evaluator.record import Record
from auditor.checker.findings import RecordRef, RuleOutcome
from auditor.checker.lacking import lacking_columns
from auditor.checker.prepared import Prepared, prepared
from auditor.checker.provided import RuleCoverage, coverage_of
from auditor.checker.shortfall import comparisons_of, nearest_way, shortfall
from auditor.checker.thresholds import number_text
from auditor.checker.trace import AccountTrace, Columns, ExemptionSeen, SelectionSeen, Verdict, WindowSeen
from auditor.errors import WorkspaceError
from auditor.policy.conditions import Condition
from auditor.policy.rule import Rule
from auditor.records.activity import Activity
from auditor.records.neighbours import count_about, rows_about

MOST_RECORDS = 100_000
"""Records of a subject that are followed one by one; beyond it only the verdict is given."""

MOST_STEPS = 3_000_000
"""Records in all sliding windows together that are looked at; the same."""


@dataclass(frozen=True)
class Question:
    """What is asked: a rule, an account, and what it is judged by."""

    rule: Rule
    account: str
    circumstances: Circumstances


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
    rule, activity = question.rule, ready.activity
    shared = _shared_columns(rule)
    if count_about(activity, question.account, shared) > most_records:
        own: list[Row] = list(rows_about(activity, question.account, ("account_id",)))
        return _unfollowed(question, activity, own)
    rows: list[Row] = list(rows_about(activity, question.account, shared))
    if _steps(rule, rows) > most_steps:
        return _unfollowed(question, activity, rows)
    windows = _Windows(question)
    evaluation = question.circumstances.evaluation(rule, rows, activity.sources, watch=windows.look)
    seen = _records_seen(question, activity, rows)
    windows.keep_own()
    is_short = bool(seen.subjects & set(evaluation.not_evaluated))
    verdict = _verdict(question.account, evaluation.outcome, evaluation.citations.__getitem__)
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


def _unfollowed(question: Question, activity: Activity, rows: list[Row]) -> AccountTrace:
    seen = _records_seen(question, activity, rows)
    result = engine.execute(question.circumstances.plan([question.rule], activity.sources), activity)
    if question.rule.name in result.errors:
        raise WorkspaceError.at(None, result.errors[question.rule.name], "narrow the rule, or look at an earlier day")
    (outcome,) = result.outcomes
    verdict = _verdict(question.account, outcome, partial(result.of, question.rule.name))
    return seen.trace.model_copy(update={"verdict": verdict, "missing": outcome.missing, "is_followed": False})


def _steps(rule: Rule, rows: Sequence[Row]) -> int:
    window = rule.within
    if window is None or window.kind != "sliding":
        return len(rows)
    times = [row["time"] for row in rows]
    length = timedelta(seconds=window.seconds)
    return sum(place - bisect_left(times, time - length) + 1 for place, time in enumerate(times))


def _verdict(account: str, outcome: RuleOutcome, cited: Callable[[int], Iterable[RecordRef]]) -> Verdict:
    if not outcome.is_evaluated:
        return "not evaluated"
    if any(account in dict(item.accounts) for item in outcome.incidents):
        return "match"
    if any(account in dict(item.accounts) for item in outcome.suppressed):
        return "suppressed"
    is_context = any(record.account_id == account for item in outcome.incidents for record in cited(item.number))
    return "context only" if is_context else "no match"


@dataclass
class _Windows:
    """The windows that the evaluator looked at; after `keep_own` those of groups with records of the account."""

    question: Question
    looked: list[Looked] = field(default_factory=list)

    def look(self, window: Looked) -> None:
        self.looked.append(window)

    def keep_own(self) -> None:
        own = {(item.subject, item.by) for item in self.looked if any(map(self._is_own, item.window))}
        self.looked = [item for item in self.looked if (item.subject, item.by) in own]

    @property
    def occurrences(self) -> set[int]:
        return {id(occurrence) for item in self.looked for occurrence in item.window}

    def nearest(self) -> WindowSeen | None:
        """Return the window nearest to a finding; of those alike the one with most occurrences, then the earliest."""
        best = min(self.looked, key=self._distance, default=None)
        return None if best is None else _window_seen(self.question, best)

    def _is_own(self, occurrence: Occurrence) -> bool:
        return any(record.value("account_id") == self.question.account for record in occurrence.records)

    def _distance(self, item: Looked) -> tuple[object, ...]:
        violates = self.question.rule.violates
        gap = shortfall(violates, item.measures) if violates is not None and not item.is_violating else 0.0
        return (gap, bool(item.suppressed_by), -len(item.window), item.window[0].last.order, item.by)


def _window_seen(question: Question, item: Looked) -> WindowSeen:
    rule, records = question.rule, records_in(item.window)
    named = {exemption.name: exemption for exemption in question.circumstances.pack.exemptions}
    units = {measure.name: measure.unit for measure in rule.measures}
    return WindowSeen(
        subject=item.subject,
        by=tuple(zip(rule.by, item.by, strict=True)),
        start=records[0].time,
        end=records[-1].time,
        records=len(records),
        own_records=sum(record.value("account_id") == question.account for record in records),
        measures=tuple(
            (name, None if value is None else number_text(value), units.get(name, ""))
            for name, value in item.measures.items()
        ),
        comparisons=comparisons_of(rule.violates, item.measures) if rule.violates is not None else (),
        way=nearest_way(rule.violates, item.measures) if rule.violates is not None else (),
        is_violating=item.is_violating,
        suppressed_by=item.suppressed_by,
        exemptions=tuple(
            ExemptionSeen(
                name=name, covered=sum(is_exempt(record, named[name]) for record in records), records=len(records)
            )
            for name in rule.unless
            if name in named
        ),
    )


@dataclass(frozen=True)
class _Seen:
    """The first steps of a trace, and the subjects that the account's records belong to."""

    trace: AccountTrace
    subjects: frozenset[tuple[str, ...]]


def _records_seen(question: Question, activity: Activity, rows: Iterable[Row]) -> _Seen:
    rule, context, as_of = question.rule, question.circumstances.context, question.circumstances.as_of
    reading = Reading(rule.is_missing_counted, ZoneInfo(question.circumstances.pack.timezone))
    (coverage,) = coverage_of([rule], activity.sources, context)
    own = [item for item in records_of(rows, context, as_of) if item.value("account_id") == question.account]
    judged = [item for item in own if context.window.covers(item.time) and rule.effective.covers(item.time)]
    usable = [item for item in judged if item.value("source_id") in coverage.sources_used]
    subjects = frozenset(texts for item in own if (texts := item.texts(rule.subject_columns)) is not None)
    trace = AccountTrace(
        rule=rule.name,
        title=rule.title,
        account=question.account,
        as_of=as_of,
        verdict="no match",
        records=len(own),
        outside=len(own) - len(judged),
        left_out=len(judged) - len(usable),
        lacking=_lacking_of(coverage, judged, usable),
        selections=tuple(_selection_seen(name, rule.selection(name), usable, reading) for name, _ in rule.selections),
        **_selected(rule, usable, reading),
    )
    return _Seen(trace, subjects)


def _lacking_of(coverage: RuleCoverage, judged: Sequence[Record], usable: Sequence[Record]) -> Columns:
    return coverage.lacking if len(judged) > len(usable) else ()


def _selection_seen(name: str, condition: Condition, records: Sequence[Record], reading: Reading) -> SelectionSeen:
    answers = [truth(condition, record, reading) for record in records]
    return SelectionSeen(
        name=name,
        holds=answers.count(True),
        fails=answers.count(False),
        unknown=answers.count(None),
        lacking=_most_first(column for item in records for column in lacking_columns(condition, item, reading)),
    )


def _selected(rule: Rule, records: Sequence[Record], reading: Reading) -> dict[str, object]:
    condition = rule.selected()
    answers = [truth(condition, record, reading) for record in records]
    selected = [record for record, answer in zip(records, answers, strict=True) if answer]
    columns = (*rule.subject_columns, *(() if rule.sequence else rule.by))
    return {
        "selected": len(selected),
        "undetermined": answers.count(None),
        "undetermined_lacking": _most_first(
            column for item in records for column in lacking_columns(condition, item, reading)
        ),
        "without_subject": sum(record.texts(columns) is None for record in selected),
        "without_subject_lacking": _most_first(
            column for item in selected for column in columns if item.value(column) is None
        ),
    }


def _most_first(columns: Iterable[str]) -> Columns:
    return tuple(sorted(Counter(columns).items(), key=lambda item: (-item[1], item[0])))
