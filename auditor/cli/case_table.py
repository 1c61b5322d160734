"""Cases as a table on the terminal, a row each."""

from collections.abc import Iterable

from auditor.cases.model import Case
from auditor.cli import console

CASES_SHOWN = 40
"""Rows of the table on the terminal; the index page has all of them."""


def show_cases(cases: Iterable[Case]) -> None:
    """Print a table of cases, gravest first, cut where the index page serves better."""
    listed = list(cases)
    if not listed:
        console.result("no case")
        return
    rows = [
        (case.id, str(case.severity), str(case.proposed_action), _who(case), rules_of(case))
        for case in listed[:CASES_SHOWN]
    ]
    console.table(["case", "severity", "proposed", "who", "what was seen"], rows)
    if len(listed) > CASES_SHOWN:
        console.result(f"… and {console.plural(len(listed) - CASES_SHOWN, 'more case')}")
    console.result()


def rules_of(case: Case) -> str:
    """Return the titles of a case's findings, each once, those that hold first."""
    ordered = sorted(case.findings, key=lambda item: (item.status == "stale", -item.finding.level.rank))
    return "; ".join(dict.fromkeys(item.finding.title for item in ordered))


def _who(case: Case) -> str:
    """Name the first account; a case without accounts is about what its rule divided the records by."""
    if not case.accounts:
        values = dict.fromkeys(value for item in case.findings for _, value in item.finding.by)
        return f"no account ({', '.join(values)})" if values else "no account"
    first = case.accounts[0]
    return f"{first} and {len(case.accounts) - 1:,} more" if len(case.accounts) > 1 else first
