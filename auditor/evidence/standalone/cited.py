"""The cited records: their order, their sources, their bytes, and how many each finding has."""

import base64
import hashlib
from collections import Counter
from collections.abc import Generator
from typing import Any

from auditor.evidence.standalone.ownbytes import differences, record_in
from auditor.evidence.standalone.reading import Files, document_of, field_of, lines_of, list_of, micros
from auditor.evidence.standalone.results import Fault


class Tally:
    """What the cited records say of one finding."""

    def __init__(self) -> None:
        """Start with nothing."""
        self.records = 0
        self.accounts: dict[str, int] = {}
        self.first: Any = None
        self.last_time: Any = None
        self.sources: set[str] = set()

    def add(self, cited: Any, is_against: bool) -> None:
        """Count one cited record; they come in record order."""
        self.records += 1
        self.first = self.first or cited
        self.last_time = field_of(cited, "record", "time")
        self.sources.add(str(field_of(cited, "source", "id")))
        account = field_of(cited, "record", "account_id")
        if is_against and isinstance(account, str):
            self.accounts[account] = self.accounts.get(account, 0) + 1


def cited_faults(files: Files, tallies: dict[str, Tally]) -> Generator[Fault, None, tuple[int, dict[str, int]]]:
    """Check each cited record and count it for its findings; returns how many there are, and those without bytes."""
    receipt, _ = document_of(files, "data/receipt.json")
    profiles = {
        str(field_of(source, "source_id")): field_of(source, "profile") for source in list_of(receipt, "sources")
    }
    place, before, total = "data/records/cited.jsonl", (-1, "", -1), 0
    without: Counter[str] = Counter()
    is_object: dict[str, bool] = {}
    for number, cited, faults in lines_of(files, place):
        total += 1
        yield from faults
        if faults:
            continue
        line, source_id = field_of(cited, "source", "line"), str(field_of(cited, "source", "id"))
        order = (micros(field_of(cited, "record", "time")), source_id, line)
        if order[0] < 0 or type(line) is not int or order <= before:
            yield Fault(place, f"line {number}: record.time", "is not in record order, or the record is there twice")
        else:
            before = order
        if source_id not in profiles:
            yield Fault(place, f"line {number}: source.id", "is no source of data/receipt.json")
        data, odd = bytes_of(field_of(cited, "source"))
        if data is None and not odd:
            without[str(field_of(cited, "source", "without_bytes"))] += 1
        if data is not None and profiles.get(source_id) == "canonical":
            parsed = record_in(data)
            odd += differences(field_of(cited, "record"), parsed, f"{source_id}:{line}") if parsed is not None else []
            if is_object.setdefault(source_id, parsed is not None) != (parsed is not None):
                odd.append(("source", "is JSON in some lines of this source and something else in others"))
        yield from (Fault(place, f"line {number}: {field}", message) for field, message in odd)
        named = list_of(cited, "findings")
        if not named:
            yield Fault(place, f"line {number}: findings", "no finding cites this record")
            continue
        for item in named:
            tally = tallies.get(str(field_of(item, "id")))
            if tally is None:
                yield Fault(place, f"line {number}: findings", "names a finding that data/findings.jsonl does not hold")
            else:
                tally.add(cited, field_of(item, "is_against") is True)
    return total, dict(without)


def bytes_of(source: Any) -> tuple[bytes | None, list[tuple[str, str]]]:
    """Return the exact bytes of a cited record, None where it has none, and what is wrong with them."""
    text, encoded = field_of(source, "text"), field_of(source, "base64")
    if text is None and encoded is None:
        has_reason = isinstance(field_of(source, "without_bytes"), str) and field_of(source, "without_bytes")
        return None, [] if has_reason else [("source", "has neither the bytes of the record nor a reason why not")]
    try:
        data = text.encode() if isinstance(text, str) else base64.b64decode(str(encoded), validate=True)
    except ValueError:
        return None, [("source", "its bytes can't be decoded")]
    odd = []
    if hashlib.sha256(data).hexdigest() != field_of(source, "sha256"):
        odd.append(("source.sha256", "is not the digest of the bytes beside it"))
    if len(data) != field_of(source, "length"):
        odd.append(("source.length", f"is not {len(data)}, the number of the bytes beside it"))
    return data, odd
