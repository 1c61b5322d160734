"""The statement of reasons for one account, as data: what was decided, on which facts and ground, by whom, and what
the account holder can do. Notices in every language and the record for a public database are made from it alone.

Nothing of any other account is in it. What the machine proposed and people decided is computed here from what
happened, so that no text can say otherwise.
"""

from collections.abc import Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Literal

from auditor.cases.decisions import Course, actions_in, person_of
from auditor.cases.ledger import Entry
from auditor.cases.model import ActionName, Case, CaseFinding
from auditor.cases.naming import named_in
from auditor.cases.rules_told import RulesTold, RuleTold
from auditor.checker.findings import Applied, Measured
from auditor.policy.conditions import Node
from auditor.report.alike import thresholds_alike

AutomatedDecision = Literal["AUTOMATED_DECISION_PARTIALLY", "AUTOMATED_DECISION_NOT_AUTOMATED"]


class Heard(Node):
    """What came of the last appeal, and why."""

    outcome: str
    reason: str
    time: datetime


class AccountDecision(Node):
    """What a named person decided for one account, and what came of an appeal; `time` is since when it is in force.

    `approved_by` is empty where no other person agreed. `beyond` says why it goes beyond what the evidence carries,
    where it does. `before_appeal` is what was in force until an appeal was heard, None when none was.
    """

    action: ActionName
    reason: str
    by: str
    approved_by: str = ""
    time: datetime
    beyond: str = ""
    before_appeal: ActionName | None = None
    appealed: datetime | None = None
    """When an appeal was made that still waits."""
    heard: Heard | None = None

    @property
    def is_withdrawn(self) -> bool:
        """Whether an appeal has undone what was decided against the account."""
        return self.action is ActionName.NONE and self.before_appeal not in (None, ActionName.NONE)


class StatedMeasure(Node):
    """A measure at its peak, and what the rule asks of it."""

    measure: Measured
    operator: str
    threshold: str


class StatedFinding(Node):
    """One finding as the account holder is told of it: the own records, and what the whole was measured at.

    `is_together` says that it was measured over several accounts; figures over them name none.
    """

    title: str
    description: str = ""
    """What its rule looks for, in the rule's own words; empty where these aren't known any more."""
    others: tuple[str, ...] = ()
    """What else can look like that, in the rule's own words."""
    conducts: tuple[str, ...]
    is_bright_line: bool
    start: datetime
    end: datetime
    records: int
    measured: tuple[StatedMeasure, ...]
    is_together: bool
    clauses: tuple[Applied, ...]


class Statement(Node):
    """The reasons for one account; `decision` is None while there is only a proposal."""

    case: str
    account: str
    action: ActionName
    proposed: ActionName
    """By the machine."""
    waiting: ActionName | None = None
    """What a person proposes, as long as nobody has approved it."""
    decision: AccountDecision | None
    findings: tuple[StatedFinding, ...]
    speaks_for: tuple[str, ...]
    protect: tuple[str, ...]

    @property
    def is_draft(self) -> bool:
        """Whether nobody has decided yet."""
        return self.decision is None

    @property
    def is_about_a_victim(self) -> bool:
        """Whether nothing is proposed or decided against the account, which is to be protected."""
        is_withdrawn = self.decision is not None and self.decision.is_withdrawn
        return self.action is ActionName.NONE and bool(self.protect) and not is_withdrawn

    @property
    def is_detected_by_machine(self) -> bool:
        """Whether a rule found what the statement rests on."""
        return bool(self.findings)

    @property
    def automated_decision(self) -> AutomatedDecision:
        """How far the decision was automated: a person always decides, a machine that found something took part."""
        return "AUTOMATED_DECISION_PARTIALLY" if self.findings else "AUTOMATED_DECISION_NOT_AUTOMATED"


