"""Rotation over residential exits, replacements after a ban, and calls in step."""

from collections.abc import Sequence
from random import Random
from typing import Any  # fields of a record are of many types

import pytest

from auditor.policy.links import LinkCombination, LinkRules, LinkSignal
from tests.linking.factories import CARD, DEVICE, PROGRAM, SIGNALS, Row, day, groups, links, row, shipped, signup

ROTATION = LinkSignal(name="rotation", kind="exits", family="network", seen="rotation", columns=("client_ip", "asn"),
                      networks=("isp",), within=86400, at_least=3)  # fmt: skip
ROTATING = LinkRules(
    signals=(ROTATION, PROGRAM),
    combinations=(LinkCombination(name="rotating", signals=("rotation", "program"), common=True),),
)
SUCCESSION = LinkSignal(name="succession", kind="replacement", family="succession", seen="succession",
                        is_strong=True, within=72 * 3600)  # fmt: skip
CLIENT = LinkSignal(name="client", kind="client", family="network", seen="calls", columns=("client_ip",),
                    also=("user_agent",), networks=("isp", "hosting"))  # fmt: skip
REPLACING = LinkRules(signals=(CARD, DEVICE, CLIENT, SUCCESSION), alone=1)
TEMPLATE = LinkSignal(name="template", kind="template", family="content", seen="calls", columns=("prompt_digest",))
RHYTHM = LinkSignal(name="rhythm", kind="calls in step", family="timing", seen="rhythm", columns=("prompt_digest",),
                    at_least=5)  # fmt: skip
IN_STEP = SIGNALS.model_copy(update={"signals": (CARD, TEMPLATE, RHYTHM), "combinations": ()})


def at(account: str, when: float, exit_: int, **fields: object) -> Row:
    """Return a call through one of many homes, each of a provider of its own."""
    place: dict[str, Any] = {"client_ip": f"192.0.{exit_}.9", "asn": 100 + exit_, "network_kind": "isp"}
    return row(account, when, user_agent="sdk", **(place | fields))


def test_accounts_that_come_by_turns_from_three_providers_are_linked_when_they_met_at_the_third() -> None:
    found = links([at(a, n + k / 10, n) for n in range(3) for k, a in enumerate("abc")], ROTATING)

    assert groups(found) == [{"a", "b", "c"}]
    assert min(edge.since for edge in found.clusters[0].edges) == day(2.1)


@pytest.mark.parametrize(
    ("fields", "exits", "break_"),
    [({}, 2, 0.1), ({}, 3, 1.1), ({"asn": 7}, 3, 0.1), ({"network_kind": "mobile"}, 3, 0.1)],
    ids=["only two providers", "more than a day apart", "one provider's addresses", "a carrier's addresses"],
)
def test_a_home_a_carrier_or_chance_is_no_rotation(fields: dict[str, Any], exits: int, break_: float) -> None:
    rows = [at(a, 4 * n + k * break_, n, **fields) for n in range(exits) for k, a in enumerate("ab")]

    assert links(rows, ROTATING).clusters == ()


def turns(*accounts: str, providers: int, others: int = 0, **fields: Any) -> list[Row]:
    """Return accounts that call from the same addresses, one a provider, each under a program of its own."""
    rows = [
        row(account, day + place / 50, client_ip=f"10.{provider}.0.7", user_agent=f"own-{account}", **fields)
        for provider in range(providers)
        for day in (provider, provider + 9)
        for place, account in enumerate((*accounts, *(f"o{n}" for n in range(others))))
    ]
    return [*rows, *(row(f"x{n:03}", n / 9, client_ip=f"172.16.{n}.1") for n in range(60))]


def with_providers(rows: Sequence[Row]) -> list[Row]:
    """Return records with the provider of each address, all of them access providers."""
    return [item | {"asn": int(str(item["client_ip"]).split(".")[1]) + 1, "network_kind": "isp"} for item in rows]


def test_two_that_meet_at_addresses_of_three_providers_are_linked_whatever_their_programs() -> None:
    found = links(with_providers(turns("a", "b", providers=3)), shipped())

    assert groups(found) == [{"a", "b"}]
    (edge,) = [edge for edge in found.clusters[0].edges if edge.signal == "pool"]
    assert edge.reason == "met within a day at addresses of 3 providers, each used by at most 2 of 62 accounts then"
    assert edge.since.date() == day(2).date()


