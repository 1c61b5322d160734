"""Problems of policies as SARIF 2.1.0, which code hosts and editors show beside the lines.

One result a problem, with its hint in the message. Paths below the folder that the check ran in are relative to it
(`%SRCROOT%`), others are file URIs. Hidden characters of hostile policies are made visible.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any  # JSON values have no closed type
from urllib.parse import quote

from auditor.errors import Place, Problem
from auditor.report.visible import plain_visible

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
PROBLEM = "policy-problem"
UNTESTED = "rule-without-cases"
LONGEST_MESSAGE = 20_000
_RULES = (
    (PROBLEM, "A policy file can't be used as it is."),
    (UNTESTED, "A rule has no cases beside it, so nothing tests it."),
)


def sarif_of(problems: Sequence[Problem], untested: Sequence[Path], *, folder: Path, version: str) -> bytes:
    """Return a SARIF log: problems as errors, rules that nothing tests as notes; `folder` is the root of paths."""
    notes = [
        Problem(
            Place(str(path), 1, 1),
            f"rule `{path.stem}` has no cases beside it, expected a file of cases",
            f"write `{path.stem}.cases.yml` with a match, a near miss and a set that lacks a column",
        )
        for path in untested
    ]
    results = [_result(item, PROBLEM, "error", folder) for item in problems]
    results += [_result(item, UNTESTED, "note", folder) for item in notes]
    run = {
        "tool": {"driver": {"name": "auditor", "version": version, "rules": [_rule(*rule) for rule in _RULES]}},
        "columnKind": "unicodeCodePoints",
        "results": results,
    }
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(log, indent=2, ensure_ascii=True, allow_nan=False).encode() + b"\n"


def _rule(name: str, text: str) -> dict[str, Any]:
    return {"id": name, "shortDescription": {"text": text}}


def _result(problem: Problem, rule: str, level: str, folder: Path) -> dict[str, Any]:
    text = plain_visible(f"{problem.message} (hint: {problem.hint})", LONGEST_MESSAGE)
    found = {"ruleId": rule, "level": level, "message": {"text": text}}
    return found if problem.place is None else {**found, "locations": [_location(problem.place, folder)]}


def _location(place: Place, folder: Path) -> dict[str, Any]:
    path = folder / place.file
    if path.is_relative_to(folder):
        artifact = {
            "uri": quote(path.relative_to(folder).as_posix(), errors="surrogateescape"),
            "uriBaseId": "%SRCROOT%",
        }
    else:
        artifact = {"uri": path.as_uri()}
    region = {"startLine": place.line, "startColumn": place.column}
    physical = {"artifactLocation": artifact, "region": {name: at for name, at in region.items() if at}}
    return {"physicalLocation": {name: part for name, part in physical.items() if part}}
