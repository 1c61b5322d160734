"""Findings that rest on records which people took back: the next audit finds them again without, or they are stale.

A run judges what is in its scope; a finding out of it stays as it was. But not one whose records are gone from the
store, whatever the run looked at: nobody could be shown what it says.
"""

from collections.abc import Iterable

from auditor.cases.ledger import Entry
from auditor.cases.model import CaseFinding

Seen = tuple[str, str]
"""A finding and the run that last saw it."""


def seen_as(item: CaseFinding) -> Seen:
    """Return which finding of which run an item of a case is."""
    return item.finding.id, item.last_run


def taken_back(entries: Iterable[Entry]) -> frozenset[Seen]:
    """Return the findings that cited a source when it was taken back, as the ledger tells it."""
    return frozenset(
        (finding["id"], finding["run"])
        for entry in entries
        if entry.kind == "retracted"
        for case in entry.details["cases"]
        for finding in case["findings"]
    )
