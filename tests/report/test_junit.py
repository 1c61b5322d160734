"""Rule cases as JUnit XML: well formed whatever the texts, with every failure in it."""

import xml.etree.ElementTree as ElementTree

from hypothesis import given
from hypothesis import strategies as st

from auditor.checker.findings import RuleOutcome
from auditor.checker.rulecases import CaseResult
from auditor.errors import Place
from auditor.policy.rulecases import Expectation
from auditor.report.junit import junit_of

OUTCOME = RuleOutcome(rule="a-rule", is_evaluated=True)


def case(name: str = "a case", found: Expectation = "match", disagreements: tuple[str, ...] = ()) -> CaseResult:
    """Return the result of a case that expects a match."""
    return CaseResult(name, Place("a-rule.cases.yml", 4, 3), "match", found, OUTCOME, disagreements)


def test_every_case_is_a_test_in_the_suite_of_its_rule() -> None:
    root = ElementTree.fromstring(junit_of([("one", [case(), case("second", "no match")]), ("two", [case()])]))

    assert root.attrib == {
        "name": "auditor policy test", "tests": "3", "failures": "1", "errors": "0", "skipped": "0",
    }  # fmt: skip
    assert [(suite.get("name"), suite.get("tests"), suite.get("failures")) for suite in root] == [
        ("one", "2", "1"),
        ("two", "1", "0"),
    ]
    assert [test.get("classname") for test in root.iter("testcase")] == ["one", "one", "two"]


def test_a_failure_says_what_was_expected_found_and_where() -> None:
    root = ElementTree.fromstring(junit_of([("one", [case("near", "not evaluated")])]))

    (failure,) = root.iter("failure")
    assert failure.get("message") == "expected match, found not evaluated"
    assert failure.text == "a-rule.cases.yml:4:3: expected match, found not evaluated"


def test_a_disagreement_of_plan_and_evaluator_is_a_failure() -> None:
    root = ElementTree.fromstring(junit_of([("one", [case(disagreements=("selected: 1 and 2",))])]))

    assert [(item.get("type"), item.get("message")) for item in root.iter("failure")] == [
        ("disagreement", "expected match, selected: 1 and 2")
    ]


@given(st.text())
def test_any_text_makes_a_document_that_can_be_read_and_hides_nothing(name: str) -> None:
    root = ElementTree.fromstring(junit_of([(name, [case(name, "no match", (name,))])]))

    shown = "".join(root.itertext()) + "".join(value for node in root.iter() for value in node.attrib.values())
    assert not any(sign in "\u202e\u200b\ufffe\x85" or (ord(sign) < 32 and sign != "\n") for sign in shown)


def test_markup_and_illegal_characters_are_shown_not_obeyed() -> None:
    document = junit_of([("<b>", [case('"><failure/>\x00\x1b[2J]]>')])])

    assert b"&lt;b&gt;" in document
    assert b"\\u{0000}\\u{001B}[2J" in document
    assert not list(ElementTree.fromstring(document).iter("failure"))
