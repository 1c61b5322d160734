"""Groups that look coordinated and aren't: students, guests, clients, colleagues, users of one tool."""

from collections.abc import Iterator
from dataclasses import replace

from auditor.simulate.worlds.alike import allowed, innocents, played
from auditor.simulate.worlds.ground import DAY, HOUR, Ground, Person, Scene, Timed
from auditor.simulate.worlds.ordinary import Routine, life, routine_of_a_business, routine_of_a_person
from auditor.simulate.worlds.prose import Anything, Mix, product
from auditor.simulate.worlds.rows import Scribe
from auditor.simulate.worlds.shape import Client
from auditor.simulate.worlds.timing import FLAT, anywhere, day_of_people, in_bursts

LEAVE_OF_A_RESELLER = ("resale", "coordinated-accounts", "account-sharing", "limit-circumvention")


def university(ground: Ground) -> Scene:
    """Return two hundred students behind one address who open accounts in the first weeks and share course work."""
    random = ground.random
    campus = ground.network("education")
    nat = tuple(campus.address(random) for _ in range(random.choice((1, 1, 2))))
    domain = f"uni-{random.getrandbits(24):06x}.example"
    course = product(random)
    students = []
    for _ in range(ground.size(150, 210)):
        joined = (random.choice((1, 1, 2, 3, 8, 9, 10)) + random.uniform(0.33, 0.75)) * DAY
        who = ground.person(plan="free", network=campus, domain=domain, joined=joined)
        students.append(replace(who, addresses=nat, programme="education", pathway="education"))

    def calls(scribe: Scribe, who: Person) -> Iterator[Timed]:
        routine = routine_of_a_person(ground, [])
        routine = replace(routine, calls=random.uniform(3, 40), asking=Mix("", (Anything(), course), (0.5, 0.5)))
        yield from life(scribe, who, routine, who.joined + 90, ground.end)

    return Scene(played(ground, students, calls), innocents(ground, "university", students))


def hackathon(ground: Ground) -> Scene:
    """Return guests who open accounts within hours at a few shared desks, and all build on one starter kit."""
    random = ground.random
    hall = ground.network("business")
    start = random.uniform(4, ground.days - 5) * DAY
    desks = [(f"dev-{random.getrandbits(48):012x}", hall.address(random)) for _ in range(random.randrange(2, 8))]
    kit = product(random)
    client = random.choice(ground.shape.clients)
    guests = []
    for _ in range(ground.size(30, 70)):
        device, address = random.choice(desks)
        who = ground.person(plan="free", network=hall, client=client, joined=start + random.uniform(0, 5) * HOUR)
        who = replace(who, addresses=(address,), programme="startup", pathway="startup")
        guests.append(replace(who, device=device) if random.random() < 0.6 else who)

    def calls(scribe: Scribe, who: Person) -> Iterator[Timed]:
        asking = Mix("", (kit, Anything()), (0.7, 0.3))
        for moment in anywhere(random, who.joined + 300, start + 1.6 * DAY, random.randrange(15, 80)):
            yield scribe.call(who, moment, asking=asking, use="code")

    return Scene(played(ground, guests, calls), innocents(ground, "hackathon", guests))


def agency(ground: Ground) -> Scene:
    """Return thirty clients of an agency that pays for all of them with one card; half of the agencies have leave."""
    random = ground.random
    card = ground.card()
    office = ground.network("business")
    clients = [
        replace(
            ground.person("hosting", plan="business"), card=card, network=office, addresses=(office.address(random),)
        )
        if random.random() < 0.3
        else replace(ground.person("hosting", plan="business"), card=card)
        for _ in range(ground.size(30, 31))
    ]
    scene = Scene(played(ground, clients, _as_businesses), innocents(ground, "agency-client", clients, is_party=True))
    if random.random() < 0.5:
        scene.leaves = allowed(clients, ("coordinated-accounts",), "client of an agency with an agreement")
    return scene


def _as_businesses(scribe: Scribe, who: Person) -> Iterator[Timed]:
    routine = routine_of_a_business(scribe.ground)
    yield from life(
        scribe, who, replace(routine, calls=min(routine.calls, 260)), max(0.0, who.joined + 60), scribe.ground.end
    )


def licensed_reseller(ground: Ground, *, is_approved: bool) -> Scene:
    """Return the accounts of a licensed reseller: one payer, one block, its customers' calls, shown as end users."""
    random = ground.random
    rack = ground.network("hosting")
    rented = replace(rack, blocks=rack.blocks[:1])
    card, domain = ground.card(), f"{random.getrandbits(36):09x}.example"
    client = random.choice(ground.shape.clients)
    accounts = []
    for _ in range(random.randrange(5, 14)):
        who = ground.person(network=rented, client=client, domain=domain, plan="business")
        accounts.append(replace(who, card=card, pathway="reseller"))
    customers = [f"cust-{random.getrandbits(32):08x}" for _ in range(random.randrange(80, 200))]

    def calls(scribe: Scribe, who: Person) -> Iterator[Timed]:
        shown = ground.shape.passes_end_users
        for moment in in_bursts(random, 0.0, ground.end, ground.amount(400, 900), day_of_people(random, 14)):
            user = {"end_user_id": random.choice(customers)} if shown else {}
            yield scribe.call(who, moment, use=random.choice(("chat", "code")), model=random.choice((0, 1)), more=user)

    kind = "licensed-reseller" if is_approved else "licensed-reseller-not-listed"
    scene = Scene(played(ground, accounts, calls), innocents(ground, kind, accounts, is_party=True))
    if is_approved:
        scene.leaves = allowed(accounts, LEAVE_OF_A_RESELLER, "reseller agreement of last year")
    return scene


