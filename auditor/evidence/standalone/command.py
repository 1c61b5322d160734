"""Verify an evidence bundle with nothing but Python's standard library.

Usage: python3 -I verify.py BUNDLE    (BUNDLE is the folder that holds bagit.txt; never run it from a bundle unless
the SHA-256 of this file is the released one)

The bundle is a BagIt 1.0 bag (RFC 8493). Every check is made and listed, also after one has failed. Exit code:
0 verified, 1 failed, 2 called wrongly, 3 nothing wrong was found but nothing is proven, since no signature by a
trusted key covers the bundle. Whoever can write to a bundle can make its manifests again: only a signature, or a
digest that reached you by another way, shows that it is the one that was sealed.
"""

import sys
from pathlib import Path

from auditor.evidence.standalone.checks import checks_of
from auditor.evidence.standalone.results import exit_code_of, inert


def main(arguments: list[str]) -> int:
    """Verify the bundle named on the command line, list every check, and return the exit code."""
    if len(arguments) != 1 or arguments[0].startswith("-"):
        sys.stderr.write(f"{__doc__}\n")
        return 2
    checks = checks_of(Path(arguments[0]))
    for check in checks:
        place = " ".join(part for part in (check.file, check.field) if part)
        detail = f": {place}: {check.message}" if check.message else ""
        sys.stdout.write(f"{check.result:<9} {check.name}{inert(detail)}\n")
    code = exit_code_of(checks)
    verdict = {0: "verified", 1: "failed", 3: "unproven: nothing is wrong, but no trusted signature proves the origin"}
    sys.stdout.write(f"{verdict[code]}\n")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
