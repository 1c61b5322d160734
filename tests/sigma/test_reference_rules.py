"""SigmaHQ's rules over SigmaHQ's events: what was expected is found, and pySigma's SQLite backend finds the same.

By default a small extract; with AUDITOR_REFERENCE_DATA set to the folder of the reference data all of its rules. Where
the two differ, `differences.yml` says so and why.
"""

import json
import os
from functools import cache
from pathlib import Path
from typing import Any  # manifests are JSON

import pytest

from auditor.sigma.events import TIME_FIELDS, read_events
from auditor.sigma.load import load_rules
from auditor.sigma.run import Evaluation, evaluate
from tests.sigma.differences import KNOWN
from tests.sigma.sqlite_reference import reference_matches

EXTRACT = Path(__file__).parents[1] / "data" / "policy" / "sigma"
FOLDER = Path(os.environ["AUDITOR_REFERENCE_DATA"]) / "sigma" if "AUDITOR_REFERENCE_DATA" in os.environ else EXTRACT
MANIFEST: list[dict[str, Any]] = json.loads((FOLDER / "manifest.json").read_text())
LOGS = sorted((FOLDER / "events").glob("*.jsonl"))


@cache
def evaluation() -> Evaluation:
    """Return what all rules find in all events."""
    return evaluate(load_rules([FOLDER / "rules"]), read_events(LOGS, TIME_FIELDS, []))


@cache
def places() -> list[str]:
    """Return where each record comes from, as `file:line`."""
    return [f"{log.stem}:{line}" for log in LOGS for line, _ in enumerate(log.read_text().splitlines(), start=1)]


@cache
def records() -> list[dict[str, Any]]:
    """Return all events as Python's JSON reader has them."""
    return [json.loads(line) for log in LOGS for line in log.read_text().splitlines()]


def found_by(rule: str) -> set[str]:
    """Return where the records lie that one rule matches."""
    matched = next(item for item in evaluation().matched if item.rule.heading.key == rule)
    return {places()[number] for number in matched.records}


def test_no_rule_is_refused() -> None:
    assert evaluation().rules.refused == ()
    assert len(evaluation().matched) == len(MANIFEST)


@pytest.mark.parametrize("entry", MANIFEST, ids=[entry["rule_id"] for entry in MANIFEST])
def test_a_rule_finds_what_its_events_were_recorded_for(entry: dict[str, Any]) -> None:
    own = {place for place in found_by(entry["rule_id"]) if place.startswith(entry["rule_id"])}

    assert len(own) >= (entry.get("expected") or 1)


@pytest.mark.parametrize("entry", MANIFEST, ids=[entry["rule_id"] for entry in MANIFEST])
def test_a_rule_matches_the_records_that_the_sqlite_backend_matches(entry: dict[str, Any]) -> None:
    rule = entry["rule_id"]
    text = (FOLDER / "rules" / f"{rule}.yml").read_text()

    reference = {places()[number] for number in reference_matches(text, records())}

    assert found_by(rule) ^ reference == {place for known, place in KNOWN if known == rule} & set(places())
