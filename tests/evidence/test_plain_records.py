"""What is found sound quickly is what the strict way finds sound; whatever is odd, it leaves to that."""

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.digests import canonical_json
from auditor.evidence.standalone.disclosure import own_leaf, record_key, said_by_group
from auditor.evidence.standalone.layout import CITED
from auditor.evidence.standalone.ownbytes import differences, record_in
from auditor.evidence.standalone.ownforms import own_form_of
from auditor.evidence.standalone.plainrecords import PlainRecords
from auditor.evidence.standalone.recordcheck import Known, Outcome, outcome_of
from auditor.evidence.standalone.recordpieces import Piece

SOURCE, OTHER = "ab" * 32, "cd" * 32
KNOWN = Known(
    {SOURCE: "canonical", OTHER: "openai"},
    {SOURCE: "log.jsonl", OTHER: 'an "odd" näme'},
    frozenset(),
    frozenset(["F"]),
    False,
)
OWN = [
    '{"time":"%(time)s","event":"completion","record_id":"r-%(n)d","account_id":"a","status":200,"cost_usd":"0.0%(n)d0"}',
    '{"time": "%(time)s", "event": "completion", "record_id": "r-%(n)d", "country": null, "latency_ms": %(n)d.25}',
    '{"time":"%(time)s","event":"completion","prompt":"q %(n)d \\"\\u0007\\n é","stream":true}',
    '{"event":"completion","time":"%(time)s","record_id":"r-%(n)d","who":%(n)d}',
    '{"event":"completion","time":"%(time)s","record_id":"r-%(n)d","tags":["a","%(n)d"]}',
    '{"event":"completion","time":"%(time)s","record_id":"r-%(n)d","record_id":"r-%(n)d"}',
    'GET /v1/%(n)d "x"',
    "a\\b\t%(n)d",
]
"""Lines of logs, some of them odd."""
DAMAGE = [
    (rb'"completion"', b'"completiom"'),
    (rb"r-", b"s-"),
    (rb'"line":', b'"line": '),
    (rb"log\.jsonl", b"lag.jsonl"),
    (rb'"length":\d', b'"length":9'),
    (rb'\\"', b'"'),
    (rb"\d}}", b"}}"),
    (rb'"F"', b'"G"'),
    (rb'"is_against":true', b'"is_against":false'),
    (rb'"status":200', b'"status":201'),
    (rb'"status":200', b'"status":0200'),
    (rb"2025-11-1", b"2025-11-3"),
    (rb"\\n", rb"\\u000a"),
    (rb'"time":"2025', b'"time":"2024'),
    (rb"true", b"false"),
    (rb'"0\.', b'"1.'),
    (rb'"text"', b'"base64"'),
    (rb"\xc3", b"\xff"),
    (rb'"record":{', b'"record":{"account_id":"b",'),
    (rb'"name":', b'"name":"x","name":'),
    (rb'25"', b'26"'),
    (rb"\n", b""),
]


def moment(number: int, form: str) -> tuple[str, str]:
    """Return a time as a log has it and as a record has it."""
    day, micros = 11 + number % 20, 0 if number % 5 == 0 else 250_000
    whole = f"2025-11-{day:02}T10:{number % 60:02}:00"
    kept = f"{whole}.{micros:06}Z" if micros else f"{whole}Z"
    said = {"kept": kept, "millis": f"{whole}.{micros // 1000:03}Z", "zone": f"{whole}.{micros:06}+00:00"}
    return said[form], kept


def record_of(own: str, kept: str, number: int) -> dict[str, Any]:
    """Return what the store would hold of a line."""
    found = record_in(own.encode()) or {}
    record = {"event": "completion", "record_id": f"{SOURCE}:{number}", "time": kept}
    for name in ("account_id", "prompt", "record_id", "status", "stream", "tags"):
        if name in found:
            record[name] = found[name]
    if "prompt" in record:
        record["prompt_digest"] = sha256(str(record["prompt"]).encode()).hexdigest()
    if "latency_ms" in found:
        record["latency_ms"] = str(found["latency_ms"])
    if "cost_usd" in found:
        record["cost_usd"] = found["cost_usd"].rstrip("0")
    if "who" in found:
        record["extra"] = json.dumps({"who": found["who"]})
    return record


