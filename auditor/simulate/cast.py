"""Making accounts and networks: who takes part, and the sign-up row that states an account's facts."""

import hashlib
from datetime import datetime, timedelta
from random import Random

from auditor.digests import rfc3339
from auditor.simulate.model import Account, Network, Row, Stage

PLACES = (
    ("DE", 52.52, 13.40), ("FR", 48.86, 2.35), ("GB", 51.51, -0.13), ("US", 40.71, -74.01), ("US", 37.77, -122.42),
    ("CA", 43.65, -79.38), ("JP", 35.68, 139.69), ("IN", 12.97, 77.59), ("BR", -23.55, -46.63), ("AU", -33.87, 151.21),
)  # fmt: skip
UNSUPPORTED = (("XA", 60.0, 100.0), ("XB", 30.0, 110.0))
"""Country codes set aside for private use (ISO 3166-1 user-assigned): no country is meant."""

CLIENTS = ("atlas-python/2.4.1", "atlas-python/2.6.0", "atlas-node/5.1.2", "curl/8.5.0", "Mozilla/5.0", "gateway/1.44")
FIRST_PRIVATE_ASN = 64512


def network(random: Random, kind: str, place: tuple[str, float, float] | None = None) -> Network:
    """Return a network of a kind (hosting, vpn, isp, mobile, business, education) at a place, or anywhere supported."""
    country, latitude, longitude = place or random.choice(PLACES)
    return Network(FIRST_PRIVATE_ASN + random.randrange(1000), kind, country, latitude, longitude)


def address(random: Random) -> str:
    """Return an address of 198.18.0.0/15, the range for benchmarks (RFC 2544)."""
    return f"198.{18 + random.randrange(2)}.{random.randrange(256)}.{1 + random.randrange(254)}"


def token(random: Random, digits: int = 12) -> str:
    """Return random hexadecimal digits."""
    return f"{random.getrandbits(4 * digits):0{digits}x}"


def fingerprint(text: str) -> str:
    """Return a short digest that stands for something that is never shown."""
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def account(stage: Stage, kind: str = "isp", *, keys: int = 1, plan: str = "developer") -> Account:
    """Return a new account with facts of its own, that joined before the stage's time."""
    random = stage.random
    name = token(random, 8)
    return Account(
        id=f"acct_{name}",
        organization=f"org_{name}",
        keys=tuple(f"key_{token(random, 10)}" for _ in range(keys)),
        card=f"card_{token(random)}",
        device=f"dev_{token(random)}",
        email_domain=f"{token(random, 6)}.example",
        plan=plan,
        network=network(random, kind),
        address=address(random),
        user_agent=random.choice(CLIENTS),
        joined=stage.start - timedelta(days=random.randrange(20, 400), seconds=random.randrange(86400)),
    )


def signup(who: Account) -> Row:
    """Return the sign-up row, which states the account's facts."""
    row: dict[str, object] = {
        **presence(who, who.joined),
        "event": "signup",
        "organization_id": who.organization,
        "device_id": who.device,
        "payment_fingerprint": who.card,
        "email_domain": who.email_domain,
        "billing_country": who.network.country,
        "plan": who.plan,
        "pathway": who.pathway,
    }
    return {**row, "programme": who.programme} if who.programme else row


def login(who: Account, time: datetime, device: str | None = None) -> Row:
    """Return a login in person, from the account's network and device or another one."""
    return {**presence(who, time), "event": "login", "device_id": device or who.device, "user_agent": "Mozilla/5.0"}


def presence(who: Account, time: datetime) -> dict[str, object]:
    """Return what every row of an account says: when, who, from where."""
    return {
        "time": rfc3339(time),
        "account_id": who.id,
        "client_ip": who.address,
        "asn": who.network.asn,
        "network_kind": who.network.kind,
        "country": who.network.country,
        "latitude": who.network.latitude,
        "longitude": who.network.longitude,
        "user_agent": who.user_agent,
    }
