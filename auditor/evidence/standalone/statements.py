"""What account holders would be told says what is proposed, as a draft: bundles are sealed before anyone decides."""

from collections.abc import Iterator

from auditor.evidence.standalone.layout import NOTICES, STATEMENTS
from auditor.evidence.standalone.reading import Files, document_of, field_of, lines_of, list_of
from auditor.evidence.standalone.results import Fault


def statement_faults(files: Files) -> Iterator[Fault]:
    """Each statement of reasons is the draft of what is proposed for its account, once an account."""
    proposal, _ = document_of(files, "data/proposal.json")
    proposed = {str(field_of(item, "account")): field_of(item, "action") for item in list_of(proposal, "actions")}
    told = set()
    for number, statement, faults in lines_of(files, STATEMENTS) if STATEMENTS in files else ():
        yield from faults
        account, action = str(field_of(statement, "account")), field_of(statement, "action")
        if not faults and (account in told or account not in proposed):
            yield Fault(STATEMENTS, f"line {number}", "is about an account of the case a second time, or about no such")
        elif not faults and not action == field_of(statement, "proposed") == proposed[account]:
            yield Fault(STATEMENTS, f"line {number}", f"does not say what is proposed: {ascii(proposed[account])[:40]}")
        elif not faults and field_of(statement, "decision") is not None:
            yield Fault(STATEMENTS, f"line {number}", "tells of a decision; decisions stand in attest/ alone")
        told.add(account)
    for number, notice, faults in lines_of(files, NOTICES) if NOTICES in files else ():
        yield from faults
        if not faults and str(field_of(notice, "account")) not in told:
            yield Fault(NOTICES, f"line {number}", "is to an account without a statement of reasons")
        elif not faults and field_of(notice, "is_draft") is not True:
            yield Fault(NOTICES, f"line {number}", "is no draft; nothing was decided when the bundle was sealed")
