"""Accounts whose key somebody else used, and the records that must not count against them.

A finding of a victim's conduct (`credential-theft`) protects the account, as far as the stolen key was used: any other
finding on that account is set aside when at least half of the account's cited records in it lie within the theft; it
carries at most `verify` when some of them do, or come within 30 days after it, since nobody knows yet who holds the
key; and it counts in full otherwise. Records made with another key than those the theft cites are not touched: who
buys one odd call on a spare key buys no more than that.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence

from auditor.cases.model import AccountPart, CaseFinding
from auditor.policy.pack import Ladder
from auditor.records.tallies import AccountSpan, aftermath_of

Tally = Mapping[tuple[str, str], tuple[int, int]]
"""Of one run: records within and after thefts, by (finding as cited, account); see `records/tallies.py`."""


def names_a_victim(part: AccountPart, ladder: Ladder) -> bool:
    """Say whether one of the finding's alternatives is that the account is a victim, and nobody approved it."""
    return any(
        standing.conduct in ladder.victim_conducts and standing.standing != "approved" for standing in part.standings
    )


def only_names_a_victim(part: AccountPart, ladder: Ladder) -> bool:
    """Say whether the finding has no other meaning than that the account is a victim."""
    return names_a_victim(part, ladder) and all(s.conduct in ladder.victim_conducts for s in part.standings)


def is_set_aside(part: AccountPart) -> bool:
    """Say whether a theft explains so many of the account's records that the finding doesn't count against it."""
    return part.within_theft > 0 and part.within_theft * 2 >= part.records


def thefts_in(findings: Iterable[CaseFinding], ladder: Ladder) -> tuple[CaseFinding, ...]:
    """Return the findings that hold and say, of some account, that its key was used by somebody else."""
    return tuple(
        item for item in findings if item.status != "stale" and any(names_a_victim(part, ladder) for part in item.parts)
    )


def theft_spans(
    thefts: Iterable[CaseFinding], keys: Mapping[tuple[str, str, str], tuple[str, ...]], ladder: Ladder
) -> tuple[AccountSpan, ...]:
    """Return the stretches of time in which keys were used by somebody else, one for each key.

    `keys` are those of the records cited, by (run, finding as cited, account); where none is known, the stretch is
    about all records of the account.
    """
    return tuple(
        AccountSpan(part.account, item.finding.start, item.finding.end, aftermath_of(item.finding.end), key)
        for item in thefts
        for part in item.parts
        if names_a_victim(part, ladder)
        for key in keys.get((item.last_run, cited_id(item), part.account), (None,))
    )


def cited_id(item: CaseFinding) -> str:
    """Return the finding's id in the citations of its last run."""
    return item.cited_as or item.finding.id


def with_thefts(
    findings: Sequence[CaseFinding], victims: Collection[str], tallies: Mapping[str, Tally], ladder: Ladder
) -> tuple[CaseFinding, ...]:
    """Return the findings with the records counted that lie within and after thefts on the same account.

    `tallies` has the counts of each run over all `victims`; where a run's are missing, what was counted before stays.
    A finding that names a victim is not held against itself.
    """
    return tuple(_counted(finding, victims, tallies.get(finding.last_run), ladder) for finding in findings)


def _counted(finding: CaseFinding, victims: Collection[str], tally: Tally | None, ladder: Ladder) -> CaseFinding:
    cited = cited_id(finding)
    parts = []
    for part in finding.parts:
        if part.account not in victims or names_a_victim(part, ladder):
            inside, later = 0, 0
        elif tally is None:
            inside, later = part.within_theft, part.after_theft
        else:
            inside, later = tally.get((cited, part.account), (0, 0))
        parts.append(part.model_copy(update={"within_theft": inside, "after_theft": later}))
    return finding.model_copy(update={"parts": tuple(parts)})
