"""Whom links are about: every account of the log, when it was first seen, whose it is, and how it came.

Accounts are numbered in the order of their ids. Accounts of one organization are one *party*: what they share says
nothing more than that they are one customer.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlglot import exp

from auditor.linking.reading import ACCOUNT, TIME, Reading, is_known
from auditor.records.sql import identifier, literal, named, within


@dataclass(frozen=True)
class Population:
    """All accounts; lists are by account number. Two accounts with the same party are one customer.

    `networks` are the kinds of network that they mostly use, empty where none is known.
    """

    ids: tuple[str, ...]
    first_seen: tuple[int, ...]
    parties: tuple[int, ...]
    pathways: tuple[str, ...]
    networks: tuple[str, ...]
    numbers: Mapping[str, int]

    def __len__(self) -> int:
        """Return how many accounts there are."""
        return len(self.ids)


def population_of(reading: Reading) -> Population:
    """Return the accounts of the records that count, with the newest organization and pathway known of each."""
    query = exp.Select(expressions=[identifier(ACCOUNT), exp.Min(this=identifier(TIME))])
    query = query.from_(within(reading.select([]))).group_by(identifier(ACCOUNT)).order_by(identifier(ACCOUNT))
    rows = reading.rows(query)
    ids = tuple(row[0] for row in rows)
    organizations, pathways = _newest(reading, "organization_id"), _newest(reading, "pathway")
    networks = _usual_networks(reading)
    numbers = {account: number for number, account in enumerate(ids)}
    return Population(
        ids=ids,
        first_seen=tuple(row[1] for row in rows),
        parties=_parties(ids, organizations),
        pathways=tuple(pathways.get(account, "") for account in ids),
        networks=tuple(networks.get(account, "") for account in ids),
        numbers=numbers,
    )


def _parties(ids: tuple[str, ...], organizations: Mapping[str, str]) -> tuple[int, ...]:
    """Number the parties: an organization by its first account, an account without one by itself."""
    first: dict[str, int] = {}
    return tuple(
        first.setdefault(organizations[account], number) if account in organizations else number
        for number, account in enumerate(ids)
    )


def _newest(reading: Reading, column: str) -> dict[str, str]:
    """Return the newest known value of a fact by account; of two of one time, the greater."""
    if column not in reading.columns:
        return {}
    value = identifier(column, "r")
    known = [is_known(value), exp.NEQ(this=value.copy(), expression=literal(""))]
    inner = reading.select([named(value.copy(), "_value")], *known)
    last = exp.Max(this=identifier(TIME))
    query = exp.Select(expressions=[identifier(ACCOUNT), last, identifier("_value")]).from_(within(inner))
    query = query.group_by(identifier(ACCOUNT), identifier("_value"))
    newest: dict[str, tuple[int, str]] = {}
    for account, time, found in reading.rows(query):
        newest[account] = max(newest.get(account, (time, found)), (time, found))
    return {account: found for account, (_, found) in newest.items()}


def _usual_networks(reading: Reading) -> dict[str, str]:
    """Return the kind of network that most records of an account came from; of two that tie, the greater."""
    if "network_kind" not in reading.columns:
        return {}
    kind = exp.Lower(this=identifier("network_kind", "r"))
    inner = reading.select([named(kind, "_kind")], is_known(identifier("network_kind", "r")))
    keys = [identifier(ACCOUNT), identifier("_kind")]
    query = exp.Select(expressions=[*keys, exp.Count(this=exp.Star())]).from_(within(inner))
    usual: dict[str, tuple[int, str]] = {}
    for account, found, count in reading.rows(query.group_by(*(key.copy() for key in keys))):
        usual[account] = max(usual.get(account, (count, found)), (count, found))
    return {account: found for account, (_, found) in usual.items()}
