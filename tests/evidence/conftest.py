"""A sound bundle for the tests of its verification; modules that need another make their own."""

import shutil
from pathlib import Path

import pytest

from tests.evidence.arrange import sealed, world


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sound bundle."""
    folder = tmp_path_factory.mktemp("sound")
    return sealed(world(folder, context=1), folder / "C-1")


@pytest.fixture
def bundle(sound: Path, tmp_path: Path) -> Path:
    """A copy that a test may change."""
    return Path(shutil.copytree(sound, tmp_path / "C-1"))
