"""The ladder: which action the machine proposes for one account, and why (DESIGN section 6).

Pure judgement over findings that were already read for the account (`standing.py`, `victims.py`). Every finding has a
ceiling (`weighing.py`), the sternest action it may carry; the proposal is the highest ceiling, raised once where two
independent families agree. `terminate` is never proposed.
"""

from collections.abc import Iterable, Sequence

from auditor.cases.independence import independent_pair, shared_signals, signals_of
from auditor.cases.model import AccountPart, Action, ActionName, CaseFinding, ConductStanding
from auditor.cases.reach import Reaching
from auditor.cases.ties import NO_TIES, Ties
from auditor.cases.victims import names_a_victim
from auditor.cases.weighing import Caps, Scales, Weighed, scales_for, weigh
from auditor.policy.condition_words import counted
from auditor.policy.pack import Ladder

PROTECTION = ("freeze_key", "notify")
"""What is proposed for the victim of a stolen key."""

_NOTHING_HOLDS = "none: no finding that still holds rests on records of this account"


Cited = tuple[CaseFinding, AccountPart]
"""A finding and one account's part in it."""


def propose_all(
    accounts: Iterable[str],
    findings: Sequence[CaseFinding],
    ladder: Ladder,
    *,
    ties: Ties = NO_TIES,
    reaching: Sequence[Reaching] = (),
) -> tuple[Action, ...]:
    """Propose an action for each account of a case, in the order given, from the findings of that case.

    `reaching` are findings on others that count for an account too (`reach.py`).
    """
    cited: dict[str, list[Cited]] = {}
    for finding in findings:
        for part in finding.parts if finding.status != "stale" else ():
            cited.setdefault(part.account, []).append((finding, part))
    reached: dict[str, list[Reaching]] = {}
    for item in reaching:
        reached.setdefault(item.part.account, []).append(item)
    scales = scales_for(findings, ladder, ties)
    return tuple(propose(account, cited.get(account, ()), reached.get(account, ()), scales) for account in accounts)


def propose(account: str, cited: Sequence[Cited], reaching: Sequence[Reaching], scales: Scales) -> Action:
    """Propose an action for one account from the findings that hold, its own part in each, and what reaches it."""
    if not cited:
        return Action(account=account, action=ActionName.NONE, because=(_nothing_holds(account, scales.ties),))
    weighed = [weigh(finding, part, scales) for finding, part in cited]
    action, reason = _together(weighed, [item for item in reaching if item.may_support], scales.caps)
    is_victim = any(names_a_victim(part, scales.ladder) for _, part in cited)
    return Action(
        account=account,
        action=action,
        because=(
            f"{action}: {reason}",
            *(_in_words(item) for item in _sternest_first(weighed)),
            *(item.in_words for item in reaching),
        ),
        protect=PROTECTION if is_victim else (),
    )


def _nothing_holds(account: str, ties: Ties) -> str:
    tie = ties.of(account)
    if tie is None:
        return _NOTHING_HOLDS
    return f"{_NOTHING_HOLDS}; it is in the case because it is linked to the others ({tie.kinds or 'by others'})"


def _together(weighed: Sequence[Weighed], reaching: Sequence[Reaching], caps: Caps) -> tuple[ActionName, str]:
    """Return the proposal and its main reason, once all findings are seen side by side.

    What only reaches the account is looked at once its own findings agree on nothing, and never without one of them.
    """
    strongest = _sternest_first(weighed)[0]
    alone = strongest.ceiling
    supporting = [item.finding.finding for item in weighed if item.may_support]
    pair = independent_pair(supporting)
    if pair is None and caps.independent_families.rank > alone.rank:
        for item in reaching:
            if any(independent_pair((own, item.finding.finding)) for own in supporting):
                return caps.independent_families, f"two independent families of evidence agree: {item.in_words}"
    if pair and caps.independent_families.rank > alone.rank:
        first, second = (f"{finding.family} ({', '.join(sorted(signals_of(finding)))})" for finding in pair)
        return caps.independent_families, f"two independent families of evidence agree, {first} and {second}"
    reason = strongest.because
    shared = shared_signals(supporting) if pair is None else ()
    if shared and alone.rank < caps.independent_families.rank:
        reason += f"; more than one family, but they share {', '.join(shared)} and count as one"
    return alone, reason


def _sternest_first(weighed: Sequence[Weighed]) -> list[Weighed]:
    def key(item: Weighed) -> tuple[int, bool, int, str, str]:
        finding = item.finding.finding
        return (-item.ceiling.rank, not item.may_support, -finding.level.rank, finding.rule, finding.id)

    return sorted(weighed, key=key)


def _in_words(item: Weighed) -> str:
    finding, part = item.finding.finding, item.part
    grounds = "".join(f"; {_ground(standing)}" for standing in part.standings)
    leads = "leads to no action" if item.ceiling is ActionName.NONE else f"alone leads to {item.ceiling} at most"
    cited = f"{counted(part.records, 'cited record')} of this account"
    kind = f"{finding.family}, {finding.strength}, {finding.level}; {cited}"
    return f"{finding.title} ({kind}) {leads}: {item.because}{grounds}"


def _ground(standing: ConductStanding) -> str:
    if standing.standing in ("approved", "observed"):
        return standing.because
    return f"{standing.conduct} is {standing.standing} by {standing.because}"
