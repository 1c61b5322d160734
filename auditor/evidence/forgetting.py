"""Erase what bundles hold and could reveal of cases: the secrets that salts come from, and the bundles themselves.

Without its secret nothing that an edition of a case withholds can be guessed any more, not even by whoever made it. A
bundle in the workspace quotes exact bytes, so it goes; copies that left the house are beyond reach.
"""

import shutil
from collections.abc import Iterable
from typing import NamedTuple

from auditor.evidence.casesecrets import destroy_secret
from auditor.records.workspace import Workspace, disk_errors


class Erased(NamedTuple):
    """The cases whose secret was destroyed, and those whose bundle was removed."""

    secrets: tuple[str, ...]
    bundles: tuple[str, ...]


def evidence_of(workspace: Workspace, cases: Iterable[str]) -> Erased:
    """Return of which cases there is a secret, and of which a bundle."""
    ids = sorted(cases)
    with disk_errors(workspace.folder):
        return Erased(
            tuple(case for case in ids if (workspace.secrets / case).is_file()),
            tuple(case for case in ids if (workspace.bundles / case / "bagit.txt").is_file()),
        )


def erase_evidence(workspace: Workspace, cases: Iterable[str]) -> Erased:
    """Destroy the secrets of cases and remove their bundles; the caller holds the lock. Raises WorkspaceError."""
    found = evidence_of(workspace, cases)
    for case in found.secrets:
        destroy_secret(workspace, case)
    for case in found.bundles:
        with disk_errors(workspace.bundles / case):
            shutil.rmtree(workspace.bundles / case)
    return found
