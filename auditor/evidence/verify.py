"""Verify a bundle with this program's own code, never with the copy that the bundle carries.

The checks are those of `standalone`, which needs the standard library alone and is what bundles carry.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

from auditor import __version__
from auditor.errors import EXIT_DONE, EXIT_FAILED_CHECK, EXIT_PARTIAL
from auditor.evidence.any_bag import BagVerdict, problems_in_words, verdict_on
from auditor.evidence.carried import carried
from auditor.evidence.keys import trusted_key
from auditor.evidence.originals import original_checks
from auditor.evidence.standalone.attestations import LADDER, Attestation
from auditor.evidence.standalone.checks import Examination, examination_of
from auditor.evidence.standalone.publickeys import key_id_of
from auditor.evidence.standalone.reading import document_of, field_of
from auditor.evidence.standalone.watching import Watch, unwatched
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


class SignatureSeen(Node):
    """A step as its envelope says it; `flaw` says why nobody signed that, and is empty where the key's holder did.

    Whether to believe who signed is what the checks say.
    """

    file: str
    step: str
    person: str
    key_id: str
    time: str
    actions: dict[str, str]
    reason: str
    beyond: str
    flaw: str

    @classmethod
    def of(cls, found: Attestation) -> "SignatureSeen":
        """Return what an attestation says."""
        predicate = found.envelope.predicate
        return cls(
            file=found.file,
            step=found.step,
            person=found.name,
            key_id=key_id_of(found.envelope.public_key),
            time=str(field_of(predicate, "time")),
            actions={account: LADDER[rank] for account, rank in found.actions.items()},
            reason=field_of(predicate, "reason"),
            beyond=field_of(predicate, "beyond"),
            flaw=found.flaw,
        )


class VerificationReport(Node):
    """Every check of a bundle; truthy when all hold, which takes signatures by trusted keys.

    `stage` is the last step that was signed (`proposal`, `approval`, `appeal`), `sealed` when none was. Leaving out the
    last step leaves a bundle of the stage before: ask for the stage that you were told of. `not_signed` are statements
    that pass for signed ones and are none.
    """

    format_version: Literal[1] = 1
    verdict: Verdict
    stage: str
    signatures: tuple[SignatureSeen, ...]
    not_signed: tuple[SignatureSeen, ...] = ()
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


def verify_bundle(
    path: Path, *, trust: Sequence[Path] = (), sources: Path | None = None, watch: Watch = unwatched
) -> VerificationReport:
    """Check a bundle and list every check, also after one has failed; `trust` are public key files from outside.

    With `sources`, a folder of original files, the exact bytes in the bundle are compared with these; `watch` is told
    how far it is.

    Never raises for what it finds in the bundle. Raises UsageError for a key file that holds no key.
    """
    found = examination_of(path, frozenset(trusted_key(file) for file in trust), watch)
    checks = tuple(CheckResult(**check._asdict()) for check in found.checks)
    checks += tuple(_carried_must_be_ours(found)) if found.files else ()
    checks += tuple(_other_bag(path, found))
    if sources is not None:
        checks += tuple(CheckResult(**check._asdict()) for check in original_checks(found.files, sources))
    seen = tuple(map(SignatureSeen.of, found.attested))
    return VerificationReport(
        verdict=_verdict({check.result for check in checks}),
        stage=found.signed[-1].step if found.signed else "sealed",
        signatures=tuple(item for item in seen if not item.flaw),
        not_signed=tuple(item for item in seen if item.flaw),
        checks=checks,
    )


def _carried_must_be_ours(found: Examination) -> Iterator[CheckResult]:
    """Compare what a bundle carries of the program with the program itself.

    Another version's can't be judged here: it is taken as it is when people whom the reader trusts have signed it.
    """
    name = "the verifier, its instructions and the schemas are those of the program"
    differing = [file for file, data in sorted(carried().items()) if _content(found, f"data/{file}") != data]
    is_of_another = _maker(found) != f"auditor {__version__}"
    if not differing or (is_of_another and all(check.result == "ok" for check in found.checks)):
        yield CheckResult(code="carried", name=name, result="ok")
        return
    for file in differing:
        if not is_of_another:
            message = "is not the one of this version of the program: it was changed, so don't run or trust it"
            yield CheckResult(code="carried", name=name, result="failed", file=f"data/{file}", message=message)
        else:
            message = "is not this program's, and the bundle says another version made it; compare with that release"
            yield CheckResult(code="carried", name=name, result="unproven", file=f"data/{file}", message=message)


def _other_bag(path: Path, found: Examination) -> Iterator[CheckResult]:
    """Say of a folder that is a bag, but no evidence bundle, whether it is at least a valid bag."""
    is_large = any(check.code == "file-size" and check.result == "failed" for check in found.checks)
    if "bagit.txt" not in found.files or is_large or not path.is_dir() or (path / "data" / "case.json").exists():
        return
    try:
        verdict = verdict_on(path)
    except OSError as error:
        verdict = BagVerdict([f"{error.filename}: {error.strerror}"])
    what = "a valid" if verdict.is_valid else f"no valid ({problems_in_words(verdict.problems)})"
    message = f"is {what} BagIt bag, but no evidence bundle"
    yield CheckResult(code="other-bag", name="it is an evidence bundle", result="failed", message=message)


def _maker(found: Examination) -> object:
    """Return the program that a bundle says made it."""
    receipt, _ = document_of(found.files, "data/receipt.json")
    return field_of(receipt, "program")


def _content(found: Examination, name: str) -> bytes | None:
    """Return the bytes of a file of a bundle; what can't be read is nothing, and named by other checks."""
    try:
        return found.files[name].read() if name in found.files else None
    except OSError:
        return None


def _verdict(results: set[str]) -> Verdict:
    if "failed" in results or not results:
        return "failed"
    return "unproven" if "unproven" in results else "verified"
