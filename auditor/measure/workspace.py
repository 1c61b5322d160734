"""Reading a workspace for a measurement: cases, runs, linked clusters, and when whose calls were made."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from auditor.cases.casebook import Casebook
from auditor.cases.days import days_of_runs
from auditor.cases.model import Case
from auditor.cases.notes import list_cases
from auditor.checker.linked import read_links
from auditor.errors import UsageError
from auditor.measure.labels import Label
from auditor.measure.outcomes import Outcomes, alarms, campaigns_of, first_alarms, outcomes_of, standing_cases
from auditor.records.activity import Activity
from auditor.records.calls import calls_of_accounts, calls_until
from auditor.records.workspace import Workspace


def outcomes_in(
    workspace: Workspace,
    casebook: Casebook,
    activity: Activity,
    labels: Sequence[Label],
    *,
    pack: str,
    prefix: str = "",
) -> tuple[Outcomes, frozenset[str]]:
    """Return what came of the labelled accounts, and the rules whose accounts are victims.

    With `prefix`, ids of accounts, campaigns and cases get it in front, so that several workspaces can be put together.
    Raises UsageError when no run of the pack is in the casebook.
    """
    cases = standing_cases(list_cases(casebook, pack=pack))
    run = _last_run(casebook, pack, str(workspace.folder))
    calls = calls_of_accounts(activity)
    accounts, counted = outcomes_of(labels, cases, calls, clusters_of(workspace.runs / run))
    alarmed = alarms(cases, days_of_runs(casebook, pack))
    until = calls_until(activity, first_alarms(accounts, alarmed))
    outcomes = Outcomes(accounts, campaigns_of(accounts, alarmed, calls, until), counted)
    return (_named(outcomes, prefix) if prefix else outcomes), _victim_rules(cases)


def clusters_of(run: Path) -> Mapping[str, str]:
    """Return the cluster of each account that a run linked, from the run's folder; empty when it linked none.

    Raises WorkspaceError when the links can't be read.
    """
    return {account: cluster.id for cluster in read_links(run) for account in cluster.accounts}


def _last_run(casebook: Casebook, pack: str, place: str) -> str:
    with casebook.reading() as db:
        rows = list(db.table("runs").rows_where("pack = ?", [pack], select="run_id", order_by="started desc", limit=1))
    if not rows:
        hint = "audit first, or name the pack that was used with `--pack`"
        raise UsageError.at(place, f"found no run of the pack `{pack}`, expected one", hint)
    return str(rows[0]["run_id"])


def _victim_rules(cases: Sequence[Case]) -> frozenset[str]:
    """Return the rules whose findings say that an account is a victim: they propose protection and nothing else."""
    return frozenset(
        item.finding.rule
        for case in cases
        for item in case.findings
        if set(item.finding.conducts) == {"credential-theft"}
    )


def _named(outcomes: Outcomes, prefix: str) -> Outcomes:
    """Return the same facts under names that no other workspace has."""
    from_label = ("account_id", "campaign", "party", "unit")
    accounts = []
    for it in outcomes.accounts:
        names = {name: f"{prefix}{value}" for name in from_label if (value := getattr(it.label, name))}
        label = it.label.model_copy(update=names)
        case, cluster = (name and f"{prefix}{name}" for name in (it.case, it.cluster))
        accounts.append(replace(it, label=label, case=case, cluster=cluster))
    campaigns = tuple(replace(it, name=f"{prefix}{it.name}") for it in outcomes.campaigns)
    return Outcomes(tuple(accounts), campaigns, outcomes.counted)
