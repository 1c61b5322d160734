"""Our evaluation of Sigma correlations finds what the conformance cases expect: incidents, records, what is left."""

from typing import Any

import pytest

from auditor.sigma.incidents import Incident
from auditor.sigma.run import Correlated, Evaluation
from tests.conformance.correlation_cases import Case, all_cases, evaluated

CASES = list(all_cases())
IDS = [f"{case.file}: {case.name}" for case in CASES]


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_the_expected_incidents_are_found_and_no_others(case: Case) -> None:
    evaluation = evaluated(case)

    found = {name: seen_as(case, correlation_named(evaluation, name), name) for name in case.expect}

    assert found == {name: in_order(expected) for name, expected in case.expect.items()}


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_what_is_left_out_is_counted(case: Case) -> None:
    evaluation = evaluated(case)

    found = {name: left_out(correlation_named(evaluation, name), counts) for name, counts in case.left_out.items()}

    assert found == case.left_out


def test_the_cases_are_many_and_named_once() -> None:
    assert len(CASES) > 60
    assert len(set(IDS)) == len(IDS)


def correlation_named(evaluation: Evaluation, name: str) -> Correlated:
    """Return the result of the one correlation with a name."""
    (found,) = (item for item in evaluation.correlated if item.outcome.correlation.heading.name == name)
    return found


def seen_as(case: Case, result: Correlated, name: str) -> list[dict[str, Any]]:
    """Return the incidents in the words of the cases, with the keys that the expected ones have."""
    shown = in_order([in_words(case, incident) for incident in result.incidents])
    expected = in_order(case.expect[name])
    if len(shown) != len(expected):
        return shown
    return [
        {key: value for key, value in one.items() if key in other} for one, other in zip(shown, expected, strict=True)
    ]


def in_words(case: Case, incident: Incident) -> dict[str, Any]:
    """Return one incident as a case writes it."""
    return {
        "group": dict(incident.group), "start": incident.start / 1e6, "end": incident.end / 1e6,
        "records": sorted(str(case.records[number]["id"]) for number in incident.records),
        "count": len(incident.records), "alerts": incident.alerts, "measure": float(incident.measure),
    }  # fmt: skip


def in_order(incidents: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return incidents by group and start, their record ids sorted."""
    named = [{**item, "records": sorted(item["records"])} if "records" in item else item for item in incidents]
    return sorted(named, key=lambda item: (str(sorted(item["group"].items())), item["start"]))


def left_out(result: Correlated, counts: dict[str, int]) -> dict[str, int]:
    """Return the counts that a case names."""
    found = {
        "without_group": len(result.outcome.without_key),
        "without_time": len(result.outcome.without_time),
        "open_windows": result.outcome.incomplete,
    }
    return {name: found[name] for name in counts}
