"""Verify a bundle with this program's own code, never with the copy that the bundle carries.

The checks are those of `standalone`, which needs the standard library alone and is what bundles carry.
"""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

from auditor import __version__
from auditor.errors import EXIT_DONE, EXIT_FAILED_CHECK, EXIT_PARTIAL
from auditor.evidence.carried import carried
from auditor.evidence.standalone.checks import checks_of
from auditor.evidence.standalone.reading import LARGEST_DOCUMENT
from auditor.policy.conditions import Node

Verdict = Literal["verified", "failed", "unproven"]


class CheckResult(Node):
    """One sentence that must hold, and whether it does; `file`, `field` and `message` say where and why not.

    `code` stays the same from version to version, so that other programs can rely on it.
    """

    code: str
    name: str
    result: Literal["ok", "failed", "unproven"]
    file: str = ""
    field: str = ""
    message: str = ""


class VerificationReport(Node):
    """Every check of a bundle; truthy when all hold, which takes a signature by a trusted key."""

    format_version: Literal[1] = 1
    verdict: Verdict
    checks: tuple[CheckResult, ...]

    def __bool__(self) -> bool:
        """Say whether everything holds."""
        return self.verdict == "verified"

    @property
    def failures(self) -> tuple[CheckResult, ...]:
        """The checks that failed."""
        return tuple(check for check in self.checks if check.result == "failed")

    @property
    def exit_code(self) -> int:
        """Return 0 verified, 1 failed, 3 nothing wrong but not proven."""
        return {"verified": EXIT_DONE, "failed": EXIT_FAILED_CHECK, "unproven": EXIT_PARTIAL}[self.verdict]


def verify_bundle(path: Path, *, trust: Sequence[Path] = ()) -> VerificationReport:
    """Check a bundle folder and list every check, also after one has failed; `trust` are public keys from outside.

    Signatures aren't read yet, so a sound bundle is `unproven` whatever is trusted. Never raises for what it finds.
    """
    checks = tuple(CheckResult(**check._asdict()) for check in checks_of(path))
    checks += tuple(_carried_must_be_ours(path))
    if trust:
        message = "signatures can't be checked by this version, so no key was used"
        checks += (CheckResult(code="trust", name="a trusted key was used", result="unproven", message=message),)
    return VerificationReport(verdict=_verdict({check.result for check in checks}), checks=checks)


def _carried_must_be_ours(bundle: Path) -> Iterator[CheckResult]:
    """Compare what a bundle carries of the program with the program itself; another version's can't be judged here."""
    name = "the verifier, its instructions and the schemas are those of the program"
    differing = [file for file, data in sorted(carried().items()) if _content(bundle / "data" / file) != data]
    if not differing:
        yield CheckResult(code="carried", name=name, result="ok")
    for file in differing:
        if _maker(bundle) == f"auditor {__version__}":
            message = "is not the one of this version of the program: it was changed, so don't run or trust it"
            yield CheckResult(code="carried", name=name, result="failed", file=f"data/{file}", message=message)
        else:
            message = "is not this program's, and the bundle says another version made it; compare with that release"
            yield CheckResult(code="carried", name=name, result="unproven", file=f"data/{file}", message=message)


def _maker(bundle: Path) -> object:
    """Return the program that a bundle says made it."""
    try:
        receipt = json.loads(_content(bundle / "data" / "receipt.json") or b"{}")
    except (ValueError, RecursionError):
        return None
    return receipt.get("program") if isinstance(receipt, dict) else None


def _content(path: Path) -> bytes | None:
    """Return the bytes of a regular file of a bundle; what can't be read is nothing, and named by other checks."""
    try:
        is_file = path.is_file() and not path.is_symlink() and path.stat().st_size <= LARGEST_DOCUMENT
        return path.read_bytes() if is_file else None
    except OSError:
        return None


def _verdict(results: set[str]) -> Verdict:
    if "failed" in results or not results:
        return "failed"
    return "unproven" if "unproven" in results else "verified"
