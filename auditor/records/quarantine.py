"""Bad lines, kept byte for byte with the file, line, offset and reason.

A source has two files: `SOURCE.lines` holds the bytes of its bad lines one after the other, `SOURCE.jsonl` one object
a line that says where each stands, there and in the source, and why it is no record.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from auditor.errors import WorkspaceError
from auditor.records.workspace import Workspace, disk_errors, write_atomically


@dataclass(frozen=True)
class BadLine:
    """One line that is no record; `offset` is in the source without its compression, None where rows have none."""

    source_id: str
    name: str
    line: int
    offset: int | None
    reason: str
    data: bytes


def write_quarantine(workspace: Workspace, source_id: str, lines: Iterable[BadLine]) -> int:
    """Keep the bad lines of a source; returns how many. Nothing is written when there are none.

    Raises WorkspaceError.
    """
    entries, kept, at = [], [], 0
    for bad in lines:
        entries.append(
            {
                "source_id": bad.source_id, "name": bad.name, "line": bad.line, "offset": bad.offset,
                "length": len(bad.data), "reason": bad.reason, "at": at,
            }
        )  # fmt: skip
        kept.append(bad.data)
        at += len(bad.data)
    if entries:
        index = "".join(json.dumps(entry, ensure_ascii=False) + "\n" for entry in entries)
        write_atomically(workspace.quarantine / f"{source_id}.lines", b"".join(kept))
        write_atomically(workspace.quarantine / f"{source_id}.jsonl", index.encode())
    return len(entries)


def read_quarantine(workspace: Workspace) -> Iterator[BadLine]:
    """Yield every bad line of a workspace, ordered by source and line.

    Raises WorkspaceError when the files don't fit together.
    """
    with disk_errors(workspace.quarantine):
        indexes = sorted(workspace.quarantine.glob("*.jsonl")) if workspace.quarantine.is_dir() else []
    for index in indexes:
        yield from _read_source(index)


def _read_source(index: Path) -> Iterator[BadLine]:
    with disk_errors(index):
        entries = index.read_text(encoding="utf-8").splitlines()
        data = index.with_suffix(".lines").read_bytes()
    try:
        for text in entries:
            entry = json.loads(text)
            cut = data[entry["at"] : entry["at"] + entry["length"]]
            if len(cut) != entry["length"]:
                raise ValueError("too short")
            yield BadLine(entry["source_id"], entry["name"], entry["line"], entry["offset"], entry["reason"], cut)
    except (ValueError, KeyError, TypeError, RecursionError):
        message = "found a quarantine file that does not fit its index"
        raise WorkspaceError.at(str(index), message, "restore the quarantine folder from a backup") from None
