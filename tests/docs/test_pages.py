"""Links lead somewhere, and the page of dependencies is complete."""

import re
import tomllib

import pytest

from auditor.evidence.standalone.checks import RULES
from tests.docs.pages import ROOT, links_of, page, page_names

DECISIONS = sorted(path.name for path in (ROOT / "docs" / "adr").glob("[0-9]*.md"))


@pytest.mark.parametrize("name", page_names())
def test_every_link_leads_to_a_file(name: str) -> None:
    folder = (ROOT / name).parent

    assert [target for target in links_of(page(name)) if not (folder / target).exists()] == []


def test_every_dependency_has_its_sentence() -> None:
    project = tomllib.loads(page("pyproject.toml"))["project"]
    wanted = [
        *project["dependencies"],
        *(item for extra in project["optional-dependencies"].values() for item in extra),
    ]
    names = {re.split(r"[\[<>=~! ]", item)[0].lower() for item in wanted}

    told = set(re.findall(r"^\| `([\w-]+)` \|", page("docs/dependencies.md"), flags=re.MULTILINE))

    assert told == names


@pytest.mark.parametrize("name", DECISIONS)
def test_every_decision_is_on_the_list_by_its_title(name: str) -> None:
    title = page(f"docs/adr/{name}").splitlines()[0].removeprefix("# ").replace(". ", " ", 1)

    assert f"- [{title}]({name})" in page("docs/adr/README.md").splitlines()


@pytest.mark.parametrize("name", DECISIONS)
def test_every_decision_says_what_was_refused_and_given_up(name: str) -> None:
    headings = re.findall(r"^## (.+)$", page(f"docs/adr/{name}"), flags=re.MULTILINE)

    assert headings == ["Context", "Decision", "Options refused", "What we gave up"]


def test_every_concept_is_defined_once() -> None:
    terms = [
        term.casefold()
        for line in re.findall(r"^\*\*(.+)\*\*$", page("docs/concepts.md"), re.MULTILINE)
        for term in line.split(", ")
    ]

    assert sorted(terms) == sorted(set(terms))
    assert len(terms) > 30


@pytest.mark.parametrize("name", page_names())
def test_no_page_names_a_machine(name: str) -> None:
    assert re.findall(r"(?:/work/|/tmp/|/root/|/home/)\S*", page(name)) == []


def test_every_benchmark_is_in_their_readme() -> None:
    names = {path.stem for path in (ROOT / "benchmarks").glob("*.py") if path.stem != "__init__"}

    assert {name for name in names if f"benchmarks.{name}`" not in page("benchmarks/README.md")} == set()


def test_every_check_of_the_verifier_is_on_the_page_about_evidence() -> None:
    told = set(re.findall(r"`([a-z-]+)`", page("docs/evidence.md")))

    assert {rule.code for rule in RULES} - told == set()
