"""A small activity and a small pack, enough for every command to have something to say."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from auditor.digests import rfc3339

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
RULE = """\
id: 5d1c9a44-8e2b-4f0f-9c55-0f2a6a1d7e01
title: Many refusals in an hour
status: test
conduct: limit-circumvention
strength: inferential
family: limits
level: medium
description: An account that is refused again and again keeps on calling.
references: [a made-up threshold for tests]
when:
  refused: {event: completion, status: 429}
measure:
  refusals: count()
within: 1h
violates: refusals >= 5
falsepositives: [a client that retries too eagerly]
"""
CASES = """\
- name: five refusals are a match
  records:
    - {time: "2026-03-02T09:00:00Z", event: completion, account_id: a, status: 429}
    - {time: "2026-03-02T09:01:00Z", event: completion, account_id: a, status: 429}
    - {time: "2026-03-02T09:02:00Z", event: completion, account_id: a, status: 429}
    - {time: "2026-03-02T09:03:00Z", event: completion, account_id: a, status: 429}
    - {time: "2026-03-02T09:04:00Z", event: completion, account_id: a, status: 429}
  expect: match
- name: one refusal is none
  records:
    - {time: "2026-03-02T09:00:00Z", event: completion, account_id: a, status: 429}
  expect: no match
"""
TERMS = """\
terms: house-terms
title: House terms
publisher: The house
url: https://example.com/terms
versions:
  - version: "1"
    effective: 2025-01-01
    until: null
    clauses:
      - {id: "2.1", text: Do not get around limits., conduct: limit-circumvention, stance: prohibits}
"""


def write_pack(folder: Path, *, rule: str = RULE, cases: str = CASES) -> Path:
    """Write a pack folder with one rule, its cases and terms that forbid the conduct."""
    for name, text in {
        "rules/many-refusals.yml": rule,
        "rules/many-refusals.cases.yml": cases,
        "terms/house-terms.yml": TERMS,
    }.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def write_log(path: Path, *, refusals: int = 6, account: str = "acct-1", ordinary: int = 20) -> Path:
    """Write a canonical log: ordinary calls of an account, then refusals a minute apart."""
    rows = [
        {
            "record_id": f"{account}-{number}",
            "time": rfc3339(START + timedelta(minutes=number)),
            "event": "completion",
            "account_id": account,
            "status": 200 if number < ordinary else 429,
        }
        for number in range(ordinary + refusals)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path
