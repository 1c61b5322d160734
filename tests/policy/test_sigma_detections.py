"""Real Sigma rules, read as `when` blocks and run over their own events, find what pySigma finds.

The fields of these rules are no columns of ours, so each is read as `extra.FIELD`. With AUDITOR_REFERENCE_DATA set to
the folder of the reference data, all of its rules are tried, else the extract under tests/data.
"""

import json
import os
from pathlib import Path
from typing import Any  # events are JSON

import pytest

from auditor.checker.evaluator.conditions import Reading, truth
from auditor.checker.evaluator.record import Record
from auditor.policy.condition_parser import parse_condition
from auditor.policy.conditions import Condition, resolved
from auditor.policy.fields import Problems
from auditor.policy.lists import Lists
from auditor.policy.selections import read_selections
from auditor.policy.yaml import MappingNode, ScalarNode, SequenceNode, YamlNode, read_yaml

EXTRACT = Path(__file__).parents[1] / "data" / "policy" / "sigma"
FOLDER = Path(os.environ["AUDITOR_REFERENCE_DATA"]) / "sigma" if "AUDITOR_REFERENCE_DATA" in os.environ else EXTRACT
MANIFEST = json.loads((FOLDER / "manifest.json").read_text())


def condition_of(path: Path) -> Condition:
    """Return what the detection block of a Sigma rule says."""
    root = read_yaml(path.read_bytes(), path.name)
    assert isinstance(root, MappingNode)
    detection = next(value for key, value in root.entries if key.text == "detection")
    assert isinstance(detection, MappingNode)
    condition = next(value for key, value in detection.entries if key.text == "condition")
    assert isinstance(condition, ScalarNode)
    entries = ((key, value if value is condition else in_extra(value)) for key, value in detection.entries)
    problems = Problems()
    selections = read_selections(MappingNode(detection.place, tuple(entries)), Lists(), problems)
    problems.check()
    return resolved(parse_condition(condition.text, tuple(selections), condition.content), selections)


def in_extra(node: YamlNode) -> YamlNode:
    """Return a selection whose fields are keys of `extra`."""
    match node:
        case MappingNode(place=place, entries=entries):
            keys = (ScalarNode(key.place, f"extra.{key.text}", None, key.content) for key, _ in entries)
            return MappingNode(place, tuple(zip(keys, (value for _, value in entries), strict=True)))
        case SequenceNode(place=place, items=items):
            return SequenceNode(place, tuple(in_extra(item) for item in items))
        case _:
            return node


@pytest.mark.parametrize("entry", MANIFEST, ids=[entry["rule_id"] for entry in MANIFEST])
def test_a_sigma_rule_finds_what_pysigma_finds(entry: dict[str, Any]) -> None:
    condition = condition_of(FOLDER / "rules" / f"{entry['rule_id']}.yml")
    lines = (FOLDER / "events" / f"{entry['rule_id']}.jsonl").read_text().splitlines()

    found = [line for line in lines if truth(condition, Record({"extra": line}), Reading(is_missing_counted=True))]

    assert entry["sqlite_reference"] == len(found)
