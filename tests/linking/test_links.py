"""Who is linked, who isn't, since when and why."""

from datetime import timedelta
from typing import Any  # fields of a record are of many types

import pytest

from auditor.linking.model import Edge, Links
from auditor.policy.links import LinkCombination
from auditor.policy.pack import Context
from auditor.policy.rule import Span
from auditor.records.tallies import AccountSpan
from tests.linking.factories import Row, day, groups, links, row, shipped, signup

HOST: dict[str, Any] = {"client_ip": "192.0.2.7", "network_kind": "hosting"}

THREE = shipped().model_copy(
    update={"combinations": (LinkCombination(name="three", signals=("email", "tls", "prompt")),)}
)


def one_card(accounts: int, **fields: object) -> list[Row]:
    """Return accounts that pay with one card, a day apart."""
    return [signup(f"a{n:02}", n, payment_fingerprint="c", **fields) for n in range(accounts)]


def only_edge(found: Links) -> Edge:
    """Return the one edge of the one cluster."""
    (edge,) = found.clusters[0].edges
    return edge


def test_a_few_accounts_with_one_card_are_linked_by_the_card_alone() -> None:
    found = links([*one_card(2), signup("z")])

    edge = only_edge(found)

    assert groups(found) == [{"a00", "a01"}]
    assert edge.reason == "same card, held by 2 of 3 accounts; joined by the card alone"
    assert (edge.since, edge.columns, edge.is_strong) == (day(1), ("payment_fingerprint",), True)


def test_a_link_by_something_stated_says_who_had_it_since_when() -> None:
    crew = [row(name, 40, "payment_added", payment_fingerprint="c") for name in ("b", "c")]
    found = links([signup("z", payment_fingerprint="c"), *crew, signup("y", 1, payment_fingerprint="other")])

    edges = found.clusters[0].edges

    assert [(edge.first, edge.second, edge.held) for edge in edges] == [
        ("b", "z", (day(40), day(0))), ("c", "z", (day(40), day(0)))
    ]  # fmt: skip
    assert [edge.was_first("z", timedelta(days=7)) for edge in edges] == [True, True]
    assert not any(edge.was_first(edge.first, timedelta(days=7)) for edge in edges)


def test_an_agencys_clients_share_a_card_and_nothing_else_so_nobody_is_linked() -> None:
    found = links([*one_card(30), signup("z")])

    assert found.clusters == ()
    (crowd,) = found.crowds
    assert (crowd.signal, crowd.accounts, crowd.vouched, crowd.oldest) == ("card", 30, 0, "a00")
    assert crowd.reason.endswith("0 of them share anything else with another of them, fewer than 50%")


def test_a_card_of_many_links_when_half_of_them_share_a_device_too() -> None:
    devices = [row(f"a{n:02}", 30, "login", device_id=f"d{n % 5}") for n in range(10)]

    found = links([*one_card(20), *devices])

    assert groups(found) == [{f"a{n:02}" for n in range(20)}]
    card = [edge for edge in found.clusters[0].edges if edge.signal == "card"]
    assert {edge.since for edge in card} == {day(30)}
    assert card[0].columns == ("device_id", "payment_fingerprint")
    assert "10 of them also share device with another of them" in card[0].reason


def test_a_popular_program_vouches_for_no_card() -> None:
    clients = [row(f"a{n:02}", 40, user_agent="sdk/1") for n in range(12)]
    others = [row(f"o{n:02}", 40, user_agent="sdk/1") for n in range(60)]

    found = links([*one_card(12), *clients, *others])

    assert found.clusters == ()
    assert [(crowd.signal, crowd.accounts) for crowd in found.crowds] == [("card", 12), ("program", 72)]


def test_a_program_of_their_own_vouches_for_a_card() -> None:
    clients = [row(f"a{n:02}", 40, user_agent="harvester/1") for n in range(12)]

    found = links([*one_card(12), *clients, *(row(f"o{n}", user_agent="sdk/1") for n in range(60))])

    assert groups(found) == [{f"a{n:02}" for n in range(12)}]


def test_a_mail_provider_that_everybody_has_vouches_for_no_card() -> None:
    clients = [row(f"a{n:02}", 40, email_domain=f"p{n % 3}.example") for n in range(30)]
    pairs = [row(f"o{n:02}", email_domain=f"p{n % 3}.example", device_id=f"d{n // 6}{n % 3}") for n in range(90)]

    found = links([*one_card(30), *clients, *pairs], shipped())

    assert ("card", 30, 0) in [(crowd.signal, crowd.accounts, crowd.vouched) for crowd in found.crowds]


