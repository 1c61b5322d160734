"""The cited and the context records as a whole: each is sound, they are in order, and how many each finding has."""

from collections import Counter
from collections.abc import Generator, Iterator
from functools import partial
from typing import Any

from auditor.evidence.standalone.layout import CITED, CONTEXT
from auditor.evidence.standalone.processes import done_in_order
from auditor.evidence.standalone.reading import Files, document_of, field_of
from auditor.evidence.standalone.recordcheck import Before, Known, Outcome, known_of, outcome_of
from auditor.evidence.standalone.recordpieces import Piece, pieces_of
from auditor.evidence.standalone.results import Fault
from auditor.evidence.standalone.sources import source_faults
from auditor.evidence.standalone.tally import Tally
from auditor.evidence.standalone.tree import HASH_BYTES, root_of


class Totals:
    """What the records of a bundle come to, piece after piece."""

    def __init__(self, findings: frozenset[str]) -> None:
        """Start with nothing."""
        self.records: Counter[str] = Counter()
        self.without: Counter[str] = Counter()
        self.tallies = {name: Tally() for name in findings}
        self.leaves = bytearray()
        self._before = Before()
        self._place = CITED

    def joined(self, known: Known, piece: Piece, outcome: Outcome) -> Iterator[Fault]:
        """Take in the next piece; checked again where what came before it makes a difference."""
        if piece.place != self._place:
            self._before = Before(is_object=self._before.is_object)  # each file is in order by itself
            self._place = piece.place
        is_in_order = outcome.first is None or outcome.first > self._before.order
        is_as_before = all(
            self._before.is_object.get(source, is_object) == is_object
            for source, is_object in outcome.is_object.items()
        )
        if not (is_in_order and is_as_before):
            outcome = outcome_of(known, piece, self._before)
        yield from outcome.faults
        last = outcome.last or self._before.order
        self._before = Before(last, {**outcome.is_object, **self._before.is_object})
        self.records[piece.place] += outcome.records
        self.without += outcome.without
        self.leaves += outcome.leaves
        for name, tally in outcome.tallies.items():
            self.tallies[name].join(tally)


def cited_faults(files: Files, findings: frozenset[str]) -> Generator[Fault, None, Totals]:
    """Check each cited and each context record, and return what they come to."""
    yield from source_faults(files)
    known, totals = known_of(files, findings), Totals(findings)
    pieces = pieces_of(files, is_edition=known.is_edition)
    for piece, outcome in done_in_order(partial(outcome_of, known), pieces):
        yield from totals.joined(known, piece, outcome)
    case, _ = document_of(files, "data/case.json")
    yield from total_faults(case, totals)
    return totals


def total_faults(case: Any, totals: Totals) -> Iterator[Fault]:
    """The case counts the records that are there, and names the root of the tree over their commitments."""
    yield from _committed_faults(field_of(case, "commitments"), totals.leaves)
    cited, context, without = totals.records[CITED], totals.records[CONTEXT], dict(totals.without)
    for name, place, total in (("cited", CITED, cited), ("context", CONTEXT, context)):
        if field_of(case, name) != total:
            yield Fault(place, "", f"holds {total} records, data/case.json counts {field_of(case, name)}")
    for field, expected in (
        ("records_cited", cited),
        ("records_context", context),
        ("records_with_bytes", cited - sum(without.values())),
        ("without_bytes", without),
    ):
        if field_of(case, "completeness", field) != expected:
            yield Fault("data/case.json", f"completeness.{field}", f"is not {expected}, what the records give")


def _committed_faults(stated: Any, leaves: bytearray) -> Iterator[Fault]:
    total = len(leaves) // HASH_BYTES
    if field_of(stated, "records") != total:
        message = f"says {field_of(stated, 'records')}, data/commitments.jsonl has {total} lines"
        yield Fault("data/case.json", "commitments.records", message)
    if field_of(stated, "root") != root_of(leaves).hex():
        yield Fault("data/case.json", "commitments.root", "is not the root of the tree over data/commitments.jsonl")
