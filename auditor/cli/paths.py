"""Paths as a person at this terminal would type them."""

import shlex
from pathlib import Path


def shown_path(path: Path) -> str:
    """Return a path relative to the present folder where it lies below it, else whole."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) and path != here else str(path)


def workspace_option(folder: Path) -> str:
    """Return what a suggested command needs at its end to find this workspace: nothing for the usual one."""
    shown = shown_path(folder)
    return "" if shown == "audit" else f" --workspace {shlex.quote(shown)}"
