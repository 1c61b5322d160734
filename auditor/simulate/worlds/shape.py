"""Shape families: how a platform's log looks, so that no threshold can be fitted to one shape.

Two platforms that see the same people differ in what they call an account, in what they ask at sign-up, in which
columns they log, and in how their customers reach them. A world has one shape; campaigns and look-alikes are played
on it as on any other.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from types import MappingProxyType


@dataclass(frozen=True)
class Client:
    """A client program: what it calls itself, and its TLS fingerprint."""

    user_agent: str
    tls: str


@dataclass(frozen=True)
class Shape:
    """One platform's habits; `share_with_text` of the accounts let it keep prompts, `facts` states card and plan."""

    name: str
    account_id: str
    key_id: str
    clients: tuple[Client, ...]
    share_with_text: float
    gives_templates: bool
    facts: str
    asks_phone: bool
    sees_device: bool
    sees_tls: bool
    sees_place: bool
    passes_end_users: bool
    share_on_public_mail: float
    share_mobile: float
    addresses_of_a_home: int
    models: tuple[str, str, str, str]
    """The small, the large, the reasoning model, and the newest, which comes out during the stretch."""

    def new_id(self, random: Random) -> str:
        """Return a new account id as this platform makes them."""
        return _filled(self.account_id, random)

    def new_key(self, random: Random) -> str:
        """Return a new key id."""
        return _filled(self.key_id, random)


def _filled(form: str, random: Random) -> str:
    kind, _, prefix = form.partition(":")
    match kind:
        case "hex":
            return f"{prefix}{random.getrandbits(48):012x}"
        case "digits":
            return f"{prefix}{random.randrange(10**11, 10**12)}"
        case "uuid":
            bits = f"{random.getrandbits(128):032x}"
            return f"{bits[:8]}-{bits[8:12]}-4{bits[13:16]}-a{bits[17:20]}-{bits[20:]}"
        case _:
            return prefix + "".join(random.choice("abcdefghjkmnpqrstuvwxyz23456789") for _ in range(14))


def _clients(*names: str) -> tuple[Client, ...]:
    """Return client programs; those of one library and major version have one TLS fingerprint."""
    return tuple(Client(name, f"t13d{abs(_number(name.split('.')[0])) % 10**10:010d}") for name in names)


def _number(text: str) -> int:
    value = 7
    for char in text:
        value = (value * 131 + ord(char)) % (1 << 61)
    return value


_CONSOLE = Shape(
    name="console",
    account_id="hex:acct_",
    key_id="hex:key_",
    clients=_clients(
        "atlas-python/2.4.1", "atlas-python/2.6.0", "atlas-python/2.6.3", "atlas-node/5.1.2", "atlas-node/5.2.0",
        "atlas-go/1.9.0", "curl/8.5.0", "python-requests/2.32.3", "httpx/0.28.1", "okhttp/5.0.0", "gateway/1.44",
    ),
    share_with_text=1, gives_templates=False,
    facts="signup", asks_phone=True, sees_device=True, sees_tls=True, sees_place=True,
    passes_end_users=True, share_on_public_mail=0.6, share_mobile=0.25, addresses_of_a_home=2,
    models=("atlas-mini", "atlas-large", "atlas-reason", "atlas-reason-2"),
)  # fmt: skip
_CLOUD = Shape(
    name="cloud",
    account_id="digits:",
    key_id="mixed:AK",
    clients=_clients(
        "Boto9/1.35.2 md/aiobotocore", "Boto9/1.36.9", "cloud-sdk-java/3.20.8", "cloud-cli/3.17.0 exe/x86_64",
        "cloud-sdk-js/4.691.0", "cloud-sdk-rust/1.3.3", "terraform-provider/5.8",
    ),
    share_with_text=1, gives_templates=True,
    facts="signup", asks_phone=False, sees_device=False, sees_tls=True, sees_place=True,
    passes_end_users=False, share_on_public_mail=0.3, share_mobile=0.05, addresses_of_a_home=1,
    models=("lumen-lite-v2", "lumen-pro-v3", "lumen-think-v1", "lumen-pro-v4"),
)  # fmt: skip
_GATEWAY = Shape(
    name="gateway",
    account_id="mixed:user-",
    key_id="mixed:sk-hash-",
    clients=_clients("litegate/0.4", "openrelay/3.1.0", "langthread/0.9.2", "langthread/1.0.1", "aiohttp/3.10"),
    share_with_text=0, gives_templates=False,
    facts="payment_added", asks_phone=True, sees_device=False, sees_tls=False, sees_place=True,
    passes_end_users=True, share_on_public_mail=0.8, share_mobile=0.1, addresses_of_a_home=1,
    models=("nano", "standard", "deep", "standard-next"),
)  # fmt: skip
_CONSUMER = Shape(
    name="consumer",
    account_id="uuid:",
    key_id="uuid:",
    clients=_clients(
        "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0", "Mozilla/5.0 (Macintosh) Safari/619.1",
        "Mozilla/5.0 (Windows NT 10.0) Chrome/141.0", "AuroraApp/7.2 iOS/19", "AuroraApp/7.2 Android/16",
        "aurora-py/0.9", "node-fetch/3.3", "Go-http-client/2.0",
    ),
    share_with_text=1, gives_templates=False,
    facts="signup", asks_phone=True, sees_device=True, sees_tls=False, sees_place=True,
    passes_end_users=False, share_on_public_mail=0.85, share_mobile=0.45, addresses_of_a_home=3,
    models=("aurora-small", "aurora", "aurora-deepthink", "aurora-2"),
)  # fmt: skip

_EXCHANGE = Shape(
    name="exchange",
    account_id="mixed:ex_",
    key_id="hex:live_",
    clients=_clients(
        "exchange-sdk/1.8 python", "exchange-sdk/1.9 python", "exchange-sdk/0.7 go", "exchange-sdk/2.0 typescript",
        "langthread/1.0.1", "Java-http-client/21", "python-requests/2.32.3", "axios/1.9", "guzzle/7",
    ),
    share_with_text=0.65, gives_templates=False,
    facts="payment_added", asks_phone=False, sees_device=True,
    sees_tls=True, sees_place=False, passes_end_users=True, share_on_public_mail=0.45, share_mobile=0.15,
    addresses_of_a_home=2, models=("swift", "grand", "ponder", "grand-2"),
)  # fmt: skip

SHAPES: Mapping[str, Shape] = MappingProxyType(
    {it.name: it for it in (_CONSOLE, _CLOUD, _GATEWAY, _CONSUMER, _EXCHANGE)}
)
"""The shape families by name."""
