"""The ledger on the terminal: what people did, its head for keeping elsewhere, and its verification."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any  # JSON values have no closed type

from auditor.cases.decisions import actions_in
from auditor.cases.ledger import Entry, entries_of, head_of
from auditor.cases.notes import show_case
from auditor.cli import console
from auditor.cli.leftovers import open_known_casebook
from auditor.digests import canonical_json, rfc3339
from auditor.evidence.keys import trusted_key
from auditor.evidence.ledger_check import LedgerReport, check_ledger, head_in
from auditor.records.workspace import open_workspace, write_atomically
from auditor.report.by_account import WORDS, by_account


def show(folder: Path, case_id: str, *, head_out: Path | None, now: datetime, is_json: bool) -> None:
    """Print the entries, of one case where it is given, and write the head where it is asked for."""
    with open_known_casebook(open_workspace(folder, create=False)) as casebook, casebook.reading() as db:
        wanted = show_case(casebook, case_id).id if case_id else None
        entries, head = entries_of(db, wanted), head_of(db)
    if head_out is not None:
        document = {"format_version": console.FORMAT_VERSION, **head.model_dump(), "seen": rfc3339(now)}
        write_atomically(head_out, canonical_json(document) + b"\n")
    if is_json:
        console.json_object(entries=[_json(entry) for entry in entries], head=head.model_dump())
        return
    rows = [
        [str(entry.number), rfc3339(entry.time), entry.case_id, entry.person, _in_words(entry)] for entry in entries
    ]
    if rows:
        console.table(["entry", "time", "case", "who", "what"], rows)
    console.result(f"{console.plural(head.number, 'entry', 'entries')} in all, head {head.digest}")


def verify(folder: Path, heads: Sequence[Path], trust: Sequence[Path]) -> LedgerReport:
    """Check the ledger against heads kept elsewhere and the keys that are trusted, when there are any."""
    known, trusted = [head_in(path) for path in heads], {trusted_key(path) for path in trust}
    with open_known_casebook(open_workspace(folder, create=False)) as casebook:
        return check_ledger(casebook, known, trusted)


def show_report(report: LedgerReport) -> None:
    """Print every problem and the verdict."""
    for problem in report.problems:
        console.result(f"failed: {problem.code}: entry {problem.number}: {problem.message}")
    entries = console.plural(report.entries, "entry", "entries")
    console.result(f"{report.verdict}: {entries}, {report.signed} of them signed, head {report.digest}")
    if not report.heads:
        console.result("nothing was cut off as far as can be seen; a head kept elsewhere (`--head`) would show it")


def _json(entry: Entry) -> dict[str, Any]:
    return {**entry.model_dump(mode="json"), "time": rfc3339(entry.time)}


def _in_words(entry: Entry) -> str:
    details = entry.details
    match entry.kind:
        case "noted":
            return f"noted ({details['note']})"
        case "assigned":
            return f"assigned to {details['to']}"
        case "appealed":
            return f"appealed, to be heard by {details['to']}"
        case "closed":
            return "closed"
        case "held" | "released":
            return f"legal hold: {entry.kind}, {details['reason']}"
        case "forgotten":
            return f"account {details['account']} forgotten: {details['reason']}"
        case "retracted":
            names = ", ".join(source["name"] for source in details["sources"])
            return f"taken back: {names}: {details['reason']}"
        case _:
            return f"{entry.kind}: {by_account(actions_in(entry), WORDS)}{', signed' if details['envelope'] else ''}"
