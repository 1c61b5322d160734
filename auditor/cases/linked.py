"""The linked accounts of a case, as its page shows them: who, since when, and by which reasons.

A case shows the clusters that a finding of it is about, and those of which it holds two accounts. Reasons are the
words of the links: kinds and rarity, never the shared value.
"""

from collections.abc import Sequence
from datetime import datetime

from auditor.cases.model import Case
from auditor.cases.ties import Tie, ties_of
from auditor.linking.model import Cluster, Edge, Links
from auditor.policy.conditions import Node


class LinkedBy(Node):
    """One reason: the other account, what they share, since when, and the words."""

    other: str
    kind: str
    is_strong: bool
    since: datetime
    reason: str


class LinkedAccount(Node):
    """A member of a cluster; `is_cited` says whether a finding of the case that holds cites a record of its own."""

    account: str
    since: datetime
    is_cited: bool
    by: tuple[LinkedBy, ...]


class LinkedAccounts(Node):
    """A cluster as a case shows it, with the edges to draw: every pair of accounts has a path."""

    cluster: str
    formerly: tuple[str, ...]
    accounts: tuple[LinkedAccount, ...]
    edges: tuple[Edge, ...]

    @property
    def cited(self) -> tuple[str, ...]:
        """The accounts with cited records."""
        return tuple(item.account for item in self.accounts if item.is_cited)


def linked_accounts(case: Case, clusters: Sequence[Cluster]) -> tuple[LinkedAccounts, ...]:
    """Return the clusters that a case shows, by id, each with its members by id."""
    holding = [item for item in case.findings if item.status != "stale"]
    named = {item.finding.cluster.id for item in holding if item.finding.cluster}
    own = frozenset(case.accounts)
    cited = {part.account for item in holding for part in item.parts}
    shown = [cluster for cluster in clusters if cluster.id in named or len(own.intersection(cluster.accounts)) > 1]
    return tuple(_shown(cluster, cited) for cluster in sorted(shown, key=lambda cluster: cluster.id))


def _shown(cluster: Cluster, cited: set[str]) -> LinkedAccounts:
    ties = ties_of(Links(clusters=(cluster,))).by_account
    accounts = tuple(_account(ties[name], is_cited=name in cited) for name in sorted(cluster.accounts))
    return LinkedAccounts(cluster=cluster.id, formerly=cluster.formerly, accounts=accounts, edges=cluster.edges)


def _account(tie: Tie, *, is_cited: bool) -> LinkedAccount:
    by = tuple(
        LinkedBy(
            other=edge.second if edge.first == tie.account else edge.first,
            kind=edge.kind,
            is_strong=edge.is_strong,
            since=edge.since,
            reason=edge.reason,
        )
        for edge in tie.edges
    )
    return LinkedAccount(account=tie.account, since=tie.since, is_cited=is_cited, by=by)
