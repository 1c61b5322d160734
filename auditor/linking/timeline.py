"""How clusters grow: edges in the order in which their evidence came, accounts joined as they come.

Edges of one moment are taken together, so that their order says nothing. A cluster is named after its oldest member
when it forms; of clusters that merge the one that formed first keeps its name and lists the others.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from auditor.digests import digest_of_parts
from auditor.linking.bonds import Bond
from auditor.linking.model import Cluster, Edge, Member, Stretch
from auditor.linking.population import Population
from auditor.linking.reading import moment

ID_DIGITS = 12


@dataclass
class _Growing:
    """A cluster as it grows: who was in it since when (in microseconds), its name and when it formed.

    `root` is a member that stands for it.
    """

    name: str
    root: int
    formed: int
    members: dict[int, int] = field(default_factory=dict)
    formerly: list[tuple[int, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Link:
    """One edge of a bond's star: since when, and the numbers of the two accounts."""

    since: int
    first: int
    second: int
    bond: Bond


def links_of_bonds(bonds: Iterable[Bond], population: Population) -> list[Link]:
    """Return a star of links for each bond, around its oldest account, once enough parties are there."""
    links = []
    for bond in bonds:
        start = _enough_since(bond, population)
        _, hub = bond.members[0]
        if start is not None:
            links += [
                Link(max(since, start), min(hub, account), max(hub, account), bond)
                for since, account in bond.members[1:]
            ]
    return links


def _enough_since(bond: Bond, population: Population) -> int | None:
    """Return since when a bond has as many parties as it needs, None if it never does."""
    parties: set[int] = set()
    for since, account in bond.members:
        parties.add(population.parties[account])
        if len(parties) >= bond.at_least:
            return since
    return None


def grown(links: Sequence[Link], population: Population) -> tuple[tuple[Cluster, ...], tuple[Stretch, ...]]:
    """Return the clusters at the end, by id, and the stretches of every account that was ever linked."""
    growth = _Growth(population)
    for since, batch in groupby(sorted(links, key=lambda link: link.since), key=lambda link: link.since):
        growth.take(since, [(link.first, link.second) for link in batch])
    return growth.clusters(kept_links(links)), growth.stretches()


def kept_links(links: Iterable[Link]) -> list[Link]:
    """Return the links that are shown: a spanning forest of the heaviest, and of each signal the heaviest an account.

    A star's links count for the account that they bring to its hub, and so for both where the hub has no other.
    """
    roots: dict[int, int] = {}
    seen: set[tuple[int, str]] = set()
    kept = []
    for link in sorted(links, key=_heaviest_first):
        first, second = root_of(roots, link.first), root_of(roots, link.second)
        ends = {(link.first, link.bond.signal), (link.second, link.bond.signal)}
        if first != second or not ends <= seen:
            kept.append(link)
        roots[max(first, second)] = min(first, second)
        seen |= ends
    return kept


def root_of(roots: dict[int, int], account: int) -> int:
    """Return the account that stands for the group of an account, and shorten the way to it."""
    root = account
    while (above := roots.get(root, root)) != root:
        root = above
    while (above := roots.get(account, account)) != account:
        roots[account] = root
        account = above
    return root


def units_of(bonds: Iterable[Bond], population: Population) -> list[int]:
    """Return for each account a number that it shares with all that bonds join it to."""
    roots: dict[int, int] = {}
    for link in links_of_bonds(bonds, population):
        first, second = root_of(roots, link.first), root_of(roots, link.second)
        roots[max(first, second)] = min(first, second)
    return [root_of(roots, account) for account in range(len(population))]


def components(pairs: Iterable[tuple[int, int]]) -> list[list[int]]:
    """Return the groups that pairs of accounts join, each sorted."""
    roots: dict[int, int] = {}
    touched: dict[int, None] = {}
    for first, second in pairs:
        touched.update({first: None, second: None})
        one, other = root_of(roots, first), root_of(roots, second)
        roots[max(one, other)] = min(one, other)
    groups: dict[int, list[int]] = {}
    for account in sorted(touched):
        groups.setdefault(root_of(roots, account), []).append(account)
    return list(groups.values())


