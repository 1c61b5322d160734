"""Verify an evidence bundle with nothing but Python's standard library.

Usage: python3 -I verify.py BUNDLE [--trust PUBLIC_KEY]...

BUNDLE is the folder that holds bagit.txt, or a zip of it as the program writes it. PUBLIC_KEY is a PEM file with the
Ed25519 key of a person whose signature counts; it must have come to you by another way than the bundle. Never run this
from a bundle unless the SHA-256 of this file is the released one.

The bundle is a BagIt 1.0 bag (RFC 8493). Every check is made and listed, also after one has failed. Exit code:
0 verified, 1 failed, 2 called wrongly, 3 nothing wrong was found but nothing is proven, since not every step (proposal,
approval, appeal) was signed by a key that you trust. Whoever can write to a bundle can make its manifests again: only a
signature, or a digest that reached you by another way, shows that it is the one that was sealed.
"""

import sys
import time
from pathlib import Path

from auditor.evidence.standalone.checks import Examination, examination_of
from auditor.evidence.standalone.publickeys import public_key_of
from auditor.evidence.standalone.results import exit_code_of, inert

LARGEST_KEY = 1 << 16
PATIENCE = 2.0
"""Seconds that pass in silence."""
ERASE = "\r\x1b[K"


def main(arguments: list[str]) -> int:
    """Verify the bundle named on the command line, list every check, and return the exit code."""
    bundle, trust = _understood(arguments)
    if bundle is None:
        sys.stderr.write(f"{__doc__}\n")
        return 2
    trusted = set()
    for path in trust:
        key = _key_in(Path(path))
        if isinstance(key, str):
            sys.stderr.write(f"{inert(path)}: {key}\n")
            return 2
        trusted.add(key)
    display = Display()
    examination = examination_of(Path(bundle), frozenset(trusted), display)
    display.end()
    return _told(examination)


class Display:
    """Shows it on standard error, on a terminal only, in one line that is rewritten."""

    def __init__(self) -> None:
        """Show nothing yet."""
        self._shown = self._started = time.monotonic()

    def __call__(self, sentence: str, read: int) -> None:
        """Show it, now and then."""
        now = time.monotonic()
        if sys.stderr.isatty() and now - self._started > PATIENCE and now - self._shown > PATIENCE / 4:
            self._shown = now
            sys.stderr.write(f"{ERASE}{sentence} … {read >> 20:,} MB")
            sys.stderr.flush()

    def end(self) -> None:
        """Take the line away again."""
        if self._shown != self._started:
            sys.stderr.write(ERASE)
            sys.stderr.flush()


def _told(examination: Examination) -> int:
    for check in examination.checks:
        place = " ".join(part for part in (check.file, check.field) if part)
        detail = f": {place}: {check.message}" if check.message else ""
        sys.stdout.write(f"{check.result:<9} {check.code}: {check.name}{inert(detail)}\n")
    for found in examination.attested:
        head = f"NOT signed ({found.flaw}): " if found.flaw else "signed    "
        sys.stdout.write(f"{head}{inert(found.in_words)}\n")
    code = exit_code_of(examination.checks)
    verdict = {0: "verified", 1: "failed", 3: "unproven: nothing is wrong, but no trusted signature proves the origin"}
    sys.stdout.write(f"{verdict[code]}\n")
    return code


def _understood(arguments: list[str]) -> tuple[str | None, list[str]]:
    """Return the bundle that was named, None where the call makes no sense, and the files of trusted keys."""
    bundles, trust, left = [], [], list(arguments)
    while left:
        argument = left.pop(0)
        if argument == "--trust" and left:
            trust.append(left.pop(0))
        else:
            bundles.append(argument)
    is_clear = len(bundles) == 1 and not bundles[0].startswith("-")
    return bundles[0] if is_clear else None, trust


def _key_in(path: Path) -> bytes | str:
    """Return the key in a file, or why there is none."""
    try:
        with path.open("rb") as stream:
            key = public_key_of(stream.read(LARGEST_KEY))
    except FileNotFoundError:
        return "found no such file, expected a public key"
    except OSError as error:
        return f"can't be read: {(error.strerror or 'unknown').lower()}"
    return key or "found no Ed25519 public key in PEM form"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
