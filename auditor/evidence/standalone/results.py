"""What a check says: a sentence that must hold, its result, and where it failed."""

import re
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

CONTROL = re.compile(r"[\x00-\x1f\x7f]")
MOST_FAULTS = 500
"""Faults of one check that are listed; a hostile bundle could have millions."""


class Check(NamedTuple):
    """One check: its code, what must hold, its result (`ok`, `failed`, `unproven`), and where it failed."""

    code: str
    name: str
    result: str
    file: str = ""
    field: str = ""
    message: str = ""


class Fault(NamedTuple):
    """Something that doesn't hold; its code says more than the one of the check, where it has one of its own."""

    file: str
    field: str
    message: str
    code: str = ""


def exit_code_of(checks: tuple[Check, ...]) -> int:
    """Return 1 when a check failed, 3 when nothing failed but something isn't proven, else 0."""
    results = {check.result for check in checks}
    return 1 if "failed" in results or not results else 3 if "unproven" in results else 0


def listed(code: str, name: str, faults: Iterator[Fault]) -> list[Check]:
    """Return a check with each fault that was found, the first of them at least, or as one that holds."""
    failed = []
    try:
        for fault in islice(faults, MOST_FAULTS):
            said = (inert(part[:400]) for part in (fault.file, fault.field, fault.message))
            failed.append(Check(fault.code or code, name, "failed", *said))
        if len(failed) == MOST_FAULTS:
            failed.append(Check(code, name, "failed", "", "", f"there may be more; the first {MOST_FAULTS} are listed"))
    except OSError as error:
        failed.append(Check(code, name, "failed", str(error.filename or ""), "", f"can't be read: {error.strerror}"))
    except RecursionError:
        failed.append(Check(code, name, "failed", "", "", "something in it is nested too deeply to be looked at"))
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        # whoever made the bundle must not keep the other checks from being made and listed
        message = inert(f"can't be checked: {type(error).__name__}: {error}"[:400])
        failed.append(Check(code, name, "failed", "", "", message))
    return failed or [Check(code, name, "ok")]


def inert(text: str) -> str:
    """Return a text of the bundle so that no terminal obeys it: ASCII without controls."""
    return CONTROL.sub(lambda found: ascii(found[0])[1:-1], text.encode("ascii", "backslashreplace").decode())
