"""How far one finding may carry a proposal for one account: its ceiling, and the limit that sets it.

Each limit is a sentence of its own; the mildest one counts and is given as the reason. The caps are fixed: a ladder
file may only lower them.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from auditor.cases.doubts import Doubts, doubts_about, is_pooled
from auditor.cases.model import AccountPart, ActionName, CaseFinding
from auditor.cases.ties import Ties
from auditor.cases.victims import is_set_aside, names_a_victim, only_names_a_victim
from auditor.policy.pack import Ladder
from auditor.policy.rule import Level

Limit = tuple[ActionName, str]
"""The sternest action that a finding may carry, and why."""


@dataclass(frozen=True)
class Caps:
    """The sternest action for each kind of evidence, after the ladder file had its say."""

    single_inferential: ActionName
    independent_families: ActionName
    bright_line: ActionName
    unclaused: ActionName


@dataclass(frozen=True)
class Weighed:
    """A finding with its ceiling for one account, why it is not higher, and whether it may join another family."""

    finding: CaseFinding
    part: AccountPart
    ceiling: ActionName
    because: str
    may_support: bool


@dataclass(frozen=True)
class Scales:
    """What findings are weighed with: caps, ladder, how accounts are linked, and what is doubted of them."""

    caps: Caps
    ladder: Ladder
    ties: Ties
    doubts: Doubts


def scales_for(findings: Iterable[CaseFinding], ladder: Ladder, ties: Ties) -> Scales:
    """Return what some findings are weighed with."""
    return Scales(caps_of(ladder), ladder, ties, doubts_about(findings, ties))


def caps_of(ladder: Ladder) -> Caps:
    """Return the caps: DESIGN section 6, lowered where the ladder file is milder."""
    return Caps(
        single_inferential=milder(ActionName.VERIFY, ActionName(ladder.single_inferential)),
        independent_families=milder(ActionName.THROTTLE, ActionName(ladder.independent_families)),
        bright_line=milder(ActionName.SUSPEND, ActionName(ladder.bright_line)),
        unclaused=milder(ActionName.VERIFY, ActionName(ladder.unclaused)),
    )


def milder(first: ActionName, second: ActionName) -> ActionName:
    """Return the milder of two actions."""
    return min(first, second, key=lambda action: action.rank)


def weigh(finding: CaseFinding, part: AccountPart, scales: Scales) -> Weighed:
    """Return how far one finding may carry a proposal for an account with cited records in it.

    It may support a second family when it is above low, most of its records fall under a clause against it, no
    theft on the account touches it, and nothing speaks against the account's bearing it itself (`doubts.py`).
    """
    caps, ladder = scales.caps, scales.ladder
    ceiling, because = min(_limits(finding, part, caps, ladder), key=lambda limit: limit[0].rank)
    doubt = scales.doubts.of(finding.finding, part)
    because = f"{because}; {doubt}" if doubt and ceiling.rank >= ActionName.VERIFY.rank else because
    is_clear = part.worst.standing in ("prohibited", "limited") and part.worst.is_mostly_covered
    is_touched = part.within_theft or part.after_theft or names_a_victim(part, ladder)
    is_grave = finding.finding.level.rank > Level.LOW.rank
    return Weighed(finding, part, ceiling, because, may_support=is_clear and is_grave and not is_touched and not doubt)


def _limits(finding: CaseFinding, part: AccountPart, caps: Caps, ladder: Ladder) -> list[Limit]:
    """List every limit on a finding, gravest reason for the account first among equals."""
    none, verify = ActionName.NONE, milder(ActionName.VERIFY, caps.single_inferential)
    limits: list[Limit] = []
    if only_names_a_victim(part, ladder):
        limits.append((none, "the finding says that somebody else used this account's key"))
    if is_set_aside(part):
        limits.append((none, "it is set aside, since its records lie within a credential theft on this account"))
    limits += _limits_of_standing(part, caps)
    if finding.finding.level.rank <= Level.LOW.rank:
        limits.append((ActionName.WARN, f"its level is {finding.finding.level}, so it carries a warning at most"))
    if part.within_theft or part.after_theft:
        words = "some of its records were made with a key that was being used by somebody else, or within 30 days after"
        limits.append((verify, words))
    if names_a_victim(part, ladder):
        limits.append((verify, "the account may be a victim"))
    if finding.finding.strength == "bright-line" and not _is_its_own(finding):
        limits.append((verify, "accounts together reached the threshold; what this account did alone was not measured"))
    elif finding.finding.strength == "bright-line":
        limits.append((caps.bright_line, "this account's own records show the conduct itself (bright-line)"))
    else:
        limits.append((caps.single_inferential, "inferential evidence of one family leads no further"))
    return limits


def _is_its_own(finding: CaseFinding) -> bool:
    """Say whether what was measured was measured on this account alone."""
    return not is_pooled(finding.finding)


def _limits_of_standing(part: AccountPart, caps: Caps) -> list[Limit]:
    worst = part.worst
    match worst.standing:
        case "approved" | "permitted":
            return [(ActionName.NONE, f"it is {worst.standing}, so nothing is proposed for it")]
        case "observed":
            so = f"nothing above {caps.unclaused}" if caps.unclaused.rank else "nothing is proposed for it"
            return [(caps.unclaused, f"it is only observed: no clause applied to it, so {so}")]
        case "limited":
            limit = milder(ActionName.THROTTLE, caps.bright_line)
            by_limit = [(limit, "the clause limits the conduct and doesn't prohibit it")]
            return by_limit + _limits_of_coverage(part, caps)
        case _:
            return _limits_of_coverage(part, caps)


def _limits_of_coverage(part: AccountPart, caps: Caps) -> list[Limit]:
    worst = part.worst
    if worst.is_mostly_covered:
        return []
    if worst.ended:
        words = (
            f"{worst.ended}; how many of the account's {worst.records:,} cited records came before, and whether the"
            " others alone reach the threshold, is not counted"
        )
        return [(caps.unclaused, words)]
    words = f"the clause is sure to apply to only {worst.covered:,} of this account's {worst.records:,} cited records"
    return [(caps.unclaused, words)]
