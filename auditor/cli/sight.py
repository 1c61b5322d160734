"""What a run had in sight: the cases it judged, those it could not, and the stretch it was told to look at."""

from collections.abc import Iterator

from auditor.cases.model import Case
from auditor.cases.runs import judged_in
from auditor.checker.findings import Receipt
from auditor.cli.journey import Journey
from auditor.digests import rfc3339


def judged_cases(made: Journey) -> list[Case]:
    """Return the cases with a finding that holds and that this run judged."""
    return [case for case in made.seen if judged_in(case, made.result.receipt)]


def stretch_of(receipt: Receipt) -> Iterator[str]:
    """Say which part of the records or incidents the run was told to look at; nothing when it was all of them."""
    ends = [f"at {rfc3339(receipt.since)} or later"] if receipt.since else []
    ends += [f"before {rfc3339(receipt.until)}"] if receipt.until else []
    if ends:
        yield f"judged: only incidents that end {' and '.join(ends)}"
    if receipt.as_of:
        yield f"judged: as if nothing later than {rfc3339(receipt.as_of)} had been recorded"
    if ends or receipt.as_of:
        yield "severity and proposal of a case are those of all its findings, of other runs too"


def unjudged_cases(made: Journey) -> int:
    """Count the cases with findings that hold, none of which this run judged."""
    holding = [case for case in made.seen if any(item.status != "stale" for item in case.findings)]
    return len(holding) - len(judged_cases(made))
