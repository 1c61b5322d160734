"""A world: one shape, so many accounts and days, every campaign kind in its variants, every look-alike.

Each scene has chance of its own, drawn from (seed, scene), so that a change to one leaves the others as they are.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from random import Random

from auditor.simulate.worlds import alike_alone, alike_groups, campaigns, regions, schemes
from auditor.simulate.worlds.ground import DAY, Ground, Network, Scene, networks_of
from auditor.simulate.worlds.ordinary import crowd
from auditor.simulate.worlds.shape import SHAPES, Shape

START = datetime(2026, 3, 2, tzinfo=UTC)
VARIANTS = (campaigns.PLAIN, campaigns.ADAPTIVE)
BATCH = 2_000
"""Ordinary accounts a scene."""

ABUSE: tuple[Callable[[Ground, str], Scene], ...] = (
    campaigns.deepseek_like,
    campaigns.moonshot_like,
    campaigns.minimax_like,
    campaigns.low_and_slow,
    campaigns.hydra,
    campaigns.multilingual,
    campaigns.loud_account,
    schemes.weight_thief,
    schemes.key_thief,
    schemes.reseller_pool,
    schemes.limit_hoppers,
    schemes.bulk_signup,
    schemes.ban_evader,
    regions.region_evaders,
    regions.password_sharers,
)
ALIKE: tuple[Callable[[Ground], Scene], ...] = (
    alike_groups.university,
    alike_groups.hackathon,
    alike_groups.agency,
    partial(alike_groups.licensed_reseller, is_approved=True),
    partial(alike_groups.licensed_reseller, is_approved=False),
    alike_groups.family_cards,
    alike_groups.popular_tool,
    alike_groups.cron_fleet,
    alike_groups.failover,
    alike_groups.alias_upgrade,
    alike_alone.travellers,
    alike_alone.cloud_migrations,
    alike_alone.busy_newcomers,
    alike_alone.night_owls,
)
ALIKE_ALONE: tuple[Callable[[Ground], Scene], ...] = (
    alike_alone.single_purpose,
    alike_alone.judge_vendor,
    alike_alone.evaluation_vendor,
    alike_alone.red_team,
    alike_alone.sanctioned_distillation,
    alike_alone.classifier,
)
TIMES_ALONE = 4
"""How often a look-alike is played that is a single account."""


@dataclass(frozen=True)
class World:
    """What is to be simulated. `rounds`: how often each campaign kind and look-alike is played."""

    shape: Shape
    accounts: int
    days: int
    seed: int
    rounds: int = 1
    variants: tuple[str, ...] = VARIANTS
    effort: float = 1.0

    @property
    def release(self) -> float:
        """When the newest model came out, in seconds from the start."""
        return self.days * DAY * 0.55


def world_of(shape: str, *, accounts: int, days: int, seed: int, effort: float = 1.0) -> World:
    """Return a world of a named shape."""
    return World(SHAPES[shape], accounts, days, seed, effort=effort)


def scenes_of(world: World) -> Iterator[Scene]:
    """Yield the scenes of a world; rows are made when they are read."""
    networks = networks_of(Random(f"{world.seed}/networks/{world.shape.name}"))
    for number in range(0, world.accounts, BATCH):
        ground = _ground(world, networks, f"crowd-{number // BATCH}")
        yield crowd(ground, min(BATCH, world.accounts - number))
    for turn in range(world.rounds):
        for place, scheme in enumerate(ABUSE):
            for variant in world.variants:
                yield scheme(_ground(world, networks, f"campaign-{place}-{variant}-{turn}"), variant)
        for place, alike in enumerate(ALIKE):
            yield alike(_ground(world, networks, f"alike-{place}-{turn}"))
        for place, alike in enumerate(ALIKE_ALONE * TIMES_ALONE):
            yield alike(_ground(world, networks, f"alone-{place}-{turn}"))


def _ground(world: World, networks: dict[str, tuple[Network, ...]], scene: str) -> Ground:
    random = Random(f"{world.seed}/{world.shape.name}/{scene}")
    name = f"{world.shape.name}-{world.seed}/{scene}"
    return Ground(world.shape, random, START, world.days, networks, name, world.release, world.effort)
