"""The policy of a bundle, read back as the pack that it was, with the platform's facts that came with the audit."""

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from auditor.errors import BundleError
from auditor.evidence.bag import is_plain
from auditor.evidence.documents import PolicyDocument, PolicyEntry
from auditor.evidence.standalone.layout import NAME
from auditor.policy.load import load_pack
from auditor.policy.pack import Context, Pack
from auditor.policy.platform import load_context

_PACK_FILE = re.compile(r"^pack\s*:", re.MULTILINE)
_HINT = "verify the bundle: it is damaged, or was made to mislead"


@dataclass(frozen=True)
class BundledPolicy:
    """What the run judged by."""

    pack: Pack
    context: Context


def bundled_policy(bundle: Path, index: PolicyDocument) -> BundledPolicy:
    """Load the pack and the context that a bundle carries.

    Raises BundleError when a path leads out of the policy, PolicyError when a file can't be used.
    """
    with _laid_out(bundle, index) as folder:
        contexts = [entry for entry in index.files if entry.role == "context"]
        context = load_context(folder / "context" / contexts[0].path) if contexts else Context()
        root = folder / "policy" / (index.pack if NAME.fullmatch(index.pack) else "pack")
        entry = next((path for path in sorted(root.rglob("*.y*ml")) if _is_pack_file(path)), root)
        return BundledPolicy(load_pack(str(entry), context=context), context)


def plain_file(entry: PolicyEntry) -> str:
    """Return where in `data/policy` a policy file is. Raises BundleError when that may lead elsewhere."""
    if not is_plain(entry.file):
        raise BundleError.at("data/policy/index.json", f"file {entry.file!a} has no plain name", _HINT)
    return entry.file


@contextmanager
def _laid_out(bundle: Path, index: PolicyDocument) -> Iterator[Path]:
    """Put the files under the paths that they had, into a folder that is gone after the block."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        name = index.pack if NAME.fullmatch(index.pack) else "pack"
        for entry in index.files:
            place = folder / "policy" / name if entry.role == "pack" else folder / "context"
            path = place / _safe(entry)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes((bundle / "data" / "policy" / plain_file(entry)).read_bytes())
        yield folder


def _safe(entry: PolicyEntry) -> PurePosixPath:
    path = PurePosixPath(entry.path)
    if path.is_absolute() or not path.parts or ".." in path.parts or "\0" in entry.path:
        raise BundleError.at("data/policy/index.json", f"path {entry.path!a} leads out of the policy", _HINT)
    return path


def _is_pack_file(path: Path) -> bool:
    return bool(_PACK_FILE.search(path.read_text(encoding="utf-8", errors="replace")))
