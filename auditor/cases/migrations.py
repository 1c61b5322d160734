"""The casebook's schema as numbered steps, each with a sentence of why.

A step that was released is never edited: a later one changes what it made. Tables are STRICT, so that a column holds
what it says, and foreign keys name every reference, so that Datasette links them.
"""

from collections.abc import Mapping
from datetime import datetime

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

from auditor.cases.ledger import append
from auditor.digests import digest_of

casebook_migrations = Migrations("auditor-casebook")

_OVERVIEW = """\
SELECT cases.case_id, cases.pack, cases.severity, cases.proposed_action, cases.status,
       (SELECT count(*) FROM case_accounts WHERE case_accounts.case_id = cases.case_id) AS accounts,
       (SELECT count(*) FROM findings
         WHERE findings.case_id = cases.case_id AND findings.status <> 'stale') AS findings,
       (SELECT count(*) FROM notes WHERE notes.case_id = cases.case_id) AS notes,
       cases.opened, cases.updated
FROM cases ORDER BY cases.opened, cases.case_id"""

_ACCOUNTS = """\
SELECT actions.account, actions.case_id, actions.action, actions.protect, cases.status,
       (SELECT coalesce(sum(finding_accounts.records), 0) FROM finding_accounts
          JOIN findings ON findings.number = finding_accounts.finding
         WHERE findings.case_id = actions.case_id AND findings.status <> 'stale'
           AND finding_accounts.account = actions.account) AS citations
FROM actions JOIN cases ON cases.case_id = actions.case_id ORDER BY actions.account, actions.case_id"""


_KEEP_ENTRIES = """\
CREATE TRIGGER {name} BEFORE {event} ON ledger
BEGIN SELECT RAISE(ABORT, 'entries of the ledger are only ever added'); END"""


@casebook_migrations()
def m001_runs_and_cases(db: Database) -> None:
    """Runs are kept so that every finding names the run that made it; cases are what people look into."""
    db.table("runs").create(
        {
            "run_id": str, "pack": str, "pack_digest": str, "started": str, "ended": str, "program": str,
            "since": str, "until": str, "as_of": str, "records": int, "findings": int, "suppressed": int,
            "receipt": str,
        },
        pk="run_id", not_null={"run_id", "pack", "pack_digest", "started", "receipt"}, strict=True,
    )  # fmt: skip
    db.table("cases").create(
        {
            "case_id": str, "pack": str, "severity": str, "status": str, "proposed_action": str,
            "opened": str, "updated": str, "last_run": str, "refers_to": str,
        },
        pk="case_id", foreign_keys=[("last_run", "runs", "run_id"), ("refers_to", "cases", "case_id")],
        not_null={"case_id", "pack", "severity", "status", "proposed_action", "opened", "updated", "last_run"},
        strict=True,
    )  # fmt: skip
    db.table("cases").create_index(["pack", "status"])
    _child(db, "case_accounts", {"case_id": str, "account": str}, ("case_id", "account"))
    db.table("case_accounts").create_index(["account"])
    _child(db, "former_ids", {"former_id": str, "case_id": str}, "former_id")


@casebook_migrations()
def m002_findings(db: Database) -> None:
    """Findings carry their whole content as JSON beside the columns that people search."""
    db.table("findings").create(
        {
            "number": int, "case_id": str, "finding_id": str, "rule": str, "title": str, "strength": str,
            "family": str, "level": str, "start": str, "end": str, "records": int, "status": str, "standing": str,
            "first_run": str, "last_run": str, "cited_as": str, "content": str,
        },
        pk="number", strict=True,
        foreign_keys=[("case_id", "cases", "case_id"), ("first_run", "runs", "run_id"), ("last_run", "runs", "run_id")],
        not_null={"case_id", "finding_id", "rule", "start", "end", "status", "content"},
    )  # fmt: skip
    db.table("findings").create_index(["case_id", "finding_id"], unique=True)
    finding = [("finding", "findings", "number")]
    columns = {"finding": int, "account": str, "records": int, "standing": str, "within_theft": int}
    accounts = {**columns, "after_theft": int, "standings": str}
    db.table("finding_accounts").create(accounts, pk=("finding", "account"), foreign_keys=finding, strict=True)
    clauses = {"finding": int, "terms": str, "version": str, "effective": str, "clause": str, "conduct": str}
    clauses |= {"stance": str, "records": int, "text": str}
    db.table("finding_clauses").create(clauses, foreign_keys=finding, strict=True)
    db.table("finding_clauses").create_index(["finding"])
    changes = {"number": int, "finding": int, "run_id": str, "change": str}
    keys = [*finding, ("run_id", "runs", "run_id")]
    db.table("finding_changes").create(changes, pk="number", foreign_keys=keys, strict=True)
    db.table("finding_changes").create_index(["finding"])


@casebook_migrations()
def m003_actions_facts_and_notes(db: Database) -> None:
    """Proposals and facts belong to an account of a case; a note's number is the casebook's own and never reused."""
    actions = {"case_id": str, "account": str, "action": str, "because": str, "protect": str}
    _child(db, "actions", actions, ("case_id", "account"))
    _child(db, "facts", {"case_id": str, "number": int, "account": str, "fact": str}, ("case_id", "number"))
    _child(db, "notes", {"number": int, "case_id": str, "time": str, "author": str, "text": str}, "number")
    db.table("notes").create_index(["case_id"])
    db.create_view("case_overview", _OVERVIEW)
    db.create_view("account_overview", _ACCOUNTS)


@casebook_migrations()
def m004_ledger(db: Database) -> None:
    """What people do is chained entry by entry, and can't be changed by accident; earlier notes get entries, too."""
    columns = {"number": int, "time": str, "kind": str, "case_id": str, "person": str, "content": str, "digest": str}
    db.table("ledger").create(columns, pk="number", not_null=set(columns), strict=True)
    db.table("ledger").create_index(["case_id"])
    db.table("cases").add_column("assignee", str, not_null_default="")
    for note in list(db.table("notes").rows_where(order_by="number")):
        details = {"note": note["number"], "sha256": digest_of(note["text"].encode())}
        time = datetime.fromisoformat(note["time"])
        append(db, kind="noted", case_id=note["case_id"], person=note["author"], time=time, details=details)
    for event in ("UPDATE", "DELETE"):
        db.conn.execute(_KEEP_ENTRIES.format(name=f"ledger_no_{event.lower()}", event=event))


def _child(db: Database, name: str, columns: Mapping[str, type], key: str | tuple[str, ...]) -> None:
    """Create a strict table whose rows belong to a case; every column is filled."""
    of_case = [("case_id", "cases", "case_id")]
    db.table(name).create(dict(columns), pk=key, foreign_keys=of_case, not_null=set(columns), strict=True)


_ALL = (m001_runs_and_cases, m002_findings, m003_actions_facts_and_notes, m004_ledger)
STEPS = tuple(step.__name__ for step in _ALL)
"""Every step this program knows, oldest first; a casebook with another one is from a newer program."""
