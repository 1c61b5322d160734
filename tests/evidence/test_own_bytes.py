"""A record of canonical JSON is what its exact bytes say: when it is read, when it is sealed, when it is verified."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditor.errors import BundleError, WorkspaceError
from auditor.evidence.custody import store_must_be_as_written
from auditor.evidence.standalone.columns import COLUMNS, INTEGERS, REALS, TEXTS
from auditor.evidence.standalone.ownbytes import differences, record_in
from auditor.records import schema
from auditor.records.ingest import ingest
from auditor.records.manifest import load_manifest
from auditor.records.schema import ColumnType
from auditor.records.sourcebytes import SourceBytes
from auditor.records.store import open_activity
from auditor.records.workspace import open_workspace
from tests.evidence.arrange import lines_of, sealed, world

NOW = datetime(2025, 2, 1, tzinfo=UTC)
START = '{"time":"2025-01-10T08:00:00Z","event":"completion","account_id":"a"'
ODD_LINES = [
    pytest.param(START + "}", id="the least a record has"),
    pytest.param('{"time":"2025-01-10 09:30:00.123456789+01:30","event":"login"}', id="a zone and nine digits"),
    pytest.param('{"time":"2025-01-10T08:00:00.5+0200","event":"login"}', id="a zone without a colon"),
    pytest.param(START + ',"status":"429","input_tokens":"+7","asn":0}', id="whole numbers as text"),
    pytest.param(START + ',"temperature":"1e-1","latency_ms":12,"latitude":-0.0}', id="real numbers as text"),
    pytest.param(START + ',"cost_usd":0.12345678950,"longitude":1E2}', id="ten digits of money"),
    pytest.param(START + ',"cost_usd":"1e-3"}', id="money with an exponent"),
    pytest.param(START + ',"stream":true,"logit_bias":"FALSE"}', id="truth values, one as text"),
    pytest.param(START + ',"project_id":12,"plan":1.50,"pathway":true,"service":1e3}', id="numbers as text columns"),
    pytest.param(START + ',"project_id":9007199254740993,"service":12345678901234567890.25}', id="long numbers"),
    pytest.param(START + ',"project_id":"","plan":"","client_ip":"","status":""}', id="empty texts"),
    pytest.param(START + ',"project_id":null,"status":null,"unknown":null}', id="nulls"),
    pytest.param(START + ',"tags":["b",1,null,true]}', id="labels of several kinds"),
    pytest.param(
        START + ',"prompt":[{"role":"user","content":"a \\"b\\" \\u00e9"}],"response":{"x":1.0}}', id="content"
    ),
    pytest.param(START + ',"prompt":"hello","prompt_digest":""}', id="a prompt whose digest is derived"),
    pytest.param(START + ',"prompt":"hello","prompt_digest":"given"}', id="a prompt whose digest is given"),
    pytest.param(START + ',"other":{"a":[1,{"b":null}],"c":1.10},"more":12345678901234567890123}', id="unknown fields"),
    pytest.param(START + ',"extra":{"a":{"b":1,"c":null}},"a":{"b":2}}', id="extra and an unknown field that merge"),
    pytest.param(START + ',"extra":"{\\"a\\": 1}","z":"text"}', id="extra as text"),
    pytest.param(START + ',"nested":{"k":1,"k":2}}', id="a key twice inside an unknown field"),
    pytest.param("  " + START + ' , "user_agent" : "caf\u00e9 \\ud83d\\ude00 \\/" }  ', id="white space and escapes"),
]


def test_columns_are_those_of_the_schema() -> None:
    kinds = {name: column.type for name, column in schema.COLUMNS.items()}

    assert set(kinds) == COLUMNS
    assert {name for name, kind in kinds.items() if kind is ColumnType.INTEGER} == INTEGERS
    assert {name for name, kind in kinds.items() if kind is ColumnType.REAL} == REALS
    assert {name for name, kind in kinds.items() if kind in (ColumnType.TEXT, ColumnType.ADDRESS)} == TEXTS


@pytest.mark.parametrize("line", ODD_LINES)
def test_what_ingest_keeps_agrees_with_the_bytes_of_the_line(tmp_path: Path, line: str) -> None:
    kept = ingested(tmp_path, [line])

    assert [differences(columns, said_by(data), own) for columns, data, own in kept] == [[]]


FIELDS = st.fixed_dictionaries(
    {"time": st.datetimes(min_value=NOW.replace(tzinfo=None)).map(lambda time: f"{time.isoformat()}+05:30"),
     "event": st.sampled_from(["completion", "login"])},
    optional={
        "account_id": st.text(max_size=4) | st.integers(),
        "plan": st.text(max_size=4) | st.floats(allow_nan=False, allow_infinity=False) | st.booleans(),
        "status": st.integers(0, 999) | st.integers(0, 999).map(str),
        "temperature": st.floats(allow_nan=False, allow_infinity=False),
        "cost_usd": st.decimals(0, 9999, places=11).map(str),
        "tags": st.lists(st.text(max_size=3), max_size=3),
        "extra": st.dictionaries(st.text(max_size=3), st.integers() | st.none() | st.text(max_size=3), max_size=3),
        "beside": st.recursive(st.none() | st.integers(-9, 9) | st.floats(-1e9, 1e9) | st.text(max_size=3),
                               lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner)),
    },
)  # fmt: skip


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(records=st.lists(FIELDS, min_size=1, max_size=20))
def test_any_record_that_ingest_takes_agrees_with_its_bytes(
    tmp_path_factory: pytest.TempPathFactory, records: list[dict[str, Any]]
) -> None:
    kept = ingested(tmp_path_factory.mktemp("any"), [json.dumps(record) for record in records])

    assert [odd for columns, data, own in kept if (odd := differences(columns, said_by(data), own))] == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("account_id", "b"), ("account_id", None), ("event", "login"), ("time", "2025-01-10T08:00:01Z"),
        ("status", 200), ("status", True), ("temperature", "0.8"), ("cost_usd", "0.0124"),
        ("stream", False), ("tags", ["x"]),
        ("extra", '{"beside":2}'), ("extra", None), ("prompt_digest", "0" * 64), ("record_id", "other"),
        ("country", "FR"), ("unheard", "of"),
    ],
)  # fmt: skip
def test_every_column_that_says_something_else_is_named(tmp_path: Path, name: str, value: Any) -> None:
    rest = '"status":429,"temperature":0.7,"cost_usd":"0.0125","stream":true,"tags":["a"],"beside":1,"prompt":"p"'
    ((columns, data, own),) = ingested(tmp_path, [START + "," + rest + "}"])

    odd = differences({**columns, name: value}, said_by(data), own)

    assert [field for field, _ in odd] == [f"record.{name}"]


@pytest.mark.parametrize(
    "line",
    [b'{"account_id":"a","account_id":"b"}', b'{"x":' + b"[" * 200 + b"]" * 200 + b"}", b'{"extra":"{"}'],
    ids=["a key twice", "deeply nested", "extra that is no object"],
)
def test_line_that_can_be_read_in_two_ways_agrees_with_nothing(line: bytes) -> None:
    assert differences({"record_id": "s:1", "account_id": "a"}, said_by(line), "s:1")


@pytest.mark.parametrize(
    ("name", "kept", "said"),
    [
        pytest.param("user_agent", "[" * 90_000, [1], id="kept as a text that nests deeply"),
        pytest.param("tags", ["x"], "[" * 90_000, id="said as a text that nests deeply"),
    ],
)
def test_value_that_nests_too_deeply_agrees_with_nothing(name: str, kept: object, said: object) -> None:
    assert f"record.{name}" in [place for place, _ in differences({name: kept}, {name: said}, "r")]


def test_store_that_was_changed_can_not_be_sealed(tmp_path: Path) -> None:
    built = world(tmp_path)
    built.activity.connection.execute("UPDATE stored_records SET country = 'KP' WHERE source_line = 2")

    with pytest.raises(BundleError, match=r"record\.country of 'gateway\.jsonl:2' says 'KP', its own bytes say 'DE'"):
        sealed(built, tmp_path / "bundles" / "C-1")

    assert list((tmp_path / "bundles").iterdir()) == []


def test_rewritten_file_of_the_store_is_named(tmp_path: Path) -> None:
    (tmp_path / "log.jsonl").write_text(START + "}\n")
    workspace = open_workspace(tmp_path / "audit", create=True)
    ingest([tmp_path / "log.jsonl"], profile="canonical", workspace=workspace, now=NOW)
    manifest = load_manifest(workspace)
    stored = workspace.activity / manifest.files[0].name
    store_must_be_as_written(workspace, manifest)
    stored.write_bytes(stored.read_bytes()[:-1] + b"2")

    with pytest.raises(BundleError, match=r"SHA-256 is not the one") as caught:
        store_must_be_as_written(workspace, manifest)

    assert [problem.place and problem.place.file for problem in caught.value.problems] == [str(stored)]


def test_citations_cut_short_are_named(tmp_path: Path) -> None:
    built = world(tmp_path)
    citations = built.runs / "run-1" / "citations.parquet"
    citations.write_bytes(citations.read_bytes()[:-20])

    with pytest.raises(WorkspaceError, match="cut short") as caught:
        sealed(built, tmp_path / "C-1")

    assert str(citations) in str(caught.value)


def ingested(folder: Path, lines: list[str]) -> list[tuple[Mapping[str, Any], bytes, str]]:
    """Ingest canonical lines; return of each record its columns as a bundle says them, its bytes and its own id."""
    log = folder / "log.jsonl"
    log.write_text("".join(f"{line}\n" for line in lines))
    workspace = open_workspace(folder / "audit", create=True)
    ingest([log], profile="canonical", workspace=workspace, now=NOW)
    (source,) = load_manifest(workspace).sources
    with SourceBytes({source.source_id: log}, scratch=folder) as sources:
        documents = lines_of(open_activity(workspace), sources)
    assert len(documents) + source.quarantined + source.duplicates == len(lines)
    return [
        (item["record"], item["source"]["text"].encode(), f"{source.source_id}:{item['source']['line']}")
        for item in documents
    ]


def said_by(data: bytes) -> dict[str, Any]:
    """Return what a line says."""
    said = record_in(data)
    assert said is not None
    return said
