"""Problems as SARIF: the log keeps the schema, points at the lines, and shows hostile text without obeying it."""

import json
from pathlib import Path
from typing import Any  # JSON values have no closed type

import jsonschema
from hypothesis import given
from hypothesis import strategies as st

from auditor.errors import Place, Problem
from auditor.report.sarif import sarif_of

OUTLINE = json.loads((Path(__file__).parent / "sarif_outline.json").read_text())
FOLDER = Path("/srv/policies")


def log_of(*problems: Problem, untested: tuple[Path, ...] = ()) -> dict[str, Any]:
    """Return the log of problems, after the schema accepted it."""
    log: dict[str, Any] = json.loads(sarif_of(problems, untested, folder=FOLDER, version="1.0"))
    jsonschema.Draft202012Validator(OUTLINE).validate(log)
    return log


def locations_of(log: dict[str, Any]) -> list[Any]:
    return [result["locations"][0]["physicalLocation"] for result in log["runs"][0]["results"]]


def test_a_problem_is_an_error_at_its_line_with_its_hint() -> None:
    log = log_of(Problem(Place("rules/a b.yml", 3, 7), "`level` is `sever`, expected one of low", "choose one"))

    (result,) = log["runs"][0]["results"]
    assert (result["level"], result["message"]["text"]) == (
        "error", "`level` is `sever`, expected one of low (hint: choose one)",
    )  # fmt: skip
    assert locations_of(log) == [
        {
            "artifactLocation": {"uri": "rules/a%20b.yml", "uriBaseId": "%SRCROOT%"},
            "region": {"startLine": 3, "startColumn": 7},
        }
    ]


def test_a_file_elsewhere_is_a_uri_and_an_unknown_line_is_left_out() -> None:
    log = log_of(Problem(Place("/else/ä.yml"), "too large", "split it"), Problem(None, "no pack", "name one"))

    assert log["runs"][0]["results"][0]["locations"] == [
        {"physicalLocation": {"artifactLocation": {"uri": "file:///else/%C3%A4.yml"}}}
    ]
    assert "locations" not in log["runs"][0]["results"][1]


def test_a_rule_without_cases_is_a_note() -> None:
    log = log_of(untested=(FOLDER / "rules" / "x.yml",))

    (result,) = log["runs"][0]["results"]
    assert (result["ruleId"], result["level"]) == ("rule-without-cases", "note")


@given(st.text(min_size=1), st.text(min_size=1))
def test_any_text_is_kept_visible_and_the_log_stays_valid(message: str, name: str) -> None:
    spoken = f"found {' '.join(message.split())}, expected less"

    log = log_of(Problem(Place(name.replace("\0", ""), 1, 1), spoken, "mend it"))

    text = log["runs"][0]["results"][0]["message"]["text"]
    assert not any(ord(sign) < 32 or sign in "\u202e\u200b\u2028" for sign in text)


def test_the_same_problems_give_the_same_bytes() -> None:
    problem = Problem(Place("a.yml", 1, 2), "found x, expected y", "write y")

    assert sarif_of([problem], (), folder=FOLDER, version="1") == sarif_of([problem], (), folder=FOLDER, version="1")
