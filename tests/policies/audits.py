"""A whole audit by a shipped pack, from log files to cases, for the tests of what packs answer."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any  # records hold values of every column's type

from auditor.cli.journey import Journey, Order, travel
from auditor.digests import canonical_json

NOW = datetime(2026, 11, 1, tzinfo=UTC)
DATA = Path(__file__).parents[1] / "data" / "policies"


def audit_by(pack: str, log: Path, folder: Path, *, approvals: Path | None = None, context: Path | None = None,
             profile: str = "auto") -> Journey:  # fmt: skip
    """Read a log into a new workspace and audit it by a pack."""
    order = Order(paths=(log,), profile=profile, pack=pack, approvals=approvals, context=context)
    return travel(order, folder=folder / "audit", clock=lambda: NOW, say=lambda _: None)


def write_log(path: Path, records: Iterable[Mapping[str, Any]]) -> Path:
    """Write records as JSON Lines."""
    path.write_bytes(b"\n".join(canonical_json(dict(record)) for record in records) + b"\n")
    return path


def standings(journey: Journey, conduct: str) -> dict[str, str]:
    """Return what the terms say of a conduct, by account, over all findings."""
    return {
        part.account: standing.standing
        for case in journey.cases
        for finding in case.findings
        for part in finding.parts
        for standing in part.standings
        if standing.conduct == conduct
    }


def actions(journey: Journey) -> dict[str, str]:
    """Return the proposed action by account."""
    return {action.account: action.action.value for case in journey.cases for action in case.actions}
