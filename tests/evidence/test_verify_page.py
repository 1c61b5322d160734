"""The report of a bundle is built of plain tags from a closed list, or the bundle fails."""

import json
import re
from importlib.resources import files
from pathlib import Path

import pytest

from auditor.evidence.standalone.page import ATTRIBUTES, ELEMENTS
from auditor.report.graph import link_graph, web_of
from tests.cases.factories import edge
from tests.evidence.tampering import failures, made_again

FINDINGS = "data/findings.jsonl"


HEAD = '<meta name="robots" content="noindex">'


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param("<p", "<img src=x onerror=alert(1)><p", id="an image that runs a program"),
        pytest.param("<p", '<img src="data:,x"><p', id="an image"),
        pytest.param("<p>", '<p onclick="alert(1)">', id="a handler"),
        pytest.param("<svg ", "<svg/onload=alert(1) ", id="a handler after a slash"),
        pytest.param("<svg ", '<svg onload="alert(1)" ', id="a handler in a drawing"),
        pytest.param('href="#', 'href="https://example.org/#', id="a link to elsewhere"),
        pytest.param('href="#', 'href="javascript:alert(1)//#', id="a link that runs"),
        pytest.param(HEAD, '<meta http-equiv="refresh" content="0;url=https://example.org/">', id="a redirection"),
        pytest.param(HEAD, '<base href="https://example.org/">', id="a base"),
        pytest.param("<style>", '<style>@import "//example.org";', id="an imported style"),
        pytest.param("<style>", "<style>p{background:url(//example.org)}", id="a style that loads"),
        pytest.param("<style>", "<style>p{background:u\\72l(//example.org)}", id="a style that loads in disguise"),
        pytest.param("<style>", "<style></style><style>", id="a second style"),
        pytest.param("</title>", "<b></title>", id="an element in a title"),
        pytest.param("<meta http", "<!-- <meta http", id="a policy in a comment"),
        pytest.param("<head>", '<head><meta name="a" content="b">', id="something before the policy"),
        pytest.param("<p", "<p><![CDATA[x]]", id="a section of raw text"),
        pytest.param("<p", "<SCRIPT>alert(1)</SCRIPT><p", id="a script in capitals"),
        pytest.param("<p", "< p", id="a tag that is none"),
        pytest.param("<p", "<math></math><p", id="an unknown element"),
        pytest.param("<p>", '<p style="position:fixed">', id="a style of its own"),
    ],
)
def test_report_that_does_more_than_speak_is_refused(bundle: Path, old: str, new: str) -> None:
    report = bundle / "data/report/report.html"
    page = report.read_text()
    assert old in page
    report.write_text(page.replace(old, new, 1))
    made_again(bundle)

    assert "data/report/report.html" in failures(bundle)


def test_finding_named_in_a_hidden_place_only_is_not_spoken_of(bundle: Path) -> None:
    report = bundle / "data/report/report.html"
    name = json.loads((bundle / FINDINGS).read_text())["id"]
    page = report.read_text().replace(name, "")
    report.write_text(page.replace("<body>", f'<body><p class="{name}"></p>'))
    made_again(bundle)

    assert f"does not speak of finding {name}" in failures(bundle)


def test_drawing_of_linked_accounts_is_plain(bundle: Path) -> None:
    report, names = bundle / "data/report/report.html", [f"a{number}" for number in range(9)]
    edges = [edge(names[0], other, "card") for other in names[1:]]
    drawn = str(link_graph("links", web_of(names, edges)))
    report.write_text(report.read_text().replace("<p", f"{drawn}<p", 1))
    made_again(bundle)

    assert "<line" in drawn and "<circle" in drawn
    assert "data/report/report.html" not in failures(bundle)


@pytest.mark.parametrize(
    "name", ["templates/layout.html", "templates/case.html", "templates/finding.html", "charts.py"]
)
def test_every_element_and_attribute_that_a_page_may_hold_is_allowed(name: str) -> None:
    text = files("auditor.report").joinpath(name).read_text()

    elements = set(re.findall(r"</?([a-z][a-z0-9]*)[ >/]", text))
    attributes = {found.lower() for found in re.findall(r"[ \"]([a-zA-Z-]+)=\"", re.sub(r"{%.*?%}", " ", text))}

    assert elements - ELEMENTS == set()
    assert attributes - ATTRIBUTES == ({"http-equiv", "charset"} if "layout" in name else set())
