"""Where a record lies in its source, in words, and the command that shows it there.

A log has lines, an array in JSON has elements, a table has rows: what an editor or `sed` counts is a line only in the
first. Numbers are plain, so that they can be pasted.
"""

from collections.abc import Iterable

from pydantic import BaseModel, ConfigDict

from auditor.cases.finding_evidence import ShownRecord
from auditor.records.profiles import JSON_ARRAY, PARQUET
from auditor.records.unpack import GZIP, PLAIN, ZSTD

FILE = "FILE"
"""What stands for the name of the source file in a command."""

_UNPACKED = {GZIP: f"gzip -dc {FILE} | ", ZSTD: f"zstd -dc {FILE} | "}


class Check(BaseModel):
    """A command that prints one record out of its source file, and the record on the page that it would print."""

    model_config = ConfigDict(frozen=True)

    example: str
    command: str


def place_of(record: ShownRecord) -> str:
    """Return a record's source and place in it: `[3] line 131`, `[3] record 131 (bytes 81921 to 82842)`, `[3] row 9`.

    Bytes count from 1 and are those of the decompressed file.
    """
    source = f"[{record.source}] " if record.source else ""
    if record.format == PARQUET:
        return f"{source}row {record.line}"
    if record.format != JSON_ARRAY:
        return f"{source}line {record.line}"
    span = _bytes_of(record)
    return f"{source}record {record.line}" + (f" (bytes {span[0]} to {span[1]})" if span else "")


def checks_of(records: Iterable[ShownRecord]) -> tuple[Check, ...]:
    """Return one command for each kind of source among the records, made for the first of its records."""
    first: dict[tuple[str, str], ShownRecord] = {}
    for record in records:
        first.setdefault((_kind(record), record.compression), record)
    commands = [(record, command_for(record)) for _, record in sorted(first.items())]
    return tuple(Check(example=place_of(record), command=command) for record, command in commands if command)


def command_for(record: ShownRecord) -> str:
    """Return the command that prints a record out of `FILE`; empty where none is known for its format."""
    if record.format == PARQUET:
        return f"duckdb -c \"FROM '{FILE}' LIMIT 1 OFFSET {record.line - 1}\""
    if record.format != JSON_ARRAY:
        return _from_plain_bytes(record, f"sed -n {record.line}p")
    span = _bytes_of(record)
    return _from_plain_bytes(record, f"head -c {span[1]}", f" | tail -c +{span[0]}") if span else ""


def _from_plain_bytes(record: ShownRecord, command: str, rest: str = "") -> str:
    if record.compression in ("", PLAIN):
        return f"{command} {FILE}{rest}"
    return f"{_UNPACKED[record.compression]}{command}{rest}"


def _bytes_of(record: ShownRecord) -> tuple[int, int] | None:
    """Return the first and the last byte of a record, counted from 1."""
    if record.offset is None or not record.length:
        return None
    return record.offset + 1, record.offset + record.length


def _kind(record: ShownRecord) -> str:
    return record.format if record.format in (PARQUET, JSON_ARRAY) else "lines"
