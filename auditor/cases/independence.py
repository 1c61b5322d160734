"""Whether two families of findings are independent: they rest on no common signal or column.

Columns that only say whose record it is and what kind of thing happened are on every record and carry no evidence of
their own; neither do the columns that make a rule's subject. Columns that are different views of one thing (an address
and the country looked up from it) are one signal. A rule that is left with nothing counts records: two such rules
see the same thing. A composite rests on findings that count by themselves, so it is no evidence beside them.

A finding on a cluster also rests on what joined the cluster: whoever was put together for sharing a card can't be shown
by that card to belong together. (Of several ways in which they are joined only those count that are needed, see
`Cluster.columns`.) Such a signal makes no finding on the cluster a second family.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations

from auditor.checker.findings import Finding
from auditor.policy.rule import SUBJECT_COLUMNS

GENERIC_COLUMNS = frozenset({"record_id", "time", "event", "account_id", "organization_id", "status", "endpoint"})
"""On nearly every record, whatever the conduct: sharing one of these makes no two findings dependent."""

NUMBER_OF_RECORDS = "number of records"

_ONE_SIGNAL = {
    "network": (
        "client_ip",
        "asn",
        "network_kind",
        "country",
        "latitude",
        "longitude",
        "network_newcomers",
        "replaced_after",
    ),
    "client program": ("user_agent", "tls_fingerprint"),
    "prompt": (
        "prompt",
        "prompt_digest",
        "template_id",
        "template_group",
        "seed_similarity",
        "system_prompt",
    ),
    "usage": ("input_tokens", "cached_input_tokens", "output_tokens", "reasoning_tokens", "cost_usd"),
    "answer": ("response", "finish_reason"),
    "plan": ("plan", "rate_limit"),
    "model": ("model", "model_served", "model_age"),
    "key": ("api_key_id", "project_id"),
    "payment": ("payment_fingerprint", "billing_country"),
}
SIGNAL_OF = {column: signal for signal, columns in _ONE_SIGNAL.items() for column in columns}
"""The signal a column shows; a column that is not listed is a signal of its own."""


def signals_of(finding: Finding) -> frozenset[str]:
    """Return the signals a finding rests on; never empty."""
    idle = GENERIC_COLUMNS | frozenset(SUBJECT_COLUMNS[finding.subject_kind])
    signals = {SIGNAL_OF.get(column, column) for column in finding.needed_columns if column not in idle}
    return frozenset(signals) or frozenset({NUMBER_OF_RECORDS})


def signals_in(columns: Iterable[str]) -> frozenset[str]:
    """Return the signals that columns show; those without evidence of their own are the time and number of records."""
    return frozenset(
        NUMBER_OF_RECORDS if column in GENERIC_COLUMNS else SIGNAL_OF.get(column, column) for column in columns
    )


def joined_by(finding: Finding) -> frozenset[str]:
    """Return the signals that joined the accounts that a finding is about; none where it is about no cluster."""
    return signals_in(finding.cluster.columns) if finding.cluster else frozenset()


def independent_pair(findings: Sequence[Finding]) -> tuple[Finding, Finding] | None:
    """Return two findings of different families that share no signal, the first such pair, or None.

    A finding that rests on what joined its own cluster, or the other's, is no second family.
    """
    return next((pair for pair in _across_families(findings) if not _shared(*pair)), None)


def shared_signals(findings: Sequence[Finding]) -> tuple[str, ...]:
    """Return the signals that findings of different families have in common, sorted."""
    shared = (_shared(first, second) for first, second in _across_families(findings))
    return tuple(sorted(frozenset().union(*shared)))


def _shared(first: Finding, second: Finding) -> frozenset[str]:
    """Return the signals on which both rest, what joined the clusters that they are about among them."""
    own, other = signals_of(first), signals_of(second)
    circular = (own & joined_by(first)) | (other & joined_by(second))
    return (own & other) | (own & joined_by(second)) | (other & joined_by(first)) | circular


def _across_families(findings: Sequence[Finding]) -> Iterator[tuple[Finding, Finding]]:
    """Yield pairs of different families; findings alike in family and signals are taken once, for there may be many."""
    different: dict[tuple[str, frozenset[str], frozenset[str]], Finding] = {}
    for finding in findings:
        if finding.parts:
            continue
        different.setdefault((finding.family, signals_of(finding), joined_by(finding)), finding)
    return ((a, b) for a, b in combinations(different.values(), 2) if a.family != b.family)
