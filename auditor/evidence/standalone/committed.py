"""Commitments to the records of a piece: each line of `commitments.jsonl` fits its record."""

import re
from collections.abc import Callable, Iterator
from typing import Any

from auditor.evidence.standalone.disclosure import (
    GROUPS,
    KEY_DIGITS,
    commitment_to,
    leaf_of,
    own_leaf,
    said_by_group,
)
from auditor.evidence.standalone.layout import COMMITMENTS
from auditor.evidence.standalone.reading import UnreadableError, field_of, parsed_line
from auditor.evidence.standalone.recordpieces import WITHHELD_RECORD, Piece
from auditor.evidence.standalone.results import Fault
from auditor.evidence.standalone.tree import HASH_BYTES

HEX = frozenset("0123456789abcdef")
HASH_DIGITS = 2 * HASH_BYTES
WHOLE_RECORD = re.compile(rb'\{"key":"([0-9a-f]{32})","leaf":"([0-9a-f]{64})"\}\n\Z')


class Committed:
    """Reads the commitments of a piece along with its records, which come in the same order."""

    def __init__(self, piece: Piece, *, is_edition: bool) -> None:
        """Read nothing yet; only a redacted edition may withhold anything."""
        self._commitments = piece.commitments
        self._taken = 0
        self._first = piece.first_commitment
        self._is_edition = is_edition
        self.leaves = bytearray()

    def is_leaf(self, leaf_of_key: Callable[[bytes], bytes]) -> bool:
        """Say whether the next line of a full bundle holds the leaf that its key gives, and take it if it does."""
        line = self._commitments[self._taken] if self._taken < len(self._commitments) else b""
        found = WHOLE_RECORD.match(line)
        if found is None:
            return False
        leaf = leaf_of_key(found[1])
        if leaf.hex().encode() != found[2]:
            return False
        self._taken += 1
        self.leaves += leaf
        return True

    def _lines(self) -> Iterator[tuple[int, bytes]]:
        """Take one line after the other, with their numbers."""
        while self._taken < len(self._commitments):
            self._taken += 1
            yield self._first + self._taken - 1, self._commitments[self._taken - 1]

    def faults_of(self, record: Any) -> list[Fault]:
        """Return what is wrong with the commitment to the next record, None for one that can't be read."""
        for number, line in self._lines():
            if not self._is_of_withheld(line):
                field, message = self._odd(line, record)
                where = f"line {number}: {field}" if field else f"line {number}"
                return [Fault(COMMITMENTS, where, message)] if message else []
        return [Fault(COMMITMENTS, "", "has fewer lines than there are records")]

    def rest(self) -> Iterator[Fault]:
        """Read what follows the last record: withheld records in an edition, else nothing."""
        for number, line in self._lines():
            if not self._is_of_withheld(line):
                yield Fault(COMMITMENTS, f"line {number}", "is of no record")

    def _is_of_withheld(self, line: bytes) -> bool:
        found = WITHHELD_RECORD.match(line) if self._is_edition else None
        if found is not None:
            self.leaves += bytes.fromhex(found[1].decode())
        return found is not None

    def _odd(self, line: bytes, record: Any) -> tuple[str, str]:
        """Return the field and what is wrong with a line; nothing where nothing is."""
        try:
            found = _read(line)
        except UnreadableError as error:
            return "", str(error)
        leaf = field_of(found, "leaf")
        if not _is_hex(leaf, HASH_DIGITS):
            return "leaf", "is no SHA-256"
        self.leaves += bytes.fromhex(leaf)
        if record is None:
            return "", ""
        try:
            given, odd = _leaf_given(found, record, is_edition=self._is_edition)
        except (KeyError, TypeError, ValueError, AttributeError):
            return "", "does not fit the shape of its record"
        if odd or given.hex() == leaf:
            return "", odd
        return "leaf", "is not what its record gives: the record or the commitment was changed"


def _read(line: bytes) -> Any:
    """Return what a line of commitments says; those of a full bundle all look alike."""
    found = WHOLE_RECORD.match(line)
    if found is not None:
        return {"key": found[1].decode(), "leaf": found[2].decode()}
    return parsed_line(line)


def _leaf_given(found: Any, record: Any, *, is_edition: bool) -> tuple[bytes, str]:
    """Return the leaf that a record gives with its salts and what is withheld of it; or what is wrong."""
    said, key = said_by_group(record), found.get("key")
    if key is not None:
        if not _is_hex(key, KEY_DIGITS) or set(found) != {"key", "leaf"}:
            return b"", f"has a key that is not {KEY_DIGITS} hexadecimal digits, or something beside it"
        return own_leaf(key, said), ""
    salts, withheld = found.get("salts"), found.get("withheld")
    if not is_edition or set(found) != {"leaf", "salts", "withheld"}:
        return b"", "has no key, which only a redacted edition may leave out"
    are_hex = all(_is_hex(salt, KEY_DIGITS) for salt in salts.values()) and all(
        _is_hex(commitment, HASH_DIGITS) for commitment in withheld.values()
    )
    if salts.keys() != said.keys() or salts.keys() & withheld.keys() or not are_hex:
        return b"", "does not have a salt for each group that is shown and a commitment for each other"
    if not (salts.keys() | withheld.keys()) <= set(GROUPS):
        return b"", "names a group that there isn't"
    shown = {group: commitment_to(salts[group], data) for group, data in said.items()}
    hidden = {group: bytes.fromhex(commitment) for group, commitment in withheld.items()}
    return leaf_of(shown | hidden), ""


def _is_hex(value: Any, digits: int) -> bool:
    return isinstance(value, str) and len(value) == digits and HEX.issuperset(value)