def test_users_of_one_tool_are_not_joined_by_their_mail_provider() -> None:
    tool = {"tls_fingerprint": "tool", "prompt_digest": "tool"}
    users = [row(f"u{n:02}", day, email_domain=f"p{n % 4}.example", **tool) for n in range(40) for day in range(5)]
    others = [row(f"o{n:02}", email_domain=f"p{n % 4}.example", tls_fingerprint=f"t{n}") for n in range(20)]

    assert links([*users, *others], THREE).clusters == ()


def test_a_mail_domain_of_their_own_joins_those_who_share_program_and_template() -> None:
    crew = {"email_domain": "crew.example", "tls_fingerprint": "t", "prompt_digest": "one"}
    members = [row(f"a{n:02}", day, **crew) for n in range(12) for day in range(5)]
    others = [row(f"o{n:02}", email_domain=f"p{n % 4}.example", tls_fingerprint=f"t{n % 5}") for n in range(60)]

    assert groups(links([*members, *others], THREE)) == [{f"a{n:02}" for n in range(12)}]


def test_strangers_at_the_mail_provider_and_with_the_program_of_a_crew_stay_out() -> None:
    crew = [row(f"a{n:02}", 3, email_domain="p0.example", tls_fingerprint="t", device_id="d") for n in range(17)]
    crew += [row(f"a{n:02}", 3, payment_fingerprint="c") for n in range(17)]
    others = [row(f"o{n:03}", 3, email_domain=f"p{n % 5}.example", tls_fingerprint=f"s{n % 9}") for n in range(300)]
    strangers = [row(f"s{n}", 3, email_domain="p0.example", tls_fingerprint="t") for n in range(8)]

    assert groups(links([*crew, *others, *strangers], shipped())) == [{f"a{n:02}" for n in range(17)}]


def fragments(*, strangers: int) -> list[Row]:
    """Return six pairs by device with one program of their own, and strangers who have it, among sixty others."""
    pairs = [row(f"a{n:02}", n / 10, device_id=f"d{n // 2}", user_agent="stack/1") for n in range(12)]
    alone = [row(f"b{n}", 3, user_agent="stack/1") for n in range(strangers)]
    return [*pairs, *alone, *(row(f"o{n}", 3, user_agent=f"sdk/{n % 5}") for n in range(60))]


def test_pairs_that_nearly_all_holders_of_a_program_are_in_are_one_group() -> None:
    found = links(fragments(strangers=2))

    assert groups(found) == [{f"a{n:02}" for n in range(12)}]
    reasons = {edge.reason for edge in found.clusters[0].edges if edge.signal == "program"}
    assert reasons == {"same program, held by 14 of 74 accounts; 12 of them are in 6 groups that more joins"}


def test_pairs_among_many_users_of_a_program_stay_pairs() -> None:
    assert [len(group) for group in groups(links(fragments(strangers=20)))] == [2] * 6


def test_weak_signals_link_only_together() -> None:
    together = [signup("a", **HOST), signup("b", 1, **HOST), row("a", 2, user_agent="x"), row("b", 3, user_agent="x")]
    network_only = [signup("c", 100, client_ip="198.51.100.1", network_kind="hosting"),
                    signup("d", 100, client_ip="198.51.100.2", network_kind="hosting")]  # fmt: skip

    found = links([*together, *network_only])

    assert groups(found) == [{"a", "b"}]
    assert only_edge(found).since == day(3)
    assert only_edge(found).reason == (
        "same network at sign-up, held by 2 of 4 accounts; same program, held by 2 of 4 accounts; "
        "all of these are shared by 2 accounts"
    )


def test_a_campus_is_not_joined_by_address_program_and_course_work() -> None:
    campus = {"client_ip": "192.0.2.7", "network_kind": "education", "user_agent": "sdk/1", "tls_fingerprint": "t"}
    rows = [signup(f"s{n:02}", n / 10, email_domain="campus.example", **campus) for n in range(30)]
    rows += [row(f"s{n:02}", 4 + d, prompt="course work", **campus) for n in range(30) for d in range(5)]

    assert links(rows, shipped()).clusters == ()


def test_what_a_thief_does_links_nobody() -> None:
    rows = [signup("a"), signup("b", payment_fingerprint="c"), row("a", 5, "payment_added", payment_fingerprint="c")]
    theft = AccountSpan("a", day(4), day(6), day(6))

    assert groups(links(rows)) == [{"a", "b"}]
    assert links(rows, excluded=[theft]).clusters == ()


