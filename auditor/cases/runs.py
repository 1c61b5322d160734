"""Runs as the casebook keeps them: the last one of each pack, what earlier ones were given, what one had in sight."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlite_utils import Database

from auditor.cases.approvals import on_file
from auditor.cases.casebook import Casebook
from auditor.cases.drafts import read_anew
from auditor.cases.matching import Earlier, changes, could_be_seen, matched
from auditor.cases.model import Case, CaseFinding
from auditor.cases.notes import list_cases
from auditor.checker.findings import Finding, Receipt
from auditor.digests import rfc3339
from auditor.policy.pack import Approval
from auditor.records.totals import AccountTotal

_HAD = {
    "approvals": "pack = ? and run_id <> ? and json_extract(receipt, '$.approvals_digest') <> ''",
    "context": "pack = ? and run_id <> ? and json_extract(receipt, '$.context_digest') <> ''",
}

_APPROVED_FOR_OTHERS = _HAD["approvals"].replace("pack = ?", "pack <> ?")


@dataclass(frozen=True)
class PackRun:
    """The last run of a pack and all cases of the pack, sternest proposal first."""

    receipt: Receipt
    cases: tuple[Case, ...]


def is_judged(item: CaseFinding, receipt: Receipt) -> bool:
    """Say whether a run judged a finding of the casebook: it found it, or would have, had it still held."""
    return item.last_run == receipt.run_id or could_be_seen(item.finding, receipt)


def judged_in(case: Case, receipt: Receipt) -> tuple[CaseFinding, ...]:
    """Return the findings of a case that hold and that a run judged."""
    return tuple(item for item in case.findings if item.status != "stale" and is_judged(item, receipt))


def as_seen(
    cases: Sequence[Case],
    findings: Sequence[Finding],
    receipt: Receipt,
    *,
    approvals: Sequence[Approval],
    totals: Mapping[str, AccountTotal],
) -> tuple[Case, ...]:
    """Return the cases with every finding of a run as that run saw it.

    `--as-of` may cut an incident short of which the casebook knows more, and a settled case keeps its findings as they
    were decided: the casebook isn't changed then, but what the run says of itself is about what it saw.
    """
    kept = {item.cited_as for case in cases for item in case.findings if item.last_run == receipt.run_id}
    known = [Earlier(case.id, item) for case in cases for item in case.findings if item.last_run != receipt.run_id]
    approved = on_file(approvals)
    seen = {
        pair.earlier.finding.finding.id: pair.finding
        for pair in matched([finding for finding in findings if finding.id not in kept], known)
        if pair.earlier
    }

    def as_in(case: Case, item: CaseFinding) -> CaseFinding:
        finding = seen.get(item.finding.id)
        if finding is None or item.last_run == receipt.run_id:
            return item
        return read_anew(_seen(item, finding, receipt), approved, totals, case.accounts)

    return tuple(
        case.model_copy(update={"findings": tuple(as_in(case, item) for item in case.findings)}) for case in cases
    )


def _seen(known: CaseFinding, finding: Finding, receipt: Receipt) -> CaseFinding:
    before = known.finding
    words = f"the casebook knows it from {rfc3339(before.start)} to {rfc3339(before.end)}, {before.records} records"
    return known.model_copy(
        update={
            "finding": finding.model_copy(update={"id": known.finding.id}),
            "status": "held",
            "last_run": receipt.run_id,
            "cited_as": finding.id,
            "supersedes": (words,) if changes(before, finding) else (),
        }
    )


def other_packs(casebook: Casebook, pack: str) -> tuple[PackRun, ...]:
    """Return every other pack that was ever run in this workspace, by name."""
    with casebook.reading() as db:
        packs = sorted({row["pack"] for row in db.table("runs").rows_where("pack <> ?", [pack], select="pack")})
        return tuple(PackRun(_last_receipt(db, name), list_cases(casebook, pack=name)) for name in packs)


def last_receipt(casebook: Casebook, pack: str) -> Receipt:
    """Return the receipt of the last run of a pack that has a case, and so was run."""
    with casebook.reading() as db:
        return _last_receipt(db, pack)


def is_first_run(casebook: Casebook, receipt: Receipt) -> bool:
    """Say whether no other run of the receipt's pack is in the casebook."""
    with casebook.reading() as db:
        return not _newest(db, "pack = ? AND run_id <> ?", [receipt.pack, receipt.run_id])


def given_before(casebook: Casebook, receipt: Receipt) -> dict[str, str]:
    """Return what the run of a receipt was not given, though an earlier run of its pack was.

    Keys are `approvals` and `context`, values the newest run that had them. What the platform approved is true whatever
    policies judge by, so approvals count that a run of another pack had, where none of its own pack had any.
    """
    has_now = {"approvals": receipt.approvals_digest, "context": receipt.context_digest}
    with casebook.reading() as db:
        runs = {
            name: _newest(db, where, [receipt.pack, receipt.run_id])
            for name, where in _HAD.items()
            if not has_now[name]
        }
        if not has_now["approvals"] and not runs["approvals"]:
            runs["approvals"] = _newest(db, _APPROVED_FOR_OTHERS, [receipt.pack, receipt.run_id])
    return {name: run for name, run in runs.items() if run}


def _newest(db: Database, where: str, values: Sequence[str]) -> str:
    """Return the id of the newest run that fits, or nothing."""
    rows = db.table("runs").rows_where(where, values, select="run_id, started")
    return max(((datetime.fromisoformat(row["started"]), row["run_id"]) for row in rows), default=(None, ""))[1]


def _last_receipt(db: Database, pack: str) -> Receipt:
    run = _newest(db, "pack = ?", [pack])
    [row] = list(db.table("runs").rows_where("run_id = ?", [run], select="receipt"))
    return Receipt.model_validate_json(row["receipt"])
