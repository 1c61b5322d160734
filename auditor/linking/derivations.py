"""The columns that links give to records, and how a record finds its value.

Tables are made on the activity's connection. A record's cluster is that of its account as of the record's time.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from itertools import zip_longest

from sqlglot import exp

from auditor.linking.model import Edge, Links
from auditor.linking.newcomers import Arrival, arrivals_of, network_key, newcomers_of
from auditor.linking.reading import Reading, is_known, moment, reading_of
from auditor.linking.timeline import components
from auditor.policy.pack import Context
from auditor.records.activity import Activity
from auditor.records.derived import ROW, Derivation, keep_table
from auditor.records.schema import DERIVED_FROM
from auditor.records.sql import all_of, case, identifier, literal

LINK_COLUMNS = ("cluster_id", "network_newcomers", "replaced_after")
STRETCHES, NEWCOMERS, SUCCESSORS = "link_stretches", "link_newcomers", "link_successors"
NEW_FOR = timedelta(days=30)
"""How long after a key's first record there a network counts as new to it."""

_END = datetime(9999, 1, 1)  # noqa: DTZ001  # times of the store carry no zone


def link_derivations(
    activity: Activity, links: Links, names: Collection[str], *, context: Context, as_of: datetime | None
) -> tuple[Derivation, ...]:
    """Make the tables of those link columns that are asked for, and return how a record finds its values."""
    made = []
    if "cluster_id" in names:
        _keep_stretches(activity, links)
        made.append(_cluster_id())
    if "network_newcomers" in names:
        reading = reading_of(activity, context, as_of, ())
        _keep_newcomers(activity, links, reading)
        made.append(_network_newcomers(reading))
    if "replaced_after" in names:
        _keep_successors(activity, links)
        made.append(_replaced_after())
    return tuple(made)


def _keep_stretches(activity: Activity, links: Links) -> None:
    """Keep from when until when an account was in which cluster; a stretch ends where the account's next one begins."""
    stretches = links.stretches
    ends = [
        _naive(after.start) if after is not None and after.account == own.account else _END
        for own, after in zip_longest(stretches, stretches[1:])
    ]
    columns: dict[str, tuple[str, Sequence[object]]] = {
        "account_id": ("VARCHAR", [own.account for own in stretches]),
        "begins": ("TIMESTAMP", [_naive(own.start) for own in stretches]),
        "ends": ("TIMESTAMP", ends),
        "cluster_id": ("VARCHAR", [own.cluster for own in stretches]),
    }
    keep_table(activity, STRETCHES, columns)


def _cluster_id() -> Derivation:
    own = identifier("account_id", ROW)
    value = exp.Coalesce(this=identifier("cluster_id", STRETCHES), expressions=[own])
    condition = all_of([exp.EQ(this=identifier("account_id", STRETCHES), expression=own.copy()), _during(STRETCHES)])
    return Derivation("cluster_id", value, ((STRETCHES, condition),), DERIVED_FROM["cluster_id"])


def _keep_newcomers(activity: Activity, links: Links, reading: Reading) -> None:
    """Keep the arrivals that have newcomers."""
    arrivals = arrivals_of(reading)
    counts = newcomers_of(arrivals, _strong_groups(links, arrivals))
    found: list[tuple[Arrival, int]] = [pair for pair in zip(arrivals, counts, strict=True) if pair[1]]
    times = [_naive(moment(arrival.time)) for arrival, _ in found]
    columns: dict[str, tuple[str, Sequence[object]]] = {
        "api_key_id": ("VARCHAR", [arrival.key for arrival, _ in found]),
        "network": ("VARCHAR", [arrival.network for arrival, _ in found]),
        "begins": ("TIMESTAMP", times),
        "ends": ("TIMESTAMP", [time + NEW_FOR for time in times]),
        "owners": ("BIGINT", [count for _, count in found]),
    }
    keep_table(activity, NEWCOMERS, columns)


def _network_newcomers(reading: Reading) -> Derivation:
    key, network = identifier("api_key_id", ROW), network_key(reading.columns)
    condition = all_of(
        [
            exp.EQ(this=identifier("api_key_id", NEWCOMERS), expression=key),
            exp.EQ(this=identifier("network", NEWCOMERS), expression=network),
            _during(NEWCOMERS),
        ]
    )
    is_told = all_of([is_known(part.copy()) for part in (key, network, identifier("account_id", ROW))])
    owners = exp.Coalesce(this=identifier("owners", NEWCOMERS), expressions=[literal(0)])
    value = case([(is_told, owners)])
    return Derivation("network_newcomers", value, ((NEWCOMERS, condition),), DERIVED_FROM["network_newcomers"])


def _keep_successors(activity: Activity, links: Links) -> None:
    """Keep since when an account is known to have taken a shut one's place, and how many hours after it was shut."""
    found = links.successions
    columns: dict[str, tuple[str, Sequence[object]]] = {
        "account_id": ("VARCHAR", [own.account for own in found]),
        "begins": ("TIMESTAMP", [_naive(own.since) for own in found]),
        "ends": ("TIMESTAMP", [_END for _ in found]),
        "hours": ("BIGINT", [own.after for own in found]),
    }
    keep_table(activity, SUCCESSORS, columns)


def _replaced_after() -> Derivation:
    same = exp.EQ(this=identifier("account_id", SUCCESSORS), expression=identifier("account_id", ROW))
    condition = all_of([same, _during(SUCCESSORS)])
    value = identifier("hours", SUCCESSORS)
    return Derivation("replaced_after", value, ((SUCCESSORS, condition),), DERIVED_FROM["replaced_after"])


def _strong_groups(links: Links, arrivals: Sequence[Arrival]) -> dict[str, int]:
    """Return a number for each group of accounts that strong signals link.

    A link that an arrival of one of the two brought with it is none: it may be the thief's own device that they share.
    """
    arrived: dict[str, list[datetime]] = {}
    for arrival in arrivals:
        arrived.setdefault(arrival.account, []).append(moment(arrival.time))
    names = sorted({account for cluster in links.clusters for account in cluster.accounts})
    numbers = {account: number for number, account in enumerate(names)}
    edges = [
        edge
        for cluster in links.clusters
        for edge in cluster.edges
        if edge.is_strong
        and not any(_is_brought(edge, arrived.get(account, ())) for account in (edge.first, edge.second))
    ]
    groups = components((numbers[edge.first], numbers[edge.second]) for edge in edges)
    return {names[member]: number for number, group in enumerate(groups) for member in group}


def _is_brought(edge: Edge, arrivals: Sequence[datetime]) -> bool:
    """Say whether a link came with, or soon after, the arrival of an old key on a new network."""
    return any(arrival <= edge.since <= arrival + NEW_FOR for arrival in arrivals)


def _during(name: str) -> exp.Expression:
    time = identifier("time", ROW)
    begun = exp.GTE(this=time, expression=identifier("begins", name))
    return all_of([begun, exp.LT(this=time.copy(), expression=identifier("ends", name))])


def _naive(time: datetime) -> datetime:
    return time.replace(tzinfo=None)
