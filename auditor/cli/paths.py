"""Paths as a person at this terminal would type them."""

from pathlib import Path


def shown_path(path: Path) -> str:
    """Return a path relative to the present folder where it lies below it, else whole."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) and path != here else str(path)
