"""Redacted editions: from a full bundle to what one recipient may see."""

from pathlib import Path

from auditor.errors import UsageError
from auditor.evidence.edition import load_edition
from auditor.evidence.redact import redact


def redact_bundle(bundle: Path, edition: str, recipient: str, account: str | None, out: Path) -> Path:
    """Make an edition and return where it is.

    Raises UsageError when there is no such bundle, edition or account, or something is at `out` already.
    """
    if not bundle.exists():
        raise UsageError.at(str(bundle), "no such bundle", "`auditor bundle build CASE` prints where it put one")
    if out.exists():
        raise UsageError.at(str(out), "found something there already, expected a new folder", "choose another `--out`")
    return redact(bundle, load_edition(edition), recipient=recipient, account=account, target=out)