class _Growth:
    """The accounts that are linked so far."""

    def __init__(self, population: Population) -> None:
        self.population = population
        self.of: dict[int, _Growing] = {}
        self.history: list[tuple[int, int, str]] = []

    def take(self, since: int, pairs: Sequence[tuple[int, int]]) -> None:
        """Join what the links of one moment join, through clusters that are there already."""
        shortened = {(self._stand_in(first), self._stand_in(second)) for first, second in pairs}
        for group in components(pair for pair in shortened if pair[0] != pair[1]):
            self._join(group, since)

    def _stand_in(self, account: int) -> int:
        return self.of[account].root if account in self.of else account

    def _join(self, group: Sequence[int], since: int) -> None:
        old = sorted(
            {id(self.of[account]): self.of[account] for account in group if account in self.of}.values(),
            key=lambda cluster: (cluster.formed, cluster.name),
        )
        new = [account for account in group if account not in self.of]
        if not old:
            old = [_Growing(self._name(new), new[0], since)]
        for other in old[1:]:
            old[0].formerly += [(other.formed, other.name), *other.formerly]
            new += other.members
        for account in sorted(new):
            earlier = self.of.get(account)
            old[0].members[account] = earlier.members[account] if earlier else since
            self.of[account] = old[0]
            self.history.append((account, since, old[0].name))

    def _name(self, accounts: Sequence[int]) -> str:
        """Return the name of a cluster that forms now: of its oldest member, by first record, then id."""
        oldest = min(accounts, key=lambda account: (self.population.first_seen[account], account))
        return f"L-{digest_of_parts([self.population.ids[oldest]])[:ID_DIGITS]}"

    def clusters(self, links: Iterable[Link]) -> tuple[Cluster, ...]:
        """Return the clusters, by id, with the links that are shown."""
        edges: dict[str, list[Edge]] = {}
        for link in links:
            edges.setdefault(self.of[link.first].name, []).append(edge_of(link, self.population))
        found = {cluster.name: cluster for cluster in self.of.values()}
        return tuple(self._cluster(found[name], edges[name]) for name in sorted(found))

    def _cluster(self, cluster: _Growing, edges: Sequence[Edge]) -> Cluster:
        members = sorted(cluster.members.items())
        edges = sorted(edges, key=lambda edge: (edge.first, edge.second, edge.signal, edge.since, edge.reason))
        return Cluster(
            id=cluster.name,
            formerly=tuple(name for _, name in sorted(cluster.formerly)),
            members=tuple(Member(account=self.population.ids[a], since=moment(since)) for a, since in members),
            edges=tuple(edges),
        )

    def stretches(self) -> tuple[Stretch, ...]:
        """Return which cluster each account was in since when, by account and time."""
        ids = self.population.ids
        return tuple(
            Stretch(account=ids[account], start=moment(since), cluster=name)
            for account, since, name in sorted(self.history)
        )


def edge_of(link: Link, population: Population) -> Edge:
    """Return a link in words."""
    bond = link.bond
    is_one_customer = population.parties[link.first] == population.parties[link.second]
    return Edge(
        first=population.ids[link.first],
        second=population.ids[link.second],
        signal=bond.signal,
        kind=bond.kind,
        is_strong=bond.is_strong,
        weight=bond.weight,
        since=moment(link.since),
        columns=bond.columns,
        reason=f"{bond.words}; both belong to one organization" if is_one_customer else bond.words,
        held=(moment(bond.held[link.first]), moment(bond.held[link.second])) if bond.held else None,
    )


def _heaviest_first(link: Link) -> tuple[object, ...]:
    return (-link.bond.weight, link.since, link.first, link.second, link.bond.signal)
