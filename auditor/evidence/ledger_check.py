"""Check the ledger: its chain, heads that were kept elsewhere, and the signatures within it.

Each signed step holds the head of the ledger before it. So an envelope of a bundle that left the house pins every entry
before its own, and whoever makes the whole chain again has to break a signature by a key that isn't theirs.
"""

import json
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Literal

from auditor.cases.casebook import Casebook
from auditor.cases.ledger import Entry, Head
from auditor.cases.ledger_state import read_ledger
from auditor.errors import EXIT_DONE, EXIT_FAILED_CHECK, EXIT_PARTIAL, UsageError
from auditor.evidence.deciding import STEPS
from auditor.evidence.standalone.envelopes import Envelope, envelope_in
from auditor.evidence.standalone.publickeys import key_id_of
from auditor.evidence.standalone.reading import UnreadableError, field_of, list_of
from auditor.policy.conditions import Node
from auditor.records.workspace import disk_errors

LARGEST_HEAD = 1 << 22


class LedgerProblem(Node):
    """Something that doesn't hold; `code` stays the same from version to version."""

    number: int
    code: str
    message: str


class LedgerReport(Node):
    """What a check of the ledger found; `heads` were held against it, `signed` entries carry a good signature."""

    format_version: Literal[1] = 1
    verdict: Literal["verified", "failed", "unproven"]
    entries: int
    digest: str
    heads: int
    signed: int
    problems: tuple[LedgerProblem, ...]

    @property
    def exit_code(self) -> int:
        """Return 0 verified, 1 failed, 3 for a ledger without entries, of which nothing can be said."""
        return {"verified": EXIT_DONE, "failed": EXIT_FAILED_CHECK, "unproven": EXIT_PARTIAL}[self.verdict]


def check_ledger(casebook: Casebook, heads: Sequence[Head], trusted: Collection[bytes]) -> LedgerReport:
    """Check every entry; with `trusted` keys, a signature by any other one is a problem, too."""
    state = read_ledger(casebook, heads)
    signed = [entry for entry in state.entries if entry.details.get("envelope")]
    problems = [LedgerProblem(**fault.model_dump()) for fault in state.faults]
    problems += [problem for entry in signed for problem in _signature_problems(entry, trusted)]
    return LedgerReport(
        verdict="failed" if problems else "verified" if state.head.number else "unproven",
        entries=state.head.number,
        digest=state.head.digest,
        heads=len(heads),
        signed=len(signed),
        problems=tuple(problems),
    )


def head_in(path: Path) -> Head:
    """Return the head in a file: one that `ledger show` wrote, or a signed file of a bundle. Raises UsageError."""
    if not path.is_file() or path.stat().st_size > LARGEST_HEAD:
        raise UsageError.at(str(path), "found no such head of a ledger", "check the path given to `--head`")
    with disk_errors(path):
        data = path.read_bytes()
    try:
        document = json.loads(data)
        if isinstance(document, dict) and "payload" in document:
            document = field_of(envelope_in(data).predicate, "ledger")
        return Head(number=document["number"], digest=document["digest"])
    except (ValueError, TypeError, KeyError, RecursionError, UnreadableError):
        message = "found no head of a ledger, expected its number and digest"
        raise UsageError.at(str(path), message, "`auditor ledger show --head-out FILE` writes one") from None


def _signature_problems(entry: Entry, trusted: Collection[bytes]) -> Iterator[LedgerProblem]:
    try:
        envelope = envelope_in(entry.details["envelope"].encode())
    except UnreadableError as error:
        yield LedgerProblem(number=entry.number, code="signature", message=f"its envelope {error}")
        return
    if not envelope.is_signed:
        message = "its signature is not one over its statement"
        yield LedgerProblem(number=entry.number, code="signature", message=message)
    if trusted and envelope.public_key not in trusted:
        message = f"signed by key {key_id_of(envelope.public_key)}, which is none of the trusted ones"
        yield LedgerProblem(number=entry.number, code="untrusted", message=message)
    differing = [name for name, is_same in _comparisons(entry, envelope) if not is_same]
    if differing:
        message = f"what was signed is not what the entry says: {', '.join(differing)}"
        yield LedgerProblem(number=entry.number, code="statement", message=message)


def _comparisons(entry: Entry, envelope: Envelope) -> Iterator[tuple[str, bool]]:
    predicate = envelope.predicate
    yield "ledger", field_of(predicate, "ledger") == {"number": entry.number - 1, "digest": entry.previous}
    yield "step", field_of(predicate, "step") == STEPS.get(entry.kind)
    yield "case", field_of(predicate, "case") == entry.case_id
    yield "person", field_of(predicate, "by", "name") == entry.person
    yield "bundle", envelope.subject == entry.details.get("bundle")
    yield "root", field_of(predicate, "root") == entry.details.get("root")
    yield "key", key_id_of(envelope.public_key) == entry.details.get("key")
    yield "actions", list_of(predicate, "actions") == entry.details.get("actions")
    for name in ("reason", "beyond"):
        yield name, field_of(predicate, name) == entry.details.get(name)
