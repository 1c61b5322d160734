"""Who hides behind several payers: accounts that did something together, paid with several cards under no common name.

A firm, an agency or a family has one payer or one name; who pays with several cards for accounts that are worked as one
would look like several. Only those count that did their part, and that something joins which no stranger can state:
whoever signs up with a firm's telephone number and a card of his own must not make the firm look like that.
"""

from collections import Counter
from collections.abc import Iterable, Mapping

from auditor.cases.independence import signals_in
from auditor.cases.ties import BORROWED, LONG_BEFORE, groups_of
from auditor.linking.model import Cluster, Edge

PAYER_SIGNAL = "card"
"""What a links file calls the signal of who pays; where it is called otherwise nobody is seen to hide behind cards."""

PAYERS = 3
"""So many payers, each of several accounts of one crew, are no department's and no family's; our choice."""


def hidden_behind_payers(cluster: Cluster, workers: Mapping[str, str | None]) -> frozenset[str]:
    """Return those of a cluster's accounts that worked whose crew several cards pay for under no common mail domain.

    `workers` are mail domains by account. Where they are not known, nobody can say that there is no common one.
    """
    joined = groups_of(edge for edge in cluster.edges if not (_is_copied(edge) or _is_stated(edge)))
    payers = groups_of(edge for edge in cluster.edges if edge.signal == PAYER_SIGNAL and not _is_copied(edge))
    crews: dict[str, dict[str, str | None]] = {}
    for account, domain in workers.items():
        if account in joined:
            crews.setdefault(joined[account], {})[account] = domain
    return frozenset(
        account for crew in crews.values() if _has_no_name(crew) for account in _paid_together(crew, payers)
    )


def _is_stated(edge: Edge) -> bool:
    """Say whether an edge rests on nothing but what a stranger can state."""
    return signals_in(edge.columns) <= BORROWED


def _is_copied(edge: Edge) -> bool:
    """Say whether one of the two had what they share so long that the other one may have copied it."""
    return any(edge.was_first(account, LONG_BEFORE) for account in (edge.first, edge.second))


def _paid_together(crew: Mapping[str, str | None], payers: Mapping[str, str]) -> Iterable[str]:
    """Return those of a crew whose card pays for others of it too, if there are several such cards for most of it.

    Who pays with a card of its own has come among them by something else, and hides nothing.
    """
    counts = Counter(payers[account] for account in crew if account in payers)
    several = {payer for payer, count in counts.items() if count > 1}
    paid = [account for account in crew if payers.get(account) in several]
    return paid if len(several) >= PAYERS and 2 * len(paid) >= len(crew) else ()


def _has_no_name(crew: Mapping[str, str | None]) -> bool:
    """Say whether all mail domains of a crew are known, and none is that of most of it."""
    domains = Counter(crew.values())
    return None not in domains and 2 * max(domains.values()) <= len(crew)
