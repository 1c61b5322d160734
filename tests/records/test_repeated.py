"""A record that comes again counts once, another one under its id is a conflict, and the first of each is kept."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any  # values of `extra` are of every kind

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditor.records.ingest import IngestReport, ingest
from auditor.records.store import open_activity
from auditor.records.workspace import Workspace, open_workspace

NOW = datetime(2026, 2, 1, tzinfo=UTC)
GOOD = '"time": "2026-01-01T00:00:00Z", "event": "completion"'


def record(record_id: str, rest: str) -> str:
    return f'{{"record_id": "{record_id}", {GOOD}, {rest}}}\n'


def read(folder: Path, calls: Sequence[Sequence[str]]) -> tuple[Workspace, list[IngestReport]]:
    """Ingest one file for each text, the texts of a call together."""
    workspace = open_workspace(folder / "audit", create=True)
    reports = []
    for call, texts in enumerate(calls):
        paths = [folder / f"{call}-{number}.jsonl" for number in range(len(texts))]
        for path, text in zip(paths, texts, strict=True):
            path.write_text(text, encoding="utf-8")
        reports.append(ingest(paths, workspace=workspace, now=NOW))
    return workspace, reports


def counts(reports: Sequence[IngestReport]) -> tuple[int, int, int]:
    return (
        sum(report.records for report in reports),
        sum(report.duplicates for report in reports),
        sum(report.conflicts for report in reports),
    )


SAME = {
    "the order of keys": ('"q": {"a": 1, "b": [{"c": 1, "d": 2}]}', '"q": {"b": [{"d": 2, "c": 1}], "a": 1}'),
    "white space": ('"q": {"a": [1, 2]}', '"q":{"a":[1,2]}'),
    "a number of five thousand digits": (f'"p": 1, "q": {"7" * 5000}', f'"q": {"7" * 5000}, "p": 1'),
    "a known null": ('"model": null, "q": 1', '"q": 1'),
}
OTHER = {
    "a price beyond floating point": ('"cost_usd": "123456789.123456788"', '"cost_usd": "123456789.123456789"'),
    "a number beyond 64 bits": ('"q": 12345678901234567890123', '"q": 12345678901234567890124'),
    "a number and its text": ('"q": 1.5', '"q": "1.5"'),
    "the order of a list": ('"q": [1, 2]', '"q": [2, 1]'),
    "a key that is there or not": ('"q": {"a": null}', '"q": {}'),
    "a text that is empty or not there": ('"model": ""', '"stream": null'),
}


@pytest.mark.parametrize("both", SAME.values(), ids=SAME)
def test_content_is_the_same_whatever(tmp_path: Path, both: tuple[str, str]) -> None:
    texts = [record("plain", '"q": 0') + record("r", rest) for rest in both]

    _, reports = read(tmp_path, [texts])

    assert counts(reports) == (2, 2, 0)


@pytest.mark.parametrize("both", OTHER.values(), ids=OTHER)
def test_content_differs_by(tmp_path: Path, both: tuple[str, str]) -> None:
    texts = [record("r", rest) for rest in both]

    _, reports = read(tmp_path, [texts])

    assert counts(reports) == (2, 0, 1)


def test_what_is_stored_counts_first_then_sources_then_rows(tmp_path: Path) -> None:
    second = record("r", '"model": "b"') + record("r", '"model": "c"') + record("r", '"model": "b"')
    third = record("r", '"model": "c"') + record("r", '"model": "a"') + record("r", '"model": "d"')

    workspace, reports = read(tmp_path, [[record("r", '"model": "a"')], [second, third]])

    kept = {row["model"]: (row["source_id"], row["source_line"]) for row in open_activity(workspace).rows()}
    (first,), (one, other) = reports[0].sources, reports[1].sources
    assert kept == {
        "a": (first.source_id, 1),
        "b": (one.source_id, 1),
        "c": (one.source_id, 2),
        "d": (other.source_id, 3),
    }
    assert [(source.duplicates, source.conflicts) for source in (one, other)] == [(1, 2), (2, 1)]


IDS = st.sampled_from(["a", "b", "c", None])
EXTRAS = st.sampled_from(['"q": {"x": 1, "y": 2}', '"q": {"y": 2, "x": 1}', '"q": 1', '"q": 1.0', '"model": "m"'])
FILES = st.lists(st.lists(st.tuples(IDS, EXTRAS), min_size=1, max_size=6), min_size=1, max_size=3)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(files=FILES, is_one_call=st.booleans())
def test_counts_are_those_of_a_plain_count(
    tmp_path_factory: pytest.TempPathFactory, files: list[list[tuple[str | None, str]]], *, is_one_call: bool
) -> None:
    """The number of a file stands in each record without an id, so that no two files are the same bytes."""
    texts = [
        "".join(record(one, rest) if one else f'{{{GOOD}, {rest}, "n": {number}}}\n' for one, rest in lines)
        + f'{{{GOOD}, "file": {number}}}\n'
        for number, lines in enumerate(files)
    ]
    seen: dict[str, list[Any]] = {}
    expected = {"records": 0, "duplicates": 0, "conflicts": 0}
    for lines in files:
        expected["records"] += 1
        for one, rest in lines:
            content = json.loads(f"{{{rest}}}", parse_float=lambda text: ("real", text))
            known = seen.setdefault(one, []) if one else []
            expected["duplicates"] += content in known
            expected["records"] += content not in known
            expected["conflicts"] += bool(known) and content not in known
            known.append(content)

    _, reports = read(tmp_path_factory.mktemp("w"), [texts] if is_one_call else [[text] for text in texts])

    assert counts(reports) == (expected["records"], expected["duplicates"], expected["conflicts"])
