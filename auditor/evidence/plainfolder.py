"""A bundle that is read without being verified first: its folder must hold regular files with plain names, and no more.

A link would let the bundle speak of files of whoever reads it, and a pipe would never end.
"""

from pathlib import Path

from auditor.errors import BundleError, Place, Problem
from auditor.evidence.standalone.folder import walked, within_limits
from auditor.records.workspace import disk_errors

MOST_PROBLEMS = 20


def must_be_plain(bundle: Path) -> None:
    """Raise BundleError, naming each, when something in the bundle is no regular file or larger than it may be."""
    with disk_errors(bundle):
        files, odd = walked(bundle)
    _, large = within_limits(files)
    faults = [*odd, *large]
    if faults:
        hint = "verify the bundle: it is damaged, or was made to mislead"
        raise BundleError([Problem(Place(fault.file), fault.message, hint) for fault in faults[:MOST_PROBLEMS]])
