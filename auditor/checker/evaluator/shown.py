"""How an incident is told: whose it is, what was measured, which records it is about, and the terms they fall under."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from auditor.checker.evaluator.conditions import Reading, truth
from auditor.checker.evaluator.incidents import Merged
from auditor.checker.evaluator.measures import peak_of
from auditor.checker.evaluator.occurrence import Texts
from auditor.checker.evaluator.record import Record
from auditor.checker.findings import Incident, RecordRef, RuleOutcome, TermsCount
from auditor.policy.rule import Rule
from auditor.policy.terms import Terms


@dataclass(frozen=True)
class Evaluation:
    """What one rule gave: its outcome, the records of every incident by number, and whom it couldn't judge.

    `not_evaluated` are the subjects behind `RuleOutcome.not_evaluated_subjects`, sorted.
    """

    outcome: RuleOutcome
    citations: tuple[tuple[RecordRef, ...], ...] = ()
    not_evaluated: tuple[Texts, ...] = ()


class Placed(Protocol):
    """An incident, as far as it is sorted."""

    @property
    def subject(self) -> Texts: ...  # the names say it

    @property
    def by(self) -> Texts: ...

    @property
    def suppressed_by(self) -> str: ...

    @property
    def records(self) -> tuple[Record, ...]: ...


def position_of(item: Placed) -> tuple[object, ...]:
    """Return the place of an incident among those of its rule, to sort by: what is not suppressed has no exemption's
    name, and of one group and exemption no two begin with the same record.
    """
    first = item.records[0]
    return (item.subject, item.by, first.time, item.suppressed_by, first.order)


def shown(rule: Rule, number: int, item: Merged, terms: Sequence[Terms], reading: Reading) -> Incident:
    """Return an incident of a rule as its outcome tells it."""
    records = item.records
    about = [record for record in records if is_against(rule, record, reading)]
    return Incident(
        number=number,
        subject=item.subject,
        by=item.by,
        start=records[0].time,
        end=records[-1].time,
        windows=len(item.violations),
        measures=tuple(
            (name.full, peak_of(rule, name.full, [each.measures[name.full] for each in item.violations]))
            for name in rule.reported
        ),
        records=len(records),
        first=records[0].reference(),
        accounts=accounts_of(about),
        terms=terms_of(terms, about, reading),
        suppressed_by=item.suppressed_by,
    )


def is_against(rule: Rule, record: Record, reading: Reading) -> bool:
    """Say whether a finding is about a record, rather than citing it as context."""
    return not rule.against or truth(rule.selection(rule.against), record, reading) is True


def accounts_of(records: Sequence[Record]) -> tuple[tuple[str, int], ...]:
    """Return the accounts of records with the number of each one's, sorted."""
    accounts = [record.value("account_id") for record in records if record.value("account_id") is not None]
    return tuple((account, accounts.count(account)) for account in sorted(set(accounts)))


def terms_of(terms: Sequence[Terms], records: Sequence[Record], reading: Reading) -> tuple[TermsCount, ...]:
    """Return how many records each version of each document applied to, in the order of their ids."""
    documents = sorted(terms, key=lambda document: document.id)
    return tuple(count for document in documents for count in _terms_counts(document, records, reading))


def _terms_counts(document: Terms, records: Sequence[Record], reading: Reading) -> list[TermsCount]:
    plainly = Reading(zone=reading.zone)
    applied = [
        record for record in records if document.applies is None or truth(document.applies, record, plainly) is True
    ]
    versions = [document.version_at(record.time) for record in applied]
    names = sorted({version.version for version in versions if version})
    return [
        TermsCount(
            terms=document.id,
            version=name,
            records=sum(version is not None and version.version == name for version in versions),
        )
        for name in names
    ]
