"""How accounts hang together: what a run's links say of each account, as grouping and the ladder ask for it.

A tie is read from the edges that touch the account. Edges form stars around a cluster's oldest members, so a member's
own edges are what joined *it*, whatever joined the others.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from auditor.cases.independence import signals_in
from auditor.linking.model import Cluster, Edge, Links

CARD = frozenset({"payment"})
"""Lent by one lawful customer to many: who pays for others is an agency more often than a campaign."""

BORROWED = CARD | {"phone_digest", "email_domain"}
"""Signals that whoever signs up may state about themselves, and so about somebody else: with these alone a stranger
who knows an account's card and number joins it to a campaign, and it has no part in that."""

PAYER_SIGNAL, MAIL_COLUMN = "card", "email_domain"
"""What a links file calls the signal of who pays; where it is called otherwise nobody is seen to hide behind cards."""

EXITS = frozenset({"asn", "client_ip"})
"""What weak links rest on where the same addresses of several providers are used by turns."""

PAYERS = 3
"""So many payers, each of several accounts of one cluster, are no department's and no family's; our choice."""

LONG_BEFORE = timedelta(days=7)
"""Who had a card or a device so long before the next one is taken for the one who was copied. A crew signs up within
days; our proposal. It costs one account of a crew that shared things with an old account of its own."""


@dataclass(frozen=True)
class Tie:
    """One account of a cluster of two or more: since when, its edges (heaviest first), and what they rest on.

    Accounts of one `strong_group` of the cluster are connected by strong links alone; None: by none.
    """

    account: str
    cluster: str
    since: datetime
    edges: tuple[Edge, ...]
    strong_group: str | None
    is_of_several_payers: bool = False
    """Whether its cluster is paid by several payers, each for some of it, while no mail domain says who they are."""

    @cached_property
    def signals(self) -> frozenset[str]:
        """What the account's own edges rest on, in the words of `independence.py`."""
        return signals_in(column for edge in self.edges for column in edge.columns)

    @property
    def is_borrowed(self) -> bool:
        """Whether nothing joined the account but what others can state: a card, a telephone number, a mail domain."""
        return bool(self.edges) and self.signals <= BORROWED

    @property
    def is_copied(self) -> bool:
        """Whether all that joined the account, but for what is borrowed, is what it had long before the others.

        Who knows somebody's card *and* device can state both, and so make an honest account one of a campaign.
        """
        return bool(self.edges) and all(
            edge.was_first(self.account, LONG_BEFORE) or signals_in(edge.columns) <= BORROWED for edge in self.edges
        )

    @property
    def is_by_exits(self) -> bool:
        """Whether it is joined by exits of several access providers that the others use too, which no firm needs."""
        return any(not edge.is_strong and set(edge.columns) >= EXITS for edge in self.edges)

    @property
    def is_hiding(self) -> bool:
        """Whether something about how it is linked hides who the accounts are, which no firm has a use for."""
        return self.is_by_exits or self.is_of_several_payers

    @property
    def is_by_card(self) -> bool:
        """Whether a shared card alone joined the account."""
        return bool(self.edges) and self.signals <= CARD

    @property
    def strong_kinds(self) -> str:
        """Which strong links it has, in words."""
        return " and ".join(dict.fromkeys(edge.kind for edge in self.edges if edge.is_strong))

    @property
    def kinds(self) -> str:
        """What joined it, in words: `card`, `card and device`."""
        return " and ".join(dict.fromkeys(edge.kind for edge in self.edges))


@dataclass(frozen=True)
class Ties:
    """The ties of all linked accounts of a run."""

    by_account: Mapping[str, Tie]
    clusters: Mapping[str, Cluster]

    def of(self, account: str) -> Tie | None:
        """Return an account's tie, None for one that is linked to nobody."""
        return self.by_account.get(account)

    def cluster_of(self, account: str) -> str | None:
        """Return the id of the cluster of an account, None for one that is linked to nobody."""
        tie = self.by_account.get(account)
        return tie.cluster if tie else None


NO_TIES = Ties({}, {})
"""What is known where nothing was linked."""


def ties_of(links: Links | None) -> Ties:
    """Return the ties of all linked accounts."""
    if links is None:
        return NO_TIES
    ties = {tie.account: tie for cluster in links.clusters for tie in _ties_in(cluster)}
    return Ties(ties, {cluster.id: cluster for cluster in links.clusters})


def _ties_in(cluster: Cluster) -> Iterable[Tie]:
    touching: dict[str, list[Edge]] = {}
    for edge in sorted(cluster.edges, key=lambda edge: (-edge.weight, edge.first, edge.second, edge.signal)):
        for account in (edge.first, edge.second):
            touching.setdefault(account, []).append(edge)
    groups = _groups(edge for edge in cluster.edges if edge.is_strong)
    several = _has_several_payers(cluster)
    for member in cluster.members:
        own = tuple(touching.get(member.account, ()))
        yield Tie(member.account, cluster.id, member.since, own, groups.get(member.account), several)


def _has_several_payers(cluster: Cluster) -> bool:
    """Say whether several cards pay for most of a cluster, and no mail domain is shared by most of it.

    A firm, an agency or a family has one payer or one name; who pays with several cards for accounts that are worked
    as one, under no common name, would look like several.
    """
    payers = _groups(edge for edge in cluster.edges if edge.signal == PAYER_SIGNAL)
    named = _groups(edge for edge in cluster.edges if MAIL_COLUMN in edge.columns and not edge.is_strong)
    most_named = max(Counter(named.values()).values(), default=0)
    members = len(cluster.members)
    return len({*payers.values()}) >= PAYERS and 2 * len(payers) >= members and 2 * most_named <= members


def _groups(edges: Iterable[Edge]) -> dict[str, str]:
    """Return the first account of each group of accounts that some edges connect, by account."""
    roots: dict[str, str] = {}
    for edge in edges:
        first, second = sorted((_root(roots, edge.first), _root(roots, edge.second)))
        roots[second] = first
    return {account: _root(roots, account) for account in list(roots)}


def _root(roots: dict[str, str], account: str) -> str:
    root = roots.setdefault(account, account)
    while roots[root] != root:
        root = roots[root]
    while roots[account] != root:
        roots[account], account = root, roots[account]
    return root