def line_of(own: str, kept: str, number: int, source: str) -> tuple[bytes, bytes]:
    """Return the line of a record, and the line that commits to it."""
    place = {"id": source, "length": len(own.encode()), "line": number, "name": KNOWN.names[source], "offset": 7}
    line = {
        "findings": [{"id": "F", "is_against": number % 3 > 0}],
        "record": record_of(own, kept, number),
        "source": {**place, "text": own},
    }
    key = record_key("5e" * 32, source, number)
    leaf = own_leaf(key, said_by_group(line)).hex()
    return canonical_json(line) + b"\n", canonical_json({"key": key, "leaf": leaf}) + b"\n"


def one_by_one(piece: Piece) -> list[Outcome]:
    """Check each line alone: nothing was learned before it."""
    return [
        outcome_of(
            KNOWN, Piece(CITED, piece.number + at, [line], piece.first_commitment + at, piece.commitments[at : at + 1])
        )
        for at, line in enumerate(piece.lines)
    ]


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_a_piece_has_the_faults_and_leaves_of_its_lines_one_by_one(data: st.DataObject) -> None:
    kinds = data.draw(st.lists(st.sampled_from(OWN), min_size=1, max_size=3))
    form = data.draw(st.sampled_from(["kept", "millis", "zone"]))
    pairs = []
    for number in range(1, data.draw(st.integers(2, 14))):
        said, kept = moment(number, form)
        own = kinds[number % len(kinds)] % {"time": said, "n": number}
        is_json = own.startswith("{")
        pairs.append(line_of(own, kept, number, SOURCE if is_json and data.draw(st.booleans()) else OTHER))
    pairs.sort(key=lambda pair: json.loads(pair[0])["record"]["time"])
    lines, commitments = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    for at in data.draw(st.lists(st.integers(0, len(lines) - 1), max_size=2)):
        pattern, instead = data.draw(st.sampled_from(DAMAGE))
        lines[at] = re.sub(pattern, instead.replace(b"\\", b"\\\\"), lines[at], count=data.draw(st.integers(0, 1)))
    piece = Piece(CITED, 1, lines, 1, commitments)

    whole, alone = outcome_of(KNOWN, piece), one_by_one(piece)

    in_order = [
        fault
        for fault in whole.faults
        if "record order" not in fault.message and "is JSON in some" not in fault.message
    ]
    assert [fault for one in alone for fault in one.faults] == in_order
    assert b"".join(one.leaves for one in alone) == whole.leaves
    assert sum(tally.records for one in alone for tally in one.tallies.values()) == sum(
        tally.records for tally in whole.tallies.values()
    )


@pytest.mark.parametrize(
    "tail",
    [
        pytest.param(b'"text":"a","text":"{}"}}\n', id="a key twice"),
        pytest.param(b'"text":"{\\"}}\n', id="an open text"),
        pytest.param(b'"text":"\\q"}}\n', id="an escape that is none"),
        pytest.param(b'"text":"{}","z":"1"}}\n', id="one field more"),
    ],
)
def test_what_is_quoted_is_one_text_in_its_canonical_form(tail: bytes) -> None:
    records = PlainRecords(KNOWN.profiles, KNOWN.names)
    said, kept = moment(1, "kept")
    text, _ = line_of(OWN[0] % {"time": said, "n": 1}, kept, 1, SOURCE)
    records.learn(json.loads(text), text)

    assert records.read(text) is not None
    assert records.read(text[: text.index(b'"text"')] + tail) is None


