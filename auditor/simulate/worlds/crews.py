"""Crews: the accounts of one party, tied by what it was too careless to vary.

A plain crew shares cards, devices, sign-up days and a hosting block. An adaptive one buys fresh cards and residential
addresses, spreads its sign-ups, and still leaves a few weak ties: some cards used twice, throw-away mail domains,
exits of the same proxy pool, one TLS stack under several names.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from auditor.simulate.worlds.ground import DAY, Ground, Network, Person
from auditor.simulate.worlds.shape import Client

Exit = tuple[Network, str]
"""Where a call leaves to the platform: a network and an address in it."""


@dataclass(frozen=True)
class Crew:
    """Accounts of one party, and the exits that they share (none: each calls from its own addresses)."""

    members: tuple[Person, ...]
    exits: tuple[Exit, ...] = ()
    is_adaptive: bool = False


def crew(ground: Ground, size: int, *, is_adaptive: bool, pathways: Sequence[str] = ("direct",)) -> Crew:
    """Return a crew of so many accounts."""
    made = _careful(ground, size) if is_adaptive else _careless(ground, size)
    members = []
    for number, who in enumerate(made.members):
        pathway = pathways[number % len(pathways)]
        programme = pathway if pathway in ("education", "startup", "research") else ""
        members.append(replace(who, pathway=pathway, programme=programme))
    return replace(made, members=tuple(members))


def _careless(ground: Ground, size: int) -> Crew:
    random = ground.random
    client = random.choice(ground.shape.clients)
    cards = [ground.card() for _ in range(max(1, size // random.randrange(8, 26)))]
    devices = [f"dev-{random.getrandbits(48):012x}" for _ in range(max(1, size // random.randrange(5, 15)))]
    domains = [ground.mail() for _ in range(max(1, size // 12))]
    exits = _hosting_exits(ground, random.randrange(1, 4), random.randrange(8, 30))
    first = random.uniform(-25, 2) * DAY
    members = []
    for number in range(size):
        network, address = random.choice(exits)
        who = ground.person(
            network=network, client=client, domain=random.choice(domains), joined=first + random.uniform(0, 3) * DAY
        )
        members.append(
            replace(who, card=cards[number % len(cards)], device=random.choice(devices), addresses=(address,))
        )
    return Crew(tuple(members), exits)


def _careful(ground: Ground, size: int) -> Crew:
    random = ground.random
    stack = Client("", random.choice(ground.shape.clients).tls)
    names = random.sample(ground.shape.clients, k=min(3, len(ground.shape.clients)))
    clients = [replace(it, tls=stack.tls) if random.random() < 0.7 else it for it in names]
    exits = tuple(_residential_exit(ground) for _ in range(max(6, size // 2)))
    domains = [f"{random.getrandbits(36):09x}.example" for _ in range(max(1, size // 10))]
    members: list[Person] = []
    for _ in range(size):
        network, address = random.choice(exits)
        domain = random.choice(domains) if random.random() < 0.5 else None
        joined = random.uniform(-60, ground.days * 0.3) * DAY
        who = ground.person(network=network, client=random.choice(clients), domain=domain, joined=joined)
        who = replace(who, addresses=(address,))
        if members and random.random() < 0.18:
            who = replace(who, card=random.choice(members).card)
        if members and random.random() < 0.12:
            who = replace(who, device=random.choice(members).device)
        if members and random.random() < 0.1:
            who = replace(who, phone=random.choice(members).phone)
        members.append(who)
    return Crew(tuple(members), exits, is_adaptive=True)


def _hosting_exits(ground: Ground, networks: int, addresses: int) -> tuple[Exit, ...]:
    """Return addresses in a few blocks of a few hosting networks, as a party rents machines."""
    random = ground.random
    found: list[Exit] = []
    for network in (ground.network("hosting") for _ in range(networks)):
        rented = replace(network, blocks=tuple(random.sample(network.blocks, k=min(2, len(network.blocks)))))
        found.extend((rented, rented.address(random)) for _ in range(addresses // networks + 1))
    return tuple(found)


def _residential_exit(ground: Ground) -> Exit:
    """Return an exit of a residential proxy, or now and then of a small VPN."""
    network = ground.network("isp" if ground.random.random() < 0.8 else "vpn")
    return network, network.address(ground.random)
