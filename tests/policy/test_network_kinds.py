"""What a platform says of networks: read with its problems, and cut into ranges that don't overlap."""

from ipaddress import ip_address, ip_network
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.errors import PolicyError
from auditor.policy.network_kinds import ranges_in, systems_in
from auditor.policy.platform import load_context
from auditor.records.addresses import number_of

NETWORKS = st.builds(
    lambda address, length: str(ip_network((address, length), strict=False)),
    st.integers(0, 1023).map(lambda number: int(ip_address("203.0.112.0")) + number),
    st.integers(20, 32),
)
SAID = st.dictionaries(NETWORKS, st.sampled_from(["hosting", "vpn", "isp"]), max_size=8)


@given(said=SAID, address=st.integers(0, 1023).map(lambda number: str(ip_address("203.0.112.0") + number)))
def test_the_innermost_range_that_holds_an_address_says_its_kind(said: dict[str, str], address: str) -> None:
    around = [network for network in said if ip_address(address) in ip_network(network)]
    innermost = sorted(around, key=lambda network: ip_network(network).prefixlen)[-1:]

    number = number_of(address)
    ranges = ranges_in(said.items())

    assert number is not None
    assert [kind for low, high, kind in ranges if low <= number <= high] == [said[network] for network in innermost]
    assert all(ends < begins for (_, ends, _), (begins, _, _) in pairwise(ranges))


def test_both_families_of_addresses_and_systems_are_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "context.yml"
    path.write_text("network_kinds: {hosting: [AS64500, '2001:db8::/32'], mobile: [198.51.100.0/24]}\n")

    context = load_context(path)

    assert systems_in(context.network_kinds) == {64500: "hosting"}
    assert [kind for _, _, kind in ranges_in(context.network_kinds)] == ["mobile", "hosting"]
    assert "network_kind" in context.derivable


def test_every_network_that_is_none_is_told_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "context.yml"
    path.write_text(
        "network_kinds:\n  hosting: [AS0, 203.0.113.9/24, AS64500]\n  vpn: [AS64500, AS4294967296]\n  cloud: []\n"
    )

    with pytest.raises(PolicyError) as raised:
        load_context(path)

    told = str(raised.value)
    assert all(f"context.yml:{place}" in told for place in ("2:13", "2:18", "3:9", "3:18", "4:3"))
    assert "AS64500` is hosting and vpn, expected one kind" in told
    assert "unknown key `cloud`" in told
