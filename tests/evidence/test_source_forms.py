"""Lines that the engine writes as their source does say what the file says, or are made one by one."""

import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlglot import exp

from auditor.errors import BundleError
from auditor.evidence.linequery import LINE_COLUMNS, keep_secrets
from auditor.evidence.recordlines import RecordLine, RecordWriter
from auditor.evidence.sealing import record_rows
from auditor.evidence.sourceforms import SourceForm, form_of_source
from auditor.evidence.standalone.spreadsheet import CitedTable
from auditor.records.activity import Activity
from auditor.records.ingest import ingest
from auditor.records.manifest import load_manifest
from auditor.records.memory import activity_of
from auditor.records.sourcebytes import SourceBytes
from auditor.records.store import open_activity
from auditor.records.workspace import open_workspace

NOW = datetime(2026, 2, 1, tzinfo=UTC)
TEXTS = st.sampled_from(["a", "é", '"q"', "b\\c", "=1+1", "x\ny", "\x1f", "", "-5", "\u2003a", "{}", "100%"])
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "account_id": TEXTS,
    "prompt": TEXTS,
    "user_agent": TEXTS,
    "country": st.sampled_from(["DE", "", None]),
    "status": st.sampled_from([200, "429", None]),
    "cost_usd": st.sampled_from(["0.01", "0.010", 0.5, "1", 0.123456789]),
    "latency_ms": st.sampled_from([0.25, 12, "7.5", 1e-7]),
    "longitude": st.sampled_from([-3.5, 3.5]),
    "stream": st.booleans(),
    "tags": st.lists(st.sampled_from(["a", "=b"]), max_size=2),
    "prompt_digest": st.sampled_from(["ab" * 32, None]),
    "record_id": st.none(),
    "who": st.sampled_from([1, "x", None, 2.50]),
    "where": st.sampled_from(["here", {"a": 1}]),
}
TIMES: list[Callable[[int], str]] = [
    lambda number: f"2025-01-10T10:{number:02}:00Z",
    lambda number: f"2025-01-10T10:{number:02}:00.{number * 100 % 1000:03}Z",
    lambda number: f"2025-01-10T10:{number:02}:00.{number * 100_000 % 1_000_000:06}+00:00",
    lambda number: f"2025-01-10T10:{number:02}:00" + (f".{number:06}Z" if number % 2 else "Z"),
]


def written(
    activity: Activity, sources: SourceBytes, forms: Mapping[str, SourceForm]
) -> tuple[list[RecordLine], list[dict[str, Any]]]:
    """Return the lines of every record, and what the engine gave for each."""
    keep_secrets(activity, {"C": "5e" * 32})
    case_id, findings = exp.alias_(exp.convert("C"), "case_id"), exp.alias_(exp.array(exp.convert("F")), "findings")
    everything = exp.select(case_id, findings, exp.Star())
    table = CitedTable({"sources": [{"provides": sorted(item.provides)} for item in activity.sources]})
    rows = list(record_rows(activity, everything.from_("records"), [], forms=forms, cells=table.columns))
    profiles = {item.source_id: "canonical" for item in activity.sources}
    made = list(RecordWriter(dict.fromkeys(profiles, "log.jsonl"), profiles, sources, table).lines(rows))
    return made, [dict(zip(LINE_COLUMNS, row, strict=True)) for row in rows]


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_lines_are_the_same_whether_the_engine_wrote_them_or_not(data: st.DataObject) -> None:
    names = data.draw(st.lists(st.sampled_from(sorted(FIELDS)), unique=True))
    time, gaps = data.draw(st.sampled_from(TIMES)), data.draw(st.sampled_from([(",", ":"), (", ", ": ")]))
    is_ascii, has_nulls = data.draw(st.booleans()), data.draw(st.booleans())
    lines = []
    for number in range(data.draw(st.integers(1, 6))):
        row = {"time": time(number), "event": "completion"} | {name: data.draw(FIELDS[name]) for name in names}
        kept = row if has_nulls else {name: value for name, value in row.items() if value is not None}
        lines.append(json.dumps(kept, ensure_ascii=is_ascii, separators=gaps))
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        log = folder / "log.jsonl"
        log.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        workspace = open_workspace(folder / "audit", create=True)
        ingest([log], profile="canonical", workspace=workspace, now=NOW)
        (source,) = load_manifest(workspace).sources
        form = form_of_source(log.read_bytes())
        with SourceBytes({source.source_id: log}, scratch=folder) as sources:
            activity = open_activity(workspace)
            plain, _ = written(activity, sources, {})
            quick, _ = written(activity, sources, {source.source_id: form} if form else {})

    assert quick == plain


