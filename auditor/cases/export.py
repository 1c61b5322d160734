"""Cases and findings for other people's programs: the fixed shapes of DESIGN section 8.

`--cases-out`, `case list --json` and `case export` are canonical JSON. Findings are written as JSON Lines, exact, or as
CSV for spreadsheets: there a cell that a spreadsheet would take for a formula gets an apostrophe before it, and
control and direction characters are shown as `\\u{..}`, since all of it may come from a hostile log.
"""

import csv
import io
from collections.abc import Iterable, Iterator
from typing import Any  # JSON values have no closed type

from auditor.cases.model import AccountPart, Case, CaseFinding
from auditor.cases.runs import is_judged, judged_in
from auditor.characters import told_apart
from auditor.checker.findings import Receipt
from auditor.digests import canonical_json, rfc3339

FORMAT_VERSION = 1

FINDING_COLUMNS = (
    "case_id", "finding_id", "rule", "title", "conduct", "conducts", "strength", "family", "level", "standing",
    "status", "account", "account_records", "start", "end", "records", "windows", "subject_kind", "subject", "by",
    "measures", "thresholds", "clauses",
)  # fmt: skip
"""Columns of the CSV, one row an account that made cited records (one row without account, when there is none)."""

_FORMULA_STARTS = tuple("=+-@\t\r\n＝＋－＠")
"""OWASP, CSV injection, with the full-width forms that spreadsheets accept too."""


def cases_out(cases: Iterable[Case], receipt: Receipt) -> bytes:
    """Return the cases that a run judged, one JSON object a line, in order of case id.

    Findings that no longer hold are left out; those that were out of the run's sight say `not judged`.
    """
    seen = (case for case in cases if any(is_judged(item, receipt) for item in case.findings))
    judged = sorted(seen, key=lambda case: case.id)
    return b"".join(canonical_json(_case_out(case, receipt)) + b"\n" for case in judged)


def cases_listed(cases: Iterable[Case]) -> list[dict[str, Any]]:
    """Return what `case list --json` prints, in the order given."""
    return [
        {
            "case_id": case.id,
            "accounts": list(case.accounts),
            "severity": str(case.severity),
            "proposed_action": str(case.proposed_action),
            "status": case.status,
            "decided": [item.model_dump(mode="json") for item in case.in_force],
            "is_held": case.hold is not None,
            "pack": case.pack,
            "findings": sum(item.status != "stale" for item in case.findings),
            "notes": len(case.notes),
            "opened": rfc3339(case.opened),
            "updated": rfc3339(case.updated),
        }
        for case in cases
    ]


def case_exported(case: Case) -> bytes:
    """Return a whole case with its history and notes as one canonical JSON object."""
    return canonical_json({"format_version": FORMAT_VERSION, "case_id": case.id, **case.model_dump()}) + b"\n"


def findings_jsonl(cases: Iterable[Case], receipt: Receipt) -> bytes:
    """Return every finding that a run judged and that holds as one JSON object a line, in order of case and start."""
    return b"".join(
        canonical_json({"format_version": FORMAT_VERSION, "case_id": case.id, **item.model_dump()}) + b"\n"
        for case, item in _judged(cases, receipt)
    )


def findings_csv(cases: Iterable[Case], receipt: Receipt) -> bytes:
    """Return every finding that a run judged and that holds as CSV (RFC 4180), safe to open in a spreadsheet."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(FINDING_COLUMNS)
    for case, item in _judged(cases, receipt):
        for part in item.parts or (None,):
            writer.writerow([safe_cell(cell) for cell in _cells(case, item, part)])
    return text.getvalue().encode()


def safe_cell(text: str) -> str:
    """Return a text that a spreadsheet shows and doesn't run."""
    shown = told_apart(text)
    return f"'{shown}" if text.startswith(_FORMULA_STARTS) else shown


def _case_out(case: Case, receipt: Receipt) -> dict[str, Any]:
    return {
        "case_id": case.id,
        "accounts": list(case.accounts),
        "findings": [
            _finding_out(item, part, status=item.status if is_judged(item, receipt) else "not judged")
            for item in case.findings
            if item.status != "stale"
            for part in item.parts or (None,)
        ],
        "actions": [
            {
                "account": action.account,
                "action": str(action.action),
                "because": list(action.because),
                "protect": list(action.protect),
            }
            for action in case.actions
        ],
        "proposed_action": str(case.proposed_action),
        "severity": str(case.severity),
        "status": case.status,
    }


def _finding_out(item: CaseFinding, part: AccountPart | None, *, status: str) -> dict[str, Any]:
    finding = item.finding
    return {
        "rule": finding.rule,
        "conduct": _conduct(item, part),
        "strength": finding.strength,
        "family": finding.family,
        "account": part.account if part else None,
        "start": rfc3339(finding.start),
        "end": rfc3339(finding.end),
        "finding_id": finding.id,
        "conducts": list(finding.conducts),
        "level": str(finding.level),
        "standing": _standing(item, part),
        "status": status,
        "records": part.records if part else finding.records,
    }


def _cells(case: Case, item: CaseFinding, part: AccountPart | None) -> list[str]:
    finding = item.finding
    return [
        case.id, finding.id, finding.rule, finding.title, _conduct(item, part), _joined(finding.conducts),
        finding.strength, finding.family, str(finding.level), _standing(item, part), item.status,
        part.account if part else "", str(part.records if part else 0), rfc3339(finding.start), rfc3339(finding.end),
        str(finding.records), str(finding.windows), finding.subject_kind, _joined(finding.subject),
        _joined(f"{name}={value}" for name, value in finding.by),
        _joined(f"{measure.name}={measure.value}" for measure in finding.measures),
        _joined(f"{limit.measure} {limit.operator} {limit.value}" for limit in finding.thresholds),
        _joined(f"{c.terms} {c.version} {c.clause} {c.stance}" for c in finding.clauses),
    ]  # fmt: skip


def _conduct(item: CaseFinding, part: AccountPart | None) -> str:
    """Of alternatives, the one that weighs most for the account."""
    return part.worst.conduct if part else item.finding.conducts[0]


def _standing(item: CaseFinding, part: AccountPart | None) -> str:
    return part.worst.standing if part else item.standing


def _joined(texts: Iterable[str]) -> str:
    return "; ".join(texts)


def _judged(cases: Iterable[Case], receipt: Receipt) -> Iterator[tuple[Case, CaseFinding]]:
    for case in sorted(cases, key=lambda case: case.id):
        yield from ((case, item) for item in judged_in(case, receipt))
