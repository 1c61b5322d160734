"""Where the passphrase of a private key comes from: a file, the environment, or the person at the terminal."""

import getpass
import os
import sys
from pathlib import Path

from auditor.errors import UsageError
from auditor.records.workspace import disk_errors

PASSPHRASE = "AUDITOR_PASSPHRASE"
"""Environment variable that holds the passphrase, for scripts."""

_LARGEST = 1 << 16


def passphrase_for(key: Path, file: Path | None, *, is_new: bool = False) -> str:
    """Return the passphrase of a key; at a terminal it is asked for, twice for a new one.

    Raises UsageError when there is none, or the two differ.
    """
    if file is not None:
        return _first_line(file)
    if os.environ.get(PASSPHRASE):
        return os.environ[PASSPHRASE]
    if not sys.stdin.isatty():
        message = f"found no passphrase for `{key}`, and no terminal to ask at"
        raise UsageError.at(None, message, f"name a file with `--passphrase-file FILE`, or set {PASSPHRASE}")
    given = getpass.getpass(f"passphrase for {key.name}: ")
    if is_new and getpass.getpass("again: ") != given:
        raise UsageError.at(None, "found two different passphrases, expected the same twice", "try again")
    return given


def _first_line(file: Path) -> str:
    with disk_errors(file), file.open("rb") as stream:
        data = stream.read(_LARGEST)
    try:
        return data.decode().splitlines()[0]
    except (UnicodeDecodeError, IndexError):
        message = "found no passphrase, expected one line of UTF-8"
        raise UsageError.at(str(file), message, "write the passphrase on the first line") from None
