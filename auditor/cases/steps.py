"""The steps that people take on a case, each recorded in the ledger in the transaction that does it.

The status of a case is what its entries say (`decisions.course_of`); nothing else sets it. Signed steps are made by
`auditor.evidence.deciding`, which records them here.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any  # JSON values have no closed type

from sqlite_utils import Database

from auditor.cases.casebook import Casebook
from auditor.cases.decisions import Course, course_of, must_be_another
from auditor.cases.ledger import Entry, EntryKind, append, entries_of
from auditor.cases.model import Case
from auditor.cases.notes import current_id
from auditor.cases.related_rows import alone
from auditor.cases.rows import read_cases
from auditor.cases.written import text_of
from auditor.errors import UsageError


@dataclass(frozen=True)
class Step:
    """A step that is being taken: the case and its course as they are within the transaction."""

    db: Database
    case: Case
    course: Course
    person: str
    now: datetime

    def record(self, kind: EntryKind, details: Mapping[str, Any]) -> Entry:
        """Add the entry and bring the case's status up to it."""
        case_id = self.case.id
        entry = append(self.db, kind=kind, case_id=case_id, person=self.person, time=self.now, details=dict(details))
        status = course_of(entries_of(self.db, case_id)).status
        self.db.table("cases").update(case_id, {"status": status})
        return entry


@contextmanager
def taking(casebook: Casebook, case_id: str, *, person: str, now: datetime) -> Iterator[Step]:
    """Take a step in one transaction: it is recorded and done, or neither.

    Raises UsageError when there is no such case or no name, WorkspaceError when the casebook can't be written.
    """
    name = text_of(person, "a name")
    with casebook.writing() as db:
        current = current_id(db, case_id, str(casebook.path))
        [case] = read_cases(db, alone(current))
        yield Step(db, case, course_of(entries_of(db, current)), name, now)


def assign(casebook: Casebook, case_id: str, *, to: str, person: str, now: datetime) -> Entry:
    """Name the person who looks into a case. Raises UsageError when it is closed."""
    with taking(casebook, case_id, person=person, now=now) as step:
        must_be(step.case, ("open", "proposed", "decided", "appealed"), "assigned")
        assignee = text_of(to, "the name of who is to look into it")
        step.db.table("cases").update(step.case.id, {"assignee": assignee})
        return step.record("assigned", {"to": assignee})


def appeal(casebook: Casebook, case_id: str, *, reason: str, to: str, person: str, now: datetime) -> Entry:
    """Record the appeal against a decision, and who will hear it: nobody who had a part in it.

    Raises UsageError when the case isn't decided, or `to` proposed, approved or heard it before.
    """
    with taking(casebook, case_id, person=person, now=now) as step:
        must_be(step.case, ("decided",), "appealed")
        hearer = text_of(to, "the name of who hears the appeal")
        must_be_another(hearer, "", step.course.steps, "an appeal")
        return step.record("appealed", {"reason": text_of(reason, "a reason"), "to": hearer})


def close(casebook: Casebook, case_id: str, *, reason: str, person: str, now: datetime) -> Entry:
    """Close a case: one that leads to nothing, or one whose decision is done. Raises UsageError for one in appeal."""
    with taking(casebook, case_id, person=person, now=now) as step:
        must_be(step.case, ("open", "proposed", "decided"), "closed")
        return step.record("closed", {"reason": text_of(reason, "a reason")})


def must_be(case: Case, statuses: tuple[str, ...], done: str) -> None:
    """Raise UsageError when a case isn't in one of the statuses in which something can be done with it."""
    if case.status not in statuses:
        message = f"case {case.id} is {case.status}; only one that is {' or '.join(statuses)} can be {done}"
        raise UsageError.at(None, message, _HINTS.get(case.status, "`auditor case show` tells how far it has come"))


_HINTS = {
    "open": "propose something first: `auditor case propose`",
    "proposed": "the proposal waits for an approval: `auditor case approve`",
    "decided": "a decision is never changed; it can be appealed (`auditor case appeal`), new findings open a new case",
    "appealed": "the appeal is to be heard first: `auditor case appeal CASE --outcome ...`",
    "closed": "a closed case is never changed; new findings open a new case that refers to it",
}
