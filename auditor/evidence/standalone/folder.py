"""Find the files of a bundle that is a folder; links, devices and odd names are none."""

import stat
from functools import partial
from pathlib import Path
from typing import IO

from auditor.evidence.standalone.layout import DEVICE, LARGEST_ATTESTATION, LARGEST_TAG, NAME
from auditor.evidence.standalone.reading import LARGEST_DOCUMENT, BundleFile, Files
from auditor.evidence.standalone.results import Fault


def walked(folder: Path) -> tuple[Files, list[Fault]]:
    """Return every regular file by its path in the bundle, and what must not be in a bundle at all."""
    files: Files = {}
    odd: list[Fault] = []
    twins: dict[str, str] = {}
    pending = [folder]
    while pending:
        for path in sorted(pending.pop().iterdir()):
            name = path.relative_to(folder).as_posix()
            mode = path.lstat().st_mode
            if not NAME.match(path.name) or DEVICE.match(path.name):
                odd.append(Fault(ascii(name), "", "the name is not plain ASCII letters, digits, dots, dashes"))
            elif name.lower() in twins:
                odd.append(Fault(name, "", f"differs from {twins[name.lower()]} in upper and lower case only"))
            elif stat.S_ISDIR(mode):
                pending.append(path)
            elif stat.S_ISREG(mode):
                files[name] = BundleFile(path.lstat().st_size, partial(_opened, path))
            else:
                odd.append(Fault(name, "", "is a link or a device, expected a regular file"))
            twins.setdefault(name.lower(), name)
    return files, odd


def _opened(path: Path) -> IO[bytes]:
    return path.open("rb")


def within_limits(files: Files) -> tuple[Files, list[Fault]]:
    """Leave out files that are too large to be read, by their sizes alone: a sparse file costs its maker nothing."""
    kept, large = dict(files), []
    for name, file in files.items():
        most = LARGEST_ATTESTATION if name.startswith("attest/") else LARGEST_TAG.get(name, LARGEST_DOCUMENT)
        if file.size > most and not name.endswith(".jsonl"):
            large.append(Fault(name, "", f"has {file.size} bytes, expected at most {most}, so it isn't read"))
            del kept[name]
    return kept, large
