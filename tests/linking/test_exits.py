"""Pools of exits: who goes round one, who is only a guest in it, and the groups that one thing marks."""

from typing import Any  # fields of a record are of many types

from auditor.policy.links import LinkCombination, LinkRules, LinkSignal
from tests.linking.factories import CARD, PROGRAM, Row, groups, links, row, shipped, signup

BY_ADDRESS = LinkSignal(name="by-address", kind="exits", family="network", seen="pool", columns=("client_ip",),
                        without=("asn",), within=86400, at_least=3)  # fmt: skip
EMAIL = LinkSignal(name="email", kind="mail", family="email", seen="facts", columns=("email_domain",))
BY_TURNS = LinkRules(
    signals=(CARD, BY_ADDRESS, EMAIL, PROGRAM),
    combinations=(LinkCombination(name="by-address-and-email", signals=("by-address", "email"), exclusive=True),),
    alone=2,
)


def round_of(accounts: list[str], exits: int = 12, **fields: Any) -> list[Row]:
    """Return accounts each of which goes by turns through three of so many exits, no two through the same three."""
    return [
        row(account, day * 0.9 + place / 1000, client_ip=f"10.{(place + step) % exits}.0.7", **fields)
        for place, account in enumerate(accounts)
        for day, step in enumerate((0, 1, 4))
    ]


def test_a_crew_goes_round_one_pool_though_no_two_of_it_met_three_times() -> None:
    crew = [f"c{n:02}" for n in range(12)]
    rows = [signup(account, -1, email_domain="crew.example") for account in crew] + round_of(crew)
    strangers = [row(f"x{n:02}", 0, client_ip=f"172.16.{n}.1") for n in range(40)]

    found = links([*rows, *strangers], BY_TURNS)

    assert groups(found) == [set(crew)]


def test_victims_of_one_thief_are_guests_of_its_exits() -> None:
    owners = [f"c{n:02}" for n in range(12)]
    own = [row(a, day / 2, client_ip=f"172.16.{n}.1") for n, a in enumerate(owners) for day in range(14)]
    rows = [signup(account, -1, email_domain="crew.example") for account in owners] + round_of(owners) + own

    assert not links(rows, BY_TURNS).clusters


def pairs(kind: str, count: int, **fields: Any) -> list[Row]:
    """Return pairs of accounts that share a card."""
    return [row(f"{kind}{n}{k}", 0, payment_fingerprint=f"{kind}{n}", **fields) for n in range(count) for k in "ab"]


def test_what_marks_nearly_all_of_several_groups_makes_them_one() -> None:
    assert groups(links(pairs("c", 4, user_agent="own"), BY_TURNS)) == [{f"c{n}{k}" for n in range(4) for k in "ab"}]


def test_a_large_group_speaks_for_nobody_else_who_has_what_it_has() -> None:
    """A proxy network with its customers' programs joined every family that used one of them."""
    network = [row(f"n{n:02}", 0, payment_fingerprint=f"n{n % 2}", email_domain="net.example") for n in range(30)]
    theirs = [item | {"user_agent": "popular"} for item in network]
    families = [*pairs("f", 1, user_agent="popular"), row("x", 0, user_agent="popular")]

    found = links([*theirs, *families], BY_TURNS.model_copy(update={"alone": 20}))

    assert {"f0a", "f0b"} in groups(found)
    assert all(not {"f0a", "n00"} <= group for group in groups(found))


def test_a_program_that_few_of_a_group_use_is_no_mark_of_it() -> None:
    crew = [row(f"n{n}", 0, payment_fingerprint="n", user_agent="rare" if n < 2 else f"p{n}") for n in range(5)]

    found = links([*crew, *pairs("f", 2, user_agent="rare")], BY_TURNS.model_copy(update={"alone": 5}))

    assert {f"n{n}" for n in range(5)} in groups(found)


def test_device_groups_that_go_round_one_pool_are_one_crew() -> None:
    crew = [f"c{n:02}" for n in range(12)]
    devices = [signup(account, -1, device_id=f"d{n // 3}") for n, account in enumerate(crew)]
    strangers = [row(f"x{n:02}", 0, client_ip=f"172.16.{n}.1") for n in range(40)]

    found = links([*devices, *round_of(crew), *strangers], shipped())

    assert groups(found) == [set(crew)]
