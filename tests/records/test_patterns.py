"""A pattern takes time in proportion to the line, and means what RE2 says."""

import json
import re
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.errors import PolicyError
from auditor.records.ingest import ingest
from auditor.records.patterns import fields_of_lines
from auditor.records.profiles import load_profile, profile_of
from auditor.records.quarantine import read_quarantine
from auditor.records.sql import open_connection
from auditor.records.store import open_activity
from auditor.records.workspace import open_workspace

COLUMNS = "columns: {time: ts, event: \"'completion'\", account_id: who}\n"
CONNECTION = open_connection()


def fields(line: str, pattern: str) -> dict[str, str] | None:
    (found,) = fields_of_lines(CONNECTION, [line], pattern)
    return json.loads(found) if found is not None else None


def refusal(pattern: str) -> str:
    with pytest.raises(PolicyError) as caught:
        profile_of(f"pattern: '{pattern}'\n{COLUMNS}".encode(), "p.yml")
    return str(caught.value)


def test_a_pattern_that_goes_back_and_forth_ends_at_once(tmp_path: Path) -> None:
    profile = tmp_path / "p.yml"
    profile.write_text(f"pattern: (?P<ts>\\S+) (?P<who>(\\w+\\s?)+)!\n{COLUMNS}")
    log = tmp_path / "log"
    log.write_text(f"2026-01-01T00:00:00Z alice!\n2026-01-01T00:00:00Z {'a' * 20_000}\n")
    workspace = open_workspace(tmp_path / "audit", create=True)
    started = time.monotonic()

    ingest([log], profile=profile, workspace=workspace, now=datetime(2026, 2, 1, tzinfo=UTC))

    assert time.monotonic() - started < 60
    assert [row["account_id"] for row in open_activity(workspace).rows()] == ["alice"]
    assert [kept.line for kept in read_quarantine(workspace)] == [2]


MATCHES = {
    "the whole line or nothing": ("ab", "(?P<a>a)", None),
    "groups by name": ("ab", "(?P<a>a)(?P<b>b)", {"a": "a", "b": "b"}),
    "groups without a name between": ("abc", "(a)(?P<b>b)(c)", {"b": "b"}),
    "a group that takes no part": ("a", "(?P<a>a)(?P<b>b)?", {"a": "a"}),
    "a group with the empty text": ("a", "(?P<a>a)(?P<b>b*)", {"a": "a"}),
    "alternatives from left to right": ("ab", "(?P<a>a|ab)(?P<b>b?)", {"a": "a", "b": "b"}),
    "few characters first": ("aa", "(?P<a>a*?)(?P<b>a*)", {"b": "aa"}),
    "flags at the start": ("A", "(?i)(?P<a>a)", {"a": "A"}),
    "alternatives of the whole": ("b", "(?P<a>a)|(?P<b>b)", {"b": "b"}),
    "text beyond ASCII": ('é"\\', "(?P<a>.+)", {"a": 'é"\\'}),
}


@pytest.mark.parametrize(("line", "pattern", "expected"), MATCHES.values(), ids=MATCHES)
def test_a_pattern_gives(line: str, pattern: str, expected: dict[str, str] | None) -> None:
    assert fields(line, pattern) == expected


REFUSED = {
    "look-ahead": "(?P<ts>a)(?=b)",
    "a back reference": "(?P<ts>a)(?P=ts)",
    "nested repetition beyond bounds": "(?P<ts>((a{1,100}){1,100}){1,100})",
    "a bracket that nobody closes": "(?P<ts>a",
    "no named group": "(a)",
    "a very long pattern": f"(?P<ts>{'a' * 3000})",
}


@pytest.mark.parametrize("pattern", REFUSED.values(), ids=REFUSED)
def test_a_profile_is_refused_for(pattern: str) -> None:
    assert "p.yml:1:" in refusal(pattern)


PIECES = st.sampled_from(
    [
        "10.0.0.1",
        "-",
        "alice",
        "[31/Jan/2026:10:00:00 +0000]",
        '"GET / HTTP/1.1"',
        '"a \\" b"',
        '""',
        "200",
        "5",
        '"',
        "é",
    ]
)


@given(st.lists(PIECES, max_size=12))
def test_the_shipped_pattern_gives_what_python_gives(pieces: list[str]) -> None:
    pattern = load_profile("access-log").pattern
    for line in (" ".join(pieces), " ".join(['h - u [t] "r" 200 5', *pieces])):
        match = re.fullmatch(pattern, line, re.ASCII)
        expected = {name: value for name, value in match.groupdict().items() if value} if match else None

        assert fields(line, pattern) == expected
