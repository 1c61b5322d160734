"""What a case says alike of many accounts, said once.

A group of a hundred accounts must stay readable: proposals, standings and facts that differ in nothing but the
account are shown together, with every account named. Nothing is left out.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from pydantic import BaseModel, ConfigDict

from auditor.cases.linked import LinkedBy
from auditor.cases.model import AccountPart, Action, Case, ConductStanding, SpeaksFor
from auditor.checker.findings import Applied, Finding, Threshold
from auditor.policy.amounts import number_of


class View(BaseModel):
    """Something a template shows; frozen."""

    model_config = ConfigDict(frozen=True)


class Member(View):
    """An account within a group: the numbers of the findings that cite it with how many of its records, and why."""

    action: Action
    organizations: tuple[str, ...]
    cited: tuple[tuple[int, int], ...]


class SharedReasons(View):
    """Accounts whose further reasons are the same, word for word."""

    accounts: tuple[str, ...]
    reasons: tuple[str, ...]


class ProposalGroup(View):
    """Accounts for which the same is proposed on the same ground; the first reason is theirs in common."""

    action: Action
    ground: str
    members: tuple[Member, ...]
    reasons: tuple[SharedReasons, ...]


class FactGroup(View):
    """A fact that speaks for every one of these accounts; none means for the whole case."""

    fact: str
    accounts: tuple[str, ...]


class StandingGroup(View):
    """Accounts of a finding for which terms and approvals say the same, with their cited records in all."""

    standings: tuple[ConductStanding, ...]
    accounts: tuple[str, ...]
    records: int
    within_theft: int
    after_theft: int


class TieGroup(View):
    """Other accounts that share one thing with a linked account, for one reason, since one time."""

    kind: str
    is_strong: bool
    since: datetime
    reason: str
    others: tuple[str, ...]


class QuotedClause(View):
    """A clause that a page quotes once, with the numbers of the findings to which it applied."""

    number: int
    applied: Applied
    findings: tuple[int, ...]


def clauses_alike(findings: Sequence[tuple[int, Finding]]) -> tuple[QuotedClause, ...]:
    """Return the clauses of numbered findings, each once, in the order in which they come."""
    found: dict[Applied, list[int]] = {}
    for number, finding in findings:
        for applied in finding.clauses:
            found.setdefault(same_clause(applied), []).append(number)
    return tuple(
        QuotedClause(number=number, applied=applied, findings=tuple(dict.fromkeys(numbers)))
        for number, (applied, numbers) in enumerate(found.items(), start=1)
    )


def same_clause(applied: Applied) -> Applied:
    """Return a clause without the number of records that it applied to: the same text in every finding."""
    return applied.model_copy(update={"records": 0})


def thresholds_alike(finding: Finding) -> tuple[tuple[Threshold, tuple[Threshold, ...]], ...]:
    """Return the thresholds of a finding by measure and direction: the one passed by least, then the others.

    A rule that may be broken in several ways asks for different numbers of one measure in each.
    """
    groups: dict[tuple[str, str], list[Threshold]] = {}
    for limit in finding.thresholds:
        groups.setdefault((limit.measure, limit.operator[:1]), []).append(limit)
    ordered = (sorted(group, key=lambda limit: number_of(limit.margin) or Decimal(0)) for group in groups.values())
    return tuple((nearest, tuple(others)) for nearest, *others in ordered)


def proposals_alike(
    case: Case, numbers: Mapping[str, int], organizations: Sequence[tuple[str, str]]
) -> tuple[ProposalGroup, ...]:
    """Group the proposals of a case, gravest first; `numbers` are the findings' numbers on the page, by id."""
    groups: dict[tuple[str, str, tuple[str, ...]], list[Action]] = {}
    for action in case.actions:
        ground = action.because[0] if action.because else ""
        groups.setdefault((action.action, ground, action.protect), []).append(action)
    cited = _cited_by_account(case, numbers)
    made = [
        ProposalGroup(
            action=actions[0],
            ground=ground,
            members=tuple(_member(action, cited, organizations) for action in actions),
            reasons=_reasons_alike(actions),
        )
        for (_, ground, _), actions in groups.items()
    ]
    return tuple(sorted(made, key=lambda group: -group.action.action.rank))


def facts_alike(facts: Iterable[SpeaksFor]) -> tuple[FactGroup, ...]:
    """Group the facts that speak for accounts: those of the whole case first, then those of many, then of one."""
    accounts: dict[str, list[str]] = {}
    for fact in facts:
        accounts.setdefault(fact.fact, []).append(fact.account)
    groups = [
        FactGroup(fact=fact, accounts=tuple(account for account in named if account))
        for fact, named in accounts.items()
    ]
    return tuple(sorted(groups, key=lambda group: (bool(group.accounts), len(group.accounts) == 1)))


def ties_alike(links: Iterable[LinkedBy]) -> tuple[TieGroup, ...]:
    """Group what links an account to others: a card that eleven hold is one reason with ten accounts."""
    others: dict[tuple[str, bool, datetime, str], list[str]] = {}
    for link in links:
        others.setdefault((link.kind, link.is_strong, link.since, link.reason), []).append(link.other)
    return tuple(
        TieGroup(kind=kind, is_strong=is_strong, since=since, reason=reason, others=tuple(named))
        for (kind, is_strong, since, reason), named in others.items()
    )


def standings_alike(parts: Iterable[AccountPart]) -> tuple[StandingGroup, ...]:
    """Group the accounts of a finding by what terms and approvals say of them, in order of account.

    How many records an account made is no difference; whether all of them are covered is.
    """
    groups: dict[object, list[AccountPart]] = {}
    for part in parts:
        said = tuple(
            (item.conduct, item.standing, item.because, item.ended, item.covered < item.records)
            for item in part.standings
        )
        groups.setdefault((said, part.within_theft > 0, part.after_theft > 0), []).append(part)
    return tuple(
        StandingGroup(
            standings=_together(members),
            accounts=tuple(part.account for part in members),
            records=sum(part.records for part in members),
            within_theft=sum(part.within_theft for part in members),
            after_theft=sum(part.after_theft for part in members),
        )
        for members in groups.values()
    )


def _together(members: Sequence[AccountPart]) -> tuple[ConductStanding, ...]:
    """Return the standings that parts have alike, with the records of all of them."""
    return tuple(
        alike[0].model_copy(
            update={"covered": sum(item.covered for item in alike), "records": sum(item.records for item in alike)}
        )
        for alike in zip(*(part.standings for part in members), strict=True)
    )


def _reasons_alike(actions: Iterable[Action]) -> tuple[SharedReasons, ...]:
    accounts: dict[tuple[str, ...], list[str]] = {}
    for action in actions:
        accounts.setdefault(action.because[1:], []).append(action.account)
    return tuple(
        SharedReasons(accounts=tuple(named), reasons=reasons) for reasons, named in accounts.items() if reasons
    )


def _cited_by_account(case: Case, numbers: Mapping[str, int]) -> dict[str, list[tuple[int, int]]]:
    cited: dict[str, list[tuple[int, int]]] = {}
    for item in case.findings:
        for account, records in item.finding.account_records:
            cited.setdefault(account, []).append((numbers[item.finding.id], records))
    return cited


def _member(
    action: Action, cited: Mapping[str, list[tuple[int, int]]], organizations: Sequence[tuple[str, str]]
) -> Member:
    return Member(
        action=action,
        organizations=tuple(organization for account, organization in organizations if account == action.account),
        cited=tuple(sorted(cited.get(action.account, ()))),
    )
