"""What is asked when a rule is followed for one account, and what the first look at its records says."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from auditor.checker.circumstances import Circumstances
from auditor.checker.evaluator.conditions import Reading, truth
from auditor.checker.evaluator.facts import Row, records_of
from auditor.checker.evaluator.record import Record
from auditor.checker.findings import RecordRef, RuleOutcome
from auditor.checker.lacking import lacking_columns
from auditor.checker.provided import RuleCoverage, coverage_of
from auditor.checker.trace import AccountTrace, Columns, SelectionSeen, Verdict
from auditor.policy.conditions import Condition
from auditor.policy.rule import Rule
from auditor.records.activity import Activity


@dataclass(frozen=True)
class Question:
    """What is asked: a rule, an account, and what it is judged by."""

    rule: Rule
    account: str
    circumstances: Circumstances


@dataclass(frozen=True)
class Seen:
    """The first steps of a trace, and the subjects that the account's records belong to."""

    trace: AccountTrace
    subjects: frozenset[tuple[str, ...]]


def records_seen(question: Question, activity: Activity, rows: Iterable[Row]) -> Seen:
    """Return what the account's own records come to before windows are looked at."""
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
    return Seen(trace, subjects)


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
    if rule.composite:
        return {}
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


def verdict_of(account: str, outcome: RuleOutcome, cited: Callable[[int], Iterable[RecordRef]]) -> Verdict:
    """Return what an outcome says of an account; `cited` gives the records of an incident by its number."""
    if not outcome.is_evaluated:
        return "not evaluated"
    if any(account in dict(item.accounts) for item in outcome.incidents):
        return "match"
    if any(account in dict(item.accounts) for item in outcome.suppressed):
        return "suppressed"
    is_context = any(record.account_id == account for item in outcome.incidents for record in cited(item.number))
    return "context only" if is_context else "no match"
