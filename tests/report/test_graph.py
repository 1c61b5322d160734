"""The drawing of linked accounts: each tie and reason is there, whatever the accounts are called."""

import math
from collections.abc import Sequence
from decimal import Decimal
from xml.etree import ElementTree

import pytest

from auditor.linking.model import Edge
from auditor.report.graph import NODES_DRAWN, direction, letters, link_graph, web_of
from tests.cases.factories import START


def edge(first: str, second: str, reason: str = "same card", *, is_strong: bool = True) -> Edge:
    return Edge(
        first=first, second=second, signal="card", kind="card", is_strong=is_strong, weight=Decimal(10), since=START,
        columns=("payment_fingerprint",), reason=reason,
    )  # fmt: skip


def drawn(accounts: Sequence[str], edges: Sequence[Edge]) -> ElementTree.Element:
    return ElementTree.fromstring(str(link_graph("g", web_of(accounts, edges))))


def test_every_account_and_tie_is_drawn_once() -> None:
    accounts = [f"a{number}" for number in range(8)]
    edges = [edge("a0", other) for other in accounts[1:]]

    picture = drawn(accounts, edges)

    assert len(picture.findall("circle[@class='account']") + picture.findall("g/circle")) == 8
    assert len(picture.findall("line")) == 7


def test_reasons_are_lettered_in_the_order_they_come() -> None:
    web = web_of("abc", [edge("a", "b", "same card"), edge("b", "c", "same device"), edge("a", "c", "same card")])

    assert web.reasons == ("same card", "same device")
    assert [tie.reason for tie in web.lines] == [1, 2, 1]


@pytest.mark.parametrize(("number", "text"), [(1, "a"), (26, "z"), (27, "aa"), (52, "az"), (703, "aaa")])
def test_letters_count_on(number: int, text: str) -> None:
    assert text == letters(number)


def test_a_large_cluster_is_drawn_in_part_and_says_so() -> None:
    accounts = [f"a{number:03}" for number in range(NODES_DRAWN + 40)]

    web = web_of(accounts, [edge(accounts[0], other) for other in accounts[1:]], first=accounts[-3:])

    assert (len(web.accounts), web.left_out) == (NODES_DRAWN, 40)
    assert set(accounts[-3:]) | {accounts[0]} <= set(web.accounts)


def test_hostile_names_do_nothing() -> None:
    nasty = "<script>\u202e"

    picture = str(link_graph("g", web_of(["a", nasty], [edge(nasty, "a", "<b>")])))

    assert "<script>" not in picture
    assert "\u202e" not in picture


def test_without_ties_there_is_no_drawing() -> None:
    assert str(link_graph("g", web_of("ab", []))) == ""


def test_accounts_that_hang_on_nothing_drawn_stand_outside() -> None:
    picture = drawn(["a", "b", "c", "d"], [edge("a", "b")])

    circles = [
        (float(item.attrib["cx"]), float(item.attrib["cy"])) for item in picture.iter("circle") if item.get("r") == "15"
    ]

    assert len(set(circles)) == 4
    assert all(0 < x < 720 and 0 < y < 720 for x, y in circles)


@pytest.mark.parametrize("number", range(-3, 60))
def test_directions_are_those_of_the_circle(number: int) -> None:
    across, down = direction(number / 37)

    assert math.isclose(across, math.cos(2 * math.pi * number / 37), abs_tol=1e-14)
    assert math.isclose(down, math.sin(2 * math.pi * number / 37), abs_tol=1e-14)


@pytest.mark.parametrize(("accounts", "size"), [(2, "small"), (12, "medium"), (50, "large")])
def test_a_small_group_is_drawn_small(accounts: int, size: str) -> None:
    names = [f"a{number}" for number in range(accounts)]

    picture = drawn(names, [edge("a0", other) for other in names[1:]])

    assert picture.attrib["class"] == f"graph {size}"
