"""Single accounts whose place or whose hands are the matter: unsupported regions, shared passwords."""

from collections.abc import Iterator
from dataclasses import replace

from auditor.simulate.worlds.campaigns import PLAIN
from auditor.simulate.worlds.ground import DAY, HOUR, UNSUPPORTED, Ground, Network, Person, Scene, Timed, Truth
from auditor.simulate.worlds.ordinary import life, routine_of_a_person
from auditor.simulate.worlds.rows import Scribe
from auditor.simulate.worlds.timing import anywhere


def loners(ground: Ground, kind: str, variant: str, accounts: list[Person]) -> list[Truth]:
    """Return the truth about accounts that each act alone: a campaign of one each."""
    return [
        Truth(who.id, kind, True, campaign=f"{ground.scene}/{place}", variant=variant, unit=f"{ground.scene}/{place}")
        for place, who in enumerate(accounts)
    ]


def region_evaders(ground: Ground, variant: str) -> Scene:
    """Return people of unsupported regions: plainly from there, or through a VPN with a payer and logins from there."""
    random = ground.random
    scribe = Scribe(ground)
    people = []
    for _ in range(6):
        place = random.choice(UNSUPPORTED)
        home = ground.abroad("isp", place)
        who = ground.person(network=home)
        people.append(replace(who, country=place[0], owner_country=place[0] if random.random() < 0.3 else ""))

    def rows() -> Iterator[Timed]:
        for who in people:
            exits = [ground.network("vpn"), ground.network("hosting")]
            hidden = replace(who, network=exits[0], addresses=(exits[0].address(random),))
            yield from scribe.opening(who if variant == PLAIN else hidden)
            for day in range(ground.days):
                if random.random() < 0.25:
                    yield scribe.login(who, day * DAY + random.uniform(7, 22) * HOUR)
                for moment in anywhere(random, (day + 0.3) * DAY, (day + 0.95) * DAY, random.randrange(8)):
                    yield scribe.call(who, moment, network=None if variant == PLAIN else random.choice(exits))

    return Scene(rows(), loners(ground, "unsupported-region", variant, people))


def password_sharers(ground: Ground, variant: str) -> Scene:
    """Return accounts whose password several people use, on other continents, plainly at once or seldom so."""
    random = ground.random
    scribe = Scribe(ground)
    accounts = [ground.person("isp") for _ in range(4)]

    def rows() -> Iterator[Timed]:
        for who in accounts:
            yield from scribe.opening(who)
            hands = [replace(who, network=net, addresses=(net.address(random),)) for net in _homes(ground, who)]
            hands = [replace(hand, device=f"dev-{random.getrandbits(48):012x}") for hand in hands]
            yield from life(scribe, who, replace(routine_of_a_person(ground, []), calls=60), 0.0, ground.end)
            for day in range(0, ground.days, 1 if variant == PLAIN else 3):
                for hand in random.sample(hands, k=len(hands) if variant == PLAIN else 2):
                    moment = (day + random.uniform(0.3, 0.6)) * DAY
                    yield scribe.login(hand, moment)
                    yield from (scribe.call(hand, moment + 60 * n) for n in range(1, random.randrange(2, 6)))

    return Scene(rows(), loners(ground, "account-sharing", variant, accounts))


def _homes(ground: Ground, who: Person) -> list[Network]:
    """Return home lines in other countries than the account's own."""
    others = [it for it in ground.networks["isp"] if it.country != who.network.country]
    return ground.random.sample(others, k=3)
