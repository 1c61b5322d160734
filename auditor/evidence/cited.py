"""The lines of `records/cited.jsonl`: each cited record with its columns, its place and its exact bytes.

There may be millions, so they are made as plain values; a test holds them to `CitedDocument`. What the store says of a
record in canonical JSON is compared with the record's own bytes: a store that was rewritten must not be sealed.
"""

import base64
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any  # a row holds values of every column type

from auditor.cases.cells import text_of
from auditor.digests import canonical_json, digest_of
from auditor.errors import BundleError
from auditor.evidence.documents import Value
from auditor.evidence.standalone.ownbytes import differences, record_in
from auditor.records.cited import CitedRow
from auditor.records.schema import COLUMNS
from auditor.records.sourcebytes import SourceBytes


class CitedWriter:
    """Makes the lines one by one, and counts what it made for the completeness statement."""

    def __init__(self, names: Mapping[str, str], profiles: Mapping[str, str], sources: SourceBytes) -> None:
        """`names` are the sources' file names by id, `profiles` the profiles they were read with."""
        self._names = dict(names)
        self._profiles = dict(profiles)
        self._sources = sources
        self.total = 0
        self.by_finding: Counter[str] = Counter()
        self.without_bytes: Counter[str] = Counter()

    def lines(self, rows: Iterable[CitedRow]) -> Iterator[bytes]:
        """Yield the line of each record, in the order given; each is a `CitedDocument`.

        Raises BundleError when a record of canonical JSON isn't what its exact bytes say.
        """
        for cited in rows:
            columns = _columns(cited.row)
            place = self._place(cited.row, columns)
            self.total += 1
            self.by_finding.update(finding for finding, _ in cited.findings)
            if "without_bytes" in place:
                self.without_bytes[place["without_bytes"]] += 1
            findings = [{"id": finding, "is_against": is_against} for finding, is_against in cited.findings]
            yield canonical_json({"findings": findings, "record": columns, "source": place}) + b"\n"

    def _place(self, row: Mapping[str, Any], columns: Mapping[str, Value]) -> dict[str, Any]:
        source_id, offset = row["source_id"], row["source_offset"]
        data = self._sources.of(source_id, offset, row["source_length"])
        place = {
            "id": source_id,
            "name": self._names.get(source_id, ""),
            "line": row["source_line"],
            "offset": offset,
            "length": row["source_length"],
        }
        if data is None:
            return place | {"without_bytes": self._sources.why_not(source_id, offset)}
        if self._profiles.get(source_id) == "canonical":
            self._must_say(data, columns, place)
        return place | {"sha256": digest_of(data)} | _readable(data)

    def _must_say(self, data: bytes, columns: Mapping[str, Value], place: Mapping[str, Any]) -> None:
        said = record_in(data)
        if said is None:  # a line of CSV says nothing without its header
            return
        kept = {name: list(value) if isinstance(value, tuple) else value for name, value in columns.items()}
        odd = differences(kept, said, f"{place['id']}:{place['line']}")
        if odd:
            field, message = odd[0]
            where = f"{place['name']}:{place['line']}"
            hint = "the store was changed after it was read; ingest the sources again into a new workspace"
            raise BundleError.at(None, f"the store's {field} of {where!a} {message}", hint)


def _readable(data: bytes) -> dict[str, str]:
    try:
        return {"text": data.decode()}
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(data).decode()}


def _columns(row: Mapping[str, Any]) -> dict[str, Value]:
    return {name: _value(row[name]) for name in COLUMNS if row[name] is not None}


def _value(value: Any) -> Value:
    if isinstance(value, str | int):
        return value
    return tuple(value) if isinstance(value, list) else text_of(value)
