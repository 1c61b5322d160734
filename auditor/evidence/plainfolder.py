"""A bundle that is read without being verified first: its folder must hold regular files with plain names, and no more.

A link would let the bundle speak of files of whoever reads it, and a pipe would never end. A zip is read as the folder
that it holds, in the one form that verification accepts.
"""

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from auditor.errors import BundleError, Place, Problem
from auditor.evidence.standalone.archive import unpacked
from auditor.evidence.standalone.folder import walked, within_limits
from auditor.evidence.standalone.results import Fault
from auditor.records.workspace import disk_errors

MOST_PROBLEMS = 20


def must_be_plain(bundle: Path) -> None:
    """Raise BundleError, naming each, when something in the bundle is no regular file or larger than it may be."""
    with disk_errors(bundle):
        files, odd = walked(bundle)
    _, large = within_limits(files)
    _refuse([*odd, *large])


@contextmanager
def as_folder(bundle: Path) -> Iterator[Path]:
    """Give a bundle as a folder; a zip is unpacked into one that is gone after the block.

    Raises BundleError, naming each fault, for a zip that isn't in the fixed form, and for a link to a bundle.
    """
    if bundle.is_symlink():
        message = "is a link, expected the bundle itself: what a link leads to may change"
        raise BundleError.at(str(bundle), message, "name the folder or the zip")
    if not bundle.is_file():
        yield bundle
        return
    with disk_errors(bundle):
        files, faults = unpacked(bundle)
    _refuse(faults)
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made) / "bundle"
        with disk_errors(folder):
            for name, file in files.items():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                with file.opened() as source, (folder / name).open("xb") as target:
                    shutil.copyfileobj(source, target)
        yield folder


def _refuse(faults: Sequence[Fault]) -> None:
    if faults:
        hint = "verify the bundle: it is damaged, or was made to mislead"
        raise BundleError([Problem(Place(fault.file), fault.message, hint) for fault in faults[:MOST_PROBLEMS]])
