"""What a run judged by, kept beside its receipt, so that a bundle made later seals the policy of that run.

Policy files change; a case must quote the ones that made its findings. Each run keeps the files of its pack, its
context and its approvals byte for byte; reading them back compares them with the digest in the receipt.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from auditor.checker.findings import Receipt
from auditor.errors import WorkspaceError
from auditor.policy.load import load_pack
from auditor.policy.pack import Approval, Context, Pack
from auditor.policy.platform import load_approvals, load_context
from auditor.records.workspace import disk_errors, write_atomically

RECEIPT = "receipt.json"

_PACK_FILE = re.compile(r"^pack\s*:", re.MULTILINE)
_PLAIN_NAME = re.compile(r"[\w-][\w.-]*")


@dataclass(frozen=True)
class Judgement:
    """What an audit judges by."""

    pack: Pack
    context: Context
    approvals: tuple[Approval, ...]


def load_judgement(pack: str, context: Path | None, approvals: Path | None) -> Judgement:
    """Load what an audit judges by. Raises PolicyError with every problem of its files, and UsageError."""
    platform = load_context(context) if context else Context()
    allowed = load_approvals(approvals) if approvals else ()
    return Judgement(load_pack(pack, context=platform), platform, allowed)


def keep_judgement(run: Path, judgement: Judgement, approvals: Path | None) -> None:
    """Write the files of a judgement into a run's folder. Raises WorkspaceError."""
    pack = judgement.pack
    for file in pack.files:
        write_atomically(run / "policy" / _folder_name(pack) / file.path, file.text.encode())
    if judgement.context.file is not None:
        write_atomically(run / "context" / judgement.context.file.path, judgement.context.file.text.encode())
    if approvals is not None:
        with disk_errors(approvals):
            data = approvals.read_bytes()
        write_atomically(run / "approvals" / approvals.name, data)


def kept_judgement(run: Path, receipt: Receipt) -> Judgement:
    """Read back what a run judged by.

    Raises WorkspaceError when it isn't there any more, or is not what the receipt says.
    """
    packs = sorted((run / "policy").glob("*"))
    hint = "run `auditor audit` again, then build the bundle"
    if not packs:
        raise WorkspaceError.at(str(run), "the policy of this run is gone, expected it in `policy`", hint)
    entry = next((path for path in sorted(packs[0].rglob("*.y*ml")) if _is_pack_file(path)), packs[0])
    judgement = load_judgement(str(entry), _only_file(run / "context"), _only_file(run / "approvals"))
    if judgement.pack.digest != receipt.pack_digest:
        raise WorkspaceError.at(str(run / "policy"), "the kept policy is not the one that the receipt names", hint)
    return judgement


def read_receipt(run: Path) -> Receipt:
    """Return the receipt of a run. Raises WorkspaceError when it is gone or damaged."""
    path = run / RECEIPT
    with disk_errors(path):
        data = path.read_bytes()
    try:
        return Receipt.model_validate_json(data)
    except ValueError:
        message = "found a damaged receipt, expected JSON as it was written"
        raise WorkspaceError.at(str(path), message, "run `auditor audit` again") from None


def _folder_name(pack: Pack) -> str:
    """Return the name of the folder to keep a pack in: a pack that was a folder is called after it."""
    return pack.name if _PLAIN_NAME.fullmatch(pack.name) else "pack"


def _is_pack_file(path: Path) -> bool:
    with disk_errors(path):
        text = path.read_text(encoding="utf-8", errors="replace")  # a damaged file is named by whoever reads it
    return bool(_PACK_FILE.search(text))


def _only_file(folder: Path) -> Path | None:
    return next(iter(sorted(folder.glob("*"))), None)
