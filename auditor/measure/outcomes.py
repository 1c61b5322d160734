"""What the cases say of each labelled account: the plain facts that all figures are counted from.

An account is *in a case* at the case's highest proposal, and has a proposal of its own, which may be milder. Cases
whose findings are all stale say nothing any more. Facts of several workspaces can be put together before counting.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from auditor.cases.model import Action, ActionName, Case, CaseFinding
from auditor.measure.labels import Label
from auditor.records.calls import AccountCalls


@dataclass(frozen=True)
class Outcome:
    """One labelled account of the log, and what came of it.

    `rules` are those whose findings cite records of it (approved ones left out), `case` the gravest case that it is
    in, `case_step` that case's proposal, `step` the account's own.
    """

    label: Label
    case: str
    case_step: ActionName | None
    step: ActionName
    rules: frozenset[str]
    is_protected: bool
    cluster: str = ""


@dataclass(frozen=True)
class CampaignOutcome:
    """One campaign: its kind, and when and after how many of its calls a finding on it was complete."""

    name: str
    kind: str
    variant: str
    accounts: int
    calls: int
    is_found: bool
    days_until: float | None
    calls_until: int | None


@dataclass(frozen=True)
class Counted:
    """What can't be judged, in numbers."""

    labels: int
    labels_without_records: int
    labels_without_case: int
    cases: int
    accounts_in_cases: int
    accounts_in_cases_without_label: int
    cases_without_label: int


@dataclass(frozen=True)
class Outcomes:
    """All facts of one workspace, or of several put together."""

    accounts: tuple[Outcome, ...]
    campaigns: tuple[CampaignOutcome, ...]
    counted: Counted


def standing_cases(cases: Iterable[Case]) -> tuple[Case, ...]:
    """Return the cases in which some finding still holds."""
    return tuple(case for case in cases if any(item.status != "stale" for item in case.findings))


def outcomes_of(
    labels: Sequence[Label], cases: Sequence[Case], present: Iterable[str], clusters: Mapping[str, str]
) -> tuple[tuple[Outcome, ...], Counted]:
    """Return what came of each labelled account that has records; `clusters` names the linked group of an account."""
    here = set(present)
    gravest = _gravest(cases)
    actions = _actions(cases)
    rules = _rules(cases)
    known = [label for label in labels if label.account_id in here]
    accounts = tuple(
        _outcome(label, gravest.get(label.account_id), actions.get(label.account_id, ()), rules, clusters)
        for label in known
    )
    named = {label.account_id for label in labels}
    without = {account for account in gravest if account not in named}
    counted = Counted(
        labels=len(labels),
        labels_without_records=len(labels) - len(known),
        labels_without_case=sum(not account.case for account in accounts),
        cases=len(cases),
        accounts_in_cases=len(gravest),
        accounts_in_cases_without_label=len(without),
        cases_without_label=sum(not named.intersection(case.accounts) for case in cases),
    )
    return accounts, counted


def alarms(cases: Iterable[Case], seen: Mapping[str, datetime]) -> dict[str, datetime]:
    """Return by when each account was in a complete finding of a case at `verify` or above.

    A finding is complete with its last record, at the latest when the first run had it (`seen`, by run, where that
    run was told to see no further).
    """
    found: dict[str, datetime] = {}
    for case in cases:
        if case.proposed_action.rank < ActionName.VERIFY.rank:
            continue
        for item in _holding(case):
            by = min(item.finding.end, seen.get(item.first_run, item.finding.end))
            for part in item.parts:
                found[part.account] = min(by, found.get(part.account, by))
    return found


def campaigns_of(
    accounts: Iterable[Outcome],
    alarmed: Mapping[str, datetime],
    calls: Mapping[str, AccountCalls],
    until: Mapping[str, int],
) -> tuple[CampaignOutcome, ...]:
    """Return what came of each campaign; `until` counts each account's calls up to its campaign's alarm."""
    members: dict[str, list[Outcome]] = {}
    for account in accounts:
        if account.label.campaign:
            members.setdefault(account.label.campaign, []).append(account)
    return tuple(_campaign(name, members[name], alarmed, calls, until) for name in sorted(members))


def first_alarms(accounts: Iterable[Outcome], alarmed: Mapping[str, datetime]) -> dict[str, datetime]:
    """Return for every account of a campaign when the first of the campaign was in a finding."""
    firsts: dict[str, datetime] = {}
    labels = [account.label for account in accounts if account.label.campaign]
    for label in labels:
        when = alarmed.get(label.account_id)
        if when is not None and label.campaign:
            firsts[label.campaign] = min(when, firsts.get(label.campaign, when))
    return {label.account_id: firsts[label.campaign] for label in labels if label.campaign in firsts}


def together(parts: Sequence[Outcomes]) -> Outcomes:
    """Put the facts of several workspaces together."""
    names = Counted.__dataclass_fields__
    sums = Counted(**{name: sum(getattr(part.counted, name) for part in parts) for name in names})
    return Outcomes(
        tuple(account for part in parts for account in part.accounts),
        tuple(campaign for part in parts for campaign in part.campaigns),
        sums,
    )


def _holding(case: Case) -> tuple[CaseFinding, ...]:
    return tuple(item for item in case.findings if item.status != "stale")


def _gravest(cases: Iterable[Case]) -> dict[str, Case]:
    """Return the gravest case of each account; of several, the one with most accounts."""
    found: dict[str, Case] = {}
    ordered = sorted(cases, key=lambda it: (-it.proposed_action.rank, -len(it.accounts), it.id))
    for case in ordered:
        for account in case.accounts:
            found.setdefault(account, case)
    return found


def _actions(cases: Iterable[Case]) -> dict[str, tuple[Action, ...]]:
    found: dict[str, tuple[Action, ...]] = {}
    for case in cases:
        for action in case.actions:
            found[action.account] = (*found.get(action.account, ()), action)
    return found


def _rules(cases: Iterable[Case]) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for case in cases:
        for item in _holding(case):
            for part in item.parts:
                if part.worst.standing != "approved":
                    found.setdefault(part.account, set()).add(item.finding.rule)
    return {account: frozenset(names) for account, names in found.items()}


def _outcome(
    label: Label,
    case: Case | None,
    actions: Sequence[Action],
    rules: Mapping[str, frozenset[str]],
    clusters: Mapping[str, str],
) -> Outcome:
    return Outcome(
        label=label,
        case=case.id if case else "",
        case_step=case.proposed_action if case else None,
        step=max((action.action for action in actions), key=lambda it: it.rank, default=ActionName.NONE),
        rules=rules.get(label.account_id, frozenset()),
        is_protected=any(action.protect for action in actions),
        cluster=clusters.get(label.account_id, ""),
    )


def _campaign(
    name: str,
    members: Sequence[Outcome],
    alarmed: Mapping[str, datetime],
    calls: Mapping[str, AccountCalls],
    until: Mapping[str, int],
) -> CampaignOutcome:
    ids = [member.label.account_id for member in members]
    begun = [first for account in ids if (first := calls[account].first)]
    times = [alarmed[account] for account in ids if account in alarmed]
    label = members[0].label
    is_found = bool(times)
    waited = max(timedelta(0), min(times) - min(begun)) if times and begun else None
    return CampaignOutcome(
        name=name,
        kind=label.kind,
        variant=label.variant or "",
        accounts=len(members),
        calls=sum(calls[account].calls for account in ids),
        is_found=is_found,
        days_until=None if waited is None else waited.total_seconds() / 86400,
        calls_until=sum(until.get(account, 0) for account in ids) if is_found else None,
    )
