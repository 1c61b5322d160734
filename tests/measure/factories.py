"""Small factories: a test names only the fields it is about."""

from auditor.cases.model import ActionName
from auditor.measure.labels import Label
from auditor.measure.measured import Measured, measured
from auditor.measure.outcomes import CampaignOutcome, Counted, Outcome, Outcomes

NOBODY = Counted(0, 0, 0, 0, 0, 0, 0)


def label(account: str = "a", kind: str = "person", *, is_abusive: bool = False, **more: object) -> Label:
    """Return a label."""
    return Label.model_validate({"account_id": account, "kind": kind, "is_abusive": is_abusive, **more})


def outcome(
    truth: Label,
    step: ActionName = ActionName.NONE,
    *,
    case: str = "",
    case_step: ActionName | None = None,
    rules: tuple[str, ...] = (),
    is_protected: bool = False,
    cluster: str = "",
) -> Outcome:
    """Return what came of an account; with a case, at its own step unless another is given."""
    at = (case_step or step) if case else None
    return Outcome(truth, case, at, step, frozenset(rules), is_protected, cluster)


def crew(
    campaign: str, size: int, step: ActionName = ActionName.NONE, *, case: str = "", **more: object
) -> list[Outcome]:
    """Return the accounts of a campaign, all with one outcome."""
    names = [f"{campaign}-{number}" for number in range(size)]
    return [
        outcome(label(name, "distiller", is_abusive=True, campaign=campaign, **more), step, case=case) for name in names
    ]


def innocents(count: int, step: ActionName = ActionName.NONE, *, lookalike: str | None = None) -> list[Outcome]:
    """Return innocent accounts, all with one outcome."""
    prefix = f"{lookalike}-{step}"
    return [
        outcome(label(f"{prefix}-{number}", lookalike=lookalike), step, case="C" if step != ActionName.NONE else "")
        for number in range(count)
    ]


def campaign(name: str, *, days: float | None = None, calls: int = 100, until: int | None = None) -> CampaignOutcome:
    """Return what came of a campaign, found after some days if these are given."""
    return CampaignOutcome(name, "distiller", "", 10, calls, days is not None, days, until)


def measure_of(*accounts: Outcome, campaigns: tuple[CampaignOutcome, ...] | None = None, seed: int = 1) -> Measured:
    """Measure some accounts."""
    names = sorted({it.label.campaign for it in accounts if it.label.campaign})
    found = tuple(campaign(name) for name in names) if campaigns is None else campaigns
    outcomes = Outcomes(tuple(accounts), found, NOBODY)
    return measured(outcomes, prevalence=0.005, seed=seed, victim_rules=frozenset({"stolen-key"}))
