"""What is proposed is on the ladder, speaks of each account once, and rests on that account's own records."""

from collections.abc import Iterator
from typing import Any

from auditor.evidence.standalone.reading import Files, document_of, field_of, lines_of, list_of
from auditor.evidence.standalone.results import Fault

ACTIONS = ("none", "warn", "verify", "throttle", "suspend")
"""What a machine may propose, mildest first; to terminate is for people alone."""
LEVELS = ("informational", "low", "medium", "high", "critical")


def proposal_faults(files: Files) -> Iterator[Fault]:
    """What is proposed is on the ladder, speaks of each account once, and rests on that account's own records."""
    case, _ = document_of(files, "data/case.json")
    proposal, _ = document_of(files, "data/proposal.json")
    place = "data/proposal.json"
    actions = [(str(field_of(item, "account")), field_of(item, "action")) for item in list_of(proposal, "actions")]
    if sorted(account for account, _ in actions) != sorted(map(str, list_of(case, "case", "accounts"))):
        yield Fault(place, "actions", "does not speak of exactly the accounts of the case, each once")
    holding = [
        found for _, found, faults in lines_of(files, "data/findings.jsonl")
        if not faults and field_of(found, "is_stale") is not True
    ]  # fmt: skip
    cited = {str(pair[0]) for found in holding for pair in list_of(found, "account_records") if _is_share(pair)}
    for account, action in actions:
        if action not in ACTIONS:
            yield Fault(
                place, f"actions: {account}", f"proposes {ascii(action)[:40]}, expected one of {', '.join(ACTIONS)}"
            )
        elif action != "none" and account not in cited:
            yield Fault(place, f"actions: {account}", f"proposes {action}, but no finding that holds cites its records")
    proposed = [str(action) for _, action in actions if action in ACTIONS]
    highest = max(proposed, key=ACTIONS.index, default="none")
    if field_of(proposal, "proposed_action") != highest:
        yield Fault(place, "proposed_action", f"is not {highest}, the highest of its actions")
    levels = [LEVELS.index(level) for found in holding if (level := field_of(found, "level")) in LEVELS]
    severity = field_of(case, "case", "severity")
    if severity not in LEVELS or LEVELS.index(severity) > max(levels, default=0):
        yield Fault("data/case.json", "case.severity", "is graver than every finding that holds")


def _is_share(pair: Any) -> bool:
    return isinstance(pair, list) and len(pair) == 2 and type(pair[1]) is int and pair[1] > 0
