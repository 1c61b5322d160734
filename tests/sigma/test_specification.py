"""The examples of the specification are read as they stand, and each is found in a log that was made for it."""

import os
from pathlib import Path
from typing import Any  # examples are YAML

import pytest
import yaml

from auditor.sigma.events import Event, time_of
from auditor.sigma.load import rules_of
from auditor.sigma.run import evaluate

EXAMPLES = yaml.safe_load(Path(__file__).with_name("specification.yml").read_text())
FOUND = [example for example in EXAMPLES if "refused" not in example]
REFUSED = [example for example in EXAMPLES if "refused" in example]


def log_of(example: dict[str, Any]) -> list[Event]:
    """Return the records of an example; `repeat` stands for many, `numbered` names a field that differs in each."""
    records = []
    for line in example["log"]:
        fields = {key: value for key, value in line.items() if key not in {"repeat", "every", "numbered"}}
        for number in range(line.get("repeat", 1)):
            numbered = {line["numbered"]: f"user {number}"} if "numbered" in line else {}
            records.append({**fields, **numbered, "t": line.get("t", 0) + number * line.get("every", 0)})
    return [Event(n, "log", n + 1, record, time_of(record, ["t"])) for n, record in enumerate(records)]


@pytest.mark.parametrize("example", FOUND, ids=[example["section"] for example in FOUND])
def test_an_example_is_found_once_with_its_whole_log(example: dict[str, Any]) -> None:
    rules = rules_of(example["rules"])
    log = log_of(example)

    (correlated,) = evaluate(rules, log).correlated

    assert rules.refused == ()
    assert [incident.records for incident in correlated.incidents] == [tuple(range(len(log)))]


@pytest.mark.parametrize("example", FOUND, ids=[example["section"] for example in FOUND])
def test_an_example_is_not_found_when_its_last_record_is_missing(example: dict[str, Any]) -> None:
    (correlated,) = evaluate(rules_of(example["rules"]), log_of(example)[:-1]).correlated

    assert correlated.incidents == ()


@pytest.mark.parametrize("example", REFUSED, ids=[example["section"] for example in REFUSED])
def test_the_example_without_a_meaning_is_refused_by_name(example: dict[str, Any]) -> None:
    (refusal,) = rules_of(example["rules"]).refused

    assert example["refused"] in refusal.problem.message


SCHEMA = Path(os.environ.get("AUDITOR_REFERENCE_DATA", "")) / "sigma" / "specification" / "tests" / "schema"
SCHEMA_EXAMPLES = sorted(SCHEMA.glob("*/*.yml")) if "AUDITOR_REFERENCE_DATA" in os.environ else []


@pytest.mark.parametrize("path", SCHEMA_EXAMPLES, ids=[path.stem for path in SCHEMA_EXAMPLES])
def test_every_example_of_the_schemas_is_read(path: Path) -> None:
    document = yaml.safe_load(path.read_text())
    named = (document.get("correlation") or document.get("filter") or {}).get("rules", [])
    source = document.get("logsource", {"category": "any"})
    bases = [_base(str(name), source) for name in named]

    loaded = rules_of(yaml.safe_dump_all([document, *bases], sort_keys=False))

    assert [refusal.problem.message[:18] for refusal in loaded.refused] == (
        ["`value_percentile`"] if path.stem == "value_percentile" else []
    )
    assert loaded.unused_filters == ()


def _base(name: str, source: dict[str, str]) -> dict[str, Any]:
    key = "id" if name.count("-") == 4 else "name"
    return {"title": "Base", key: name, "logsource": source, "detection": {"s": {"a": 1}, "condition": "s"}}
