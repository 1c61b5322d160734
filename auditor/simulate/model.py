"""The words of the simulator: networks, accounts, labels, and scenes that a cast of accounts plays.

A scene is a pure function of a `Stage`: it returns the rows that its accounts leave in the log and the truth
about each of them. Nothing here is real: addresses come from the range set aside for benchmarks (RFC 2544),
autonomous systems and country codes from those set aside for private use.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

Row = Mapping[str, object]
"""One record in canonical column names, with values that JSON can hold."""


@dataclass(frozen=True)
class Network:
    """Where calls come from: an autonomous system, what it is, and where its addresses lie."""

    asn: int
    kind: str
    country: str
    latitude: float
    longitude: float


@dataclass(frozen=True)
class Account:
    """One account with the facts that its sign-up states, and where and how it usually calls."""

    id: str
    organization: str
    keys: tuple[str, ...]
    card: str
    device: str
    email_domain: str
    plan: str
    network: Network
    address: str
    user_agent: str
    joined: datetime
    programme: str = ""
    pathway: str = "direct"


@dataclass(frozen=True)
class Label:
    """The truth about an account: what it does, and whether that breaks the terms (docs/measuring.md)."""

    account_id: str
    kind: str
    is_abusive: bool
    campaign: str | None = None
    lookalike: str | None = None
    is_victim: bool = False


@dataclass(frozen=True)
class Approval:
    """A conduct that the simulated platform allowed an account."""

    account_id: str
    conduct: str
    reason: str


@dataclass(frozen=True)
class Scene:
    """What one group of accounts did, and the truth about each of them."""

    rows: tuple[Row, ...]
    labels: tuple[Label, ...]
    approvals: tuple[Approval, ...] = ()


@dataclass(frozen=True)
class Stage:
    """The stretch of time that is simulated, and the source of chance of one scene."""

    name: str
    random: Random
    start: datetime
    days: int

    @property
    def end(self) -> datetime:
        """The first instant after the simulated stretch."""
        return self.start + timedelta(days=self.days)

    def at(self, day: int, hour: float = 0.0) -> datetime:
        """Return a time by day (0-based) and hour of the stretch."""
        return self.start + timedelta(days=day, hours=hour)


def stage_of(name: str, *, seed: int, start: datetime, days: int) -> Stage:
    """Return a stage with chance of its own, so that a change to one scene leaves the others as they are."""
    return Stage(name, Random(f"{seed}/{name}"), start, days)
