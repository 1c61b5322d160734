"""Legal holds, and what may be erased or taken back: nothing that a case rests on which is held, or isn't over."""

from collections.abc import Sequence
from datetime import datetime

from auditor.cases.casebook import Casebook
from auditor.cases.ledger import Entry
from auditor.cases.model import Case
from auditor.cases.steps import taking
from auditor.cases.written import text_of
from auditor.errors import Problem, UsageError

HOLD_WINS = "a hold wins over everything: nothing is erased while it lasts; ask whoever put it on (`auditor case show`)"


def hold(casebook: Casebook, case_id: str, *, reason: str, person: str, now: datetime) -> Entry:
    """Put a case under a legal hold, whatever its status. Raises UsageError when it is under one."""
    return _set(casebook, case_id, "held", reason=reason, person=person, now=now)


def release(casebook: Casebook, case_id: str, *, reason: str, person: str, now: datetime) -> Entry:
    """Lift the legal hold on a case. Raises UsageError when it is under none."""
    return _set(casebook, case_id, "released", reason=reason, person=person, now=now)


def _set(casebook: Casebook, case_id: str, kind: str, *, reason: str, person: str, now: datetime) -> Entry:
    with taking(casebook, case_id, person=person, now=now) as step:
        if bool(step.case.hold) == (kind == "held"):
            state = "under a legal hold already" if kind == "held" else "under no legal hold"
            raise UsageError.at(None, f"case {step.case.id} is {state}", "`auditor ledger show` tells what was done")
        details = {"reason": text_of(reason, "a reason")}
        return step.record("held" if kind == "held" else "released", details)


def must_be_free(account: str, cases: Sequence[Case]) -> None:
    """Raise UsageError naming every case of an account that keeps what the account wrote from being erased."""
    problems = []
    for case in cases:
        if case.hold:
            problems.append(Problem(None, f"case {case.id} of {account!a} is under a legal hold", HOLD_WINS))
        elif case.status != "closed":
            hint = "close it first (`auditor case close`): what an account wrote is evidence as long as a case is open"
            problems.append(Problem(None, f"case {case.id} of {account!a} is {case.status}", hint))
    if problems:
        raise UsageError(problems)


def may_be_retracted(cases: Sequence[Case]) -> None:
    """Raise UsageError naming every case, of those that cite a source, that keeps it from being taken back.

    An open case may lose what it rests on: the next audit says so. What a person proposed or decided may not.
    """
    problems = []
    for case in cases:
        if case.hold:
            problems.append(Problem(None, f"case {case.id} cites this source and is under a legal hold", HOLD_WINS))
        elif case.status not in ("open", "closed"):
            hint = "close it first (`auditor case close`): people decide on records that stay"
            problems.append(Problem(None, f"case {case.id} cites this source and is {case.status}", hint))
    if problems:
        raise UsageError(problems)
