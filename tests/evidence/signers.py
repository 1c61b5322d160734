"""People who sign in tests, and a case that goes its way: proposed, approved, appealed."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from auditor.cases.decisions import Decision
from auditor.cases.ledger import FIRST, Head
from auditor.cases.model import AccountAction, ActionName
from auditor.digests import digest_of, digest_of_file
from auditor.evidence.bundleddocuments import root_in
from auditor.evidence.deciding import Signer
from auditor.evidence.keys import SigningKey, public_pem
from auditor.evidence.signing import signed

DECIDED = datetime(2025, 1, 20, 9, 0, tzinfo=UTC)
CASE = "C-0123456789ab"
ACCOUNT = "acct-7"
HEAD = Head(number=0, digest=FIRST)


def key_of(number: int) -> SigningKey:
    """Return the same key for the same number."""
    return SigningKey(Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32))


ANNA, BERT, CARA = (
    Signer(name, key_of(number)) for number, name in enumerate(("Anna Alm", "Bert Bo", "Cara Cid"), start=1)
)
"""Three people with a key each."""


def step(name: str, signer: Signer, *, action: ActionName = ActionName.SUSPEND, **fields: Any) -> Decision:
    """Return a step of a decision on the one account of the case."""
    made: dict[str, Any] = {
        "step": name, "case_id": CASE, "person": signer.name, "time": DECIDED, "reason": "keys hop after a refusal",
        "beyond": "", "actions": (AccountAction(account=ACCOUNT, action=action),),
    }  # fmt: skip
    return Decision.model_validate(made | fields)


def envelope(
    decision: Decision, signer: Signer, bundle: Path, *, answers: bytes = b"", root: str | None = None
) -> bytes:
    """Return a signed step on a bundle, which answers another one; it names the bundle's root unless one is given."""
    assert signer.key
    digest, answered = digest_of_file(bundle / "tagmanifest-sha256.txt"), digest_of(answers) if answers else ""
    named = root_in(bundle) if root is None else root
    return signed(decision, signer.key, bundle=digest, root=named, answers=answered, head=HEAD)


def attest(bundle: Path, steps: Sequence[tuple[str, Signer]], **fields: Any) -> list[Path]:
    """Sign steps of a decision one after the other and lay them into a bundle; returns their files."""
    (bundle / "attest").mkdir(exist_ok=True)
    before, written = b"", []
    for number, (name, signer) in enumerate(steps, start=1):
        decision = step(name, signer, time=DECIDED + timedelta(hours=number), **fields)
        before = envelope(decision, signer, bundle, answers=before)
        written.append(bundle / "attest" / f"{number:02}-{name}.dsse.json")
        written[-1].write_bytes(before)
    return written


def public_files(folder: Path, *signers: Signer) -> list[Path]:
    """Write the public keys of people and return the files."""
    files = [folder / f"{signer.name.split()[0].lower()}.pub" for signer in signers]
    for file, signer in zip(files, signers, strict=True):
        assert signer.key
        file.write_bytes(public_pem(signer.key.public))
    return files
