"""A composite followed for one account, in plain words: what each rule that it names found, and what of it meets."""

from collections.abc import Iterator

from auditor.checker.findings import PartSeen
from auditor.checker.trace import AccountTrace
from auditor.digests import rfc3339
from auditor.policy.condition_words import words_of_seconds
from auditor.policy.rule import Composite

VERDICTS = {
    "match": "a finding is about this account",
    "suppressed": "it matches, and an exemption suppresses the finding",
    "context only": "a finding of its subject is about other records; this account is context",
    "no match": "no finding",
    "not evaluated": "not evaluated: the records can't answer",
}


def parts_words(composite: Composite, trace: AccountTrace) -> Iterator[str]:
    """Yield what each rule says of the account, and which of their findings meet."""
    for part in trace.parts:
        lacking = f" for lack of {', '.join(f'`{name}`' for name in part.missing)}" if part.missing else ""
        yield f"“{part.rule}”: {VERDICTS[part.verdict]}{lacking}."
    many = composite.different(piece.rule for piece in trace.met)
    yield (
        f"At most {many:,} of the {composite.measure} meet within {words_of_seconds(composite.within)}; "
        f"{composite.at_least:,} are asked for."
    )
    yield from (_piece_words(piece) for piece in trace.met)


def meeting_differs(composite: Composite, trace: AccountTrace) -> Iterator[str]:
    """Yield what would have had to differ for the other answer."""
    many = composite.different(piece.rule for piece in trace.met)
    if trace.verdict in ("match", "suppressed"):
        yield (
            f"It would be no finding if {many - composite.at_least + 1:,} of the {composite.measure} that meet there "
            "had found nothing, and likewise wherever else enough of them meet."
        )
        return
    seen = {piece.rule for piece in trace.met}
    others = ", ".join(f"“{part.rule}”" for part in trace.parts if part.rule not in seen)
    yield (
        f"{composite.at_least - many:,} more of the {composite.measure} would have to find something of this subject "
        f"in that time; not among them: {others or 'none'}. `policy explain RULE --account` follows each."
    )


def _piece_words(piece: PartSeen) -> str:
    records = f"{piece.records:,} {'record' if piece.records == 1 else 'records'}"
    return f"“{piece.rule}”: {rfc3339(piece.start)} to {rfc3339(piece.end)}, {records} of the subject."
