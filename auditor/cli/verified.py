"""What a verification found, on the terminal: each check that does not hold, with the places where it fails."""

from collections.abc import Iterator, Sequence

from auditor.cli import console
from auditor.evidence.standalone.attestations import said_of, why_beyond
from auditor.evidence.verify import CheckResult, SignatureSeen, VerificationReport

SHOWN = 10
"""Places of one check that are printed; `--json` has them all."""


def show_verified(report: VerificationReport, *, is_json: bool) -> None:
    """Print every check that did not hold, and the verdict.

    A check counts once, wherever and however often it fails, so that a good bundle and a changed one have as many.
    """
    if is_json:
        console.json_object(**report.model_dump(mode="json", exclude={"format_version"}))
        return
    checks = _by_name(report.checks)
    for found in checks:
        for line in _lines_of(found):
            console.result(line)
    for said in sorted((*report.signatures, *report.not_signed), key=lambda said: said.file):
        console.result(_signature(said))
    held = sum(found[0].result == "ok" for found in checks)
    console.result(f"{report.verdict}: {held} of {console.plural(len(checks), 'check')} hold")
    if any(check.code == "document" and check.result == "failed" for check in report.checks):
        console.result("a document that can't be read fails other checks, too: begin with it and with the digests")
    if report.stage == "proposal":
        console.result("this is a proposal: nobody has approved it in this bundle")
    if report.verdict == "unproven":
        console.result("nothing is wrong with the bundle, but not every step was signed by someone whom you trust")


def _by_name(checks: Sequence[CheckResult]) -> list[list[CheckResult]]:
    """Gather what is said of one sentence that must hold, in the order in which the sentences come up."""
    found: dict[str, list[CheckResult]] = {}
    for check in checks:
        found.setdefault(check.name, []).append(check)
    return list(found.values())


def _lines_of(found: Sequence[CheckResult]) -> Iterator[str]:
    faults = [check for check in found if check.result != "ok"]
    if not faults:
        return
    if len(faults) == 1:
        yield f"{_head(faults[0])}{_where(faults[0], ' (', ')')}: {faults[0].message}"
        return
    yield f"{_head(faults[0])}:"
    for check in faults[:SHOWN]:
        code = "" if check.code == faults[0].code else f"{check.code}: "
        yield f"  {code}{_where(check, '', ': ')}{check.message}"
    if len(faults) > SHOWN:
        yield f"  and {len(faults) - SHOWN:,} more, listed by `--json`"


def _head(check: CheckResult) -> str:
    return f"{check.result}: {check.code}: {check.name}"


def _where(check: CheckResult, before: str, after: str) -> str:
    where = " ".join(part for part in (check.file, check.field) if part)
    return f"{before}{where}{after}" if where else ""


def _signature(said: SignatureSeen) -> str:
    head = f"NOT signed ({said.flaw})" if said.flaw else "signed"
    decided, beyond = said_of(said.actions), why_beyond(said.beyond.strip())
    return f"{head}: {said.step}: {decided}; {said.person}, {said.time}, key {said.key_id}{beyond}"
