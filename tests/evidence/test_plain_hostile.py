"""Whoever makes a bundle can't teach the quick way to take in what the strict way refuses."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.digests import canonical_json
from auditor.evidence.standalone.disclosure import own_leaf, record_key, said_by_group
from auditor.evidence.standalone.folder import walked
from auditor.evidence.standalone.layout import CITED
from auditor.evidence.standalone.plainlines import form_of
from auditor.evidence.standalone.plainrecords import PlainRecords
from auditor.evidence.standalone.reading import UnreadableError, parsed_line
from auditor.evidence.standalone.recordcheck import known_of, outcome_of
from auditor.evidence.standalone.recordpieces import Piece
from auditor.evidence.standalone.results import Fault
from auditor.evidence.standalone.sources import source_faults
from tests.evidence.test_plain_records import KNOWN, OTHER, OWN, SOURCE, line_of, moment, one_by_one

KEY = record_key("5e" * 32, SOURCE, 1)
HOSTILE_NAMES = [
    "x.*y", "(?:.+)+[^ -~]", "(", "100%", "%b", "(?:)|()", 'a"b', "a\\", "[", "\ud800", "\x00", "\x01", "", "ä", "x\n",
]  # fmt: skip
PLAIN_NAMES = ["cluster_id", "template_group", "network-kind", "a.b"]
TOKENS = [
    b'"', b"\\", b'\\"', b"\t", b"\r", b"\n", b"\x00", b"\x01", b"\x7f", b"\\u0041", b"\\u000b", b"\\ud800", b"\xff",
    b"\xc3\xa9", b"\xed\xa0\x80", b"{", b"}", b"]", b",", b" ", b"null", b"0", b"-0", b"1.0", b'"x":1,', b'"}}\n',
    b"%b", b"%",
]  # fmt: skip


def lines_with(names: list[str], own: str = OWN[0], source: str = SOURCE, count: int = 8) -> list[dict[str, Any]]:
    """Return lines of one kind, with values that were worked out under these names."""
    made = []
    for number in range(1, count + 1):
        said, kept = moment(number, "kept")
        line = json.loads(line_of(own % {"time": said, "n": number}, kept, number, source)[0])
        made.append({**line, "derived": dict.fromkeys(names, "v")} if names else line)
    return made


def committed(line: dict[str, Any]) -> bytes:
    """Return the commitment to what a line says."""
    return canonical_json({"key": KEY, "leaf": own_leaf(KEY, said_by_group(line)).hex()}) + b"\n"


def piece_of(lines: list[dict[str, Any]], change: Callable[[int, bytes], bytes]) -> Piece:
    """Return a piece of lines that were changed after they were committed to."""
    texts = [change(at, strict_form(line)) for at, line in enumerate(lines)]
    return Piece(CITED, 1, texts, 1, [committed(line) for line in lines])


def strict_form(line: dict[str, Any]) -> bytes:
    """Return a line as it stands in a bundle, whatever its names."""
    return (
        json.dumps(line, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode("utf-8", "surrogatepass")
        + b"\n"
    )


def unlike_alone(piece: Piece) -> tuple[list[Fault], list[Fault]]:
    """Return the faults of a piece, and those of its lines one by one."""
    return outcome_of(KNOWN, piece).faults, [fault for one in one_by_one(piece) for fault in one.faults]


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_no_name_means_anything_in_a_pattern(name: str) -> None:
    evil = b'{"derived":{"x":0},"findings":[],"record":{"account_id":"b"},"q":{"y":"v"},"findings"'
    garbage = b'{"derived":{"x <<< no JSON }}]] "\\q y":"v"},"findings"'

    def changed(at: int, text: bytes) -> bytes:
        head = {5: evil, 6: garbage}.get(at)
        return text if head is None else head + text.partition(b'"findings"')[2]

    whole, alone = unlike_alone(piece_of(lines_with([name]), changed))

    assert whole == alone
    assert {"line 6", "line 7"} <= {fault.field for fault in whole}


def test_lines_with_plain_names_are_learned_and_those_with_very_many_are_not() -> None:
    few, many = lines_with(PLAIN_NAMES)[0], lines_with([f"d{at}" for at in range(60_000)], count=1)[0]

    assert form_of(few, strict_form(few)) is not None
    assert form_of(many, strict_form(many)) is None


@pytest.mark.parametrize(
    ("own", "source", "escaped", "raw"),
    [
        pytest.param(OWN[0].replace(",", ",\t", 1), SOURCE, b"\\t", b"\t", id="a raw tab"),
        pytest.param(OWN[0] + "\r", SOURCE, b"\\r", b"\r", id="a raw carriage return"),
        pytest.param("a\t%(n)d", OTHER, b"\\t", b"\t", id="a raw tab in what is no JSON"),
        pytest.param("", OTHER, b'"text":""}}\n', b'"text":"}}\n', id="a text that does not end"),
        pytest.param("GET", OTHER, b'GET"}}\n', b'GET"}}', id="a line that does not end"),
        pytest.param("GET", OTHER, b'GET"}}\n', b'GET"}}\n\n', id="a line feed more"),
    ],
)
def test_quoted_text_is_whole_and_has_no_control_bytes(own: str, source: str, escaped: bytes, raw: bytes) -> None:
    lines = lines_with([], own, source)
    piece = piece_of(lines, lambda at, text: text if at < 5 else text.replace(escaped, raw))

    whole, alone = unlike_alone(piece)

    assert whole == alone
    assert {fault.field for fault in whole} == {"line 6", "line 7", "line 8"}


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_what_is_read_quickly_is_sound_strictly(data: st.DataObject) -> None:
    names = data.draw(st.lists(st.sampled_from([*PLAIN_NAMES, *HOSTILE_NAMES]), max_size=2))
    kind = data.draw(st.sampled_from([*OWN, OWN[0].replace(",", ",\t"), OWN[1] + "\r"]))
    lines = lines_with(names, kind, data.draw(st.sampled_from([SOURCE, OTHER])), 4)
    records = PlainRecords(KNOWN.profiles, KNOWN.names)
    for line in lines[:3]:
        text = strict_form(line)
        if records.read(text) is None and _strictly(text) == []:
            records.learn(line, text)
    for _ in range(20):
        text = strict_form(lines[3])
        for _ in range(data.draw(st.integers(0, 2))):
            at = data.draw(st.integers(0, len(text)))
            text = text[:at] + data.draw(st.sampled_from(TOKENS)) + text[at + data.draw(st.integers(0, 2)) :]

        record = records.read(text)

        if record is not None:
            assert _strictly(text) == []
            assert record.form.leaf(KEY.encode(), record.said) == own_leaf(KEY, said_by_group(json.loads(text)))


def _strictly(text: bytes) -> list[Fault] | None:
    """Return the faults of a line that is committed to as it is, None where it can't be."""
    try:
        commitment = committed(parsed_line(text))
    except (UnreadableError, ValueError, LookupError, TypeError, AttributeError):
        return None
    return outcome_of(KNOWN, Piece(CITED, 1, [text], 1, [commitment])).faults


@pytest.mark.parametrize(
    ("source", "field"),
    [
        pytest.param({"source_id": SOURCE, "profile": "canonical"}, "name", id="no name"),
        pytest.param({"name": "log", "profile": "canonical"}, "source_id", id="no id"),
        pytest.param({"source_id": "\ud800", "name": "log", "profile": []}, "source_id", id="half a pair"),
        pytest.param({"source_id": [SOURCE], "name": "log"}, "source_id", id="a list"),
        pytest.param(5, "source_id", id="a number"),
    ],
)
def test_source_without_id_or_name_is_a_fault_and_breaks_nothing(tmp_path: Path, source: Any, field: str) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data/receipt.json").write_text(json.dumps({"sources": [source]}))
    files, _ = walked(tmp_path)
    known = known_of(files, frozenset(["F"]))
    lines = lines_with([])
    for line in lines:
        line["source"].update(id=source.get("source_id") if isinstance(source, dict) else None, name=None)

    outcome = outcome_of(known, piece_of(lines, lambda _, text: text))

    assert f"sources.0.{field}" in {fault.field for fault in source_faults(files)}
    assert bool(outcome.faults) == (field == "source_id")
