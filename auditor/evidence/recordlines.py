"""The lines of `records/*.jsonl` and of `commitments.jsonl`, one by one as the engine gives the records.

There may be millions, so they are put together from text that is JSON already; a test holds them to `CitedDocument`.
What the store says of a record in canonical JSON is compared with the record's own bytes: a store that was rewritten
must not be sealed.
"""

import base64
import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from json.encoder import encode_basestring
from typing import Any, NamedTuple  # a row holds values of several types

from auditor.digests import canonical_json
from auditor.errors import BundleError
from auditor.evidence.standalone.disclosure import BYTES, group_code
from auditor.evidence.standalone.ownbytes import differences, record_in
from auditor.evidence.standalone.tree import HASH_BYTES, root_of
from auditor.records.sourcebytes import SourceBytes

_UPPER = re.compile(r"\\u00[01][A-F]")


class RecordLine(NamedTuple):
    """One record: its line, and the line that commits to it."""

    line: bytes
    commitment: bytes


class RecordWriter:
    """Makes the lines, and counts what it made for the completeness statement."""

    def __init__(self, names: Mapping[str, str], profiles: Mapping[str, str], sources: SourceBytes) -> None:
        """`names` are the sources' file names by id, `profiles` the profiles they were read with."""
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
            for item in json.loads(text):
                found[item["id"] if isinstance(item, dict) else item] += count
        return found

    def lines(self, rows: Iterable[tuple[Any, ...]]) -> Iterator[RecordLine]:
        """Yield the lines of each row of `linequery.LINE_COLUMNS`, in the order given.

        Raises BundleError when a record of canonical JSON isn't what its exact bytes say.
        """
        self._last_line.clear()
        for _, derived, findings, record, source_id, line, offset, length, key, committed, salt in rows:
            record = _canonical(record) if _UPPER.search(record) else record
            self._citing[findings] += 1
            if line < self._last_line.get(source_id, 0):
                self.out_of_order[source_id] += 1
            self._last_line[source_id] = line
            data = self._sources.of(source_id, offset, length)
            if data is None:
                held, after = "", self._why_not(source_id, offset)
            else:
                digest = hashlib.sha256(data).hexdigest()
                if self._profiles.get(source_id) == "canonical":
                    self._must_say(data, record, source_id, line)
                committed += _bytes_commitment(salt, digest)
                held, after = _held(data, digest)
            name = self._names.get(source_id, EMPTY)
            place = (
                f'"id":"{source_id}","length":{_number(length)},"line":{line},"name":{name},"offset":{_number(offset)}'
            )
            before = f'"derived":{{{derived}}},' if derived else ""
            text = f'{{{before}"findings":{findings},"record":{record},"source":{{{held}{place}{after}}}}}\n'
            leaf = hashlib.sha256(b"\0" + committed.encode()).digest()
            self._leaves += leaf
            yield RecordLine(text.encode(), f'{{"key":"{key}","leaf":"{leaf.hex()}"}}\n'.encode())

    def _why_not(self, source_id: str, offset: int | None) -> str:
        reason = self._sources.why_not(source_id, offset)
        self.without_bytes[reason] += 1
        return f',"without_bytes":{encode_basestring(reason)}'

    def _must_say(self, data: bytes, record: str, source_id: str, line: int) -> None:
        said = record_in(data)
        if said is None:  # a line of CSV says nothing without its header
            return
        odd = differences(json.loads(record), said, f"{source_id}:{line}")
        if odd:
            field, message = odd[0]
            where = f"{json.loads(self._names.get(source_id, EMPTY))}:{line}"
            hint = "the store was changed after it was read; ingest the sources again into a new workspace"
            raise BundleError.at(None, f"the store's {field} of {where!a} {message}", hint)


EMPTY = '""'
_BYTES_CODE = group_code(BYTES)


def _bytes_commitment(salt: str, digest: str) -> str:
    return _BYTES_CODE + hashlib.sha256(f"{salt}sha256:64:{digest},".encode()).hexdigest()


def _held(data: bytes, digest: str) -> tuple[str, str]:
    """Return what of the exact bytes stands before the place of a record, and after it: keys are sorted."""
    try:
        return "", f',"sha256":"{digest}","text":{encode_basestring(data.decode())}'
    except UnicodeDecodeError:
        return f'"base64":"{base64.b64encode(data).decode()}",', f',"sha256":"{digest}"'


def _number(value: int | None) -> str:
    return "null" if value is None else str(value)


def _canonical(record: str) -> str:
    """Return the JSON of a record as `digests.canonical_json` prints it: some control characters differ in case."""
    return canonical_json(json.loads(record)).decode()
