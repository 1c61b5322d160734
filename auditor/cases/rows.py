"""A case as rows of the casebook, and back.

What is written is compared with what is there, so that an unchanged part costs nothing. Notes are not written here:
they are added one by one (`notes.py`) and only ever move, when cases are merged.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from sqlite_utils import Database

from auditor.cases.finding_rows import FindingChange, read_findings, write_findings
from auditor.cases.ledger import Entry, entries_of
from auditor.cases.model import AccountAction, Action, Case, CaseFinding, LegalHold, Note, SpeaksFor, StepTaken
from auditor.cases.related_rows import Row, Wanted, case_rows, replace_rows, rows_by_case
from auditor.checker.findings import Receipt
from auditor.digests import rfc3339

_DECIDING = ("proposed", "approved", "appealed", "heard", "closed")
"""Kinds of entries by which a case comes further."""


def write_run(db: Database, receipt: Receipt) -> None:
    """Keep a run's receipt; the same run again replaces its row."""
    times = {"ended": receipt.ended, "since": receipt.since, "until": receipt.until, "as_of": receipt.as_of}
    row = {
        "run_id": receipt.run_id, "pack": receipt.pack, "pack_digest": receipt.pack_digest,
        "started": rfc3339(receipt.started), "program": receipt.program, "records": receipt.records,
        "findings": receipt.findings, "suppressed": receipt.suppressed, "receipt": receipt.model_dump_json(),
        **{name: rfc3339(time) if time else None for name, time in times.items()},
    }  # fmt: skip
    db.table("runs").upsert(row, pk="run_id")


def write_cases(db: Database, pack: str, changes: Sequence[tuple[Case | None, Case]]) -> None:
    """Write what differs between cases of a pack as they were (None: new) and as they are."""
    known = {before.id for before, _ in changes if before}
    db.table("cases").upsert_all((_case_row(after) for _, after in changes), pk="case_id")
    for name, (field, rows_of) in _RELATED.items():
        rows = {
            after.id: rows_of(after)
            for before, after in changes
            if before is None or getattr(before, field) != getattr(after, field)
        }
        replace_rows(db, name, "case_id", rows, known)
    write_findings(db, pack, [item for before, after in changes for item in _finding_changes(before, after)])


def merge_rows(db: Database, kept: str, merged: Iterable[str]) -> None:
    """Move findings, notes and former ids of merged cases to the one that is kept, and remember their ids.

    A finding that was in both stays as the kept case has it.
    """
    for case_id in merged:
        _drop_copies(db, kept, case_id)
        for name in ("findings", "notes", "former_ids"):
            for key, _ in list(db.table(name).pks_and_rows_where("case_id = ?", [case_id])):
                db.table(name).update(key, {"case_id": kept})
        for row in list(db.table("cases").rows_where("refers_to = ?", [case_id])):
            db.table("cases").update(row["case_id"], {"refers_to": kept})
        for name in ("case_accounts", "actions", "facts", "cases"):
            db.table(name).delete_where("case_id = ?", [case_id])
        db.table("former_ids").insert({"former_id": case_id, "case_id": kept})


def _drop_copies(db: Database, kept: str, merged: str) -> None:
    own = {row["finding_id"] for row in db.table("findings").rows_where("case_id = ?", [kept], select="finding_id")}
    for row in list(db.table("findings").rows_where("case_id = ?", [merged], select="number, finding_id")):
        if row["finding_id"] in own:
            for name in ("finding_accounts", "finding_clauses", "finding_changes"):
                db.table(name).delete_where("finding = ?", [row["number"]])
            db.table("findings").delete(row["number"])


def read_cases(db: Database, wanted: Wanted) -> tuple[Case, ...]:
    """Return cases with all that belongs to them, oldest first, with one statement a table."""
    order = {"case_accounts": "account", "actions": "account", "facts": "number", "notes": "number"}
    order |= {"former_ids": "former_id"}
    related = {name: rows_by_case(db, name, wanted, column) for name, column in order.items()}
    findings, steps, holds = read_findings(db, wanted), _steps_by_case(db), _holds_by_case(db)
    return tuple(
        _case(
            row,
            {name: groups.get(row["case_id"], []) for name, groups in related.items()},
            findings.get(row["case_id"], ()),
            tuple(steps.get(row["case_id"], ())),
            holds.get(row["case_id"]),
        )
        for row in case_rows(db, wanted)
    )


def _steps_by_case(db: Database) -> dict[str, list[StepTaken]]:
    """Return the steps of each case, with those taken on cases that have become part of it."""
    kept = _kept_ids(db)
    steps: dict[str, list[StepTaken]] = {}
    for entry in entries_of(db):
        if entry.kind in _DECIDING:
            case_id = kept.get(entry.case_id, entry.case_id)
            steps.setdefault(case_id, []).append(_step(entry, on=entry.case_id if case_id != entry.case_id else ""))
    return steps


