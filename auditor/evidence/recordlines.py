"""The lines of `records/*.jsonl` and of `commitments.jsonl`, one by one as the engine gives the records.

There may be millions, so they are put together from text that is JSON already; a test holds them to `CitedDocument`.
What the store says of a record in canonical JSON is compared with the record's own bytes: a store that was rewritten
must not be sealed.
"""

import base64
import json
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import lru_cache
from json.encoder import encode_basestring
from typing import Any, NamedTuple  # a row holds values of several types

from pydantic_core import from_json

from auditor.digests import canonical_json
from auditor.errors import BundleError
from auditor.evidence.standalone.disclosure import BYTES, GROUPS, commitment_to, own_leaf, said_by_group
from auditor.evidence.standalone.ownbytes import are_plainly_the_same, differences, record_in
from auditor.evidence.standalone.spreadsheet import CitedTable
from auditor.evidence.standalone.tree import HASH_BYTES, leaf_hash, root_of
from auditor.records.sourcebytes import SourceBytes

_UPPER = re.compile(r"\\u00[01][A-F]")


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
        self._names = {source: encode_basestring(name) for source, name in names.items()}
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
        for _, derived, findings, record, source_id, line, offset, length, key, committed, salt in rows:
            columns = from_json(record)
            self._counted(findings, source_id, line)
            is_forgotten = columns.get("account_id") in self._forgotten
            data = None if is_forgotten else self._sources.of(source_id, offset, length)
            if data is None:
                held, after = "", self._without(FORGOTTEN if is_forgotten else self._sources.why_not(source_id, offset))
            else:
                if self._profiles.get(source_id) == "canonical":
                    self._must_say(data, columns, source_id, line)
                committed += _BYTES_CODE + commitment_to(salt, data).hex()
                held, after = _held(data)
            name = self._names.get(source_id, EMPTY)
            place = (
                f'"id":"{source_id}","length":{_number(length)},"line":{line},"name":{name},"offset":{_number(offset)}'
            )
            before = f'"derived":{{{derived}}},' if derived else ""
            text = f'{{{before}"findings":{findings},"record":{record},"source":{{{held}{place}{after}}}}}\n'
            leaf = leaf_hash(bytes.fromhex(committed))
            if "\\u" in text and _UPPER.search(text):  # the engine prints some control characters in another way
                text = f"{canonical_json(json.loads(text)).decode()}\n"
                leaf = own_leaf(key, said_by_group(json.loads(text)))
            self._leaves += leaf
            row = self._table.row(columns, " ".join(findings_in(findings)), source_id, line)
            yield RecordLine(
                text.encode(),
                f'{{"key":"{key}","leaf":"{leaf.hex()}"}}\n'.encode(),
                row.encode("utf-8", "backslashreplace"),
            )

    def _counted(self, findings: str, source_id: str, line: int) -> None:
        """Count a record for its findings, and for its source whether its lines go back in time."""
        self._citing[findings] += 1
        if line < self._last_line.get(source_id, 0):
            self.out_of_order[source_id] += 1
        self._last_line[source_id] = line

    def _without(self, reason: str) -> str:
        self.without_bytes[reason] += 1
        return f',"without_bytes":{encode_basestring(reason)}'

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
EMPTY = '""'
_BYTES_CODE = f"{GROUPS.index(BYTES):02x}"


def _held(data: bytes) -> tuple[str, str]:
    """Return what of the exact bytes stands before the place of a record, and after it: keys are sorted."""
    try:
        return "", f',"text":{encode_basestring(data.decode())}'
    except UnicodeDecodeError:
        return f'"base64":"{base64.b64encode(data).decode()}",', ""


def _number(value: int | None) -> str:
    return "null" if value is None else str(value)