def test_theft_of_one_key_leaves_the_other_keys_records_alone() -> None:
    rows = [signup("b", payment_fingerprint="c"), row("a", 5, payment_fingerprint="c", api_key_id="k1")]

    assert links(rows, excluded=[AccountSpan("a", day(4), day(6), day(6), "k1")]).clusters == ()
    assert groups(links(rows, excluded=[AccountSpan("a", day(4), day(6), day(6), "k2")])) == [{"a", "b"}]


def test_accounts_of_one_organization_are_one_customer() -> None:
    found = links(one_card(4, organization_id="o"))

    assert found.clusters == ()
    assert found.crowds[0].reason.endswith("all of them belong to one organization, which is one customer")


def test_another_customers_account_joins_them_from_then_on_and_the_reason_names_the_organization() -> None:
    found = links([*one_card(2, organization_id="o"), signup("b", 9, payment_fingerprint="c", organization_id="p")])

    assert {stretch.start for stretch in found.stretches} == {day(9)}
    assert [edge.reason.endswith("both belong to one organization") for edge in found.clusters[0].edges] == [
        True,
        False,
    ]


def test_the_card_of_a_reseller_links_nobody() -> None:
    found = links(one_card(3, pathway="reseller"))

    assert found.clusters == ()
    assert "most of them came through reseller, whose own it is" in found.crowds[0].reason


def test_what_is_later_is_not_there_yet() -> None:
    assert links(one_card(2), as_of=day(0.5)).clusters == ()
    assert groups(links(one_card(2), as_of=day(1))) == [{"a00", "a01"}]


def test_facts_of_the_roster_count_and_its_calls_do_not() -> None:
    context = Context(window=Span(start=day(10)))
    weak = [signup("a", **HOST), signup("b", 1, **HOST), row("a", 2, user_agent="x"), row("b", 3, user_agent="x")]

    assert groups(links(one_card(2), context=context)) == [{"a00", "a01"}]
    assert links(weak, context=context).clusters == ()


def test_a_signal_without_its_columns_is_named() -> None:
    assert ("device", ("device_id",)) in links(one_card(2)).lacking


def test_a_cluster_is_named_after_its_oldest_member_and_keeps_the_older_name() -> None:
    first = [signup("a", 0, device_id="d"), signup("b", 2, device_id="d")]
    second = [signup("c", 1, device_id="e"), signup("d", 3, device_id="e")]
    bridge = [row("d", 5, "login", device_id="d")]

    apart, merged = links([*first, *second]), links([*first, *second, *bridge])

    names = {cluster.accounts: cluster.id for cluster in apart.clusters}
    (cluster,) = merged.clusters
    assert cluster.id == names["a", "b"]
    assert cluster.formerly == (names["c", "d"],)
    assert [(s.account, s.start, s.cluster) for s in merged.stretches] == [
        ("a", day(2), names["a", "b"]), ("b", day(2), names["a", "b"]), ("c", day(3), names["c", "d"]),
        ("c", day(5), names["a", "b"]), ("d", day(3), names["c", "d"]), ("d", day(5), names["a", "b"]),
    ]  # fmt: skip


def test_every_pair_has_a_path() -> None:
    rows = [signup("a", device_id="d"), signup("b", device_id="d", payment_fingerprint="c"),
            signup("e", payment_fingerprint="c")]  # fmt: skip

    (cluster,) = links(rows).clusters

    assert [edge.signal for edge in cluster.path("a", "e")] == ["device", "card"]
    assert cluster.path("a", "a") == ()
    with pytest.raises(KeyError):
        cluster.path("a", "z")


def test_a_cluster_rests_on_the_links_that_are_needed_strong_ones_first() -> None:
    crew = [signup(name, n, payment_fingerprint="c", **HOST) for n, name in enumerate("ab")]
    crew += [row(name, 3 + d, user_agent="harvester/1") for name in "ab" for d in range(2)]
    third = [signup("c", 2, **HOST), row("c", 4, user_agent="harvester/1")]
    others = [row(f"o{n}", user_agent="sdk/1") for n in range(20)]

    (two,) = links([*crew, *others]).clusters
    (three,) = links([*crew, *third, *others]).clusters

    assert {edge.signal for edge in two.edges} == {"card", "sign-up-and-program"}
    assert two.columns == ("payment_fingerprint",)
    assert three.columns == ("client_ip", "payment_fingerprint", "user_agent")


def test_nothing_shared_is_ever_shown() -> None:
    rows = [signup(name, payment_fingerprint="SECRET-1", device_id="SECRET-2") for name in "ab"]

    assert "SECRET" not in links([*rows, *one_card(9)]).model_dump_json()
