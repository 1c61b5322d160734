"""The cited records: their order, their sources, their bytes, and how many each finding has."""

import base64
import hashlib
from collections import Counter
from collections.abc import Generator
from typing import Any

from auditor.evidence.standalone.committed import Committed, committed_faults
from auditor.evidence.standalone.layout import CITED, CONTEXT, EDITION, WITHHELD
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
        account = field_of(cited, "record", "account_id") or field_of(cited, "pseudonyms", "account_id")
        if is_against and isinstance(account, str):
            self.accounts[account] = self.accounts.get(account, 0) + 1


class Totals:
    """What the records of a bundle come to."""

    def __init__(self) -> None:
        """Start with nothing."""
        self.cited = 0
        self.context = 0
        self.without: Counter[str] = Counter()


def cited_faults(files: Files, tallies: dict[str, Tally]) -> Generator[Fault, None, Totals]:
    """Check each cited and each context record, count the cited for their findings, and return what they come to."""
    totals, reader = Totals(), RecordReader(files, tallies)
    for number, cited, faults in lines_of(files, CITED):
        totals.cited += 1
        yield from faults
        if not faults:
            yield from reader.faults_of(CITED, number, cited, totals)
            yield from reader.tallied(number, cited)
    reader.start_again()
    for number, record, faults in lines_of(files, CONTEXT):
        totals.context += 1
        yield from faults
        if not faults:
            yield from reader.faults_of(CONTEXT, number, record, None)
            named = list_of(record, "findings")
            if not named or not all(isinstance(name, str) and name in tallies for name in named):
                yield Fault(CONTEXT, f"line {number}: findings", "names no finding, or one that isn't there")
    yield from reader.committed_at_the_end()
    return totals


class RecordReader:
    """Checks records as they come: their order, their source, their exact bytes, the commitments to them."""

    def __init__(self, files: Files, tallies: dict[str, Tally]) -> None:
        """Read what all records are compared with."""
        receipt, _ = document_of(files, "data/receipt.json")
        self._case, _ = document_of(files, "data/case.json")
        sources = list_of(receipt, "sources")
        self._profiles = {str(field_of(source, "source_id")): field_of(source, "profile") for source in sources}
        self._tallies = tallies
        self._is_edition = EDITION in files
        self._committed = Committed(files, is_edition=self._is_edition)
        self._is_object: dict[str, bool] = {}
        self._before: tuple[int, str, Any] = (-1, "", -1)

    def start_again(self) -> None:
        """Begin another file, in which records are in order by themselves."""
        self._before = (-1, "", -1)

    def faults_of(self, place: str, number: int, line: Any, totals: Totals | None) -> Generator[Fault, None, None]:
        """Yield what is wrong with one record; without exact bytes it is counted in `totals`."""
        source, record = line.get("source"), line.get("record")
        source_id, at = str(field_of(source, "id")), field_of(source, "line")
        order = (micros(field_of(record, "time")), source_id, at)
        if order[0] < 0 or type(at) is not int or order <= self._before:
            yield Fault(place, f"line {number}: record.time", "is not in record order, or the record is there twice")
        else:
            self._before = order
        if source_id not in self._profiles:
            yield Fault(place, f"line {number}: source.id", "is no source of data/receipt.json")
        data, odd = self._bytes_of(source)
        if data is None and not odd and totals is not None:
            totals.without[str(field_of(source, "without_bytes"))] += 1
        if data is not None and self._profiles.get(source_id) == "canonical":
            parsed = record_in(data)
            odd += differences(record, parsed, f"{source_id}:{at}") if parsed is not None else []
            if self._is_object.setdefault(source_id, parsed is not None) != (parsed is not None):
                odd.append(("source", "is JSON in some lines of this source and something else in others"))
        yield from (Fault(place, f"line {number}: {field}", message) for field, message in odd)
        yield from (Fault(*fault) for fault in self._committed.faults_of(line))

    def _bytes_of(self, source: Any) -> tuple[bytes | None, list[tuple[str, str]]]:
        """Return the exact bytes of a record; an edition may withhold them."""
        if self._is_edition and field_of(source, "without_bytes") == WITHHELD:
            return None, []
        return bytes_of(source)

    def tallied(self, number: int, cited: Any) -> Generator[Fault, None, None]:
        """Count a cited record for its findings."""
        named = list_of(cited, "findings")
        if not named:
            yield Fault(CITED, f"line {number}: findings", "no finding cites this record")
        for item in named:
            tally = self._tallies.get(str(field_of(item, "id")))
            if tally is None:
                yield Fault(CITED, f"line {number}: findings", "names a finding that data/findings.jsonl does not hold")
            else:
                tally.add(cited, field_of(item, "is_against") is True)

    def committed_at_the_end(self) -> Generator[Fault, None, None]:
        """Read the rest of the commitments, and compare their tree with what the case says."""
        yield from (Fault(*fault) for fault in self._committed.rest())
        yield from committed_faults(self._committed, field_of(self._case, "commitments"))


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
