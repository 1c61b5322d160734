"""All figures of a measurement: over all, at each step of the ladder, per rule, campaign kind and look-alike."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from auditor.cases.model import ActionName
from auditor.measure.figures import Figure, Quantity, Units, at_prevalence, median_of, rate, share
from auditor.measure.groups import BCubed, b_cubed
from auditor.measure.outcomes import CampaignOutcome, Outcome, Outcomes
from auditor.policy.conditions import Node

STEPS = (ActionName.WARN, ActionName.VERIFY, ActionName.THROTTLE, ActionName.SUSPEND)
"""The steps that the machine may propose, mildest first."""


class StepFigures(Node):
    """What is proposed at one step of the ladder or above.

    `precision` counts the accounts proposed for it, `found` the abusive accounts in a case at it, `proposed` those that
    it is proposed for themselves, `false_positives` the innocent ones (per 10,000 in words, a share here).
    """

    step: ActionName
    accounts: int
    precision: Figure
    precision_at_prevalence: Figure
    found: Figure
    proposed: Figure
    false_positives: Figure


class KindFigures(Node):
    """One kind of campaign (or abuse by a single account) in one variant."""

    kind: str
    variant: str
    campaigns: int
    accounts: int
    found: Figure
    proposed: Figure
    throttled: Figure
    groups: BCubed
    days_until: Quantity
    calls_until: Quantity
    share_of_calls: Quantity
    rules: tuple[tuple[str, int], ...]
    """Rules that cite records of these accounts, with the number of accounts, most first."""


class LookalikeFigures(Node):
    """One kind of innocent account: how many are in a case, and for how many each step is proposed or above."""

    kind: str
    accounts: int
    units: int
    in_case: Figure
    verify: Figure
    throttle: Figure
    suspend: Figure


class RuleFigures(Node):
    """One rule: whose records its findings cite. `right` are the abusive accounts, or for theft the victims."""

    rule: str
    accounts: int
    right: int
    victims: int
    precision: Figure
    wrong: tuple[tuple[str, int], ...]
    """Innocent accounts by kind, most first."""


class VictimFigures(Node):
    """Accounts whose key somebody else used: acted against, in a case, protected."""

    accounts: int
    acted_against: Figure
    in_case: Figure
    protected: Figure


class Counts(Node):
    """What was judged, and what couldn't be."""

    labels: int
    labels_without_records: int
    labels_without_case: int
    cases: int
    accounts_in_cases: int
    accounts_in_cases_without_label: int
    cases_without_label: int
    abusive: int
    innocent: int
    campaigns: int


class Measured(Node):
    """A whole measurement."""

    prevalence: float
    seed: int
    counts: Counts
    steps: tuple[StepFigures, ...]
    campaign_accounts: Figure
    """Accounts of coordinated campaigns in a case at `verify` or above."""
    groups: BCubed
    links: BCubed
    victims: VictimFigures
    kinds: tuple[KindFigures, ...]
    variants: tuple[KindFigures, ...]
    lookalikes: tuple[LookalikeFigures, ...]
    rules: tuple[RuleFigures, ...]


def measured(outcomes: Outcomes, *, prevalence: float, seed: int, victim_rules: frozenset[str]) -> Measured:
    """Return all figures; `victim_rules` are those whose accounts are victims, not culprits."""
    accounts = outcomes.accounts
    abusive = [it for it in accounts if it.label.is_abusive]
    innocent = [it for it in accounts if not it.label.is_abusive]
    coordinated = [it for it in abusive if it.label.campaign]
    return Measured(
        prevalence=prevalence,
        seed=seed,
        counts=Counts(
            **vars(outcomes.counted), abusive=len(abusive), innocent=len(innocent), campaigns=len(outcomes.campaigns)
        ),
        steps=tuple(_step(step, abusive, innocent, prevalence, seed) for step in STEPS),
        campaign_accounts=share(_units(coordinated, _in_case(ActionName.VERIFY)), seed=seed, what="campaigns"),
        groups=_cases_as_groups(accounts),
        links=_links_as_groups(accounts),
        victims=_victims([it for it in accounts if it.label.is_victim]),
        kinds=_kinds(abusive, outcomes.campaigns, seed, lambda it: (it.label.kind, it.label.variant or "")),
        variants=_kinds(coordinated, outcomes.campaigns, seed, lambda it: ("", it.label.variant or "")),
        lookalikes=_lookalikes(innocent),
        rules=_rules(accounts, victim_rules, seed),
    )


def _step(
    step: ActionName, abusive: Sequence[Outcome], innocent: Sequence[Outcome], prevalence: float, seed: int
) -> StepFigures:
    proposed = _units(abusive, _proposed(step))
    wrong = [it for it in innocent if it.step.rank >= step.rank]
    right = [it for it in abusive if it.step.rank >= step.rank]
    false_positives = rate(len(wrong), len(innocent), _count(innocent))
    recall = share(proposed, seed=seed)
    return StepFigures(
        step=step,
        accounts=len(wrong) + len(right),
        precision=share(_units([*wrong, *right], lambda it: it.label.is_abusive), seed=seed, what="proposals"),
        precision_at_prevalence=at_prevalence(recall, false_positives, prevalence),
        found=share(_units(abusive, _in_case(step)), seed=seed),
        proposed=recall,
        false_positives=false_positives,
    )


