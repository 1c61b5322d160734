"""Check one piece of the records: their order, their sources, their exact bytes, the commitments to them.

A piece is checked by itself, as if nothing came before it, so that many can be checked at once. What depends on the
records before (is it in order, is the source still read the same way) is compared when the outcomes are joined; only
where that would make a difference is a piece checked again, with what came before it.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from functools import partial
from itertools import chain, islice
from typing import Any, NamedTuple

from auditor.evidence.standalone.committed import Committed
from auditor.evidence.standalone.disclosure import exact_bytes
from auditor.evidence.standalone.layout import CITED, CONTEXT, EDITION, WITHHELD
from auditor.evidence.standalone.members import odd_members
from auditor.evidence.standalone.ownbytes import differences, record_in
from auditor.evidence.standalone.plainrecords import PlainRecord, PlainRecords
from auditor.evidence.standalone.reading import (
    Files,
    UnreadableError,
    as_object,
    document_of,
    field_of,
    list_of,
    parsed_line,
    time_order,
)
from auditor.evidence.standalone.recordpieces import Piece
from auditor.evidence.standalone.results import MOST_FAULTS, Fault
from auditor.evidence.standalone.sources import sources_of
from auditor.evidence.standalone.tally import Tally

FORMATS_OF_OBJECTS = ("jsonlines", "jsonarray")
Order = tuple[str, str, int]
"""A record's time as text that sorts, its source and its line there."""


class Known(NamedTuple):
    """What all records of a bundle are compared with."""

    profiles: dict[str, Any]
    names: dict[str, Any]
    of_objects: frozenset[str]
    """Sources of which every line is a JSON object."""
    findings: frozenset[str]
    is_edition: bool


class Before(NamedTuple):
    """What the records before a piece say: the last one's order, and whether the lines of a source are JSON."""

    order: Order = ("", "", -1)
    is_object: Mapping[str, bool] = {}


class Outcome(NamedTuple):
    """What a piece gave; `first` and `last` are the order of its first and last record that has one."""

    place: str
    records: int
    faults: list[Fault]
    leaves: bytes
    first: Order | None
    last: Order | None
    is_object: dict[str, bool]
    without: Counter[str]
    tallies: dict[str, Tally]


def known_of(files: Files, findings: frozenset[str]) -> Known:
    """Read what all records are compared with."""
    case, _ = document_of(files, "data/case.json")
    sources = sources_of(files)
    return Known(
        {source_id: field_of(source, "profile") for source_id, source in sources.items()},
        {source_id: field_of(source, "name") for source_id, source in sources.items()},
        frozenset(
            str(field_of(source, "source_id"))
            for source in list_of(case, "completeness", "sources")
            if field_of(source, "format") in FORMATS_OF_OBJECTS
        ),
        findings,
        EDITION in files,
    )


def outcome_of(known: Known, piece: Piece, before: Before | None = None) -> Outcome:
    """Check a piece; of very many faults the first are kept."""
    check = _Check(known, piece, before or Before())
    faults = list(islice(chain(check.faults(), check.committed.rest()), MOST_FAULTS))
    return Outcome(
        piece.place,
        len(piece.lines),
        faults,
        bytes(check.committed.leaves),
        check.first,
        check.last,
        check.is_object,
        check.without,
        check.tallies,
    )


