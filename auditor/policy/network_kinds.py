"""What a platform knows of networks: of which kind a range of addresses or an autonomous system is.

A more specific range says more than a wider one, a range more than the autonomous system that announces it.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from ipaddress import ip_network

from auditor.policy.fields import Fields
from auditor.policy.yaml import YamlNode
from auditor.records.addresses import IPV4_BASE
from auditor.records.schema import NETWORK_KINDS

SYSTEM = re.compile(r"AS([1-9][0-9]{0,9})")
LARGEST_SYSTEM = (1 << 32) - 1
"""An autonomous system's number has 32 bits (RFC 6793)."""

Range = tuple[int, int, str]
"""(first address, last address, kind) as numbers, IPv4 as IPv4-mapped IPv6."""


def read_network_kinds(fields: Fields) -> tuple[tuple[str, str], ...]:
    """Return (network, kind) for what stands under `network_kinds`; problems are collected."""
    table = fields.map("network_kinds", "`network_kinds`")
    if table is None:
        return ()
    table.allow(NETWORK_KINDS)
    known: dict[str, str] = {}
    for kind in (name for name in table.names() if name in NETWORK_KINDS):
        node = table.required(kind)
        items = getattr(node, "items", ())
        for text, item in zip(table.texts(kind), items, strict=False):
            _add(known, text.strip(), kind, item, fields)
    return tuple(known.items())


def systems_in(networks: Iterable[tuple[str, str]]) -> Mapping[int, str]:
    """Return the kind of each autonomous system."""
    found = ((SYSTEM.fullmatch(text), kind) for text, kind in networks)
    return {int(match[1]): kind for match, kind in found if match}


def ranges_in(networks: Iterable[tuple[str, str]]) -> tuple[Range, ...]:
    """Return ranges that don't overlap, by their first address: where they are nested, the innermost counts."""
    parsed = [_range(text, kind) for text, kind in networks if not SYSTEM.fullmatch(text)]
    return tuple(_apart(sorted(parsed, key=lambda item: (item[0], -item[1]))))


def _add(known: dict[str, str], text: str, kind: str, item: YamlNode, fields: Fields) -> None:
    if problem := _problem(text):
        fields.problems.add(item.place, *problem)
    elif known.setdefault(text, kind) != kind:
        found = f"`{text}` is {known[text]} and {kind}, expected one kind"
        fields.problems.add(item.place, found, "leave it under one of the two")


def _problem(text: str) -> tuple[str, str] | None:
    if match := SYSTEM.fullmatch(text):
        found = f"autonomous system {text}, expected at most AS{LARGEST_SYSTEM}"
        return (found, "check the number") if int(match[1]) > LARGEST_SYSTEM else None
    try:
        ip_network(text)
    except ValueError as error:
        found = f"network {text[:60]!a}, expected a range of addresses or an autonomous system"
        return found, f"write `203.0.113.0/24`, `2001:db8::/32` or `AS64500` ({error})"
    return None


def _range(text: str, kind: str) -> Range:
    network = ip_network(text)
    base = IPV4_BASE if network.version == 4 else 0
    return base + int(network.network_address), base + int(network.broadcast_address), kind


def _apart(ranges: Iterable[Range]) -> Iterator[Range]:
    """Cut nested ranges into pieces; of two ranges of addresses one lies within the other, or they don't meet."""
    around: list[Range] = []
    next_address = 0
    for found in ranges:
        while around and around[-1][1] < found[0]:
            yield from _piece(around[-1], next_address, around[-1][1])
            next_address = around.pop()[1] + 1
        if around:
            yield from _piece(around[-1], next_address, found[0] - 1)
        around.append(found)
        next_address = found[0]
    while around:
        yield from _piece(around[-1], next_address, around[-1][1])
        next_address = around.pop()[1] + 1


def _piece(whole: Range, first: int, last: int) -> Iterator[Range]:
    if first <= last:
        yield first, last, whole[2]
