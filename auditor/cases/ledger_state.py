"""The ledger as it stands in a casebook, with everything about it that doesn't hold."""

from collections.abc import Iterator, Sequence

from sqlite_utils import Database

from auditor.cases.casebook import Casebook
from auditor.cases.decisions import course_of
from auditor.cases.ledger import Entry, Head, LedgerFault, entries_of, faults_of, head_of
from auditor.policy.conditions import Node


class LedgerState(Node):
    """All entries, the last one's number and digest, and every fault; no entries where they can't be read."""

    entries: tuple[Entry, ...]
    head: Head
    faults: tuple[LedgerFault, ...]


def read_ledger(casebook: Casebook, heads: Sequence[Head] = ()) -> LedgerState:
    """Read the ledger and check it: the chain, heads kept elsewhere, and the notes and statuses that follow from it."""
    with casebook.reading() as db:
        faults = faults_of(db, heads)
        if any(fault.code in ("form", "changed") for fault in faults):
            return LedgerState(entries=(), head=head_of(db), faults=faults)
        entries = entries_of(db)
        return LedgerState(entries=entries, head=head_of(db), faults=(*faults, *_status_faults(db, entries)))


def _status_faults(db: Database, entries: Sequence[Entry]) -> Iterator[LedgerFault]:
    """The status of each case is what its entries say."""
    by_case: dict[str, list[Entry]] = {}
    for entry in entries:
        by_case.setdefault(entry.case_id, []).append(entry)
    for row in db.table("cases").rows_where(select="case_id, status"):
        own = by_case.get(row["case_id"], [])
        if row["status"] != (expected := course_of(own).status):
            message = f"case {row['case_id']} is {row['status']}, its entries say {expected}"
            yield LedgerFault(number=own[-1].number if own else 0, code="status", message=message)