ROW = {
    "time": "2025-01-10T10:00:00.250000Z", "event": "completion", "account_id": "a", "status": 200, "latency_ms": 0.25,
    "cost_usd": "0.010000000", "prompt": "what?",
}  # fmt: skip
LINE = (
    b'{"time":"2025-01-10T10:00:00.250Z","event":"completion","account_id":"a","status":200,"latency_ms":0.25,'
    b'"cost_usd":"0.010","prompt":"what?","country":null}\n'
)
CHANGES: list[dict[str, Any]] = [
    {"time": "2025-01-10T10:00:00.250001Z"},
    {"cost_usd": "0.010000001"},
    {"latency_ms": 0.5},
    {"status": 429},
    {"account_id": "b"},
    {"account_id": None},
    {"country": "DE"},
    {"tags": ["x"]},
    {"extra": '{"x":1}'},
    {"record_id": "r-1"},
    {"prompt_digest": "ab" * 32},
    {"template_id": "ab" * 32},
    {"model": "x"},
]


def in_store(folder: Path, change: Mapping[str, Any]) -> tuple[Activity, SourceBytes, dict[str, SourceForm]]:
    """Return a store whose one record is what its line says but for a change, and how its source writes lines."""
    log = folder / "log.jsonl"
    log.write_bytes(LINE)
    place = {"source_id": "ab" * 32, "source_line": 1, "source_offset": 0, "source_length": len(LINE) - 1}
    form = form_of_source(LINE)
    assert form is not None
    sources = SourceBytes({"ab" * 32: log}, folder, checked={"ab" * 32: stamp(log)})
    return activity_of([{**ROW, **place, **change}]), sources, {"ab" * 32: form}


def stamp(path: Path) -> tuple[int, ...]:
    """Return what shows that a file is the one it was."""
    found = path.stat()
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def test_line_of_a_sound_record_is_written_by_the_engine(tmp_path: Path) -> None:
    activity, sources, forms = in_store(tmp_path, {})

    with sources:
        _, (given_row,) = written(activity, sources, forms)

    assert given_row["own"] == LINE.rstrip(b"\n")
    assert given_row["row"] is not None


@pytest.mark.parametrize("change", CHANGES, ids=[json.dumps(change) for change in CHANGES])
def test_store_that_was_rewritten_is_not_sealed(tmp_path: Path, change: Mapping[str, Any]) -> None:
    activity, sources, forms = in_store(tmp_path, change)

    with sources, pytest.raises(BundleError, match="the store's record"):
        written(activity, sources, forms)


@pytest.mark.parametrize(
    ("lines", "names"),
    [
        pytest.param([b'{"b":1,"a":2}', b'{"b":1,"c":3,"a":2}'], "b c a", id="a field that some lines lack"),
        pytest.param([b'{"b": 1, "a": "x"}', b"nonsense"], "b a", id="with white space, and a line that is none"),
        pytest.param([b'{"b":1}', b'{"a":1}'], "", id="no field that all lines begin with"),
        pytest.param([b'{"b":1,"a*":2}'], "", id="a name that is no plain one"),
        pytest.param([b"time,event"], "", id="a table"),
        pytest.param([b'{"b":{"c":1}}'], "", id="an object in an object"),
    ],
)
def test_form_has_the_fields_in_their_order(lines: Sequence[bytes], names: str) -> None:
    form = form_of_source(b"".join(line + b"\n" for line in lines))

    assert " ".join(member.name for member in form.members) if form else not names
    assert form is None or [member.name for member in form.members] == names.split()
