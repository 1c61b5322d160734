"""The secret of each case: random, made once, kept in the workspace for its owner's eyes only.

The salts of commitments come from it, so whoever knows it can guess what an edition withholds, and once it is
destroyed nobody can: crypto-shredding.
"""

import os
import re
from collections.abc import Callable, Iterable
from pathlib import Path

from auditor.errors import WorkspaceError
from auditor.records.workspace import Workspace, disk_errors

SECRET = re.compile(r"[0-9a-f]{64}\n?\Z")


def secrets_of(workspace: Workspace, cases: Iterable[str], make: Callable[[str], bytes]) -> dict[str, str]:
    """Return the secret of each case, by id; `make` gives 32 bytes for a case that has none yet.

    Raises WorkspaceError when one is damaged or the disk refuses.
    """
    return {case: _secret_of(workspace.secrets / case, make, case) for case in sorted(set(cases))}


def destroy_secret(workspace: Workspace, case: str) -> bool:
    """Overwrite and remove the secret of a case; say whether there was one."""
    path = workspace.secrets / case
    with disk_errors(path):
        if not path.is_file():
            return False
        with path.open("r+b") as stream:
            stream.write(b"0" * path.stat().st_size)
            os.fsync(stream.fileno())
        path.unlink()
    return True


def _secret_of(path: Path, make: Callable[[str], bytes], case: str) -> str:
    with disk_errors(path):
        if path.is_file():
            return _read(path)
        path.parent.mkdir(mode=0o700, exist_ok=True)
        secret = make(case).hex()
        assert SECRET.match(secret), "a secret has 32 bytes"
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as stream:
            stream.write(f"{secret}\n")
            stream.flush()
            os.fsync(stream.fileno())
    return secret


def _read(path: Path) -> str:
    text = path.read_text(encoding="ascii", errors="replace")
    if not SECRET.match(text):
        message = "found a damaged case secret, expected 64 hexadecimal digits"
        raise WorkspaceError.at(str(path), message, "restore the file: editions of the case rest on it")
    return text.strip()