def decision_for(course: Course, account: str) -> AccountDecision | None:
    """Return what is in force for an account as the ledger tells it, None before an approval."""
    if course.proposed is None or course.approved is None:
        return None
    last = course.heard[-1] if course.heard else None
    is_by_two = person_of(course.approved.person) != person_of(course.proposed.person)
    action = _action_in(course.steps[-1], account)
    is_changed = last is not None and action is not _action_in(course.approved, account)
    return AccountDecision(
        action=action,
        reason=course.proposed.details["reason"],
        by=course.proposed.person,
        approved_by=course.approved.person if is_by_two else "",
        time=last.time if last and is_changed else course.approved.time,
        beyond=course.steps[-1].details["beyond"],
        before_appeal=_action_in(course.approved, account) if last else None,
        appealed=course.appealed.time if course.appealed else None,
        heard=Heard(outcome=last.details["outcome"], reason=last.details["reason"], time=last.time) if last else None,
    )


def waiting_for(course: Course, account: str) -> ActionName | None:
    """Return what a person proposes for an account and nobody has approved yet; None where that is nothing."""
    if course.proposed is None or course.approved is not None:
        return None
    return _action_in(course.proposed, account)


def _action_in(entry: Entry, account: str) -> ActionName:
    return next((item.action for item in actions_in(entry) if item.account == account), ActionName.NONE)


def statement_of(
    case: Case,
    account: str,
    decision: AccountDecision | None = None,
    waiting: ActionName | None = None,
    *,
    told: RulesTold = MappingProxyType({}),
) -> Statement | None:
    """Return the statement of reasons for an account of a case; None when nothing is to be said to its holder.

    `told` is what the rules behind the case say of themselves.
    That is so when nothing is proposed or decided against the account, no appeal has undone it, and it isn't a victim.
    """
    proposal = next((item for item in case.actions if item.account == account), None)
    proposed = proposal.action if proposal else ActionName.NONE
    protect = proposal.protect if proposal else ()
    action = decision.action if decision else proposed if waiting is None else waiting
    is_withdrawn = decision is not None and decision.is_withdrawn
    if action is ActionName.NONE and not protect and not is_withdrawn:
        return None
    return Statement(
        case=case.id,
        account=account,
        action=action,
        proposed=proposed,
        waiting=None if decision else waiting,
        decision=decision,
        findings=_findings(case.findings, account, told),
        speaks_for=_facts(case, account),
        protect=protect,
    )


def statements_of(
    case: Case,
    decisions: Sequence[tuple[str, AccountDecision]] = (),
    *,
    told: RulesTold = MappingProxyType({}),
) -> tuple[Statement, ...]:
    """Return the statements for all accounts of a case that are to be told something, in the order of the accounts."""
    decided = dict(decisions)
    stated = (statement_of(case, account, decided.get(account), told=told) for account in case.accounts)
    return tuple(item for item in stated if item)


def _facts(case: Case, account: str) -> tuple[str, ...]:
    """Return the facts about an account, without those that name another one (the reason of an approval may)."""
    own = (item.fact for item in case.speaks_for if item.account == account)
    return tuple(fact for fact in own if named_in(fact, case.accounts) <= {account})


def _findings(findings: Sequence[CaseFinding], account: str, told: RulesTold) -> tuple[StatedFinding, ...]:
    """Return the findings that hold and rest on records of the account, gravest first."""
    own = [item for item in findings if item.status != "stale" and item.part_of(account)]
    own.sort(key=lambda item: (-item.finding.level.rank, item.finding.start, item.finding.id))
    return tuple(_stated(item, account, told.get(item.finding.rule, RuleTold())) for item in own)


def _stated(item: CaseFinding, account: str, rule: RuleTold) -> StatedFinding:
    finding, part = item.finding, item.part_of(account)
    assert part is not None
    peaks = {measure.name: measure for measure in finding.measures}
    return StatedFinding(
        title=finding.title,
        description=rule.description,
        others=rule.others,
        conducts=finding.conducts,
        is_bright_line=finding.strength == "bright-line",
        start=finding.start,
        end=finding.end,
        records=part.records,
        measured=tuple(
            StatedMeasure(measure=peaks[limit.measure], operator=limit.operator, threshold=limit.value)
            for limit, _ in thresholds_alike(finding)
            if limit.measure in peaks
        ),
        is_together=finding.accounts != (account,),
        clauses=finding.clauses,
    )
