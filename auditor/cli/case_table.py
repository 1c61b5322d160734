"""Cases as a table on the terminal, a row each."""

from collections.abc import Iterable

from auditor.cases.model import Case
from auditor.cases.runs import judged_in
from auditor.cases.who import titles_of, who
from auditor.checker.findings import Receipt
from auditor.cli import console
from auditor.digests import rfc3339
from auditor.report.by_account import WORDS, by_account

TITLES_SHOWN = 2
"""Titles of findings that a row of the table holds."""

CASES_SHOWN = 40
"""Rows of the table on the terminal; the index page has all of them."""

NAMED_IN_A_ROW = 2
"""Accounts of one action that a row names."""

WHO_COLUMNS = 48
"""Columns for whom a case is about; the case file has ids in full."""


def show_cases(cases: Iterable[Case]) -> None:
    """Print a table of cases, sternest proposal first, cut where the index page serves better."""
    listed = list(cases)
    if not listed:
        console.result("no case")
        return
    was_any_touched = any(case.status != "open" or case.hold for case in listed)
    rows = [
        (
            case.id,
            str(case.severity),
            str(case.proposed_action),
            *([_status(case)] if was_any_touched else []),
            console.narrowed(who(case), WHO_COLUMNS),
            _in_short(case),
        )
        for case in listed[:CASES_SHOWN]
    ]
    status = ["status"] if was_any_touched else []
    console.table(["case", "severity", "proposed", *status, "who", "what was seen"], rows)
    if len(listed) > CASES_SHOWN:
        console.result(f"… and {console.plural(len(listed) - CASES_SHOWN, 'more case')}")
    console.result()


def _status(case: Case) -> str:
    """Return the status with what is in force: `decided: suspend for acct_1; none for 4 others`."""
    decided = f": {by_account(case.in_force, WORDS, NAMED_IN_A_ROW)}" if case.decided else ""
    return f"{case.status}{decided}{' (legal hold)' if case.hold else ''}"


def _in_short(case: Case) -> str:
    """Return the gravest titles of a case's findings, and how many more there are."""
    titles = titles_of(case)
    more = len(titles) - TITLES_SHOWN
    return "; ".join(titles[:TITLES_SHOWN]) + (f"; and {more} more" if more > 0 else "")


def show_findings(cases: Iterable[Case], receipt: Receipt) -> None:
    """Print a table of the findings that a run judged, in order of their start."""
    judged = [(item, case) for case in cases for item in judged_in(case, receipt)]
    judged.sort(key=lambda pair: (pair[0].finding.start, pair[0].finding.id))
    rows = [
        (
            item.finding.id,
            item.finding.rule,
            rfc3339(item.finding.start),
            rfc3339(item.finding.end),
            case.id,
            item.status,
        )
        for item, case in judged[:CASES_SHOWN]
    ]
    if not rows:
        return
    console.table(["finding", "rule", "start", "end", "case", ""], rows)
    if len(judged) > CASES_SHOWN:
        console.result(f"… and {console.plural(len(judged) - CASES_SHOWN, 'more finding')}; `--findings-out` has all")
    console.result()
