"""What linking gives: edges with reasons, clusters as they grew, and which account was in which cluster when.

An edge never holds the shared value itself: account ids, counts and words only. All times are UTC with their zone.
"""

from datetime import datetime, timedelta
from decimal import Decimal

from auditor.policy.conditions import Node

CONTENT = frozenset({"prompt_digest", "template_group"})
"""Columns that say what is asked."""


class Edge(Node):
    """One reason to take two accounts for acting together; `first` < `second`, both account ids.

    `signal` is the name of the signal or combination in the links file, `columns` are the record columns that the
    evidence rests on, those that ruled out a crowd among them. `weight` is in bits: how rare what they share is.
    `since` is the moment at which all of the evidence was there. `held` says since when each of the two had what they
    share, where that is something stated about an account (a card, a device); whoever had it later may have copied it.
    """

    first: str
    second: str
    signal: str
    kind: str
    is_strong: bool
    weight: Decimal
    since: datetime
    columns: tuple[str, ...]
    reason: str
    held: tuple[datetime, datetime] | None = None

    def was_first(self, account: str, lead: timedelta) -> bool:
        """Say whether one of the two had what they share so long before the other one."""
        if self.held is None:
            return False
        own, other = self.held if account == self.first else reversed(self.held)
        return own + lead <= other


class Member(Node):
    """An account of a cluster and when it came in."""

    account: str
    since: datetime


class Cluster(Node):
    """Accounts that acted together: members by id, edges by (first, second, signal).

    The edges give every pair a path. `formerly` names the clusters that were merged into this one, oldest first.
    """

    id: str
    formerly: tuple[str, ...] = ()
    members: tuple[Member, ...]
    edges: tuple[Edge, ...]

    @property
    def accounts(self) -> tuple[str, ...]:
        """The ids of the members, sorted."""
        return tuple(member.account for member in self.members)

    @property
    def signals(self) -> tuple[str, ...]:
        """The names of the signals that joined the cluster, sorted."""
        return tuple(sorted({edge.signal for edge in self.edges}))

    @property
    def columns(self) -> tuple[str, ...]:
        """The record columns that the links which are needed rest on, sorted.

        Needed are those without which the members would fall apart: a spanning forest of strong links first, of those
        that rest on content last. What links them a second time shows by itself that they belong together.
        """
        joined = {account: {account} for account in self.accounts}
        needed: set[str] = set()
        for edge in sorted(self.edges, key=_most_needed_first):
            one, other = joined[edge.first], joined[edge.second]
            if one is not other:
                smaller, larger = sorted((one, other), key=len)
                larger |= smaller
                joined |= dict.fromkeys(smaller, larger)
                needed |= set(edge.columns)
        return tuple(sorted(needed))

    def path(self, first: str, second: str) -> tuple[Edge, ...]:
        """Return the edges that lead from one member to another, fewest first, then heaviest; none to itself.

        Raises KeyError for an account that is no member.
        """
        if not {first, second} <= set(self.accounts):
            raise KeyError(first if first not in self.accounts else second)
        steps: dict[str, Edge | None] = {first: None}
        waiting = [first]
        beside = _beside(self.edges)
        while waiting and second not in steps:
            reached = []
            for account in waiting:
                for other, edge in beside.get(account, ()):
                    if other not in steps:
                        steps[other] = edge
                        reached.append(other)
            waiting = reached
        return _walked_back(steps, second)


class Stretch(Node):
    """From `start` on, until the account's next stretch, the account belongs to this cluster."""

    account: str
    start: datetime
    cluster: str


class Succession(Node):
    """An account that took the place of a shut one: `since` when that shows, `after` how many hours it came later."""

    account: str
    since: datetime
    after: int


class Crowd(Node):
    """Something many accounts share that makes no link, and why.

    `accounts` share it, `vouched` of them are also linked by another family; `oldest` is the account that had it first.
    """

    signal: str
    kind: str
    accounts: int
    vouched: int
    oldest: str
    since: datetime
    reason: str


class Links(Node):
    """Who acted together: clusters of two or more by id, stretches by (account, start), crowds by signal and size.

    `successions` are by account. `accounts` is the population; `lacking` names the signals that could not be read, with
    the missing columns.
    """

    clusters: tuple[Cluster, ...] = ()
    stretches: tuple[Stretch, ...] = ()
    crowds: tuple[Crowd, ...] = ()
    successions: tuple[Succession, ...] = ()
    accounts: int = 0
    lacking: tuple[tuple[str, tuple[str, ...]], ...] = ()

    def cluster_of(self, account: str) -> Cluster | None:
        """Return the cluster that an account belongs to at the end, None for an unlinked one."""
        return next((cluster for cluster in self.clusters if account in cluster.accounts), None)


def _most_needed_first(edge: Edge) -> tuple[bool, bool, Decimal, str, str, str]:
    return (not edge.is_strong, bool(CONTENT & set(edge.columns)), -edge.weight, edge.first, edge.second, edge.signal)


def _beside(edges: tuple[Edge, ...]) -> dict[str, list[tuple[str, Edge]]]:
    beside: dict[str, list[tuple[str, Edge]]] = {}
    for edge in sorted(edges, key=lambda item: (-item.weight, item.first, item.second, item.signal)):
        beside.setdefault(edge.first, []).append((edge.second, edge))
        beside.setdefault(edge.second, []).append((edge.first, edge))
    return beside


def _walked_back(steps: dict[str, Edge | None], last: str) -> tuple[Edge, ...]:
    path: list[Edge] = []
    while (edge := steps[last]) is not None:
        path.append(edge)
        last = edge.first if edge.second == last else edge.second
    return tuple(reversed(path))
