"""Commitments are what docs/adr/0022 says, worked out here by hand; a change of them is a new format."""

from hashlib import sha256

from auditor.evidence.standalone.disclosure import (
    GROUP_FIELDS,
    GROUPS,
    PAIRS,
    own_leaf,
    record_key,
    said_by_group,
    salt_of,
)

SOURCE = "ab" * 32
LINE = {
    "derived": {"cluster_id": "L-1"},
    "findings": [{"id": "F-1", "is_against": True}],
    "record": {"account_id": "a", "country": "DE", "event": "completion", "time": "2025-01-01T00:00:00Z"},
    "source": {"id": SOURCE, "length": 5, "line": 7, "name": "log.jsonl", "offset": None, "text": 'é"\\\n'},
}
SAID = {
    "account": b'{"account_id":"a","derived.cluster_id":"L-1"}',
    "region": b'{"country":"DE"}',
    "rest": b'{"event":"completion","findings":[{"id":"F-1","is_against":true}],"source.id":"'
    + SOURCE.encode()
    + b'","source.length":5,"source.line":7,"time":"2025-01-01T00:00:00Z"}',
    "source": b'\xc3\xa9"\\\n',
}


def digest(data: bytes) -> str:
    """Return a SHA-256 in hexadecimal."""
    return sha256(data).hexdigest()


def test_what_each_group_says_is_canonical_json_or_the_exact_bytes() -> None:
    assert said_by_group(LINE) == SAID


def test_leaf_is_worked_out_as_it_is_written_down() -> None:
    key = digest(b"5e" * 32 + SOURCE.encode() + b"7")[:32]
    pairs = [digest(f"{key}{number}".encode()) for number in range(9)]
    salts = {"account": pairs[0][:32], "region": pairs[2][32:], "rest": pairs[8][:32], "source": pairs[8][32:]}
    numbers = {"account": 0, "region": 5, "rest": 15, "source": 16}
    parts = [bytes([numbers[name]]) + sha256(salts[name].encode() + SAID[name]).digest() for name in SAID]

    assert record_key("5e" * 32, SOURCE, 7) == key
    assert {name: salt_of(key, name) for name in SAID} == salts
    assert own_leaf(key, said_by_group(LINE)) == sha256(b"\0" + b"".join(parts)).digest()


def test_every_group_has_a_place_of_its_own() -> None:
    assert sorted(GROUPS) == sorted([*GROUP_FIELDS, "rest", "source"])
    assert len(set(GROUPS)) == len(GROUPS) == sum(map(len, PAIRS))
