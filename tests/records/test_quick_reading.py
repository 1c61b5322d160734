"""The quick way to read JSON Lines gives what the exact way gives, and knows when it can't."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any  # records of tests hold values of every type

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditor.records.ingest import ingest
from auditor.records.quarantine import read_quarantine
from auditor.records.store import open_activity
from auditor.records.survey import survey_lines
from auditor.records.workspace import open_workspace

NOW = datetime(2026, 2, 1, tzinfo=UTC)
GOOD = {"time": "2026-01-01T00:00:00Z", "event": "completion", "account_id": "a"}
MANY = [json.dumps(GOOD | {"record_id": str(number)}).encode() + b"\n" for number in range(300)]
"""More lines than are looked at to recognise a file: what comes after them is a surprise."""

EXACT = json.dumps(GOOD | {"surprise": 1, "gone": None}).encode() + b"\n"
"""A line that can only be read the exact way; seen in the sample, its whole file is."""

TEXTS = st.one_of(
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8),
    st.sampled_from(["a:b", ":", "{}", "[1]", "nan", "-inf", "12:30", "::ffff:1.2.3.4", "10.0.0.1", "1.2.3.256"]),
)
VALUES = {
    "time": st.sampled_from(["2026-01-01T00:00:00Z", "2026-01-02T01:00:00.25Z", "2026-01-02 01:00:00+05:30", "x:y"]),
    "event": TEXTS,
    "account_id": TEXTS,
    "client_ip": TEXTS,
    "input_tokens": st.one_of(st.integers(-(2**64), 2**64), st.sampled_from(["7", "1e3", 1.5, True, "0x1", "+5"])),
    "latency_ms": st.one_of(st.floats(allow_nan=False, allow_infinity=False), st.sampled_from(["5.", ".5", True])),
    "cost_usd": st.one_of(st.integers(-(10**10), 10**10), st.sampled_from(["0.5", "1e-3", "-0.25", "1_0"])),
    "stream": st.sampled_from([True, False, "true", "TRUE", 1, "yes"]),
    "prompt_digest": st.sampled_from(["d", ""]),
    "tags": st.one_of(st.lists(TEXTS, max_size=2), TEXTS),
}


def read(folder: Path, name: str, *lines: bytes) -> tuple[dict[int, dict[str, Any]], dict[int, str]]:
    """Return rows and reasons of bad lines, by line, of a file with these lines."""
    path = folder / f"{name}.jsonl"
    path.write_bytes(b"".join(lines))
    workspace = open_workspace(folder / name, create=True)
    ingest([path], profile="canonical", workspace=workspace, now=NOW)
    rows = {row["source_line"]: row for row in open_activity(workspace).rows()}
    return rows, {kept.line: kept.reason for kept in read_quarantine(workspace)}


def _records(values: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[list[dict[str, Any]]]:
    return st.lists(st.fixed_dictionaries(values), min_size=1, max_size=12)


WITH_PROMPTS = VALUES | {"prompt": st.sampled_from(["", "a: b", {"a": None}, [1]])}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_records(VALUES) | _records(WITH_PROMPTS), st.booleans())
def test_quick_and_exact_reading_agree(
    tmp_path_factory: pytest.TempPathFactory, records: list[dict[str, Any]], is_ascii: bool
) -> None:
    lines = [json.dumps(record, ensure_ascii=is_ascii).encode("utf-8") + b"\n" for record in records]
    folder = tmp_path_factory.mktemp("w")

    quick, quick_reasons = read(folder, "quick", *lines)
    exact, exact_reasons = read(folder, "exact", *lines, EXACT)

    del exact[len(lines) + 1]
    unlike = ("source_id", "record_id")
    assert quick_reasons == exact_reasons
    assert [{name: value for name, value in row.items() if name not in unlike} for row in quick.values()] == [
        {name: value for name, value in row.items() if name not in unlike} for row in exact.values()
    ]


@pytest.mark.parametrize(
    ("late", "extra"),
    [
        (b'{"time": "2026-01-01T00:00:00Z", "event": "x", "q": 1}\n', {"q": 1}),
        (b'{"time": "2026-01-01T00:00:00Z", "event": "x", "q": null}\n', {"q": None}),
        (b'{"time": "2026-01-01T00:00:00Z", "event": "x\\u003ay", "q": 1}\n', {"q": 1}),
        (b'{"time": "2026-01-01T00:00:00Z", "event": "x\\u003Ay", "q": 1}\n', {"q": 1}),
        (b'{"time": "2026-01-01T00:00:00Z", "event": "x", "model": null, "q" : "a"}\n', {"q": "a"}),
        (b'{"\\u0074ime": "2026-01-01T00:00:00Z", "event": "x", "": "a"}\n', {"": "a"}),
    ],
    ids=["a value", "a null", "behind an escaped colon", "the same in capitals", "beside a null", "escaped keys"],
)
def test_unknown_field_after_the_sample_is_kept(tmp_path: Path, late: bytes, extra: dict[str, object]) -> None:
    rows, bad = read(tmp_path, "log", *MANY, late)

    assert bad == {}
    assert json.loads(rows[len(MANY) + 1]["extra"]) == extra


def test_places_are_right_whatever_lies_between_the_lines(tmp_path: Path) -> None:
    regular = b"".join(MANY)
    shapes = {
        "regular": regular,
        "no last line feed": regular.rstrip(b"\n"),
        "blank lines": regular.replace(b"\n", b"\n\n"),
        "carriage returns": regular.replace(b"\n", b"\r\n"),
        "indented": regular.replace(b"{", b"  {"),
        "bad lines": regular.replace(b"\n", b'\n{"q\n', 7),
    }

    found = {name: read(tmp_path, name, data)[0] for name, data in shapes.items()}

    for name, rows in found.items():
        assert len(rows) == len(MANY), name
        for line, row in rows.items():
            cut = shapes[name][row["source_offset"] : row["source_offset"] + row["source_length"]]
            assert json.loads(cut)["record_id"] == row["record_id"], name
            assert shapes[name].split(b"\n")[line - 1].strip() == cut, name


def test_nulls_are_read_the_quick_way_and_nothing_is_lost(tmp_path: Path) -> None:
    nulls = [line.replace(b'"event"', b'"plan": null, "event"') for line in MANY]
    late = b'{"time": "2026-01-01T00:00:00Z", "event": "x", "plan": "p", "deep": {"plan": null}}\n'

    regular, _ = read(tmp_path, "regular", *nulls)
    surprised, bad = read(tmp_path, "surprised", *nulls, late)

    assert [row["extra"] for row in regular.values()] == [None] * len(MANY)
    assert bad == {} and json.loads(surprised[len(MANY) + 1]["extra"]) == {"deep": {"plan": None}}


def test_a_null_within_a_text_makes_up_for_no_unknown_field(tmp_path: Path) -> None:
    nulls = [line.replace(b'"event"', b'"plan": null, "event"') for line in MANY]
    late = b'{"time": "2026-01-01T00:00:00Z", "event": "x", "prompt": {"plan": null}, "q": 1}\n'
    prompts = [line.replace(b'"event"', b'"prompt": "p", "event"') for line in nulls]

    rows, bad = read(tmp_path, "log", *prompts, late)

    assert bad == {} and json.loads(rows[len(MANY) + 1]["extra"]) == {"q": 1}


def test_a_key_that_is_there_again_as_null_is_found(tmp_path: Path) -> None:
    nulls = [line.replace(b'"event"', b'"plan": null, "event"') for line in MANY]
    twice = b'{"time": "2026-01-01T00:00:00Z", "plan": "p", "event": "x", "plan": null}\n'

    _, bad = read(tmp_path, "log", *nulls, twice)

    assert bad == {len(MANY) + 1: "found the key `plan` twice, expected it once"}


def test_a_stretch_knows_its_loose_lines_and_hidden_nuls(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b'{"a": null}\n["a"]\n{"a":1}\n{"a')
    hidden = tmp_path / "hidden"
    hidden.write_bytes(b'{"a": "x' + rb"\u0000" + b'y"}\n')

    (seen,), (unseen,) = survey_lines(path).stretches, survey_lines(hidden).stretches

    assert (seen.first, seen.rows, seen.size, seen.loose, seen.has_nul) == (0, 4, 29, [1, 3], False)
    assert (unseen.loose, unseen.has_nul) == ([], True)


@pytest.mark.parametrize("is_quick", [True, False], ids=["quick", "exact"])
def test_rows_of_a_large_file_stay_in_the_order_of_its_lines(tmp_path: Path, is_quick: bool) -> None:
    # more than DuckDB reads at a time, so that two threads share the work
    padding = "x" * 1000
    lines = [json.dumps(GOOD | {"record_id": str(n), "prompt": padding}).encode() + b"\n" for n in range(70_000)]

    head = [] if is_quick else [EXACT]

    rows, _ = read(tmp_path, "log", *head, *lines)

    places = {line: str(line - 1 - len(head)) for line in rows if line > len(head)}
    wrong = [line for line, record_id in places.items() if rows[line]["record_id"] != record_id]
    assert wrong == []
