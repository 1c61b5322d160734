"""Commitments to the records of a bundle: each line of `commitments.jsonl` fits its record, and all make the root."""

from collections.abc import Iterator
from typing import Any

from auditor.evidence.standalone.disclosure import GROUPS, commitment_to, group_texts, leaf_of, salt_of
from auditor.evidence.standalone.reading import Files, field_of, lines_of
from auditor.evidence.standalone.results import Fault
from auditor.evidence.standalone.tree import HASH_BYTES, root_of

COMMITMENTS = "data/commitments.jsonl"
HEX = frozenset("0123456789abcdef")


class Committed:
    """Reads the commitments along with the records, which come in the same order."""

    def __init__(self, files: Files, *, is_edition: bool) -> None:
        """Read nothing yet; only a redacted edition may withhold anything."""
        self._lines = lines_of(files, COMMITMENTS)
        self._is_edition = is_edition
        self._leaves = bytearray()
        self._number = 0
        self.withheld_records = 0

    @property
    def total(self) -> int:
        """How many records are committed to, as far as was read."""
        return len(self._leaves) // HASH_BYTES

    def root(self) -> str:
        """Return the root of what was read."""
        return root_of(self._leaves).hex()

    def faults_of(self, record: Any) -> Iterator[tuple[str, str, str]]:
        """Yield what is wrong with the commitment to the next record, as (file, field, message)."""
        found = yield from self._next(is_end=False)
        if found is None:
            return
        where = f"line {self._number}"
        try:
            given, odd = _commitments_of(found, record, is_edition=self._is_edition)
        except (KeyError, TypeError, AttributeError):
            yield COMMITMENTS, where, "does not fit the shape of its record"
            return
        if odd:
            yield COMMITMENTS, where, odd
        elif leaf_of(given).hex() != field_of(found, "leaf"):
            yield (
                COMMITMENTS,
                f"{where}: leaf",
                "is not what its record gives: the record or the commitment was changed",
            )

    def rest(self) -> Iterator[tuple[str, str, str]]:
        """Read what follows the last record: withheld records in an edition, else nothing."""
        yield from self._next(is_end=True)

    def _next(self, *, is_end: bool) -> Any:
        """Return the next line that belongs to a record that is shown; lines of withheld records are passed."""
        for number, found, faults in self._lines:
            self._number = number
            yield from ((fault.file, fault.field, fault.message) for fault in faults)
            leaf = field_of(found, "leaf")
            if not _is_hash(leaf):
                yield COMMITMENTS, f"line {number}: leaf", "is no SHA-256"
                continue
            self._leaves += bytes.fromhex(leaf)
            if self._is_edition and list(found) == ["leaf"]:
                self.withheld_records += 1
                continue
            if is_end:
                yield COMMITMENTS, f"line {number}", "is of no record"
                continue
            return found
        if not is_end:
            yield COMMITMENTS, "", "has fewer lines than there are records"
        return None


def _commitments_of(found: Any, record: Any, *, is_edition: bool) -> tuple[dict[str, str], str]:
    """Return the commitments that a record gives with its salts, and those that are given for it; or what is wrong."""
    texts, key = group_texts(record), found.get("key")
    if key is not None:
        if not _is_hash(key) or set(found) != {"key", "leaf"}:
            return {}, "has a key that is no SHA-256, or something beside it"
        return {group: commitment_to(salt_of(key, group), text) for group, text in texts.items()}, ""
    salts, withheld = found.get("salts"), found.get("withheld")
    if not is_edition or set(found) != {"leaf", "salts", "withheld"}:
        return {}, "has no key, which only a redacted edition may leave out"
    hashes = [*salts.values(), *withheld.values()]
    if salts.keys() != texts.keys() or salts.keys() & withheld.keys() or not all(map(_is_hash, hashes)):
        return {}, "does not have a salt for each group that is shown and a commitment for each other"
    if not (salts.keys() | withheld.keys()) <= set(GROUPS):
        return {}, "names a group that there isn't"
    shown = {group: commitment_to(salts[group], text) for group, text in texts.items()}
    return shown | withheld, ""


def _is_hash(value: Any) -> bool:
    return isinstance(value, str) and len(value) == 64 and HEX.issuperset(value)


def committed_faults(committed: Committed, stated: Any) -> Iterator[Fault]:
    """Compare the tree over all commitments with what data/case.json says of it."""
    if field_of(stated, "records") != committed.total:
        message = f"says {field_of(stated, 'records')}, data/commitments.jsonl has {committed.total} lines"
        yield Fault("data/case.json", "commitments.records", message)
    if field_of(stated, "root") != committed.root():
        yield Fault("data/case.json", "commitments.root", "is not the root of the tree over data/commitments.jsonl")