def test_two_providers_or_a_crowd_at_each_are_no_pool() -> None:
    assert not links(with_providers(turns("a", "b", providers=2)), shipped()).clusters
    assert not links(with_providers(turns("a", "b", providers=3, others=40)), shipped()).clusters


def test_where_no_provider_is_known_a_pool_needs_something_else_in_common() -> None:
    alone = turns("a", "b", "c", providers=4)
    with_mail = [row(name, 0, "signup", email_domain="crew.example") for name in "abc"]

    assert not links(alone, shipped()).clusters
    assert groups(links([*with_mail, *alone], shipped())) == [{"a", "b", "c"}]


def test_one_that_shares_only_one_exit_with_a_rotation_stays_out() -> None:
    rows = [at(a, n + k / 10, n) for n in range(3) for k, a in enumerate("abc")]

    assert groups(links([*rows, at("z", 0.5, 0)], ROTATING)) == [{"a", "b", "c"}]


def banned(account: str, when: float) -> Row:
    """Return that an account was shut."""
    return row(account, when, "enforcement", action="terminate")


def calling(account: str, when: float, address: str = "192.0.2.1") -> Row:
    """Return a call from a home."""
    return row(account, when, client_ip=address, user_agent="sdk", network_kind="isp")


def test_a_new_account_with_the_card_and_the_client_of_a_shut_one_replaces_it() -> None:
    rows = [signup("a", payment_fingerprint="c"), calling("a", 1), banned("a", 2),
            signup("b", 4, payment_fingerprint="c"), calling("b", 4.5)]  # fmt: skip

    found = links(rows, REPLACING)

    (edge,) = (edge for edge in found.clusters[0].edges if edge.signal == "succession")
    assert edge.since == day(4.5)
    assert edge.columns == ("action", "client_ip", "payment_fingerprint", "user_agent")
    assert edge.reason.startswith(
        "began 48 hours after the other was shut; same card, held by 2 of 2 accounts; same cl"
    )


@pytest.mark.parametrize(
    ("starts", "card", "address"),
    [(4, "c", "198.51.100.1"), (5.1, "c", "192.0.2.1"), (1.9, "c", "192.0.2.1"), (4, "other", "192.0.2.1")],
    ids=[
        "a relative with a client of its own",
        "after 72 hours",
        "before the ban",
        "a neighbour with a card of its own",
    ],
)
def test_who_lacks_order_identity_or_continuity_replaces_nobody(starts: float, card: str, address: str) -> None:
    rows = [signup("a", payment_fingerprint="c"), calling("a", 1), banned("a", 2),
            signup("b", starts, payment_fingerprint=card), calling("b", starts + 0.5, address)]  # fmt: skip

    signals = {signal for cluster in links(rows, REPLACING).clusters for signal in cluster.signals}

    assert "succession" not in signals


TLS = LinkSignal(name="tls", kind="TLS fingerprint", family="software", seen="calls", columns=("tls_fingerprint",))
SETTINGS = LinkSignal(name="settings", kind="limit of tokens", family="software", seen="calls",
                      columns=("max_output_tokens",))  # fmt: skip
PUT_ON = LinkRules(
    signals=(PROGRAM, TLS, SETTINGS),
    combinations=(LinkCombination(name="put-on", signals=("tls", "settings"), exclusive=True, spread_over="program"),),
)


def bearing(programs: Sequence[str]) -> list[Row]:
    """Return calls of a few accounts with one TLS stack and one odd limit, and of many others with every program."""
    theirs = [row(f"a{n}", n, user_agent=name, tls_fingerprint="own", max_output_tokens=6198)
              for n, name in enumerate(programs)]  # fmt: skip
    others = [row(f"z{n}", 1, user_agent=f"p{n % 4}", tls_fingerprint=f"t{n % 4}") for n in range(20)]
    return [*theirs, *others]


def test_two_marks_of_a_program_join_those_who_name_many_programs_of_everybody() -> None:
    found = links(bearing(["p0", "p1", "p2", "p3"]), PUT_ON)

    assert groups(found) == [{"a0", "a1", "a2", "a3"}]


