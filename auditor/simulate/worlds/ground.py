"""The ground that a world stands on: its shape, its stretch of time, its networks, and who its accounts are.

Times are seconds from the start of the complete part of the log. Nothing here is real: addresses come from the range
that is reserved for nobody (240.0.0.0/4, RFC 1112 section 4), autonomous systems from those for private use (RFC 6996),
domains from `.example` (RFC 2606).
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random

from auditor.simulate.worlds.shape import Client, Shape

DAY = 86400.0
HOUR = 3600.0
COUNTRIES = (
    ("US", 39.0, -98.0), ("US", 40.7, -74.0), ("IN", 12.97, 77.6), ("GB", 51.5, -0.13), ("DE", 52.5, 13.4),
    ("FR", 48.9, 2.35), ("BR", -23.5, -46.6), ("JP", 35.7, 139.7), ("CA", 43.7, -79.4), ("KR", 37.6, 127.0),
    ("AU", -33.9, 151.2), ("NL", 52.4, 4.9), ("SG", 1.35, 103.8), ("PL", 52.2, 21.0), ("ES", 40.4, -3.7),
)  # fmt: skip
UNSUPPORTED = (("XA", 60.0, 100.0), ("XB", 30.0, 110.0))
"""Country codes set aside for private use (ISO 3166-1 user-assigned): no country is meant."""

FIRST_ASN = 4_200_000_000
PUBLIC_MAIL = ("post.example", "mailbox.example", "inbox.example", "webmail.example", "letters.example")
SYSTEMS: Mapping[str, tuple[int, int]] = {
    "isp": (140, 500), "mobile": (30, 12), "hosting": (45, 260), "vpn": (18, 10), "business": (500, 2),
    "education": (50, 3),
}  # fmt: skip
"""How many networks there are of each kind, and how many /24 each of them has."""


@dataclass(frozen=True)
class Network:
    """An autonomous system with its /24 blocks, each as `a.b.c.`."""

    asn: int
    kind: str
    country: str
    latitude: float
    longitude: float
    blocks: tuple[str, ...]

    def address(self, random: Random) -> str:
        """Return an address in one of its blocks."""
        return f"{random.choice(self.blocks)}{1 + random.randrange(254)}"


@dataclass(frozen=True)
class Person:
    """One account: who it is, what its sign-up states, and where and with what it calls."""

    id: str
    organization: str
    keys: tuple[str, ...]
    card: str
    device: str
    phone: str
    email_domain: str
    plan: str
    network: Network
    addresses: tuple[str, ...]
    client: Client
    joined: float
    country: str
    programme: str = ""
    pathway: str = "direct"
    owner_country: str = ""
    keeps_text: bool = True
    """Whether the platform may keep what this account asks; of the others it keeps digests."""


@dataclass(frozen=True)
class Truth:
    """What an account is; `campaign` and `party` name the group that it truly belongs to, `unit` what is resampled."""

    account_id: str
    kind: str
    is_abusive: bool
    campaign: str | None = None
    variant: str | None = None
    lookalike: str | None = None
    is_victim: bool = False
    party: str | None = None
    unit: str | None = None


@dataclass(frozen=True)
class Leave:
    """A conduct that the platform allowed an account."""

    account_id: str
    conduct: str
    reason: str


Row = dict[str, object]
Timed = tuple[float, Row]


@dataclass
class Scene:
    """What one group of accounts leaves: rows that are made when they are asked for, the truth, what was allowed."""

    rows: Iterator[Timed]
    truths: list[Truth] = field(default_factory=list)
    leaves: list[Leave] = field(default_factory=list)


@dataclass(frozen=True)
class Ground:
    """A world's fixed facts, and the chance of one scene."""

    shape: Shape
    random: Random
    start: datetime
    days: int
    networks: Mapping[str, tuple[Network, ...]]
    scene: str
    release: float
    """When the newest model came out, in seconds from the start."""

    effort: float = 1.0
    """How much of the usual labour; a quick look takes fewer members, and somewhat fewer calls of each."""

    @property
    def share(self) -> float:
        """How much of its usual calls an account makes."""
        return math.sqrt(self.effort)

    def size(self, low: int, high: int) -> int:
        """Return how many take part."""
        return max(4, round(self.random.randrange(low, high) * self.effort))

    def amount(self, low: int, high: int) -> int:
        """Return how much is done."""
        return max(2, round(self.random.randrange(low, high) * self.share))

    @property
    def end(self) -> float:
        """The end of the stretch, in seconds."""
        return self.days * DAY

    def network(self, kind: str, country: str | None = None) -> Network:
        """Return a network of a kind, in a country where that is given and there is one."""
        found = self.networks[kind]
        if country:
            found = tuple(it for it in found if it.country == country) or found
        return self.random.choice(found)

    def abroad(self, kind: str, place: tuple[str, float, float]) -> Network:
        """Return a network that lies at a place."""
        return replace(self.network(kind), country=place[0], latitude=place[1], longitude=place[2])

    def person(
        self,
        kind: str = "isp",
        *,
        plan: str = "developer",
        keys: int = 1,
        joined: float | None = None,
        network: Network | None = None,
        domain: str | None = None,
        client: Client | None = None,
    ) -> Person:
        """Return a new account with facts of its own, that joined in the year before unless told otherwise."""
        random, shape = self.random, self.shape
        name = shape.new_id(random)
        home = network or self.network(kind)
        count = shape.addresses_of_a_home if kind in ("isp", "mobile") else 1
        return Person(
            id=name,
            organization=f"org-{random.getrandbits(40):010x}",
            keys=tuple(shape.new_key(random) for _ in range(keys)),
            card=self.card(),
            device=f"dev-{random.getrandbits(48):012x}",
            phone=f"{random.getrandbits(96):024x}",
            email_domain=domain or self.mail(),
            plan=plan,
            network=home,
            addresses=tuple(home.address(random) for _ in range(count)),
            client=client or random.choice(shape.clients),
            joined=-random.uniform(12 * DAY, 380 * DAY) if joined is None else joined,
            country=home.country,
            keeps_text=random.random() < shape.share_with_text,
        )

    def card(self) -> str:
        """Return a new payer's fingerprint."""
        return f"pm-{self.random.getrandbits(56):014x}"

    def mail(self) -> str:
        """Return an e-mail domain: a public one, or one of an account's own."""
        if self.random.random() < self.shape.share_on_public_mail:
            return self.random.choice(PUBLIC_MAIL)
        return f"{self.random.getrandbits(36):09x}.example"

    def time(self, moment: float) -> datetime:
        """Return a moment as a time."""
        return self.start + timedelta(seconds=moment)


def networks_of(random: Random) -> dict[str, tuple[Network, ...]]:
    """Return the networks of a world by kind; no two of them share a block."""
    made: dict[str, tuple[Network, ...]] = {}
    places = [*COUNTRIES]
    weights = [1 / (rank + 1) ** 0.7 for rank in range(len(places))]
    taken: set[str] = set()
    asn = FIRST_ASN + random.randrange(10_000)
    for kind, (count, size) in SYSTEMS.items():
        systems = []
        for _ in range(count):
            asn += 1 + random.randrange(7)
            country, latitude, longitude = random.choices(places, weights)[0]
            spread = (random.uniform(-3, 3), random.uniform(-3, 3))
            blocks = tuple(_block(random, taken) for _ in range(max(1, round(size * random.lognormvariate(0, 0.5)))))
            place = (round(latitude + spread[0], 2), round(longitude + spread[1], 2))
            systems.append(Network(asn, kind, country, *place, blocks))
        made[kind] = tuple(systems)
    return made


def _block(random: Random, taken: set[str]) -> str:
    while True:
        block = f"{240 + random.randrange(15)}.{random.randrange(256)}.{random.randrange(256)}."
        if block not in taken:
            taken.add(block)
            return block