def _kinds(
    abusive: Sequence[Outcome],
    campaigns: Sequence[CampaignOutcome],
    seed: int,
    key: Callable[[Outcome], tuple[str, str]],
) -> tuple[KindFigures, ...]:
    members: dict[tuple[str, str], list[Outcome]] = {}
    for account in abusive:
        members.setdefault(key(account), []).append(account)
    by_name = {campaign.name: campaign for campaign in campaigns}
    return tuple(_kind(*name, members[name], by_name, seed) for name in sorted(members))


def _kind(
    kind: str, variant: str, members: Sequence[Outcome], by_name: dict[str, CampaignOutcome], seed: int
) -> KindFigures:
    names = sorted({it.label.campaign for it in members if it.label.campaign})
    own = [by_name[name] for name in names]
    found = [it for it in own if it.is_found]
    return KindFigures(
        kind=kind,
        variant=variant,
        campaigns=len(own),
        accounts=len(members),
        found=share(_units(members, _in_case(ActionName.VERIFY)), seed=seed),
        proposed=share(_units(members, _proposed(ActionName.VERIFY)), seed=seed),
        throttled=share(_units(members, _proposed(ActionName.THROTTLE)), seed=seed),
        groups=b_cubed((_found_group(it), it.label.group) for it in members),
        days_until=median_of([it.days_until for it in found if it.days_until is not None], what="campaign found"),
        calls_until=median_of([float(it.calls_until or 0) for it in found], what="campaign found"),
        share_of_calls=median_of([(it.calls_until or 0) / max(1, it.calls) for it in found], what="campaign found"),
        rules=_most_first(rule for it in members for rule in it.rules),
    )


def _lookalikes(innocent: Sequence[Outcome]) -> tuple[LookalikeFigures, ...]:
    members: dict[str, list[Outcome]] = {}
    for account in innocent:
        members.setdefault(account.label.lookalike or f"({account.label.kind})", []).append(account)
    return tuple(_lookalike(kind, members[kind]) for kind in sorted(members))


def _lookalike(kind: str, members: Sequence[Outcome]) -> LookalikeFigures:
    units = _count(members)

    def at(step: ActionName) -> Figure:
        return rate(sum(it.step.rank >= step.rank for it in members), len(members), units)

    return LookalikeFigures(
        kind=kind,
        accounts=len(members),
        units=units,
        in_case=rate(sum(bool(it.case) for it in members), len(members), units),
        verify=at(ActionName.VERIFY),
        throttle=at(ActionName.THROTTLE),
        suspend=at(ActionName.SUSPEND),
    )


def _rules(accounts: Sequence[Outcome], victim_rules: frozenset[str], seed: int) -> tuple[RuleFigures, ...]:
    cited: dict[str, list[Outcome]] = {}
    for account in accounts:
        for rule in account.rules:
            cited.setdefault(rule, []).append(account)
    return tuple(_rule(rule, cited[rule], rule in victim_rules, seed) for rule in sorted(cited))


def _rule(rule: str, members: Sequence[Outcome], is_of_victims: bool, seed: int) -> RuleFigures:
    def is_right(account: Outcome) -> bool:
        return account.label.is_victim if is_of_victims else account.label.is_abusive

    wrong = (it.label.lookalike or it.label.kind for it in members if not is_right(it))
    return RuleFigures(
        rule=rule,
        accounts=len(members),
        right=sum(map(is_right, members)),
        victims=sum(it.label.is_victim for it in members),
        precision=share(_units(members, is_right), seed=seed, what="findings"),
        wrong=_most_first(wrong),
    )


def _most_first(names: Iterable[str]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(Counter(names).items(), key=lambda pair: (-pair[1], pair[0])))


def _victims(members: Sequence[Outcome]) -> VictimFigures:
    units = _count(members)

    def of(hits: int) -> Figure:
        return rate(hits, len(members), units, what="victims")

    return VictimFigures(
        accounts=len(members),
        acted_against=of(sum(it.step.rank > ActionName.NONE.rank for it in members)),
        in_case=of(sum(bool(it.case) for it in members)),
        protected=of(sum(it.is_protected for it in members)),
    )


def _cases_as_groups(accounts: Iterable[Outcome]) -> BCubed:
    """Judge the cases as groups, over accounts in a case or in a campaign; victims may be in one case or not."""
    judged = [it for it in accounts if (it.case or it.label.campaign) and not it.label.is_victim]
    return b_cubed((_found_group(it), it.label.group) for it in judged)


def _links_as_groups(accounts: Sequence[Outcome]) -> BCubed:
    """Judge the linked clusters as groups, over accounts in one or in a group that truly belongs together."""
    if not any(it.cluster for it in accounts):
        nothing = Figure.without("the run linked no accounts")
        return BCubed(precision=nothing, recall=nothing, f=None, accounts=0)
    judged = [it for it in accounts if it.cluster or it.label.campaign or it.label.party]
    return b_cubed((it.cluster or it.label.account_id, it.label.group) for it in judged)


def _found_group(account: Outcome) -> str:
    return account.case or account.label.account_id


def _in_case(step: ActionName) -> Callable[[Outcome], bool]:
    return lambda it: it.case_step is not None and it.case_step.rank >= step.rank


def _proposed(step: ActionName) -> Callable[[Outcome], bool]:
    return lambda it: it.step.rank >= step.rank


def _units(accounts: Iterable[Outcome], is_hit: Callable[[Outcome], bool]) -> Units:
    found: dict[str, tuple[int, int]] = {}
    for account in accounts:
        hits, of = found.get(account.label.resampled_as, (0, 0))
        found[account.label.resampled_as] = (hits + is_hit(account), of + 1)
    return found


def _count(accounts: Iterable[Outcome]) -> int:
    return len({account.label.resampled_as for account in accounts})
