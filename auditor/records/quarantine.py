"""Bad lines, kept byte for byte with the file, line, offset and reason.

A source has two files: `SOURCE.lines` holds the bytes of its bad lines one after the other, `SOURCE.jsonl` one object
a line that says where each stands, there and in the source, why it is no record, and whose it is if it says so.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any  # an entry of the index is JSON

from pydantic import BaseModel, ConfigDict

from auditor.errors import WorkspaceError
from auditor.records.manifest import Manifest, load_manifest
from auditor.records.workspace import Workspace, disk_errors, write_atomically

MOST_ACCOUNTS = 10
"""Accounts that are named; the others are counted."""


@dataclass(frozen=True)
class BadLine:
    """One line that is no record; `offset` is in the source without its compression, None where rows have none.

    `account_id` is the account that the line names, None where that can't be read.
    """

    source_id: str
    name: str
    line: int
    offset: int | None
    reason: str
    data: bytes
    account_id: str | None = None


class AccountLines(BaseModel):
    """How many quarantined lines name an account."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    account_id: str
    lines: int


class QuarantinedLines(BaseModel):
    """Whose the quarantined lines are: the accounts with most of them first, at most `MOST_ACCOUNTS`.

    `more_lines` are those of `more_accounts` others; `nameless` are lines whose account can't be read.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    accounts: tuple[AccountLines, ...] = ()
    more_accounts: int = 0
    more_lines: int = 0
    nameless: int = 0


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
                "account_id": bad.account_id,
            }
        )  # fmt: skip
        kept.append(bad.data)
        at += len(bad.data)
    if entries:
        index = "".join(json.dumps(entry, ensure_ascii=False) + "\n" for entry in entries)
        write_atomically(workspace.quarantine / f"{source_id}.lines", b"".join(kept))
        write_atomically(workspace.quarantine / f"{source_id}.jsonl", index.encode())
    return len(entries)


def lines_by_account(accounts: Iterable[str | None]) -> QuarantinedLines:
    """Sum up the accounts of bad lines, one for each line."""
    counts = Counter(accounts)
    nameless = counts.pop(None, 0)
    most = sorted(((name, lines) for name, lines in counts.items() if name), key=lambda item: (-item[1], item[0]))
    rest = most[MOST_ACCOUNTS:]
    return QuarantinedLines(
        accounts=tuple(AccountLines(account_id=name, lines=lines) for name, lines in most[:MOST_ACCOUNTS]),
        more_accounts=len(rest),
        more_lines=sum(lines for _, lines in rest),
        nameless=nameless,
    )


def quarantined_lines(workspace: Workspace, manifest: Manifest) -> QuarantinedLines:
    """Return whose the lines in the quarantine of a workspace are, but for halves of lines that came in whole later.

    Raises WorkspaceError when the files are damaged.
    """
    return lines_by_account(_accounts(workspace, manifest))


def undated_lines(workspace: Workspace, manifest: Manifest) -> dict[str, int]:
    """Count, by source, the lines in quarantine that are no records because of their time.

    A source whose quarantine is gone is left out. Raises WorkspaceError when the files are damaged.
    """
    found = {}
    for source in manifest.sources:
        index = workspace.quarantine / f"{source.source_id}.jsonl"
        if source.quarantined and index.exists():
            found[source.source_id] = sum(str(entry.get("reason")).startswith("`time`") for entry in _entries(index))
    return found


def _accounts(workspace: Workspace, manifest: Manifest) -> Iterator[str | None]:
    for source in manifest.sources:
        index = workspace.quarantine / f"{source.source_id}.jsonl"
        if source.quarantined and not index.exists():
            yield from [None] * source.quarantined
            continue
        for entry in _entries(index) if source.quarantined else ():
            if not (source.cut_line and entry["line"] >= source.cut_line):
                yield entry.get("account_id")


def _entries(index: Path) -> Iterator[dict[str, Any]]:
    try:
        with disk_errors(index), index.open(encoding="utf-8", newline="\n") as lines:
            for text in lines:
                entry = json.loads(text)
                if not isinstance(entry["line"], int) or not isinstance(entry.get("account_id"), str | None):
                    raise TypeError("of another type")
                yield entry
    except (ValueError, KeyError, TypeError, RecursionError):
        message = "found a damaged index of quarantined lines, expected one JSON object a line"
        raise WorkspaceError.at(str(index), message, "restore the quarantine folder from a backup") from None


def read_quarantine(workspace: Workspace) -> Iterator[BadLine]:
    """Yield every bad line of a workspace, ordered by source and line.

    Only what the manifest lists counts: a run that was killed may have left more. Raises WorkspaceError when the files
    don't fit together.
    """
    sources = load_manifest(workspace).sources
    for source_id in sorted(source.source_id for source in sources if source.quarantined):
        index = workspace.quarantine / f"{source_id}.jsonl"
        if index.exists():
            yield from _read_source(index)


def _read_source(index: Path) -> Iterator[BadLine]:
    with disk_errors(index):
        entries = index.read_text(encoding="utf-8").removesuffix("\n").split("\n")  # not U+0085 and the like
        data = index.with_suffix(".lines").read_bytes()
    try:
        for text in entries:
            entry = json.loads(text)
            cut = data[entry["at"] : entry["at"] + entry["length"]]
            if len(cut) != entry["length"]:
                raise ValueError("too short")
            yield BadLine(
                entry["source_id"],
                entry["name"],
                entry["line"],
                entry["offset"],
                entry["reason"],
                cut,
                entry.get("account_id"),
            )
    except (ValueError, KeyError, TypeError, RecursionError):
        message = "found a quarantine file that does not fit its index"
        raise WorkspaceError.at(str(index), message, "restore the quarantine folder from a backup") from None
