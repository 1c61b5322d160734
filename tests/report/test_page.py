"""The case file says what it must, runs nothing, loads nothing, and survives hostile logs."""

import re
from pathlib import Path

import pytest

from auditor.cases.dossier import Dossier
from auditor.cases.model import Action, ActionName, CasebookChange, SpeaksFor
from auditor.report.page import render_case, render_index
from tests.evidence.arrange import World, applied, world
from tests.report.reading import hostile_strings, page_of, untokened

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> World:
    """One case, built once."""
    return world(tmp_path_factory.mktemp("world"), calls=40)


@pytest.fixture(scope="module")
def dossier(small: World) -> Dossier:
    """Its dossier."""
    return small.dossier()


@pytest.mark.parametrize(
    "words",
    [
        pytest.param("acct-7", id="the account"),
        pytest.param("org-1", id="its organization"),
        pytest.param("You may not bypass any rate limits", id="the clause, quoted"),
        pytest.param("Example API Terms, clause 3.2, version 2024-11, in force from 2024-11-14", id="where it stands"),
        pytest.param("prohibits", id="its stance"),
        pytest.param("hops was 12 at its highest; the rule asks for at least 5, so the margin is 7", id="the measure"),
        pytest.param("The first 25 of 40 records", id="how many records are shown"),
        pytest.param("gateway.jsonl, line 25", id="file and line of a record"),
        pytest.param("logprob-harvest", id="a rule that was not evaluated"),
        pytest.param("top_logprobs", id="the column it lacks"),
        pytest.param("900 of its 906 records are ordinary traffic", id="what speaks for the account"),
        pytest.param("A failover between two services", id="what else can look like this"),
        pytest.param("a joint study", id="the approval on file"),
        pytest.param("suspension", id="the proposed action"),
        pytest.param("a bright-line finding of its own", id="its reason"),
        pytest.param("A person decides", id="who decides"),
        pytest.param("It is not a violation", id="what a finding is not"),
        pytest.param("Limits of proof", id="the limits of proof"),
        pytest.param("auditor bundle verify", id="how to check it"),
        pytest.param("asked the customer", id="the notes"),
    ],
)
def test_case_file_tells(dossier: Dossier, words: str) -> None:
    page = page_of(render_case(dossier))

    assert words in " ".join(page.text.split())


def test_finding_is_never_said_to_be_proved(dossier: Dossier) -> None:
    text = page_of(render_case(dossier)).text.lower()

    assert not re.search(r"\b(proved|proven|guilty of|violated|violator)\b", text)


def test_page_runs_nothing_and_loads_nothing(dossier: Dossier) -> None:
    page = page_of(render_case(dossier))

    outside = [address for address in page.addresses if not address.startswith("#")]
    assert (outside, page.handlers, page.tags & {"script", "link", "img", "iframe", "form"}) == ([], [], set())


def test_page_carries_its_security_policy(dossier: Dossier) -> None:
    assert f'http-equiv="Content-Security-Policy" content="{POLICY}"'.encode() in render_case(dossier)


def test_elements_nest_and_ids_are_unique(dossier: Dossier) -> None:
    page = page_of(render_case(dossier))

    assert (page.unclosed, len(page.ids)) == ([], len(set(page.ids)))


def test_links_lead_to_a_place_on_the_page(dossier: Dossier) -> None:
    page = page_of(render_case(dossier))

    assert {address.removeprefix("#") for address in page.addresses} <= set(page.ids)


def test_every_drawing_has_a_title_and_a_description(dossier: Dossier) -> None:
    html = render_case(dossier).decode()

    drawings = re.findall(r"<svg .*?</svg>", html, re.DOTALL)
    assert len(drawings) == 3
    assert all('role="img"' in drawing and "<title" in drawing and "<desc" in drawing for drawing in drawings)


def test_sealed_page_leaves_out_what_belongs_to_one_run(dossier: Dossier) -> None:
    text = page_of(render_case(dossier.sealed())).text

    assert not [word for word in ("run-1", "asked the customer", "opened", "2025-01-13") if word in text]


def test_naughty_strings_in_every_text_stay_inert_and_whole(tmp_path: Path) -> None:
    naughty = hostile_strings()
    hostile = world(tmp_path, calls=20, account=naughty[200], user_agent=naughty[120])
    dossier = with_texts(hostile.dossier(), naughty)

    page = page_of(render_case(dossier))

    seen = "".join(untokened(page.text).split())
    lost = [text for text in naughty if "".join(untokened(text).split()) not in seen]
    outside = [address for address in page.addresses if not address.startswith("#")]
    assert (lost, outside, page.handlers, page.tags & {"script", "img", "iframe"}) == ([], [], [], set())


def test_names_of_accounts_and_values_come_out_as_text(tmp_path: Path) -> None:
    account = "<img src=x onerror=alert(1)>\u202e=HYPERLINK(1)"
    hostile = world(tmp_path, account=account, user_agent="javascript:alert(1)")

    page = page_of(render_case(hostile.dossier()))

    assert "img" not in page.tags
    assert account in untokened(page.text)


def test_index_links_to_each_case_and_says_what_is_new(small: World) -> None:
    change = CasebookChange(new_cases=(small.case.id,), new_findings=("x",))

    page = page_of(render_index([small.case], small.receipt, change))

    assert [f"{small.case.id}.html"] == page.addresses
    assert "new" in page.text
    assert "top_logprobs" in page.text


def test_index_without_cases_says_so(small: World) -> None:
    page = page_of(render_index([], small.receipt, CasebookChange()))

    assert "found nothing to look into" in page.text


def with_texts(dossier: Dossier, texts: list[str]) -> Dossier:
    """Put every text into facts, reasons, clauses and titles of a dossier."""
    case, item = dossier.case, dossier.case.findings[0]
    account = case.accounts[0]
    finding = item.finding.model_copy(
        update={"title": texts[0], "clauses": tuple(applied(1, text=text, clause=text[:20]) for text in texts)}
    )
    actions = (Action(account=account, action=ActionName.WARN, because=tuple(texts)),)
    changed = case.model_copy(
        update={
            "findings": (item.model_copy(update={"finding": finding, "supersedes": tuple(texts)}),),
            "actions": actions,
            "speaks_for": tuple(SpeaksFor(account=account, fact=text) for text in texts),
        }
    )
    return dossier.model_copy(update={"case": changed})