class _Check:
    """Checks the records of a piece as they come."""

    def __init__(self, known: Known, piece: Piece, before: Before) -> None:
        self._known = known
        self._piece = piece
        self._order = before.order
        self.committed = Committed(piece, is_edition=known.is_edition)
        self._plain = PlainRecords(known.profiles, known.names)
        self.is_object = dict(before.is_object)
        self.without: Counter[str] = Counter()
        self.tallies: dict[str, Tally] = {}
        self.first: Order | None = None
        self.last: Order | None = None

    def faults(self) -> Iterator[Fault]:
        """Yield what is wrong with each record."""
        place, is_full = self._piece.place, not self._known.is_edition
        for number, text in enumerate(self._piece.lines, self._piece.number):
            if is_full and self._is_plainly_sound(text):
                continue
            try:
                line = parsed_line(text)
            except UnreadableError as error:
                yield Fault(place, f"line {number}", str(error))
                line = None
            found = [Fault(place, f"line {number}: {field}", message) for field, message in self._odd(line)]
            found += self.committed.faults_of(line)
            if line is not None:
                found += self._tallied(number, line) if place == CITED else self._needed(number, line)
            if not found and line is not None and is_full:
                self._plain.learn(line, text)
            yield from found

    def _is_plainly_sound(self, text: bytes) -> bool:
        """Say of a record that it is sound, and take it in; nothing is said of one that takes a closer look."""
        record = self._plain.read(text)
        if record is None or record.order <= self._order:
            return False
        source_id, is_object = record.order[1], record.is_object
        if is_object is not None and self.is_object.get(source_id, is_object) != is_object:
            return False
        if not self.committed.is_leaf(partial(record.form.leaf, said=record.said)):
            return False
        self._order = self.last = record.order
        self.first = self.first or record.order
        if is_object is not None:
            self.is_object[source_id] = is_object
        if self._piece.place == CITED:
            self._count(record)
        return True

    def _count(self, record: PlainRecord) -> None:
        """Count a cited record for its findings, and whether it has bytes."""
        if record.without:
            self.without[record.without] += 1
        head = (record.text("time"), record.text("record_id"), record.order[2])
        account = record.text("account_id")
        for item in record.findings:
            is_against = field_of(item, "is_against") is True
            self._tally_of(str(field_of(item, "id"))).add(head, record.order[1], account if is_against else None)

    def _tally_of(self, finding: str) -> Tally:
        if finding not in self.tallies:
            self.tallies[finding] = Tally()
        return self.tallies[finding]

    def _odd(self, line: Any) -> list[tuple[str, str]]:
        """Return what is wrong with one record by itself, as (field, message); nothing of one that can't be read."""
        if line is None:
            return []
        source, record = as_object(line.get("source")), as_object(line.get("record"))
        source_id, at = str(source.get("id")), source.get("line")
        found = list(odd_members(line, is_edition=self._known.is_edition))
        time = time_order(record.get("time"))
        if not time or type(at) is not int or (time, source_id, at) <= self._order:
            found.append(("record.time", "is not in record order, or the record is there twice"))
        else:
            self._order = self.last = (time, source_id, at)
            self.first = self.first or self.last
        if source_id not in self._known.profiles:
            found.append(("source.id", "is no source of data/receipt.json"))
        elif source.get("name") != self._known.names[source_id]:
            found.append(("source.name", "is not what data/receipt.json calls this source"))
        data, odd = self._bytes_of(source)
        if data is None and not odd and self._piece.place == CITED:
            self.without[str(source.get("without_bytes"))] += 1
        found += odd
        if data is not None and self._known.profiles.get(source_id) == "canonical":
            found += self._unlike(data, record, source_id, at)
        return found

    def _bytes_of(self, source: dict[str, Any]) -> tuple[bytes | None, list[tuple[str, str]]]:
        """Return the exact bytes of a record; an edition may withhold them."""
        if self._known.is_edition and source.get("without_bytes") == WITHHELD:
            return None, []
        return bytes_of(source)

    def _unlike(self, data: bytes, record: Any, source_id: str, at: Any) -> list[tuple[str, str]]:
        """Return where a record isn't what its exact bytes say."""
        said = record_in(data)
        odd = differences(record, said, f"{source_id}:{at}") if said is not None else []
        if self.is_object.setdefault(source_id, said is not None) != (said is not None):
            odd.append(("source", "is JSON in some lines of this source and something else in others"))
        elif said is None and source_id in self._known.of_objects:
            odd.append(("source", "is no JSON object, which every line of this source is"))
        return odd

    def _tallied(self, number: int, cited: Any) -> list[Fault]:
        """Count a cited record for its findings."""
        named, faults = list_of(cited, "findings"), []
        if not named:
            faults.append(Fault(CITED, f"line {number}: findings", "no finding cites this record"))
        for item in named:
            name = str(field_of(item, "id"))
            if name not in self._known.findings:
                message = "names a finding that data/findings.jsonl does not hold"
                faults.append(Fault(CITED, f"line {number}: findings", message))
                continue
            record, source = as_object(cited.get("record")), as_object(cited.get("source"))
            head = (record.get("time"), record.get("record_id"), source.get("line"))
            account = record.get("account_id") or field_of(cited, "pseudonyms", "account_id")
            is_against = field_of(item, "is_against") is True
            self._tally_of(name).add(head, str(source.get("id")), account if is_against else None)
        return faults

    def _needed(self, number: int, record: Any) -> list[Fault]:
        named = list_of(record, "findings")
        if named and all(isinstance(name, str) and name in self._known.findings for name in named):
            return []
        return [Fault(CONTEXT, f"line {number}: findings", "names no finding, or one that isn't there")]


def bytes_of(source: dict[str, Any]) -> tuple[bytes | None, list[tuple[str, str]]]:
    """Return the exact bytes of a cited record, None where it has none, and what is wrong with them."""
    try:
        data = exact_bytes(source)
    except ValueError:
        return None, [("source", "its bytes can't be decoded")]
    if data is None:
        has_reason = isinstance(source.get("without_bytes"), str) and source["without_bytes"]
        return None, [] if has_reason else [("source", "has neither the bytes of the record nor a reason why not")]
    if len(data) != source.get("length"):
        return data, [("source.length", f"is not {len(data)}, the number of the bytes beside it")]
    return data, []