def family_cards(ground: Ground) -> Scene:
    """Return households with one card and one computer, in each of which one account was shut."""
    random = ground.random
    scribe = Scribe(ground)
    homes = []
    for _ in range(8):
        shut = ground.person("isp")
        other = replace(ground.person("isp", network=shut.network), card=shut.card, addresses=shut.addresses)
        if random.random() < 0.6:
            other = replace(other, device=shut.device)
        if random.random() < 0.5:
            other = replace(other, joined=ground.end * random.uniform(0.42, 0.6))
        homes.append((shut, other))

    def rows() -> Iterator[Timed]:
        for shut, other in homes:
            end = ground.end * random.uniform(0.3, 0.41)
            for who, until in ((shut, end), (other, ground.end)):
                yield from scribe.opening(who)
                routine = replace(routine_of_a_person(ground, []), calls=random.uniform(40, 160))
                yield from life(scribe, who, routine, max(0.0, who.joined + 60), until)
            yield scribe.enforcement(shut, end, "suspend")
            for moment in anywhere(random, end + 60, end + DAY, random.randrange(4, 30)):
                yield scribe.call(shut, moment, status=403)
            yield scribe.enforcement(shut, ground.end * random.uniform(0.7, 0.9), "reinstate")

    accounts = [who for home in homes for who in home]
    found = innocents(ground, "family-card", accounts, is_party=True)
    return Scene(rows(), [replace(it, party=f"{it.party}/{place // 2}") for place, it in enumerate(found)])


def popular_tool(ground: Ground) -> Scene:
    """Return users of a popular open-source tool: one template and one client program, nothing else in common."""
    random = ground.random
    tool = product(random)
    client = Client(f"tidy-{random.getrandbits(16):04x}/3.2", f"t13d{random.randrange(10**10):010d}")
    users = [ground.person("isp", client=client) for _ in range(ground.size(110, 240))]
    cycle = day_of_people(random, 14)

    def calls(scribe: Scribe, who: Person) -> Iterator[Timed]:
        routine = Routine(random.lognormvariate(4.2, 0.5) * ground.share, cycle, tool, "code", 0, 0.03)
        yield from life(scribe, who, routine, 0.0, ground.end)

    return Scene(played(ground, users, calls), innocents(ground, "popular-tool", users))


def cron_fleet(ground: Ground) -> Scene:
    """Return unrelated services that all call at the full hour, as timers do."""
    random = ground.random
    services = [ground.person("hosting", plan="business") for _ in range(ground.size(25, 60))]

    def calls(scribe: Scribe, who: Person) -> Iterator[Timed]:
        asking, step = product(random), random.choice((1, 1, 2, 3, 6, 24))
        for hour in range(random.randrange(step), ground.amount(ground.days * 24, ground.days * 24 + 1), step):
            for _ in range(random.choice((1, 1, 2))):
                yield scribe.call(who, hour * HOUR + random.uniform(0, 20), asking=asking, use="small")

    return Scene(played(ground, services, calls), innocents(ground, "cron-fleet", services))


def failover(ground: Ground) -> Scene:
    """Return organizations that move refused calls to another account or project of their own."""
    random = ground.random
    scribe = Scribe(ground)
    firms = []
    for _ in range(5):
        first = ground.person("hosting", plan="business", keys=2)
        other = ground.person("hosting", plan="business", network=first.network, client=first.client)
        other = replace(other, organization=first.organization, card=first.card, email_domain=first.email_domain)
        firms.append((first, replace(other, addresses=first.addresses)))

    def rows() -> Iterator[Timed]:
        for first, second in firms:
            asking = product(random)
            for who in (first, second):
                yield from scribe.opening(who)
                yield from life(
                    scribe,
                    who,
                    replace(routine_of_a_business(ground), calls=ground.amount(250, 251), asking=asking),
                    0.0,
                    ground.end,
                )
            for day in random.sample(range(1, ground.days), k=6):
                for moment in anywhere(random, (day + 0.4) * DAY, (day + 0.6) * DAY, random.randrange(15, 60)):
                    refused = scribe.call(first, moment, asking=asking, status=429, key=0)
                    yield refused
                    keeps = random.random() < 0.4
                    yield (
                        moment + random.uniform(0.5, 8),
                        scribe.moved(refused[1], first if keeps else second, int(keeps)),
                    )

    accounts = [who for firm in firms for who in firm]
    found = innocents(ground, "failover-inside-one-organization", accounts, is_party=True)
    return Scene(rows(), [replace(it, party=f"{it.party}/{place // 2}") for place, it in enumerate(found)])


def alias_upgrade(ground: Ground) -> Scene:
    """Return services that call by an alias: on the day of a release all of them get the new model."""
    random = ground.random
    services = [ground.person("hosting", plan="business") for _ in range(ground.size(30, 60))]
    alias = f"{ground.shape.models[1]}-latest"

    def calls(scribe: Scribe, who: Person) -> Iterator[Timed]:
        asking = product(random)
        for moment in in_bursts(random, 0.0, ground.end, ground.amount(120, 300), FLAT):
            served = ground.shape.models[3 if moment > ground.release else 1]
            when, row = scribe.call(who, moment, asking=asking, model=1, model_served=served)
            yield when, {**row, "model": alias}

    return Scene(played(ground, services, calls), innocents(ground, "alias-upgrade", services))