@pytest.mark.parametrize(
    "programs",
    [["tool"] * 4, ["tool/1", "tool/2", "tool/3", "tool/3"], ["p0", "p0", "p0", "p1"], ["p0", "p1", "p0", "p1"]],
    ids=["one tool", "versions of one tool", "one popular program for most", "two programs"],
)
def test_two_marks_of_a_program_join_nobody_by_themselves(programs: list[str]) -> None:
    assert groups(links(bearing(programs), PUT_ON)) == []


AT_HOME = LinkSignal(name="at-home", kind="replacement", family="succession", seen="succession",
                     columns=("client_ip", "user_agent"), within=72 * 3600, at_most=3,
                     not_from=("mobile",))  # fmt: skip
COMING_BACK = LinkRules(signals=(AT_HOME,))


def test_a_new_account_with_the_client_at_the_address_of_a_shut_one_replaces_it() -> None:
    rows = [calling("a", 1), banned("a", 2), signup("b", 4), calling("b", 4.5)]

    found = links(rows, COMING_BACK)

    assert [("b", day(4.5), 48)] == [(item.account, item.since, item.after) for item in found.successions]
    (edge,) = found.clusters[0].edges
    assert edge.reason == "began 48 hours after the other was shut; same address and client, held by 2 of 2 accounts"
    assert not edge.is_strong


@pytest.mark.parametrize(
    "others",
    [
        [calling(f"n{number}", 1) for number in range(2)],
        [row("a", 3, "enforcement", action="reinstate")],
        [row(account, 3, client_ip="203.0.113.9", network_kind="mobile") for account in "aabb"],
    ],
    ids=["at an address of more than a household", "after a ban that was lifted", "behind a carrier"],
)
def test_who_may_be_anybody_there_replaces_nobody(others: list[Row]) -> None:
    rows = [calling("a", 1), banned("a", 2), signup("b", 4), calling("b", 4.5), *others]

    assert links(rows, COMING_BACK).successions == ()


def using(number: int, when: float) -> Row:
    """Return a call with the one template."""
    return row(f"a{number}", when, prompt_digest="t")


def crew() -> list[Row]:
    """Return twelve accounts, by twos on a card, and a platform with its own traffic."""
    rows = [signup(f"a{n}", payment_fingerprint=f"c{n // 2}") for n in range(12)]
    random = Random(1)
    return rows + [row(f"o{random.randrange(300)}", random.uniform(1, 6)) for _ in range(3000)]


def test_cards_with_one_template_are_one_cluster_when_their_calls_come_in_the_same_minutes() -> None:
    random = Random(2)
    ticks = [1 + random.uniform(0, 4) for _ in range(60)]
    rows = [using(n, tick + random.uniform(0, 4) / 86400) for tick in ticks for n in random.sample(range(12), k=6)]

    found = links([*crew(), *rows], IN_STEP)

    assert groups(found) == [{f"a{n}" for n in range(12)}]
    (edge, *_) = (edge for edge in found.clusters[0].edges if edge.signal == "rhythm")
    assert "12 of them use it in minutes in which at least 4 times as many" in edge.reason
    assert edge.columns == ("prompt_digest", "time")
    assert edge.since > day(1)


def test_the_same_hours_or_the_same_timer_are_no_rhythm() -> None:
    random = Random(3)
    hours = [using(n, 1 + d + random.uniform(9, 12) / 24) for n in range(12) for d in range(4) for _ in range(8)]
    timers = [using(n, 1 + h / 24 + random.uniform(0, 20) / 86400) for n in range(12) for h in range(0, 96, 2)]

    assert len(links([*crew(), *hours], IN_STEP).clusters) == 6
    assert len(links([*crew(), *timers], IN_STEP).clusters) == 6


def test_a_template_of_strangers_is_never_asked_for_its_rhythm() -> None:
    random = Random(2)
    rows = [using(n, tick) for tick in [1 + random.uniform(0, 4) for _ in range(60)] for n in range(12)]

    assert links([signup(f"a{n}") for n in range(12)] + rows, IN_STEP).clusters == ()


def test_the_shipped_links_file_names_a_source_for_every_signal() -> None:
    rules = shipped()

    assert all(signal.source for signal in rules.signals)
    assert all(combination.source for combination in rules.combinations)
    assert {signal.name for signal in rules.signals if signal.is_strong} == {"card", "device", "phone", "succession"}
