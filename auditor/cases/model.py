"""Cases, proposed actions and notes: what people look into, before anyone decides.

A case gathers the findings on a person or a group; each account in it has a proposed action of its own with its
reasons. A proposal is not a decision.
"""

from datetime import datetime
from enum import StrEnum
from typing import Literal

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
        return list(ActionName).index(self)


class Action(Node):
    """What is proposed for one account, and why. `protect` holds steps that help a victim (`freeze_key`, `notify`)."""

    account: str
    action: ActionName
    because: tuple[str, ...]
    protect: tuple[str, ...] = ()


class SpeaksFor(Node):
    """One fact that speaks for an account, stated beside the findings."""

    account: str
    fact: str


FindingStatus = Literal["new", "held", "changed", "stale"]


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
    standing: Literal["prohibited", "limited", "permitted", "approved", "observed"] = "observed"
    """What the terms (and approvals) in force said of it."""


class Note(Node):
    """A remark of a person on a case; never changed, never lost."""

    number: int
    time: datetime
    author: str
    text: str


class Case(Node):
    """What a person looks into: accounts, findings, proposed actions, notes."""

    id: str
    pack: str
    accounts: tuple[str, ...]
    severity: Level
    status: Literal["open", "proposed", "decided", "closed"]
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


class CasebookChange(Node):
    """What a run changed in the casebook, for the summary that is printed first."""

    new_cases: tuple[str, ...] = ()
    changed_cases: tuple[str, ...] = ()
    unchanged_cases: tuple[str, ...] = ()
    new_findings: tuple[str, ...] = ()
    changed_findings: tuple[str, ...] = ()
    stale_findings: tuple[str, ...] = ()
