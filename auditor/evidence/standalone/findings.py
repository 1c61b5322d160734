"""A finding rests on the cited records: number, order, accounts, times and thresholds."""

import re
from collections.abc import Iterator
from decimal import Context, Decimal
from typing import Any

from auditor.evidence.standalone.cited import cited_faults
from auditor.evidence.standalone.layout import EDITION
from auditor.evidence.standalone.reading import Files, document_of, field_of, lines_of, list_of
from auditor.evidence.standalone.results import Fault
from auditor.evidence.standalone.tally import Tally

PLAIN_NUMBER = re.compile(r"-?[0-9]{1,500}(?:\.[0-9]{1,500})?\Z")
EXACT = Context(prec=1100)


def finding_faults(files: Files) -> Iterator[Fault]:
    """The findings are those of the case, and every one of their records is there: number, order, accounts, bytes."""
    findings: dict[str, Any] = {}
    for number, found, faults in lines_of(files, "data/findings.jsonl"):
        yield from faults
        name = field_of(found, "id")
        if isinstance(name, str) and name not in findings:
            findings[name] = found
        elif not faults:
            yield Fault("data/findings.jsonl", f"line {number}: id", "is missing or there twice")
    if not findings:
        yield Fault("data/findings.jsonl", "", "holds no finding; an empty bundle shows nothing")
    case, _ = document_of(files, "data/case.json")
    if field_of(case, "findings") != list(findings):
        yield Fault("data/findings.jsonl", "id", "the findings are not those that data/case.json lists, in its order")
    totals = yield from cited_faults(files, frozenset(findings))
    is_edition = EDITION in files
    for name, finding in findings.items():
        yield from resting_faults(finding, totals.tallies[name], is_edition=is_edition)
        yield from threshold_faults(finding)


def resting_faults(finding: Any, tally: Tally, *, is_edition: bool) -> Iterator[Fault]:
    """A finding says of its records what they say; in an edition that withholds some, of those that are left."""
    place, name = "data/findings.jsonl", str(field_of(finding, "id"))
    if field_of(finding, "records_in_bundle") != tally.records:
        found = field_of(finding, "records_in_bundle")
        yield Fault(place, f"{name}: records_in_bundle", f"says {found}, the bundle holds {tally.records}")
    if field_of(finding, "is_stale") is True and tally.records == 0:
        return
    expected = {
        "records": tally.records,
        "start": tally.first[0],
        "end": tally.last_time,
        "first_record.record_id": tally.first[1],
        "first_record.source_line": tally.first[2],
        "account_records": [[account, tally.accounts[account]] for account in sorted(tally.accounts)],
        "accounts": sorted(tally.accounts),
        "sources": sorted(tally.sources),
    }
    if is_edition and field_of(finding, "records") != tally.records:
        expected = {name: expected[name] for name in ("account_records", "accounts")}
    elif is_edition:
        expected["first_record.record_id"] = expected["first_record.record_id"] or ""
    for field, value in expected.items():
        found = field_of(finding, *field.split("."))
        if isinstance(found, list) and field != "account_records":
            found = sorted(str(item) for item in found)
        if found != value:
            message = f"found {ascii(found)[:120]}, its cited records give {ascii(value)[:120]}"
            yield Fault(place, f"{name}: {field}", message)


def threshold_faults(finding: Any) -> Iterator[Fault]:
    """A finding that says it passed a line has a measure that did, by the margin it gives."""
    place, name = "data/findings.jsonl", str(field_of(finding, "id"))
    peaks = {str(field_of(item, "name")): field_of(item, "value") for item in list_of(finding, "measures")}
    for line in list_of(finding, "thresholds"):
        measure, operator = str(field_of(line, "measure")), field_of(line, "operator")
        numbers = [_number(text) for text in (peaks.get(measure), field_of(line, "value"), field_of(line, "margin"))]
        if measure not in peaks or None in numbers or operator not in ("<", "<=", ">", ">=", "=", "<>"):
            yield Fault(place, f"{name}: thresholds", f"{measure} is not measured, or its line is no line")
            continue
        peak, value, margin = (number for number in numbers if number is not None)
        beyond = EXACT.subtract(value, peak) if operator in ("<", "<=") else EXACT.subtract(peak, value)
        beyond = abs(beyond) if operator == "<>" else beyond
        if beyond < 0 or beyond != margin or (operator == "=" and beyond):
            yield Fault(place, f"{name}: thresholds", f"{measure} does not pass its line by the margin given")


def _number(text: Any) -> Decimal | None:
    return Decimal(text) if isinstance(text, str) and PLAIN_NUMBER.match(text) else None