@pytest.mark.parametrize("own", [*OWN[:5], OWN[6]])
def test_most_lines_are_found_sound_quickly(own: str) -> None:
    records = PlainRecords(KNOWN.profiles, KNOWN.names)
    source = SOURCE if own.startswith("{") else OTHER
    texts = []
    for number in range(1, 40):
        said, kept = moment(number, "millis")
        texts.append(line_of(own % {"time": said, "n": number}, kept, number, source)[0])
    quick = 0
    for text in texts:
        if records.read(text) is None:
            records.learn(json.loads(text), text)
        else:
            quick += 1

    assert quick >= 36


BEGIN = b'{"time":"2025-11-11T10:00:00.250Z","event":"completion",'


@lru_cache(1)
def values() -> Mapping[str, bytes]:
    """Return the columns of a record as they stand in JSON."""
    return {"event": b"completion", "time": b"2025-11-11T10:00:00.250000Z", "status": b"200", "cost_usd": b"0.25"}


@pytest.mark.parametrize(
    ("line", "is_plain"),
    [
        pytest.param(BEGIN + b'"status":200,"cost_usd":0.250}', True, id="plain"),
        pytest.param(BEGIN.replace(b"250", b"25") + b'"status":"200","cost_usd":"0.25"} ', True, id="texts"),
        pytest.param(BEGIN + b'"status":200,\t"cost_usd":0.25}', False, id="a tab"),
        pytest.param(BEGIN + b'"status":200,"cost_usd":0.25}\r', False, id="a carriage return"),
        pytest.param(BEGIN + b'"x":null,' * 100 + b'"status":200,"cost_usd":0.25}', True, id="many"),
        pytest.param(BEGIN + b'"x":null,' * 200 + b'"status":200,"cost_usd":0.25}', False, id="too many"),
        pytest.param(BEGIN + b" " * 9000 + b'"status":200,"cost_usd":0.25}', False, id="too wide"),
        pytest.param(BEGIN + b'"status":200}', False, id="a column lacks"),
        pytest.param(
            BEGIN.replace(b'"completion"', b"completion") + b'"status":200,"cost_usd":0.25}', False, id="no text"
        ),
        pytest.param(BEGIN.replace(b"250", b"251") + b'"status":200,"cost_usd":0.25}', False, id="later"),
        pytest.param(BEGIN + b'"status":200,"status":200,"cost_usd":0.25}', False, id="twice"),
        pytest.param(BEGIN + b'"status":200,"cost_usd":0.25,"x":1}', False, id="more"),
        pytest.param(BEGIN + b'"status":200,"cost_usd":0.25}{}', False, id="behind"),
    ],
)
def test_form_of_a_line_is_made_where_it_is_plain(line: bytes, is_plain: bool) -> None:
    form = own_form_of(line, values(), values().keys())

    assert (form is not None) == is_plain
    assert form is None or form.written(values()) == line


@given(
    status=st.integers(0, 10**17),
    cost=st.decimals(0, 10**8, places=9).map(lambda value: f"{value:.9f}".rstrip("0").rstrip(".")),
    micros=st.sampled_from(["", ".250000", ".250001", ".000001"]),
    day=st.integers(1, 31),
    event=st.text(min_size=1).map(lambda text: json.dumps(text, ensure_ascii=False)[1:-1]),
)
def test_line_that_is_written_says_what_the_record_says(
    status: int, cost: str, micros: str, day: int, event: str
) -> None:
    if any(0xD800 <= ord(letter) < 0xE000 for letter in event):
        return
    line = BEGIN + b'"status":200,"cost_usd":0.2500000}'
    form = own_form_of(line, values(), values().keys())
    time = f"2025-02-{day:02}T10:00:00{micros}Z"
    texts = {"time": time, "event": event, "status": str(status), "cost_usd": cost}

    assert form is not None
    written = form.written({name: text.encode() for name, text in texts.items()})

    if written is not None:
        record = {"time": time, "event": json.loads(f'"{event}"'), "status": status, "cost_usd": cost, "record_id": "x"}
        assert differences(record, record_in(written) or {}, "x") == []
