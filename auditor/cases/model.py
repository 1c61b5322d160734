"""Cases, proposed actions and notes: what people look into, before anyone decides.

A case gathers the findings on a person or a group; each account in it has a proposed action of its own with its
reasons. A proposal is not a decision.
"""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Literal, get_args

from auditor.checker.findings import Finding
from auditor.policy.conditions import Node
from auditor.policy.rule import Level


class ActionName(StrEnum):
    """The ladder, mildest first (fixed order)."""

    NONE = "none"
    WARN = "warn"
    VERIFY = "verify"
    THROTTLE = "throttle"
    SUSPEND = "suspend"
    TERMINATE = "terminate"

    @property
    def rank(self) -> int:
        """Return 0 for the mildest, counting up."""
        return _RANKS[self]


_RANKS = {name: rank for rank, name in enumerate(ActionName)}  # asked for so often that counting anew is slow


class Action(Node):
    """What is proposed for one account, and why. `protect` holds steps that help a victim (`freeze_key`, `notify`)."""

    account: str
    action: ActionName
    because: tuple[str, ...]
    protect: tuple[str, ...] = ()


class AccountAction(Node):
    """What a person proposed, or people decided, for one account."""

    account: str
    action: ActionName


class SpeaksFor(Node):
    """One fact that speaks for an account, stated beside the findings; an empty `account` means the whole case."""

    account: str
    fact: str


FindingStatus = Literal["new", "held", "changed", "stale"]
CaseStatus = Literal["open", "proposed", "decided", "appealed", "closed"]
StandingName = Literal["approved", "permitted", "observed", "limited", "prohibited"]
"""What terms and approvals say of a conduct, mildest first."""


_MILDEST_FIRST = get_args(StandingName)


class ConductStanding(Node):
    """What terms and approvals say of one conduct of a finding, on one account.

    At least `covered` of the account's `records` cited records fall under the clauses (or the approval) that decided; a
    version that changes inside a finding, or a document that applies to some records only, makes it less than all.
    `ended` says in words that an approval ended inside the finding: then none is sure.
    """

    conduct: str
    standing: StandingName
    because: str
    covered: int
    records: int
    ended: str = ""

    @property
    def is_mostly_covered(self) -> bool:
        """Whether at least half of the cited records fall under what decided."""
        return self.covered * 2 >= self.records


def worst_of(standings: Iterable[ConductStanding]) -> StandingName:
    """Return the gravest of at least one standing."""
    return max((standing.standing for standing in standings), key=_MILDEST_FIRST.index)


class AccountPart(Node):
    """One account's share in a finding: its own cited records, and how the finding is to be read for it.

    `within_theft` of the records lie within a credential-theft finding on the same account and key, `after_theft` up
    to 30 days after the end of one and within none.
    """

    account: str
    records: int
    standings: tuple[ConductStanding, ...]
    within_theft: int = 0
    after_theft: int = 0

    @property
    def worst(self) -> ConductStanding:
        """Return the standing that counts: the gravest among the alternatives."""
        gravest = worst_of(self.standings)
        return next(standing for standing in self.standings if standing.standing == gravest)


class CaseFinding(Node):
    """A finding as the casebook keeps it: with its history in this case.

    `status` is of the latest run: new, held (the same), changed (same incident, other content) or stale (no longer
    holds). `supersedes` says in words what changed. `approved_by` names approvals that cover it, conduct by conduct.
    """

    finding: Finding
    status: FindingStatus
    first_run: str
    last_run: str
    supersedes: tuple[str, ...] = ()
    approved: tuple[str, ...] = ()
    """Reasons of approvals that cover this finding, each naming conduct, approver and expiry."""
    standing: StandingName = "observed"
    """What the terms (and approvals) in force said of it; the worst over its accounts and conducts."""
    parts: tuple[AccountPart, ...] = ()
    """One for each account with cited records, sorted by account."""
    cited_as: str = ""
    """The finding's id in the citations of `last_run`; it differs from `finding.id` when an earlier id was kept."""

    def part_of(self, account: str) -> AccountPart | None:
        """Return an account's share, or None when it has no cited records here."""
        return next((part for part in self.parts if part.account == account), None)


class Note(Node):
    """A remark of a person on a case; never changed, never lost."""

    number: int
    time: datetime
    author: str
    text: str


class StepTaken(Node):
    """One thing that a person decided on a case, as the ledger tells it: who, when, why, and what for each account.

    `action` is the sternest of its `actions`; a step that decides nothing for anyone has none.
    """

    kind: str
    person: str
    time: datetime
    reason: str
    action: str = ""
    actions: tuple[AccountAction, ...] = ()
    beyond: str = ""
    to: str = ""
    """Who hears an appeal."""
    on: str = ""
    """The case it was taken on, where that has become part of this one since."""
    is_signed: bool = False


class LegalHold(Node):
    """Why nothing that a case rests on may be erased, as the ledger tells it: who said so, and since when."""

    reason: str
    person: str
    time: datetime


class Case(Node):
    """What a person looks into: accounts, findings, proposed actions, notes."""

    id: str
    pack: str
    accounts: tuple[str, ...]
    severity: Level
    status: CaseStatus
    proposed_action: ActionName
    actions: tuple[Action, ...]
    findings: tuple[CaseFinding, ...]
    speaks_for: tuple[SpeaksFor, ...] = ()
    notes: tuple[Note, ...] = ()
    opened: datetime
    updated: datetime
    last_run: str
    formerly: tuple[str, ...] = ()
    refers_to: str = ""
    assignee: str = ""
    """The person who looks into it, where one was named."""
    steps: tuple[StepTaken, ...] = ()
    """What people decided, oldest first; the ledger has all of it."""
    hold: LegalHold | None = None
    """The legal hold that it is under, None where it is under none."""

    @property
    def decided(self) -> str:
        """The sternest action that is in force by a decision of people, empty before one; a proposal is none."""
        deciding = self._deciding
        return deciding.action if deciding else ""

    @property
    def in_force(self) -> tuple[AccountAction, ...]:
        """What is in force for each account by a decision of people, nothing before one."""
        deciding = self._deciding
        return deciding.actions if deciding else ()

    @property
    def _deciding(self) -> StepTaken | None:
        steps = [step for step in self.steps if step.kind in ("approved", "heard") and not step.on]
        return steps[-1] if steps else None


def order_in_lists(case: Case) -> tuple[bool, int, int, str]:
    """Return where a case stands in every list of cases: sternest proposal first, then gravest finding, then id.

    Closed cases come last: nobody has anything to do there.
    """
    return (case.status == "closed", -case.proposed_action.rank, -case.severity.rank, case.id)


class ProposalChange(Node):
    """A case whose proposal a run changed: what was proposed at most, and the accounts that had another proposal."""

    case_id: str
    before: ActionName
    after: ActionName
    accounts: tuple[str, ...] = ()


class CasebookChange(Node):
    """What a run changed in the casebook, for the summary that is printed first.

    Findings are named by the ids the casebook keeps them under. Merged cases are among the changed ones.
    """

    new_cases: tuple[str, ...] = ()
    changed_cases: tuple[str, ...] = ()
    unchanged_cases: tuple[str, ...] = ()
    new_findings: tuple[str, ...] = ()
    changed_findings: tuple[str, ...] = ()
    stale_findings: tuple[str, ...] = ()
    changed_proposals: tuple[ProposalChange, ...] = ()
