"""Reading the correlation conformance cases as their README says, and what our evaluation makes of one."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any  # cases are YAML

import yaml

from auditor.sigma.events import Event, time_of
from auditor.sigma.load import rules_of
from auditor.sigma.run import Evaluation, evaluate

FOLDER = Path(__file__).parent / "correlations"


@dataclass(frozen=True)
class Case:
    """One case with the rules of its file."""

    file: str
    name: str
    rules: tuple[dict[str, Any], ...]
    records: tuple[dict[str, Any], ...]
    expect: dict[str, list[dict[str, Any]]]
    left_out: dict[str, dict[str, int]]


def all_cases() -> Iterator[Case]:
    """Yield every case of every file."""
    for path in sorted(FOLDER.glob("*.yml")):
        content = yaml.safe_load(path.read_text())
        for case in content["cases"]:
            rules = (*content["rules"], *case.get("rules", ()))
            records = tuple(record for written in case["records"] for record in repeated(written))
            yield Case(path.stem, case["name"], rules, records, case["expect"], case.get("left_out", {}))


def repeated(record: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the records that one line stands for."""
    times, every = record.get("repeat"), record.get("every", 0)
    plain = {key: value for key, value in record.items() if key not in {"repeat", "every"}}
    if times is None:
        yield plain
        return
    for number in range(times):
        yield {**plain, "id": f"{record['id']}-{number + 1}", "t": record["t"] + number * every}


def evaluated(case: Case) -> Evaluation:
    """Evaluate the rules of a case over its records."""
    rules = rules_of(yaml.safe_dump_all(case.rules, sort_keys=False), f"{case.file}.yml")
    assert rules.refused == ()
    events = (
        Event(number, case.file, number + 1, record, time_of(record, ["t"]))
        for number, record in enumerate(case.records)
    )
    return evaluate(rules, events)
