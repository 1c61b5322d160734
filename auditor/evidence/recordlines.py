"""The lines of `records/*.jsonl` and of `commitments.jsonl`, one by one as the engine gives the records.

There may be millions, so they are put together from text that is JSON already; a test holds them to `CitedDocument`.
What the store says of a record in canonical JSON is compared with the record's own bytes: a store that was rewritten
must not be sealed.
"""

import base64
import json
import re
from binascii import unhexlify
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import lru_cache
from hashlib import sha256
from json.encoder import encode_basestring
from typing import Any, NamedTuple  # a row holds values of several types

from pydantic_core import from_json

from auditor.digests import canonical_json
from auditor.errors import BundleError
from auditor.evidence.standalone.disclosure import BYTES, GROUPS, own_leaf, said_by_group
from auditor.evidence.standalone.ownbytes import are_plainly_the_same, differences, record_in
from auditor.evidence.standalone.spreadsheet import CitedTable, cell_of
from auditor.evidence.standalone.tree import HASH_BYTES, root_of
from auditor.records.sourcebytes import SourceBytes


class RecordLine(NamedTuple):
    """One record: its line, the line that commits to it, and its row of the table of cited records."""

    line: bytes
    commitment: bytes
    row: bytes


class RecordWriter:
    """Makes the lines, and counts what it made for the completeness statement."""

    def __init__(
        self,
        names: Mapping[str, str],
        profiles: Mapping[str, str],
        sources: SourceBytes,
        table: CitedTable,
        forgotten: Collection[str] = (),
    ) -> None:
        """`names` are the sources' file names by id, `profiles` the profiles they were read with.

        Of `forgotten` accounts no exact bytes are quoted.
        """
        self._table = table
        self._forgotten = frozenset(forgotten)
        self._names = {source: encode_basestring(name).encode() for source, name in names.items()}
        self._profiles = dict(profiles)
        self._sources = sources
        self._leaves = bytearray()
        self.without_bytes: Counter[str] = Counter()
        self.out_of_order: Counter[str] = Counter()
        self._last_line: dict[str, int] = {}
        self._citing: Counter[str] = Counter()

    @property
    def total(self) -> int:
        """How many records were written."""
        return len(self._leaves) // HASH_BYTES

    @property
    def root(self) -> str:
        """The root of the tree over the records so far."""
        return root_of(self._leaves).hex()

    def by_finding(self) -> Counter[str]:
        """Return how many of the records each finding cites."""
        found: Counter[str] = Counter()
        for text, count in self._citing.items():
            for name in findings_in(text):
                found[name] += count
        return found

    def lines(self, rows: Iterable[tuple[Any, ...]]) -> Iterator[RecordLine]:
        """Yield the lines of each row of `linequery.LINE_COLUMNS`, in the order given.

        Raises BundleError when a record of canonical JSON isn't what its exact bytes say.
        """
        self._last_line.clear()
        names, sources = self._names, self._sources
        for _, findings, source_id, at, offset, length, own, head, key, committed, salt, row in rows:
            self._counted(findings, source_id, at)
            begun = b'%b%b,"offset":%b' % (head, names.get(source_id, EMPTY), _number(offset))
            is_forgotten = self._is_forgotten(head)
            data = None if is_forgotten else sources.of(source_id, offset, length)
            if data is None:
                why = FORGOTTEN if is_forgotten else sources.why_not(source_id, offset)
                self.without_bytes[why] += 1
                line, groups = b'%b,"without_bytes":%b}}\n' % (begun, _text(why)), unhexlify(committed)
            else:
                if data != own and self._profiles.get(source_id) == "canonical":
                    self._must_say(data, json.loads(begun + END)["record"], source_id, at)
                line = _with_bytes(begun, data)
                groups = unhexlify(committed) + BYTES_NUMBER + sha256(salt + data).digest()
            leaf = sha256(LEAF + groups).digest()
            if ODD in line and UPPER.search(line):
                line, leaf = _canonical(line, key)
                row = None
            self._leaves += leaf
            cells = self._cells(line) if row is None else row
            yield RecordLine(
                line,
                b'{"key":"%b","leaf":"%b"}\n' % (key, leaf.hex().encode()),
                b'%b,%b,"%b",%d\r\n' % (cells, names_cell(findings), source_id.encode(), at),
            )

    def _is_forgotten(self, head: bytes) -> bool:
        found = ACCOUNT.search(head) if self._forgotten else None
        return found is not None and json.loads(found[1]) in self._forgotten

    def _cells(self, text: bytes) -> bytes:
        return self._table.cells(json.loads(text)["record"]).encode("utf-8", "backslashreplace")

    def _counted(self, findings: str, source_id: str, line: int) -> None:
        """Count a record for its findings, and for its source whether its lines go back in time."""
        self._citing[findings] += 1
        if line < self._last_line.get(source_id, 0):
            self.out_of_order[source_id] += 1
        self._last_line[source_id] = line

    def _must_say(self, data: bytes, record: dict[str, Any], source_id: str, line: int) -> None:
        own_id = f"{source_id}:{line}"
        quick = _plain_object(data)
        if quick is not None and are_plainly_the_same(record, quick, own_id):
            return
        said = record_in(data)
        if said is None:  # a line of CSV says nothing without its header
            return
        odd = differences(record, said, own_id)
        if odd:
            field, message = odd[0]
            where = f"{json.loads(self._names.get(source_id, EMPTY))}:{line}"
            hint = "the store was changed after it was read; ingest the sources again into a new workspace"
            raise BundleError.at(None, f"the store's {field} of {where!a} {message}", hint)


