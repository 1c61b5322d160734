"""Schemes of other kinds: stolen keys and weights, resale, hopping over limits, bulk sign-ups, bans evaded."""

from collections.abc import Iterator
from dataclasses import replace

from auditor.simulate.worlds.campaigns import ADAPTIVE, PLAIN, truths
from auditor.simulate.worlds.crews import Crew, crew
from auditor.simulate.worlds.ground import DAY, HOUR, Ground, Person, Scene, Timed, Truth
from auditor.simulate.worlds.ordinary import life, routine_of_a_business
from auditor.simulate.worlds.prose import Anything, product
from auditor.simulate.worlds.rows import Scribe
from auditor.simulate.worlds.timing import FLAT, anywhere, day_of_people, in_bursts


def weight_thief(ground: Ground, variant: str) -> Scene:
    """Return accounts that read log-probabilities of single tokens under a logit bias, for the model's last layer."""
    random = ground.random
    made = crew(ground, 1 if variant == PLAIN else random.randrange(3, 7), is_adaptive=variant == ADAPTIVE)
    scribe = Scribe(ground)
    start = random.uniform(2, ground.days * 0.6) * DAY
    length = (0.8 if variant == PLAIN else 8) * DAY
    calls = ground.amount(2500, 5000)

    def rows() -> Iterator[Timed]:
        for who in made.members:
            yield from scribe.opening(who)
            begin = max(start, who.joined + 60)
            for moment in anywhere(random, begin, begin + length, calls // len(made.members)):
                text = "The" + " the" * random.randrange(40)
                yield scribe.call(
                    who, moment, prompt=text, use="small", model=1, logit_bias=True, top_logprobs=5,
                    max_output_tokens=1, output_tokens=1, finish_reason="length",
                )  # fmt: skip

    return Scene(rows(), truths(ground, "logit-bias-theft", variant, made))


def key_thief(ground: Ground, variant: str) -> Scene:
    """Return forty customers whose keys one thief uses, from the same few machines: all are victims, nobody is shut."""
    random = ground.random
    scribe = Scribe(ground)
    hosts = [ground.network("hosting" if random.random() < 0.7 else "vpn") for _ in range(1 if variant == PLAIN else 3)]
    exits = [(network, network.address(random)) for network in hosts for _ in range(3)]
    thief = random.choice(ground.shape.clients)
    first = random.uniform(13, ground.days * 0.7) * DAY
    victims = [
        ground.person("hosting" if random.random() < 0.6 else "isp", plan="business")
        for _ in range(ground.size(40, 41))
    ]
    scene = Scene(iter(()))
    for who in victims:
        scene.truths.append(
            Truth(
                who.id,
                "stolen-key-victim",
                False,
                variant=variant,
                lookalike="stolen-key-victim",
                is_victim=True,
                unit=ground.scene,
            )
        )

    def spree(who: Person) -> Iterator[Timed]:
        taken = replace(who, client=thief)
        begin = first + random.uniform(0, 4) * DAY
        network, address = random.choice(exits)
        if variant == PLAIN or random.random() < 0.4:
            yield scribe.listing(taken, begin, network)
        count = ground.amount(300, 900) if variant == PLAIN else ground.amount(40, 220)
        for moment in anywhere(random, begin + 30, begin + (1 if variant == PLAIN else 3) * DAY, count):
            yield scribe.call(taken, moment, use="reason", model=2, network=network, address=address, asking=Anything())

    def rows() -> Iterator[Timed]:
        for who in victims:
            yield from scribe.opening(who)
            yield from life(scribe, who, routine_of_a_business(ground), 0.0, ground.end)
            yield from spree(who)

    scene.rows = rows()
    return scene


def reseller_pool(ground: Ground, variant: str) -> Scene:
    """Return six accounts that serve the calls of hundreds of strangers by turns, without leave to resell."""
    random = ground.random
    made = crew(ground, 6, is_adaptive=variant == ADAPTIVE)
    scribe = Scribe(ground)
    customers = [f"cust-{random.getrandbits(32):08x}" for _ in range(random.randrange(150, 400))]
    start = random.uniform(0, 4) * DAY
    calls = 6 * ground.amount(1500, 3000)
    shows_users = variant == PLAIN and ground.shape.passes_end_users

    def rows() -> Iterator[Timed]:
        for who in made.members:
            yield from scribe.opening(who)
        for number, moment in enumerate(in_bursts(random, start, ground.end, calls, FLAT, 1.2)):
            who = made.members[number % 6] if variant == PLAIN else random.choice(made.members)
            network, address = random.choice(made.exits)
            user = {"end_user_id": random.choice(customers)} if shows_users else {}
            if moment > who.joined + 60:
                yield scribe.call(
                    who,
                    moment,
                    model=random.choice((0, 1, 1, 2)),
                    use=random.choice(("chat", "code", "reason")),
                    network=network,
                    address=address,
                    more=user,
                )

    return Scene(rows(), truths(ground, "reseller-pool", variant, made))


def limit_hoppers(ground: Ground, variant: str) -> Scene:
    """Return a ring that asks again on another account what one was refused for its limit."""
    random = ground.random
    made = crew(ground, random.randrange(4, 9), is_adaptive=variant == ADAPTIVE)
    if variant == PLAIN:
        made = replace(made, members=tuple(replace(who, card=made.members[0].card) for who in made.members))
    scribe = Scribe(ground)
    asking = product(random)
    days = sorted(random.sample(range(3, ground.days - 1), k=5))

    def rows() -> Iterator[Timed]:
        for who in made.members:
            yield from scribe.opening(who)
        for day in days:
            for moment in anywhere(random, (day + 0.1) * DAY, (day + 0.6) * DAY, ground.amount(60, 160)):
                ring = [who for who in made.members if who.joined < moment - 60]
                if len(ring) < 2:
                    continue
                one, other = random.sample(ring, k=2)
                moment, row = scribe.call(one, moment, asking=asking, status=429, model=1)
                yield moment, row
                yield moment + random.uniform(0.3, 12 if variant == PLAIN else 45), scribe.moved(row, other)

    return Scene(rows(), truths(ground, "limit-hopper", variant, made))


def bulk_signup(ground: Ground, variant: str) -> Scene:
    """Return dozens of accounts opened by a script for the free credit, from one device or from one block."""
    random = ground.random
    size = random.randrange(30, 80)
    scribe = Scribe(ground)
    network = ground.network("vpn" if random.random() < 0.5 else "hosting")
    rented = replace(network, blocks=network.blocks[:1])
    client = random.choice(ground.shape.clients)
    device = f"dev-{random.getrandbits(48):012x}"
    domain = f"{random.getrandbits(36):09x}.example"
    start = random.uniform(3, ground.days - 6) * DAY
    length = (8 * HOUR) if variant == PLAIN else 3 * DAY
    members = []
    for _ in range(size):
        who = ground.person(
            plan="free", network=rented, client=client, domain=domain, joined=start + random.uniform(0, length)
        )
        members.append(replace(who, device=device) if variant == PLAIN else who)
    made = Crew(tuple(members))

    def rows() -> Iterator[Timed]:
        for who in members:
            yield from scribe.opening(who)
            for moment in anywhere(random, who.joined + 60, who.joined + 6 * HOUR, random.randrange(3, 15)):
                yield scribe.call(who, moment)

    return Scene(rows(), truths(ground, "bulk-signup", variant, made))


def ban_evader(ground: Ground, variant: str) -> Scene:
    """Return an account that is shut and goes on under new names: with the same client, or with little left of it."""
    random = ground.random
    scribe = Scribe(ground)
    asking = product(random)
    network = ground.network("hosting")
    home = replace(network, blocks=network.blocks[:1])
    first = ground.person(network=home)
    chain = [first]
    shut = []
    moment = random.uniform(0.2, 0.35) * ground.end
    for _ in range(random.randrange(1, 4)):
        shut.append(moment)
        new = ground.person(network=home, client=first.client, joined=moment + random.uniform(1, 60) * HOUR)
        new = (
            replace(new, card=first.card, device=first.device)
            if variant == PLAIN
            else replace(new, device=first.device if random.random() < 0.5 else new.device)
        )
        chain.append(new)
        moment = new.joined + random.uniform(3, 7) * DAY
    chain = [who for who in chain if who.joined < ground.end - DAY]

    def rows() -> Iterator[Timed]:
        for number, who in enumerate(chain):
            yield from scribe.opening(who)
            end = shut[number] if number < len(chain) - 1 else ground.end
            start = max(0.0, who.joined + 120)
            last: list[Timed] = []
            for when in in_bursts(
                random, start, end, 60 * max(0.5, (end - start) / DAY), day_of_people(random, 14), 1.2
            ):
                timed = scribe.call(who, when, asking=asking, model=1)
                last = [*last[-29:], timed]
                yield timed
            if number == len(chain) - 1:
                continue
            yield scribe.enforcement(who, end, "terminate")
            for place, when in enumerate(anywhere(random, end + 5, end + HOUR, random.randrange(22, 40))):
                refused = scribe.call(who, when, asking=asking, status=403)
                yield refused
                heir = chain[number + 1]
                if variant == PLAIN or place % 2:
                    yield heir.joined + 600 + place * 40, scribe.moved(refused[1], heir)

    found = truths(ground, "ban-evasion", variant, Crew(tuple(chain)))
    return Scene(rows(), found)
