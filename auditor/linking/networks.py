"""The network of a client address: the first 24 bits of IPv4, the first 48 of IPv6."""

from sqlglot import exp

from auditor.records.addresses import IPV4_BASE
from auditor.records.sql import case, cast, identifier, literal

_IPV4_HOSTS = 1 << 8
_IPV6_HOSTS = 1 << 80


def network_of(alias: str = "r") -> exp.Expression:
    """Return the network of a record's address as text, NULL where the address is none."""
    number = identifier("client_ip_number", alias)
    base = exp.Between(this=number, low=_number(IPV4_BASE), high=_number(IPV4_BASE + (1 << 32) - 1))
    short = exp.DPipe(this=literal("4/"), expression=_block(number, _IPV4_HOSTS))
    long = exp.DPipe(this=literal("6/"), expression=_block(number, _IPV6_HOSTS))
    return case([(base, short)], long)


def _block(number: exp.Expression, hosts: int) -> exp.Expression:
    return cast(exp.IntDiv(this=number.copy(), expression=_number(hosts)), "VARCHAR")


def _number(value: int) -> exp.Expression:
    return cast(literal(str(value)), "UHUGEINT")
