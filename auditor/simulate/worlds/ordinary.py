"""Ordinary accounts by the ten thousand: people with few calls each, and businesses with most of all calls.

Made an account at a time, so that a world of any size needs the memory of one account.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

from auditor.simulate.worlds.ground import DAY, Ground, Person, Scene, Timed, Truth
from auditor.simulate.worlds.prose import Anything, Asking, Mix, Template, product
from auditor.simulate.worlds.rows import ERRORS, Scribe, some_error
from auditor.simulate.worlds.timing import Cycle, day_of_a_service, day_of_people, in_bursts

SHARE_BUSINESS = 0.06
SHARE_NEW = 0.25
"""Of the accounts, those that join during the stretch."""

NEWEST = 3
"""The place of the newest model among those of a shape."""

TOOLS = 6
"""Popular tools, each with a template of its own that many people use."""


@dataclass(frozen=True)
class Routine:
    """How an account calls: how often, when, for what, with which mistakes."""

    calls: float
    cycle: Cycle
    asking: Asking
    use: str
    model: int
    error_rate: float
    burst: float | None = None
    moves_at: float | None = None
    """When its calls go over to the newest model, if they do."""


def crowd(ground: Ground, accounts: int) -> Scene:
    """Return ordinary accounts, a few of which share a card, an address or an organization as such people do."""
    scene = Scene(iter(()))
    scene.rows = _crowd(ground, accounts, scene)
    return scene


def _crowd(ground: Ground, accounts: int, scene: Scene) -> Iterator[Timed]:
    random = ground.random
    scribe = Scribe(ground)
    tools = [product(random) for _ in range(TOOLS)]
    made = 0
    while made < accounts:
        is_business = random.random() < SHARE_BUSINESS
        members = _business(ground) if is_business else _household(ground)
        party = f"party-{members[0].id}" if len(members) > 1 else None
        for who in members[: accounts - made]:
            made += 1
            kind = "ordinary-business" if is_business else "ordinary-user"
            scene.truths.append(Truth(who.id, kind, False, party=party))
            routine = routine_of_a_business(ground) if is_business else routine_of_a_person(ground, tools)
            yield from opened(scribe, who)
            yield from life(scribe, who, routine, max(0.0, who.joined + 60), ground.end)


def opened(scribe: Scribe, who: Person) -> Iterator[Timed]:
    """Yield the opening of an account."""
    yield from scribe.opening(who)


def life(scribe: Scribe, who: Person, routine: Routine, start: float, end: float) -> Iterator[Timed]:
    """Yield an account's calls between two moments; some fail, and are asked again on the same key."""
    random = scribe.random
    share = (end - start) / scribe.ground.end
    keys = len(who.keys)
    for moment in in_bursts(random, start, end, routine.calls * share, routine.cycle, routine.burst):
        key = random.randrange(keys) if keys > 1 else 0
        model = NEWEST if routine.moves_at is not None and moment > routine.moves_at else routine.model
        timed = scribe.call(who, moment, asking=routine.asking, use=routine.use, model=model, key=key)
        if random.random() < routine.error_rate:
            yield failed(timed, some_error(random))
            if random.random() < 0.6:
                yield moment + random.uniform(2, 90), timed[1]
        else:
            yield timed


def failed(timed: Timed, status: int) -> Timed:
    """Return a call as one that failed."""
    moment, row = timed
    kept = {name: value for name, value in row.items() if name not in ANSWERED}
    return moment, {**kept, "status": status, "error_code": ERRORS[status]}


ANSWERED = {"input_tokens", "output_tokens", "finish_reason", "cost_usd"}


def routine_of_a_person(ground: Ground, tools: list[Template]) -> Routine:
    """Return a person's habits: few calls, one clock, whatever comes to mind, sometimes a popular tool."""
    random = ground.random
    calls = min(1207.0, random.lognormvariate(math.log(2.4), 1.42)) * ground.days / 23
    asking: Asking = Anything()
    if tools and random.random() < 0.08:
        asking = random.choice(tools)
    elif random.random() < 0.1:
        asking = Mix("", (asking, product(random)), (0.5, 0.5))
    use = random.choices(("chat", "small", "code", "reason"), (6, 2, 2, 1))[0]
    model = random.choices((0, 1, 2), (6, 3, 1))[0]
    cycle = day_of_people(random, random.gauss(15, 4) % 24)
    return Routine(calls, cycle, asking, use, model, 0.02, moves_at=_move(ground, model))


def routine_of_a_business(ground: Ground) -> Routine:
    """Return a service's habits: hundreds of calls, bursts, one to three templates of its own, 2 to 10 % errors."""
    random = ground.random
    own: list[Asking] = [product(random, random.randrange(6, 40)) for _ in range(random.choice((1, 1, 2, 3)))]
    if random.random() < 0.4:
        own.append(Anything())
    asking = own[0] if len(own) == 1 else Mix("", tuple(own), tuple(random.uniform(0.3, 1) for _ in own))
    calls = min(8000.0, random.lognormvariate(math.log(190), 1.15)) * ground.days / 28 * ground.share
    use = random.choice(("chat", "code", "small", "long", "reason"))
    model = random.choices((0, 1, 2), (5, 4, 1))[0]
    errors = random.uniform(0.02, 0.1)
    return Routine(calls, day_of_a_service(random), asking, use, model, errors, moves_at=_move(ground, model))


def _move(ground: Ground, model: int) -> float | None:
    """Return when a customer of the large model goes over to its successor: some the same day, many weeks later."""
    if model != 1 or ground.random.random() < 0.4:
        return None
    return ground.release + ground.random.expovariate(1 / (8 * DAY))


def _household(ground: Ground) -> list[Person]:
    """Return one person, or a few who share a card, a home line or a computer."""
    random = ground.random
    joined = random.uniform(0, ground.end * 0.95) if random.random() < SHARE_NEW else None
    kind = "mobile" if random.random() < ground.shape.share_mobile else "isp"
    plan = "free" if random.random() < 0.55 else "developer"
    first = ground.person(kind, plan=plan, joined=joined)
    if random.random() > 0.03:
        return [first]
    others = []
    for _ in range(random.choice((1, 1, 1, 2))):
        other = ground.person(kind, plan=plan, network=first.network)
        other = replace(other, card=first.card, addresses=first.addresses)
        others.append(replace(other, device=first.device) if random.random() < 0.3 else other)
    return [first, *others]


def _business(ground: Ground) -> list[Person]:
    """Return one service, or the accounts of one firm that keeps production, tests and teams apart."""
    random = ground.random
    joined = random.uniform(0, ground.end * 0.9) if random.random() < 0.12 else None
    plan = random.choices(("developer", "business", "enterprise"), (4, 5, 1))[0]
    domain = f"{random.getrandbits(36):09x}.example"
    kind = random.choices(("hosting", "business"), (8, 2))[0]
    first = ground.person(kind, plan=plan, joined=joined, keys=random.choice((1, 1, 2, 3)), domain=domain)
    if random.random() > 0.08:
        return [first]
    members = [first]
    for _ in range(random.choice((1, 1, 2, 4))):
        other = ground.person(kind, plan=plan, domain=domain, network=first.network)
        members.append(
            replace(
                other,
                organization=first.organization,
                card=first.card,
                joined=first.joined + random.uniform(0, 30) * DAY if first.joined < -40 * DAY else other.joined,
            )
        )
    return members
