"""Golden files: printed results kept under tests/golden, changed only by `pytest --write-golden`; no deadlines."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

# How long an example takes says something of the machine only. Where a change is let in or not (`CI` is set), the
# examples are the same each time, so that the answer is about the change; everywhere else they are new ones.
settings.register_profile("patient", deadline=None, derandomize=bool(os.environ.get("CI")), print_blob=True)
settings.load_profile("patient")

GOLDEN = Path(__file__).parent / "golden"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the one flag that rewrites golden files; their diff is read in review like code."""
    parser.addoption("--write-golden", action="store_true", help="write results to tests/golden instead of comparing")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Return a function that compares a text with the golden file of a name (relative to tests/golden)."""

    def compare(name: str, text: str) -> None:
        path = GOLDEN / name
        if request.config.getoption("--write-golden"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert path.is_file(), f"no golden file {name}: run pytest --write-golden and read the diff"
        assert path.read_text(encoding="utf-8") == text

    return compare