def _holds_by_case(db: Database) -> dict[str, LegalHold]:
    """Return the legal hold of each case that is under one, or has taken in a case that was.

    Lifting a hold lifts the case's own first, and where it has none those of the cases that it took in.
    """
    kept = _kept_ids(db)
    holds: dict[str, dict[str, LegalHold]] = {}
    for entry in entries_of(db):
        own = holds.setdefault(kept.get(entry.case_id, entry.case_id), {})
        if entry.kind == "held":
            own[entry.case_id] = LegalHold(reason=entry.details["reason"], person=entry.person, time=entry.time)
        elif entry.kind == "released" and own.pop(entry.case_id, None) is None:
            own.clear()
    return {case_id: next(reversed(own.values())) for case_id, own in holds.items() if own}


def _kept_ids(db: Database) -> dict[str, str]:
    """Return, by the id of each case that has become part of another, the id of that one."""
    return {row["former_id"]: row["case_id"] for row in db.table("former_ids").rows}


def _step(entry: Entry, *, on: str) -> StepTaken:
    actions = tuple(AccountAction(**item) for item in entry.details.get("actions", ()))
    return StepTaken(
        kind=entry.kind,
        person=entry.person,
        time=entry.time,
        reason=entry.details.get("reason", ""),
        action=str(max((item.action for item in actions), key=lambda action: action.rank)) if actions else "",
        actions=actions,
        beyond=entry.details.get("beyond", ""),
        to=entry.details.get("to", ""),
        on=on,
        is_signed=bool(entry.details.get("envelope")),
    )


def _case(
    row: Row,
    related: Mapping[str, Sequence[Row]],
    findings: tuple[CaseFinding, ...],
    steps: tuple[StepTaken, ...],
    hold: LegalHold | None,
) -> Case:
    return Case(
        id=row["case_id"],
        pack=row["pack"],
        accounts=tuple(item["account"] for item in related["case_accounts"]),
        severity=row["severity"],
        status=row["status"],
        proposed_action=row["proposed_action"],
        actions=tuple(_action(item) for item in related["actions"]),
        findings=findings,
        speaks_for=tuple(SpeaksFor(account=item["account"], fact=item["fact"]) for item in related["facts"]),
        notes=tuple(_note(item) for item in related["notes"]),
        opened=row["opened"],
        updated=row["updated"],
        last_run=row["last_run"],
        formerly=tuple(item["former_id"] for item in related["former_ids"]),
        refers_to=row["refers_to"] or "",
        assignee=row["assignee"],
        steps=steps,
        hold=hold,
    )


def _finding_changes(before: Case | None, after: Case) -> Iterator[FindingChange]:
    known = {item.finding.id: item for item in before.findings} if before else {}
    for item in after.findings:
        if known.get(item.finding.id) != item:
            yield FindingChange(after.id, after.last_run, known.get(item.finding.id), item)


def _case_row(case: Case) -> Row:
    return {
        "case_id": case.id, "pack": case.pack, "severity": str(case.severity), "status": case.status,
        "proposed_action": str(case.proposed_action), "opened": rfc3339(case.opened), "updated": rfc3339(case.updated),
        "last_run": case.last_run, "refers_to": case.refers_to or None, "assignee": case.assignee,
    }  # fmt: skip


def _account_rows(case: Case) -> list[Row]:
    return [{"account": account} for account in case.accounts]


def _action_rows(case: Case) -> list[Row]:
    return [_action_row(action) for action in case.actions]


def _fact_rows(case: Case) -> list[Row]:
    return [{"number": number, **fact.model_dump()} for number, fact in enumerate(case.speaks_for, start=1)]


_RELATED: Mapping[str, tuple[str, Callable[[Case], list[Row]]]] = {
    "case_accounts": ("accounts", _account_rows),
    "actions": ("actions", _action_rows),
    "facts": ("speaks_for", _fact_rows),
}
"""Tables of what belongs to a case, with the field of a case that they hold."""


def _action_row(action: Action) -> Row:
    because, protect = (json.dumps(texts, ensure_ascii=False) for texts in (action.because, action.protect))
    return {"account": action.account, "action": str(action.action), "because": because, "protect": protect}


def _action(row: Row) -> Action:
    because, protect = (tuple(json.loads(row[name])) for name in ("because", "protect"))
    return Action(account=row["account"], action=row["action"], because=because, protect=protect)


def _note(row: Row) -> Note:
    return Note(number=row["number"], time=row["time"], author=row["author"], text=row["text"])