@lru_cache(4096)
def findings_in(text: str) -> tuple[str, ...]:
    """Return the findings that a record names, from the JSON of its line."""
    return tuple(item["id"] if isinstance(item, dict) else item for item in json.loads(text))


def _plain_object(data: bytes) -> dict[str, Any] | None:
    """Read a line quickly where it is surely one flat object without a key there twice; None elsewhere.

    The reader keeps the last of two values and says nothing. But without escapes, quotes stand around texts only, and
    a line that has more of them than the keys and texts that were read says something that is not there any more.
    """
    if b"\\" in data:
        return None
    try:
        found = from_json(data, allow_inf_nan=False)
    except ValueError:
        return None
    if not isinstance(found, dict):
        return None
    kinds = list(map(type, found.values()))
    texts = kinds.count(str)
    is_flat = texts + kinds.count(int) + kinds.count(float) + kinds.count(bool) == len(kinds)
    return found if is_flat and data.count(b'"') == 2 * (len(kinds) + texts) else None


FORGOTTEN = "the account is forgotten: what it wrote was erased"
"""Why no bytes of a record are quoted although the file may still be there."""
EMPTY = b'""'
END = b"}}"
LEAF = b"\0"
"""Before what a leaf is hashed over: RFC 6962 section 2.1."""
BYTES_NUMBER = bytes((GROUPS.index(BYTES),))
ODD, UPPER = b"\\u00", re.compile(rb"\\u00[01][A-F]")
"""Control characters that the engine prints in another way."""
ACCOUNT = re.compile(rb'[{,]"account_id":("(?:[^"\\]|\\.)*")')


@lru_cache(4096)
def names_cell(findings: str) -> bytes:
    """Return the cell of the findings that a record names."""
    return cell_of(" ".join(findings_in(findings))).encode("utf-8", "backslashreplace")


def _with_bytes(begun: bytes, data: bytes) -> bytes:
    """Return the line of a record with its exact bytes."""
    try:
        return b'%b,"text":%b}}\n' % (begun, encode_basestring(data.decode()).encode())
    except UnicodeDecodeError:
        line = json.loads(begun + END)
        line["source"]["base64"] = base64.b64encode(data).decode()
        return canonical_json(line) + b"\n"


def _canonical(line: bytes, key: bytes) -> tuple[bytes, bytes]:
    """Return a line in its canonical form, and the leaf of that."""
    said = json.loads(line)
    return canonical_json(said) + b"\n", own_leaf(key.decode(), said_by_group(said))


def _number(value: int | None) -> bytes:
    return b"null" if value is None else b"%d" % value


def _text(value: str) -> bytes:
    return encode_basestring(value).encode()
