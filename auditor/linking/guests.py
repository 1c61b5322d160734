"""Guests: accounts that are elsewhere on most of their days, and so no members of a pool of addresses.

What a thief does with somebody's key comes from the thief's exits for some days, while the owner's own calls go on from
where they always came. Nobody need have noticed the theft: who has a place of its own is not held by another's.
"""

from collections.abc import Sequence
from dataclasses import replace

from sqlglot import exp

from auditor.linking.holdings import Value
from auditor.linking.population import Population
from auditor.linking.reading import ACCOUNT, TIME, Reading, is_known
from auditor.linking.uses import DAY
from auditor.records.derived import keep_table
from auditor.records.sql import all_of, call, case, cast, identifier, is_null, literal, named, table, within

ADDRESS, SHARED = "_address", "link_shared_addresses"


def without_guests(values: Sequence[Value], reading: Reading, population: Population) -> tuple[Value, ...]:
    """Return addresses without the holders that were elsewhere on more than half of the days on which they called."""
    guests = {*map(population.numbers.__getitem__, _guests(values, reading, population))}
    return tuple(
        replace(value, holders=tuple(holder for holder in value.holders if holder[1] not in guests)) for value in values
    )


def _guests(values: Sequence[Value], reading: Reading, population: Population) -> list[str]:
    pairs = sorted({(population.ids[account], value.number) for value in values for _, account in value.holders})
    if not pairs:
        return []
    columns: dict[str, tuple[str, Sequence[object]]] = {
        ACCOUNT: ("VARCHAR", [account for account, _ in pairs]),
        ADDRESS: ("VARCHAR", [str(address) for _, address in pairs]),
    }
    keep_table(reading.activity, SHARED, columns)
    found = [account for account, days, elsewhere in reading.rows(_days(reading)) if elsewhere * 2 > days]
    reading.drop(SHARED)
    return found


def _days(reading: Reading) -> exp.Select:
    """Return on how many days each account of the shared addresses called, and on how many from another address."""
    address = identifier("client_ip_number", "r")
    uses = reading.select([named(address, ADDRESS)], is_known(address.copy()), *reading.calls())
    day = exp.IntDiv(this=identifier(TIME, "u"), expression=literal(DAY))
    is_elsewhere = case([(is_null(identifier(ADDRESS, "s")), day)], exp.null())
    counts = [call("count", exp.Distinct(expressions=[item])) for item in (day.copy(), is_elsewhere)]
    query = exp.Select(expressions=[identifier(ACCOUNT, "u"), *counts]).from_(within(uses, "u"))
    members = exp.Select(expressions=[identifier(ACCOUNT)]).from_(table(SHARED))
    query = query.where(exp.In(this=identifier(ACCOUNT, "u"), query=exp.Subquery(this=members)), copy=False)
    same = [
        exp.EQ(this=identifier(ACCOUNT, "u"), expression=identifier(ACCOUNT, "s")),
        exp.EQ(this=identifier(ADDRESS, "u"), expression=cast(identifier(ADDRESS, "s"), "UHUGEINT")),
    ]
    query = query.join(table(SHARED, "s"), on=all_of(same), join_type="left")
    return query.group_by(identifier(ACCOUNT, "u"))
