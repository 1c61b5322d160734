"""Results of rule cases as JUnit XML, which every build server reads: one suite a rule, one test a case.

Nothing in it depends on the clock. Characters that XML can't hold, and those that a reader can't see, are made visible.
"""

import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence

from auditor.checker.rulecases import CaseResult
from auditor.report.visible import plain_visible

LONGEST_TEXT = 20_000


def junit_of(rules: Sequence[tuple[str, Sequence[CaseResult]]]) -> bytes:
    """Return the results of each rule's cases as a JUnit document in UTF-8."""
    results = [result for _, cases in rules for result in cases]
    root = ElementTree.Element("testsuites", {"name": "auditor policy test", **_counts(results)})
    for rule, cases in rules:
        suite = ElementTree.SubElement(root, "testsuite", {"name": _text(rule), **_counts(cases)})
        for case in cases:
            _add_case(suite, rule, case)
    ElementTree.indent(root)
    document: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return document + b"\n"


def _add_case(suite: ElementTree.Element, rule: str, case: CaseResult) -> None:
    named = {"classname": _text(rule), "name": _text(case.name), "file": _text(case.place.file)}
    test = ElementTree.SubElement(suite, "testcase", {**named, "line": str(case.place.line)})
    if case.is_ok:
        return
    found = "; ".join(case.disagreements) or f"found {case.found}"
    message = _text(f"expected {case.expected}, {found}")
    failure = ElementTree.SubElement(test, "failure", {"message": message, "type": _kind(case)})
    failure.text = f"{_text(str(case.place))}: {message}"


def _kind(case: CaseResult) -> str:
    return "disagreement" if case.disagreements else "outcome"


def _counts(cases: Sequence[CaseResult]) -> dict[str, str]:
    failed = sum(not case.is_ok for case in cases)
    return {"tests": str(len(cases)), "failures": str(failed), "errors": "0", "skipped": "0"}


def _text(text: str) -> str:
    return plain_visible(text, LONGEST_TEXT)
