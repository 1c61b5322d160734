"""A real audit of a small log by a pack of a few rules, and the bundles that come of it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from auditor.cases.model import Case
from auditor.cli.journey import Order, travel
from auditor.cli.sealing import build_all
from auditor.records.workspace import Workspace

NOON = datetime(2025, 3, 3, 12, tzinfo=UTC)
NOW = datetime(2025, 6, 1, tzinfo=UTC)
BURST = """
id: 7d3f1c52-9a3e-4f43-8a40-7a1f0a4d9b01
title: Many calls within an hour
status: test
conduct: automated-access
strength: inferential
family: limits
level: medium
subject: account
when:
  call: {event: completion, status: 200}
  condition: call
measure:
  calls: count()
within: 1h
violates: calls >= 5
"""
NEW_NETWORK = """
id: 7d3f1c52-9a3e-4f43-8a40-7a1f0a4d9b02
title: A new network
status: test
conduct: account-sharing
strength: inferential
family: access
level: low
subject: account
when:
  call: {event: completion, plan: pro}
  condition: call
novel: {fields: [asn], history: 10d, lasts: 1h}
measure:
  calls: count()
within: 1h
violates: calls >= 1
"""
SHARED = """
id: 7d3f1c52-9a3e-4f43-8a40-7a1f0a4d9b03
title: One card
status: test
conduct: coordinated-accounts
strength: inferential
family: coordination
level: low
subject: none
by: [payment_fingerprint]
when:
  call: {event: completion}
  condition: call
measure:
  accounts: count(distinct account_id)
within: 1d
violates: accounts >= 2
"""
RULES = {"many-calls-within-an-hour": BURST, "a-new-network": NEW_NETWORK, "one-card": SHARED}


@dataclass(frozen=True)
class Audited:
    """A workspace after an audit, and its cases."""

    workspace: Workspace
    log: Path
    cases: tuple[Case, ...]

    def bundles(self) -> list[Path]:
        """Seal every case."""
        with self.workspace.lock():
            return list(build_all(self.workspace, self.cases, people={}))


def audited(folder: Path, rows: Sequence[Mapping[str, Any]], rules: Mapping[str, str] | None = None) -> Audited:
    """Audit rows by rules, `RULES` if none are given."""
    pack = folder / "pack" / "rules"
    pack.mkdir(parents=True)
    for name, text in (rules or RULES).items():
        (pack / f"{name}.yml").write_text(text)
    log = folder / "log.jsonl"
    log.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    order = Order(paths=(log,), pack=str(pack.parent))
    made = travel(order, folder=folder / "audit", clock=lambda: NOW, say=quiet)
    return Audited(made.workspace, log, made.cases)


def quiet(_stage: str) -> None:
    """Say nothing."""


def some_rows() -> list[dict[str, Any]]:
    """Return the calls of a person who signs up, calls for weeks, moves to a new network, and shares a card."""
    facts = {"plan": "pro", "payment_fingerprint": "card-1", "email_domain": "example.org"}
    rows = [row(0, event="signup", status=None, **facts), row(0, account="b", event="signup", status=None, **facts)]
    rows += [row(day * 1440, asn=1) for day in range(1, 15)]
    rows += [row(20 * 1440 + minute, asn=2, client_ip="192.0.2.7") for minute in range(8)]
    rows += [row(21 * 1440, account="b", asn=3, prompt='=HYPERLINK("x") \u202e')]
    rows += [row(30 * 1440, account="c", asn=3)]
    return rows


def row(minutes: int, *, account: str = "a", **fields: Any) -> dict[str, Any]:
    """Return a call."""
    time = (NOON + timedelta(minutes=minutes)).isoformat().replace("+00:00", "Z")
    made = {"time": time, "event": "completion", "account_id": account, "status": 200, "cost_usd": "0.5"} | fields
    return {name: value for name, value in made.items() if value is not None}
