"""Facts about links that speak for linked accounts: how weak what joined them is, and who else is joined that way."""

from collections.abc import Iterator, Sequence

from auditor.cases.model import CaseFinding
from auditor.cases.ties import LONG_BEFORE, Tie, Ties

_ALIKE = {
    "payment": "an agency, a reseller or a parent company pays for several customers with one card",
    "device_id": "a family or the staff of one workplace signs in from one device",
    "phone_digest": "a family or a small firm gives one telephone number",
    "network": "customers of one office, campus, VPN or hosting provider come from one network",
    "email_domain": "colleagues and students have one mail domain",
    "client program": "everybody who uses one popular program looks alike to a server",
    "prompt": "users of one published template or product send the same prompts",
}
"""How innocent accounts come to share each signal, by the words of `independence.py`."""


def facts_of_tie(account: str, ties: Ties) -> Iterator[str]:
    """Yield what speaks for an account in the way it is linked."""
    tie = ties.of(account)
    if tie is None:
        return
    if tie.is_by_card:
        yield "only a shared card links this account to the others"
    elif tie.is_borrowed:
        yield f"only what somebody else can enter at sign-up ({tie.kinds}) links this account to the others"
    elif tie.is_copied:
        yield f"this account had what joins it to the others ({tie.kinds}) {LONG_BEFORE.days} days or more before them"
    elif len(tie.edges) == 1:
        yield f"one link alone joins this account to the others ({tie.kinds})"
    yield from _look_alike(tie)


def _look_alike(tie: Tie) -> Iterator[str]:
    innocent = [_ALIKE[signal] for signal in sorted(tie.signals) if signal in _ALIKE]
    if innocent:
        yield f"innocent accounts are linked the same way where {'; and where '.join(innocent)}"


def facts_of_clusters(findings: Sequence[CaseFinding]) -> Iterator[str]:
    """Yield what speaks for whole clusters: members that did nothing of what was found."""
    holding = [item for item in findings if item.status != "stale"]
    cited = {part.account for item in holding for part in item.parts}
    clusters = {item.finding.cluster.id: item.finding.cluster for item in holding if item.finding.cluster}
    for _, cluster in sorted(clusters.items()):
        idle = len(set(cluster.members) - cited)
        if idle:
            members = len(cluster.members)
            yield f"{idle} of the {members} linked accounts of cluster {cluster.id} have no cited record of their own"
