"""The lines of `records/cited.jsonl`: each cited record with its columns, its place and its exact bytes.

There may be millions, so they are made as plain values; a test holds them to `CitedDocument`.
"""

import base64
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any  # a row holds values of every column type

from auditor.cases.cells import text_of
from auditor.digests import canonical_json, digest_of
from auditor.evidence.documents import Value
from auditor.records.cited import CitedRow
from auditor.records.schema import COLUMNS
from auditor.records.sourcebytes import SourceBytes


class CitedWriter:
    """Makes the lines one by one, and counts what it made for the completeness statement."""

    def __init__(self, names: Mapping[str, str], sources: SourceBytes) -> None:
        """`names` are the sources' file names by id."""
        self._names = dict(names)
        self._sources = sources
        self.total = 0
        self.by_finding: Counter[str] = Counter()
        self.without_bytes: Counter[str] = Counter()

    def lines(self, rows: Iterable[CitedRow]) -> Iterator[bytes]:
        """Yield the line of each record, in the order given; each is a `CitedDocument`."""
        for cited in rows:
            place = self._place(cited.row)
            self.total += 1
            self.by_finding.update(finding for finding, _ in cited.findings)
            if "without_bytes" in place:
                self.without_bytes[place["without_bytes"]] += 1
            findings = [{"id": finding, "is_against": is_against} for finding, is_against in cited.findings]
            yield canonical_json({"findings": findings, "record": _columns(cited.row), "source": place}) + b"\n"

    def _place(self, row: Mapping[str, Any]) -> dict[str, Any]:
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
        return place | {"sha256": digest_of(data)} | _readable(data)


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
