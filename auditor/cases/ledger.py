"""The ledger: what people did, each entry chained to the one before by its digest.

An entry is canonical JSON; its digest is over those bytes, and the next entry holds it. Entries are only ever added, in
the transaction that does what they tell: without its entry nothing is done. A changed, removed, inserted or reordered
entry breaks the chain. One cut off at the end doesn't: that takes a *head* kept elsewhere, which is what a signed
statement holds, too. Whoever can write the file and knows no head can be held to nothing: docs/evidence.md says so.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, get_args  # JSON values have no closed type

from sqlite_utils import Database
from sqlite_utils.db import Table

from auditor.digests import canonical_json, digest_of, rfc3339
from auditor.errors import WorkspaceError
from auditor.policy.conditions import Node

FORMAT_VERSION = 1
FIRST = "0" * 64
"""What the first entry holds in place of the digest of an entry before it."""

EntryKind = Literal[
    "noted", "assigned", "proposed", "approved", "appealed", "heard", "closed", "held", "released", "forgotten",
    "retracted",
]  # fmt: skip
KINDS: tuple[str, ...] = get_args(EntryKind)
_COLUMNS = ("number", "time", "kind", "case_id", "person")
"""What is repeated beside the content, so that people can search for it."""


class Entry(Node):
    """One thing that a person did on a case; `case_id` is empty where it was done to an account or a source."""

    number: int
    time: datetime
    kind: str
    case_id: str
    person: str
    previous: str
    digest: str
    details: dict[str, Any]


class Head(Node):
    """The state of the ledger at one entry: whoever keeps it elsewhere sees when anything up to it is changed."""

    number: int
    digest: str


class LedgerFault(Node):
    """Something that doesn't hold: which entry, a code that stays the same, and what was found."""

    number: int
    code: Literal["form", "changed", "order", "chain", "column", "head", "note", "status"]
    message: str


def append(
    db: Database, *, kind: EntryKind, case_id: str, person: str, time: datetime, details: Mapping[str, Any]
) -> Entry:
    """Add an entry, within the transaction of what it tells, and return it."""
    head = head_of(db)
    content = canonical_json(
        {
            "format_version": FORMAT_VERSION, "number": head.number + 1, "time": rfc3339(time), "kind": kind,
            "case_id": case_id, "person": person, "previous": head.digest, "details": dict(details),
        }
    )  # fmt: skip
    entry = _read(content)
    row = {
        "number": entry.number, "time": rfc3339(time), "kind": kind, "case_id": case_id, "person": person,
        "content": content.decode(), "digest": entry.digest,
    }  # fmt: skip
    _table(db).insert(row)
    return entry


def head_of(db: Database) -> Head:
    """Return the number and digest of the last entry; of none: 0 and zeros."""
    for row in _table(db).rows_where(order_by="number desc", limit=1, select="number, digest"):
        return Head(number=row["number"], digest=row["digest"])
    return Head(number=0, digest=FIRST)


def entries_of(db: Database, case_id: str | None = None) -> tuple[Entry, ...]:
    """Return the entries, oldest first; of one case when it is given."""
    where, values = ("case_id = ?", [case_id]) if case_id is not None else (None, [])
    rows = _table(db).rows_where(where, values, order_by="number", select="content")
    return tuple(_read(row["content"].encode()) for row in rows)


def faults_of(db: Database, heads: Sequence[Head] = ()) -> tuple[LedgerFault, ...]:
    """Check the whole ledger, against heads kept elsewhere when there are any, and return every fault."""
    rows = list(_table(db).rows_where(order_by="number"))
    return (*chain_faults(rows), *_head_faults(rows, heads), *_note_faults(db, rows))


def _table(db: Database) -> Table:
    """Return the table of entries; without this check a lost one would be begun anew, and nobody would know."""
    table = db.table("ledger")
    if not table.exists():
        message = "found a casebook without its ledger, which was there when it was made"
        raise WorkspaceError.at(None, message, "restore the casebook from a backup")
    return table


def chain_faults(rows: Iterable[Mapping[str, Any]]) -> Iterator[LedgerFault]:
    """Yield what doesn't hold in rows of the ledger, as they stand in the file."""
    previous, number = FIRST, 0
    for row in rows:
        number += 1
        content = str(row["content"]).encode()
        document = _document(content)
        if document is None:
            yield LedgerFault(number=row["number"], code="form", message="the entry is not what this program writes")
        elif digest_of(content) != row["digest"]:
            yield LedgerFault(number=row["number"], code="changed", message="its digest is not the one of its content")
        if (row["number"], (document or {}).get("number")) != (number, number):
            message = f"stands where entry {number} is expected: one was removed, inserted or moved"
            yield LedgerFault(number=row["number"], code="order", message=message)
            number = row["number"]
        if document is not None and document["previous"] != previous:
            message = "does not follow the entry before it: one of the two was changed, removed, inserted or moved"
            yield LedgerFault(number=row["number"], code="chain", message=message)
        if document is not None and [document[name] for name in _COLUMNS] != [row[name] for name in _COLUMNS]:
            message = "its columns do not say what its content says"
            yield LedgerFault(number=row["number"], code="column", message=message)
        previous = row["digest"]


def _head_faults(rows: Sequence[Mapping[str, Any]], heads: Sequence[Head]) -> Iterator[LedgerFault]:
    digests = {0: FIRST} | {row["number"]: row["digest"] for row in rows}
    for head in heads:
        if head.number not in digests:
            message = f"the ledger ends at entry {max(digests)}, a head kept elsewhere knows entry {head.number}"
            yield LedgerFault(number=head.number, code="head", message=message)
        elif digests[head.number] != head.digest:
            message = "is another entry than the one that a head kept elsewhere knows"
            yield LedgerFault(number=head.number, code="head", message=message)


def _note_faults(db: Database, rows: Sequence[Mapping[str, Any]]) -> Iterator[LedgerFault]:
    """Compare the notes with the entries that tell of them: every note has one, and is as it was written."""
    notes = {row["number"]: _note_key(row) for row in db.table("notes").rows}
    told: dict[int, tuple[int, list[object]]] = {}
    for row in rows:
        document = _document(str(row["content"]).encode()) if row["kind"] == "noted" else None
        if document is not None:
            details = document["details"]
            said = [document["time"], document["person"], details.get("sha256")]
            told[details.get("note")] = (row["number"], said)
    for number, (entry, said) in told.items():
        if notes.get(number) != said:
            message = f"note {number} is not as it was written, or is gone"
            yield LedgerFault(number=entry, code="note", message=message)
    for number in sorted(notes.keys() - told.keys()):
        yield LedgerFault(number=0, code="note", message=f"no entry tells of note {number}")


def _note_key(row: Mapping[str, Any]) -> list[object]:
    return [rfc3339(datetime.fromisoformat(row["time"])), row["author"], digest_of(row["text"].encode())]


def _document(content: bytes) -> dict[str, Any] | None:
    """Return the content of an entry that is in the one form that is written, else None."""
    try:
        document = json.loads(content)
        texts = [document[name] for name in ("time", "kind", "case_id", "person", "previous")]
        is_written = canonical_json(document) == content and document["format_version"] == FORMAT_VERSION
        is_written &= isinstance(document["details"], dict) and isinstance(document["number"], int)
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    return document if is_written and all(isinstance(text, str) for text in texts) else None


def _read(content: bytes) -> Entry:
    document = json.loads(content)
    del document["format_version"]
    return Entry(**document, digest=digest_of(content))
