"""Client addresses as numbers, so that a range comparison can stand for a network."""

import ipaddress

IPV4_BASE = 0xFFFF_0000_0000
"""::ffff:0.0.0.0 as a number (RFC 4291 section 2.5.5.2)."""


def number_of(address: str | None) -> int | None:
    """Return an address as a number, IPv4 as its IPv4-mapped IPv6 address; None where the text is no address."""
    if address is None:
        return None
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return None
    return int(parsed) + (IPV4_BASE if parsed.version == 4 else 0)
