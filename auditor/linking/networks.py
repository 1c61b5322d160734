"""The network of a client address: the first 24 bits of IPv4, the first 48 of IPv6."""

from sqlglot import exp

from auditor.records.addresses import IPV4_BASE
from auditor.records.sql import case, cast, identifier, literal

_IPV4_HOSTS = 1 << 8
_IPV6_HOSTS = 1 << 80
_ABOVE_IPV6 = 1 << 48


def network_of(alias: str = "r") -> exp.Expression:
    """Return the network of a record's address as one number, NULL where the address is none.

    An IPv4 network is its first 24 bits above all that an IPv6 network's 48 bits can be.
    """
    number = identifier("client_ip_number", alias)
    low, high = _number(IPV4_BASE), _number(IPV4_BASE + (1 << 32) - 1)
    host = cast(exp.Sub(this=number, expression=low), "BIGINT")
    short = exp.Add(this=exp.IntDiv(this=host, expression=literal(_IPV4_HOSTS)), expression=literal(_ABOVE_IPV6))
    long = cast(exp.IntDiv(this=number.copy(), expression=_number(_IPV6_HOSTS)), "BIGINT")
    return case([(exp.Between(this=number.copy(), low=low.copy(), high=high), short)], long)


def _number(value: int) -> exp.Expression:
    return cast(literal(str(value)), "UHUGEINT")
