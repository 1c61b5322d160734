"""Count what the small policy for CloudTrail should find, event by event, without any of the program's code."""

import hashlib
import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any  # events are JSON

from tests.real.plain_windows import bucketed, pairs, sliding, sliding_pairs

Incidents = dict[str, list[tuple[str, tuple[str, ...]]]]
"""By rule: the principal and the event ids of every incident, sorted."""


def events_of(files: Iterable[Path]) -> list[dict[str, Any]]:
    """Return all events in order of time, file digest and place in the file."""
    found = []
    for file in files:
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        records = json.loads(file.read_text())["Records"]
        found += [(_time(event), digest, place, event) for place, event in enumerate(records)]
    return [event for *_, event in sorted(found, key=lambda item: item[:3])]


def incidents_of(events: list[dict[str, Any]]) -> Incidents:
    """Return what each rule should find."""
    found: Incidents = {"refused-calls": [], "secrets-read": [], "looking-around": [], "made-and-unmade": []}
    order = {event["eventID"]: place for place, event in enumerate(events)}
    kinds = {event["eventID"]: event["eventName"] for event in events}
    for principal in sorted({name for event in events if (name := _principal(event))}):
        own = [event for event in events if _principal(event) == principal]
        refused = tuple(event["eventID"] for event in own if event.get("errorCode"))
        found["refused-calls"] += [(principal, refused)] if refused else []
        read = [_line(event) for event in own if event["eventName"] in ("GetSecretValue", "GetParameter")]
        found["secrets-read"] += [(principal, one) for one in sliding(read, timedelta(minutes=10), 4)]
        look = [_line(event) for event in own if event["eventName"].lower().startswith(("describe", "list", "get"))]
        hours = bucketed(look, lambda time: int(time.timestamp()) // 3600, kinds.__getitem__, 8)
        found["looking-around"] += [(principal, one) for one in hours]
        steps = [
            (*_line(event), event["eventName"].startswith(("Put", "Create")), event["eventName"].startswith("Delete"))
            for event in own
        ]
        made = sliding_pairs(pairs(steps, timedelta(minutes=5)), timedelta(hours=1), 2)
        found["made-and-unmade"] += [(principal, tuple(sorted(one, key=order.__getitem__))) for one in made]
    return {name: sorted(incidents) for name, incidents in found.items()}


def _line(event: dict[str, Any]) -> tuple[datetime, str]:
    return _time(event), event["eventID"]


def _time(event: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(event["eventTime"])


def _principal(event: dict[str, Any]) -> str | None:
    identity = event["userIdentity"]
    issuer = identity.get("sessionContext", {}).get("sessionIssuer", {}).get("arn")
    names = (issuer, identity.get("arn"), identity.get("principalId"), identity.get("invokedBy"))
    return next((name for name in (*names, identity.get("accountId")) if name), None)
