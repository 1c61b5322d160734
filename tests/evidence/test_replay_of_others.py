"""Judging again what is more than one rule over one account's records: composites, and comparisons with peers."""

from pathlib import Path

from auditor.evidence.replay import replay
from auditor.evidence.verify import verify_bundle
from tests.evidence.journeys import BURST, NEW_NETWORK, audited, row, some_rows

BOTH = """
id: 7d3f1c52-9a3e-4f43-8a40-7a1f0a4d9b11
title: Both of them
status: test
conduct: automated-access
strength: inferential
family: coordination
level: high
subject: account
composite:
  of: [many-calls-within-an-hour, a-new-network]
  at_least: 2
  within: 2d
"""
MORE_THAN_PEERS = """
id: 7d3f1c52-9a3e-4f43-8a40-7a1f0a4d9b12
title: More calls than any peer
status: test
conduct: automated-access
strength: inferential
family: limits
level: medium
subject: account
when:
  call: {event: completion}
  condition: call
measure:
  calls: count()
within: {tumbling: 1d}
baseline: {over: 5d, of: peers, at_least: 1d}
violates: calls > 3 * peers_p99.calls
"""


def test_composite_is_judged_again(tmp_path: Path) -> None:
    rules = {"many-calls-within-an-hour": BURST, "a-new-network": NEW_NETWORK, "both-of-them": BOTH}
    bundle = audited(tmp_path, some_rows(), rules).bundles()[0]

    outcomes = {item.rule: (item.outcome, item.message) for item in replay(bundle).findings}

    assert outcomes["both-of-them"] == ("reproduced", "")
    assert verify_bundle(bundle).verdict == "unproven"


def test_what_peers_did_is_taken_as_given_and_named(tmp_path: Path) -> None:
    rows = [
        row(day * 1440 + number, account=f"peer-{name}", plan="pro")
        for name in range(31)
        for day in range(8)
        for number in range(2)
    ]
    rows += [row(day * 1440 + number, account="loud", plan="pro") for day in range(8) for number in range(2)]
    rows += [row(7 * 1440 + 100 + number, account="loud", plan="pro") for number in range(20)]
    bundle = audited(tmp_path, rows, {"more-calls-than-any-peer": MORE_THAN_PEERS}).bundles()[0]

    (found,) = replay(bundle).findings

    assert (found.outcome, found.differences) == ("reproduced", ())
    assert any("peers" in name for name in found.rests_on)
    assert "peer-" not in (bundle / "data/records/context.jsonl").read_text()
