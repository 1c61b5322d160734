"""What people decide on a case: proposals, approvals, appeals and their outcomes, as the ledger tells them.

Pure: entries and cases in, judgement out. A proposal speaks of each account of the case; a person may be milder than
the machine's proposal as they like, and sterner only with a reason of its own. `suspend` and `terminate` take a second
person, an appeal a third.
"""

import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from auditor.cases.ledger import Entry
from auditor.cases.model import AccountAction, ActionName, Case
from auditor.errors import UsageError
from auditor.policy.conditions import Node


class Decision(Node):
    """One step of a decision, as it is signed and as the ledger keeps it; `beyond` says why it exceeds the evidence."""

    step: str
    case_id: str
    person: str
    time: datetime
    reason: str
    beyond: str
    actions: tuple[AccountAction, ...]
    strikes: tuple[tuple[str, int], ...] = ()
    """Earlier decisions that still count against an account, by account; those without any are left out."""

    @property
    def action(self) -> ActionName:
        """The sternest of its actions."""
        return sternest(self.actions)


class Course(Node):
    """How far a case has come: the proposal that stands, its approval, and the appeal that waits or was heard."""

    proposed: Entry | None = None
    approved: Entry | None = None
    appealed: Entry | None = None
    heard: tuple[Entry, ...] = ()
    is_closed: bool = False

    @property
    def steps(self) -> tuple[Entry, ...]:
        """The entries that make the decision, oldest first."""
        return tuple(item for item in (self.proposed, self.approved, *self.heard) if item)

    @property
    def actions(self) -> tuple[AccountAction, ...]:
        """What is in force: nothing before an approval."""
        return actions_in(self.steps[-1]) if self.approved else ()

    @property
    def status(self) -> str:
        """The status of the case that follows from the entries."""
        if self.is_closed:
            return "closed"
        if self.approved:
            return "appealed" if self.appealed else "decided"
        return "proposed" if self.proposed else "open"


def course_of(entries: Iterable[Entry]) -> Course:
    """Return how far a case has come by its entries; a new proposal takes the place of one that wasn't approved."""
    course = Course()
    for entry in entries:
        match entry.kind:
            case "proposed":
                course = Course(proposed=entry)
            case "approved":
                course = course.model_copy(update={"approved": entry})
            case "appealed":
                course = course.model_copy(update={"appealed": entry})
            case "heard":
                course = course.model_copy(update={"appealed": None, "heard": (*course.heard, entry)})
            case "closed":
                course = course.model_copy(update={"is_closed": True})
    return course


def actions_in(entry: Entry) -> tuple[AccountAction, ...]:
    """Return the actions that an entry holds."""
    return tuple(AccountAction(**item) for item in entry.details["actions"])


def sternest(actions: Iterable[AccountAction]) -> ActionName:
    """Return the sternest of actions, `none` of none."""
    return max((item.action for item in actions), key=lambda action: action.rank, default=ActionName.NONE)


def actions_for(
    case: Case, action: ActionName, accounts: Collection[str] = (), *, beyond: str
) -> tuple[AccountAction, ...]:
    """Return what a person's proposal means for each account of a case.

    Without `accounts`, each gets the action, but none more than the machine proposes for it: a member of a group isn't
    treated by what another did. Named ones get the action, all others `none`. Raises UsageError where that would go
    beyond the machine's proposal and `beyond` gives no reason for it.
    """
    unknown = sorted(set(accounts) - set(case.accounts))
    if unknown:
        raise UsageError.at(None, f"`{unknown[0]}` is no account of case {case.id}", "`auditor case show` lists them")
    machine = {item.account: item.action for item in case.actions}
    named = set(accounts) or (set(case.accounts) if len(case.accounts) == 1 else set())
    made = [AccountAction(account=name, action=_for(name, action, named, machine[name])) for name in case.accounts]
    over = [item for item in made if item.action.rank > machine[item.account].rank]
    if not beyond.strip() and (over or action.rank > sternest(made).rank):
        allowed = machine[over[0].account] if over else sternest(made)
        message = f"`{action}` goes beyond what the evidence carries, which is at most `{allowed}`"
        raise UsageError.at(None, message, "propose that, or say why you go beyond it with `--beyond REASON`")
    if action.rank > sternest(made).rank:
        message = f"`{action}` goes beyond what the evidence carries for every account of the case"
        raise UsageError.at(None, message, "name the accounts it is meant for with `--account`")
    return tuple(made)


def _for(account: str, action: ActionName, named: Collection[str], machine: ActionName) -> ActionName:
    if named:
        return action if account in named else ActionName.NONE
    return min(action, machine, key=lambda item: item.rank)


def is_beyond(case: Case, actions: Iterable[AccountAction]) -> bool:
    """Say whether any action is sterner than what the machine proposes for its account."""
    machine = {item.account: item.action.rank for item in case.actions}
    return any(item.action.rank > machine.get(item.account, 0) for item in actions)


def readers_of(case: Case, actions: Iterable[AccountAction]) -> frozenset[str]:
    """Return the accounts whose holders are told of such a decision: those it is against, and those to be protected."""
    protected = (item.account for item in case.actions if item.protect)
    return frozenset([*(item.account for item in actions if item.action is not ActionName.NONE), *protected])


def person_of(name: str) -> str:
    """Return a person's name so that its spellings are one: case, white space and width of letters don't matter."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def must_be_another(person: str, key_id: str, steps: Sequence[Entry], what: str) -> None:
    """Raise UsageError when a person or a key had a part in one of the steps."""
    for entry in steps:
        if person_of(entry.person) == person_of(person):
            message = f"{what} takes another person than `{entry.person}`, who {entry.kind} it"
            raise UsageError.at(None, message, "ask a colleague who had no part in it")
        if key_id and entry.details.get("key") == key_id:
            message = f"{what} takes another key than the one with which `{entry.person}` {entry.kind} it"
            raise UsageError.at(None, message, "each person signs with a key of their own")


def strikes_against(
    accounts: Iterable[str], entries: Iterable[Entry], *, now: datetime, days: int
) -> tuple[tuple[str, int], ...]:
    """Count, for each account, the decisions of `warn` or more that were made in the last so many days.

    A decision counts as it stands after appeals, from the day of its approval; accounts without any are left out.
    """
    by_case: dict[str, list[Entry]] = {}
    for entry in entries:
        by_case.setdefault(entry.case_id, []).append(entry)
    counts: dict[str, int] = {}
    for course in map(course_of, by_case.values()):
        if course.approved and now - course.approved.time <= timedelta(days=days):
            for item in course.actions:
                if item.action.rank >= ActionName.WARN.rank:
                    counts[item.account] = counts.get(item.account, 0) + 1
    return tuple((account, counts[account]) for account in sorted(accounts) if account in counts)


def machine_actions(case: Case) -> Mapping[str, str]:
    """Return what the machine proposes, by account."""
    return {item.account: str(item.action) for item in case.actions}
