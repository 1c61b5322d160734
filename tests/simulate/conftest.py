"""One simulated log, audited with the default pack into a casebook; shared, as it takes seconds to make."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from auditor.cases.casebook import open_casebook
from auditor.cases.model import Action, Case
from auditor.cases.notes import list_cases
from auditor.cases.update import accounts_concerned, update_casebook
from auditor.checker.audit import AuditResult, run_audit
from auditor.policy.load import load_pack
from auditor.policy.platform import load_approvals, load_context
from auditor.records.ingest import IngestReport, ingest
from auditor.records.store import open_activity
from auditor.records.totals import account_totals
from auditor.records.workspace import open_workspace
from auditor.simulate import Simulation, simulate

NOW = datetime(2026, 7, 1, tzinfo=UTC)
SEED = 7


@dataclass(frozen=True)
class Audited:
    """A simulation and what came of it; `actions` are proposals by account, over all cases."""

    simulation: Simulation
    ingested: IngestReport
    result: AuditResult
    cases: tuple[Case, ...]
    actions: Mapping[str, tuple[Action, ...]]


@pytest.fixture(scope="session")
def simulation(tmp_path_factory: pytest.TempPathFactory) -> Simulation:
    """Write one simulated log."""
    return simulate(tmp_path_factory.mktemp("simulated") / "log", seed=SEED)


@pytest.fixture(scope="session")
def audited(simulation: Simulation, tmp_path_factory: pytest.TempPathFactory) -> Audited:
    """Audit the simulated log with the default pack."""
    return audit_of(simulation, tmp_path_factory.mktemp("workspace"))


def audit_of(simulation: Simulation, folder: Path) -> Audited:
    """Ingest a simulated log into a new workspace, audit it and open cases."""
    context, approvals = load_context(simulation.context), load_approvals(simulation.approvals)
    pack = load_pack("model-api", context=context)
    workspace = open_workspace(folder / "audit", create=True)
    ingested = ingest(simulation.logs, profile="auto", workspace=workspace, now=NOW)
    activity = open_activity(workspace)
    result = run_audit(
        activity,
        pack,
        context=context,
        approvals=approvals,
        since=None,
        until=None,
        as_of=None,
        run_id="run",
        started=NOW,
        program="test",
        folder=workspace.runs / "run",
    )
    with open_casebook(workspace.casebook) as casebook:
        accounts = accounts_concerned(casebook, pack=pack.name, findings=result.findings)
        update_casebook(
            casebook,
            findings=result.findings,
            suppressed=result.suppressed,
            receipt=result.receipt,
            pack=pack,
            approvals=approvals,
            totals=account_totals(activity, accounts),
            activity=activity,
            citations=result.citations,
            now=NOW,
        )
        cases = list_cases(casebook, pack=pack.name)
    actions: dict[str, tuple[Action, ...]] = {}
    for case in cases:
        for action in case.actions:
            actions[action.account] = (*actions.get(action.account, ()), action)
    return Audited(simulation, ingested, result, cases, actions)
