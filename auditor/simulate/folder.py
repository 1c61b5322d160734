"""Writing a simulated log to a folder: the logs, the truth, and the facts of the platform.

    logs/activity.jsonl          canonical records, oldest first, with four lines that can't be read
    logs/gateway.jsonl.gz        one customer's own gateway export (LiteLLM)
    labels.jsonl                 the truth: {"account_id", "kind", "is_abusive", ...} (docs/measuring.md)
    context.yml, approvals.yml   what comes with an audit of these logs

One seed gives one set of bytes. The four bad lines (cut off, no zone in its time, not UTF-8, no event) show what
quarantine does; they belong to no account.
"""

import gzip
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from auditor.digests import rfc3339
from auditor.records.workspace import write_atomically
from auditor.simulate import abuse_alone, abuse_together, lookalike_groups, lookalike_services, ordinary
from auditor.simulate.calls import MODEL_RELEASES, REQUESTS_PER_MINUTE
from auditor.simulate.cast import UNSUPPORTED
from auditor.simulate.gateway import gateway
from auditor.simulate.model import Approval, Label, Row, Scene, Stage, stage_of

START = datetime(2026, 6, 1, tzinfo=UTC)
DAYS = 28

SCENES: tuple[Callable[[Stage], Scene], ...] = (
    ordinary.users,
    ordinary.businesses,
    lookalike_groups.campus,
    lookalike_groups.hackathon,
    lookalike_groups.popular_tool,
    lookalike_groups.agency,
    lookalike_groups.family,
    lookalike_services.single_purpose_service,
    lookalike_services.failover,
    lookalike_services.measured_models,
    lookalike_services.writers,
    lookalike_services.traveller,
    lookalike_services.clouds,
    abuse_alone.key_hopper,
    abuse_alone.bulk_harvester,
    abuse_alone.log_probability_thief,
    abuse_alone.reasoning_collectors,
    abuse_alone.unsupported_residents,
    abuse_alone.harvester_abroad,
    abuse_alone.account_sharers,
    abuse_alone.stolen_keys,
    abuse_together.account_hoppers,
    abuse_together.bulk_signup,
    abuse_together.campaign,
    abuse_together.ban_evader,
)

BAD_LINES = (
    b'{"record_id":"bad-1","time":"2026-06-04T10:00:00Z","event":"completion","account_id":"acct_',
    b'{"record_id":"bad-2","time":"2026-06-09 10:00:00","event":"completion","status":200}',
    b'{"record_id":"bad-3","time":"2026-06-15T10:00:00Z","event":"completion","prompt":"caf\xe9"}',
    b'{"record_id":"bad-4","time":"2026-06-21T10:00:00Z","status":200}',
)


@dataclass(frozen=True)
class Simulation:
    """What was written: `logs` are to be ingested, the rest comes with the audit; counts are of canonical lines."""

    folder: Path
    logs: tuple[Path, ...]
    labels: Path
    context: Path
    approvals: Path
    records: int
    bad_lines: int
    truth: tuple[Label, ...]


def simulate(folder: Path, *, seed: int) -> Simulation:
    """Write a labelled log of four weeks to a folder, which is made; the same seed gives the same bytes.

    Raises WorkspaceError when the folder can't be written.
    """
    scenes = [scene(_stage(scene, seed)) for scene in SCENES]
    export = gateway(_stage(gateway, seed))
    labels = (_grouped(label, part) for part in (*scenes, export) for label in part.labels)
    truth = tuple(sorted(labels, key=lambda it: it.account_id))
    rows = in_order(row for scene in scenes for row in scene.rows)
    made = Simulation(
        folder=folder,
        logs=(folder / "logs" / "activity.jsonl", folder / "logs" / "gateway.jsonl.gz"),
        labels=folder / "labels.jsonl",
        context=folder / "context.yml",
        approvals=folder / "approvals.yml",
        records=len(rows) + len(export.rows),
        bad_lines=len(BAD_LINES),
        truth=truth,
    )
    write_atomically(made.logs[0], _with_bad_lines([_line(row) for row in rows]))
    write_atomically(made.logs[1], gzip.compress(b"".join(_line(row) for row in export.rows), mtime=0))
    write_atomically(made.labels, b"".join(_line(known_of(label)) for label in truth))
    write_atomically(made.context, _context())
    write_atomically(made.approvals, _approvals(approval for scene in scenes for approval in scene.approvals))
    return made


def known_of(label: Label) -> dict[str, object]:
    """Return a label as it is written: what isn't known of an account isn't said."""
    return {name: value for name, value in vars(label).items() if value is not None}


def _grouped(label: Label, scene: Scene) -> Label:
    """Say which accounts of a scene act together, what innocent ones look like, and who was robbed."""
    together = [other for other in scene.labels if other.kind == label.kind]
    if label.is_abusive:
        return replace(label, campaign=label.kind if len(together) > 1 else label.account_id)
    is_ordinary = label.kind.startswith(("ordinary", "gateway"))
    return replace(label, lookalike=None if is_ordinary else label.kind, is_victim=label.kind.startswith("victim"))


def in_order(rows: Iterable[Row]) -> list[Row]:
    """Return the rows of the stretch, oldest first and numbered; of older ones only sign-ups, which are a roster."""
    end = START + timedelta(days=DAYS)
    kept = [row for row in rows if _time(row) < end and (_time(row) >= START or row["event"] == "signup")]
    kept.sort(key=lambda row: (_time(row), str(row["account_id"])))
    return [{"record_id": f"rec-{number:06d}", **row} for number, row in enumerate(kept, 1)]


def _stage(scene: Callable[[Stage], Scene], seed: int) -> Stage:
    return stage_of(scene.__name__, seed=seed, start=START, days=DAYS)


def _time(row: Row) -> datetime:
    return datetime.fromisoformat(str(row["time"]))


def _line(row: object) -> bytes:
    assert isinstance(row, dict)
    return json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _with_bad_lines(lines: Sequence[bytes]) -> bytes:
    """Put the bad lines in between, evenly."""
    step = len(lines) // (len(BAD_LINES) + 1)
    parts: list[bytes] = []
    for number, bad in enumerate(BAD_LINES):
        parts.extend(lines[number * step : (number + 1) * step])
        parts.append(bad + b"\n")
    return b"".join((*parts, *lines[len(BAD_LINES) * step :]))


def _context() -> bytes:
    """Return the platform's facts as YAML: limits, releases, unsupported countries, the complete part of the log."""
    lines = ["# Facts of the simulated platform. XA and XB are codes for private use: no country is meant."]
    lines += ["requests_per_minute:", *(f"  {plan}: {limit}" for plan, limit in REQUESTS_PER_MINUTE.items())]
    lines += ["model_releases:", *(f"  {model}: {time}" for model, time in MODEL_RELEASES.items())]
    lines += [f"unsupported_countries: [{', '.join(code for code, _, _ in UNSUPPORTED)}]"]
    lines += [f"window: [{rfc3339(START)}, {rfc3339(START + timedelta(days=DAYS))}]"]
    return ("\n".join(lines) + "\n").encode()


def _approvals(approvals: Iterable[Approval]) -> bytes:
    """Return what the simulated platform allowed, as YAML."""
    lines = ["# Conducts that the simulated platform allowed, and to whom."]
    for approval in approvals:
        lines += [
            f"- account_id: {approval.account_id}",
            f"  conduct: {approval.conduct}",
            f"  reason: {approval.reason}",
            "  approved_by: M. Okafor, Trust and Safety",
            "  expires: 2027-01-01T00:00:00Z",
        ]
    return ("\n".join(lines) + "\n").encode()
