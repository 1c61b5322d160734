"""The columns that links give to records, as the plan and the evaluator read them."""

from auditor.linking.derivations import link_derivations
from auditor.linking.links import links_of
from auditor.policy.links import LinkRules
from auditor.policy.pack import Context
from auditor.records.derived import with_derived
from auditor.records.memory import activity_of
from tests.linking.factories import SIGNALS, Row, row, shipped, signup


def column(rows: list[Row], name: str, rules: LinkRules = SIGNALS) -> dict[tuple[str, str], object]:
    """Return the values of a derived column by account and day of the month."""
    activity = activity_of(rows)
    found = links_of(activity, rules, context=Context(), as_of=None)
    derived = with_derived(activity, link_derivations(activity, found, {name}, context=Context(), as_of=None))
    return {(record["account_id"], f"{record['time']:%m-%d}"): record[name] for record in derived.rows()}


def test_an_account_is_a_cluster_of_its_own_until_it_is_linked() -> None:
    rows = [signup("a", device_id="d"), row("a", 1), signup("b", 2, device_id="d"), row("a", 3), signup("z", 9)]

    values = column(rows, "cluster_id")

    joined = values["b", "01-07"]
    assert str(joined).startswith("L-")
    assert values == {
        ("a", "01-05"): "a",
        ("a", "01-06"): "a",
        ("b", "01-07"): joined,
        ("a", "01-08"): joined,
        ("z", "01-14"): "z",
    }


def key(owner: str, at: float, address: str) -> Row:
    """Return a call with an owner's one key."""
    return row(owner, at, api_key_id=f"k-{owner}", client_ip=address)


def test_old_keys_of_several_owners_on_one_new_network_are_counted() -> None:
    homes = [key(owner, 0, f"192.0.{place}.1") for place, owner in enumerate("abcd")]
    arrived = [key("a", 12, "203.0.113.1"), key("b", 14, "203.0.113.2"), key("c", 18, "203.0.113.3")]
    young = [key("y", 11, "192.0.9.1"), key("y", 13, "203.0.113.9")]

    values = column([*homes, *arrived, *young], "network_newcomers")

    assert values["a", "01-17"] == 2
    assert values["b", "01-19"] == 2
    assert values["c", "01-23"] == 2
    assert values["a", "01-05"] == values["y", "01-18"] == 0


def test_a_device_that_came_with_the_new_network_links_no_owners() -> None:
    rows = [key(owner, 0, f"192.0.{place}.1") for place, owner in enumerate("ab")]
    rows += [{**key(owner, 12, "203.0.113.1"), "device_id": "thief"} for owner in "ab"]

    assert column(rows, "network_newcomers")["a", "01-17"] == 1


def test_owners_that_a_strong_signal_links_are_no_others() -> None:
    rows = [key(owner, 0, f"192.0.{place}.1") for place, owner in enumerate("ab")]
    rows += [key(owner, 12, "203.0.113.1") for owner in "ab"]
    one_device = [signup(owner, 1, device_id="d") for owner in "ab"]

    assert column(rows, "network_newcomers")["a", "01-17"] == 1
    assert column([*rows, *one_device], "network_newcomers")["a", "01-17"] == 0


def test_arrivals_more_than_a_week_apart_say_nothing() -> None:
    rows = [key(owner, 0, f"192.0.{place}.1") for place, owner in enumerate("ab")]
    rows += [key("a", 12, "203.0.113.1"), key("b", 12 + 7.01, "203.0.113.1")]

    assert set(column(rows, "network_newcomers").values()) == {0}


def test_a_record_without_key_or_address_has_no_newcomers() -> None:
    rows = [row("a", 0, api_key_id="k", client_ip="192.0.2.1"), row("a", 1)]

    assert column(rows, "network_newcomers") == {("a", "01-05"): 0, ("a", "01-06"): None}


def test_a_successor_says_how_soon_it_came_once_that_shows() -> None:
    home = {"client_ip": "192.0.2.1", "user_agent": "browser"}
    rows = [row("a", 0, **home), row("a", 1, "enforcement", action="suspend"), signup("b", 2), row("b", 3, **home)]

    values = column(rows, "replaced_after", shipped())

    assert values == {("a", "01-05"): None, ("a", "01-06"): None, ("b", "01-07"): None, ("b", "01-08"): 24}
