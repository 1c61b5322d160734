"""One small world of each shape, made once."""

import pytest

from auditor.simulate.worlds.shape import SHAPES
from auditor.simulate.worlds.world import World
from auditor.simulate.worlds.writing import Written, write_world


def small(shape: str, seed: int = 5) -> World:
    """Return a world with few ordinary accounts and plain campaigns only."""
    return World(SHAPES[shape], accounts=150, days=24, seed=seed, variants=("plain",), effort=0.04)


@pytest.fixture(scope="session", params=sorted(SHAPES))
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Written:
    """Write one world."""
    return write_world(small(request.param), tmp_path_factory.mktemp("world") / request.param)
