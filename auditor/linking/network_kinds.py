"""The column `network_kind` where a source gives none: from what the platform knows of networks.

Each address is looked up once. Ranges don't overlap, so the last that begins at or before an address is the only one
that can hold it.
"""

from sqlglot import exp

from auditor.policy.network_kinds import ranges_in, systems_in
from auditor.policy.pack import Context
from auditor.records.activity import RECORDS, Activity
from auditor.records.derived import ROW, Derivation, keep_table, make_table
from auditor.records.schema import DERIVED_FROM, NETWORK_KIND
from auditor.records.sql import cast, identifier, named, table, within

RANGES, ADDRESSES, SYSTEMS = "kinds_of_ranges", "kinds_of_addresses", "kinds_of_systems"
ADDRESS = "client_ip_number"


def network_kind(activity: Activity, context: Context) -> Derivation:
    """Return how a record finds the kind of its network: given, or of its address, or of its autonomous system."""
    systems, ranges = systems_in(context.network_kinds), ranges_in(context.network_kinds)
    keep_table(activity, SYSTEMS, {"asn": ("BIGINT", list(systems)), NETWORK_KIND: ("VARCHAR", list(systems.values()))})
    columns = {
        "low": ("VARCHAR", [str(low) for low, _, _ in ranges]),
        "high": ("VARCHAR", [str(high) for _, high, _ in ranges]),
        NETWORK_KIND: ("VARCHAR", [kind for _, _, kind in ranges]),
    }
    keep_table(activity, RANGES, columns)
    make_table(activity, ADDRESSES, _of_addresses())
    places = ((ADDRESSES, ADDRESS), (SYSTEMS, "asn"))
    value = exp.Coalesce(
        this=identifier(NETWORK_KIND, ROW), expressions=[identifier(NETWORK_KIND, name) for name, _ in places]
    )
    joins = tuple(
        (name, exp.EQ(this=identifier(column, name), expression=identifier(column, ROW))) for name, column in places
    )
    return Derivation(NETWORK_KIND, value, joins, DERIVED_FROM[NETWORK_KIND])


def _of_addresses() -> exp.Select:
    addresses = exp.Select(expressions=[identifier(ADDRESS)]).from_(table(RECORDS)).distinct()
    ends = [named(cast(identifier(name), "UHUGEINT"), name) for name in ("low", "high")]
    ranges = exp.Select(expressions=[*ends, identifier(NETWORK_KIND)]).from_(table(RANGES))
    begins = exp.GTE(this=identifier(ADDRESS, "a"), expression=identifier("low", "b"))
    query = exp.Select(expressions=[identifier(ADDRESS, "a"), identifier(NETWORK_KIND, "b")])
    query = query.from_(within(addresses, "a"))
    query.append("joins", exp.Join(this=within(ranges, "b"), on=begins, method="ASOF"))
    return query.where(exp.LTE(this=identifier(ADDRESS, "a"), expression=identifier("high", "b")), copy=False)
