"""Who hides behind several payers: accounts that did something together, paid with several cards under no common name.

A firm, an agency or a family has one payer or one name; who pays with several cards for accounts that are worked as one
would look like several. Only those count that did their part, and that something joins which no stranger can state:
whoever signs up with a firm's telephone number and a card of his own must not make the firm look like that.
"""

from collections import Counter
from collections.abc import Collection, Mapping

from auditor.cases.independence import signals_in
from auditor.cases.ties import BORROWED, LONG_BEFORE, groups_of
from auditor.linking.model import Cluster, Edge

PAYER_SIGNAL, MAIL_COLUMN = "card", "email_domain"
"""What a links file calls the signal of who pays; where it is called otherwise nobody is seen to hide behind cards."""

PAYERS = 3
"""So many payers, each of several accounts of one crew, are no department's and no family's; our choice."""


def hidden_behind_payers(cluster: Cluster, workers: Collection[str]) -> frozenset[str]:
    """Return those of a cluster's accounts that worked whose crew several cards pay for under no common mail domain."""
    joined = groups_of(edge for edge in cluster.edges if _is_their_own(edge))
    payers = groups_of(edge for edge in cluster.edges if edge.signal == PAYER_SIGNAL)
    names = groups_of(edge for edge in cluster.edges if MAIL_COLUMN in edge.columns and not edge.is_strong)
    crews: dict[str, list[str]] = {}
    for account in workers:
        if account in joined:
            crews.setdefault(joined[account], []).append(account)
    hiding = (crew for crew in crews.values() if _has_several(crew, payers) and not _has_name(crew, names))
    return frozenset(account for crew in hiding for account in crew)


def _is_their_own(edge: Edge) -> bool:
    """Say whether an edge rests on more than what a stranger can state or, having seen it for long, copy."""
    is_copied = any(edge.was_first(account, LONG_BEFORE) for account in (edge.first, edge.second))
    return not is_copied and not signals_in(edge.columns) <= BORROWED


def _has_several(crew: Collection[str], payers: Mapping[str, str]) -> bool:
    """Say whether most of a crew are paid for by several payers, each of two accounts of it or more."""
    paid = [count for count in Counter(payers[one] for one in crew if one in payers).values() if count > 1]
    return len(paid) >= PAYERS and 2 * sum(paid) >= len(crew)


def _has_name(crew: Collection[str], names: Mapping[str, str]) -> bool:
    """Say whether one mail domain, which only they have, joins most of a crew."""
    return 2 * max(Counter(names[one] for one in crew if one in names).values(), default=0) > len(crew)
