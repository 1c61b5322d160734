"""The linked accounts on a case file: who, since when and by which reasons, without a shared value."""

from pathlib import Path

import pytest

from auditor.cases.dossier import Dossier
from auditor.cases.linked import linked_accounts
from auditor.cases.model import AccountPart
from auditor.linking.model import Cluster
from auditor.report.linked import LINKED_SHOWN, linked_view
from auditor.report.page import render_case
from tests.cases.factories import cluster, on_cluster
from tests.evidence.arrange import world
from tests.report.reading import page_of


@pytest.fixture(scope="module")
def dossier(tmp_path_factory: pytest.TempPathFactory) -> Dossier:
    """One case, built once."""
    folder: Path = tmp_path_factory.mktemp("world")
    return world(folder, calls=3).dossier()


def with_cluster(dossier: Dossier, crew: Cluster) -> Dossier:
    """Return the dossier with one of its findings about a cluster, and the links on it."""
    first, *others = dossier.case.findings
    parts = (AccountPart(account="acct-7", records=3, standings=()),)
    about = first.model_copy(update={"finding": on_cluster(first.finding, crew), "parts": parts})
    case = dossier.case.model_copy(update={"findings": (about, *others), "accounts": crew.accounts})
    return dossier.model_copy(update={"case": case, "linked": linked_accounts(case, [crew])})


def text_of(dossier: Dossier) -> str:
    return " ".join(page_of(render_case(dossier)).text.split())


def test_a_case_without_links_says_nothing_of_them(dossier: Dossier) -> None:
    assert "Linked accounts" not in text_of(dossier)


def test_every_member_stands_there_with_its_reasons(dossier: Dossier) -> None:
    crew = cluster("L-0011", "acct-7", "acct-8", "acct-9", formerly=["L-2233"])

    text = text_of(with_cluster(dossier, crew))

    assert "3 accounts that links join, cluster L-0011 (with L-2233). 1 of them has cited records of its own" in text
    assert "a with acct-7" in text
    assert text.count("same device, held by 2 of 60,000 accounts") == 1
    assert "acct-9no cited record of its own" in text


def test_of_a_large_cluster_the_first_are_listed_and_the_others_counted(dossier: Dossier) -> None:
    crew = cluster("L-1", "acct-7", *(f"acct-x{number:03}" for number in range(LINKED_SHOWN + 20)))

    text = text_of(with_cluster(dossier, crew))

    assert f"The first {LINKED_SHOWN} of {LINKED_SHOWN + 21} accounts are listed" in text


def test_letters_of_the_table_are_those_of_the_drawing(dossier: Dossier) -> None:
    crew = cluster("L-1", "acct-7", "acct-8", "acct-9", kinds={"acct-8": ["card"], "acct-9": ["device"]})
    (group,) = with_cluster(dossier, crew).linked

    view = linked_view(group)

    assert [(reason.letter, reason.kind) for reason in view.reasons] == [("a", "card"), ("b", "device")]
    assert [(row.number, [letter for letter, _ in row.by]) for row in view.rows] == [
        (1, ["a", "b"]),
        (2, ["a"]),
        (3, ["b"]),
    ]


def test_a_sealed_page_has_the_drawing_too(dossier: Dossier) -> None:
    linked = with_cluster(dossier, cluster("L-1", "acct-7", "acct-8"))

    sealed = render_case(linked.sealed())

    assert b"<line" in sealed
    assert b"same device, held by 2 of 60,000 accounts" in sealed
