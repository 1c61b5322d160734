"""Folding and patterns, held against DuckDB, whose words they put into Python."""

import re

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.checker.evaluator.texts import fits, fold, is_found
from auditor.errors import PolicyError
from auditor.policy.conditions import AnyText
from auditor.records.sql import open_connection

RUN, ONE = AnyText(), AnyText(single=True)
TEXTS = (
    "",
    "gpt",
    "GPT",
    "a\nb",
    "gpt\n",
    "Straße",
    "x_1",
    "é1",
    "٣",
    "a b\tc",
    "\u0130",
    "-",
    "\x0b",
    "aaa",
    "[:alpha:]",
    "]",
)
PATTERNS = (
    "gpt", "^gpt$", "gpt$", "^$", ".", r"a.b", r"\d", r"\D", r"\w+$", r"\W", r"^\s", r"\S\s\S", r"\bb", r"\Ba",
    r"[\d_]", r"[^\w]", "a{2,3}$", "(?:g|a)p", "[]]", "[^]]", "[$]", "[]$]", r"[\D]$", r"[\W]", r"[^\S]", r"[^\D]",
    r"\Agpt$", "a|^$", r"[a\-z]", r"[\]a]", r"(?P<name>g)pt", "a*?b", r"\x41|\x61", "(?i)STRASSE|straße", r"\$",
    "(?s)a.b", "(?m)^b$", "(?s:a.b)", "(?i:GPT)$", "(?P<m>gpt)$",
)  # fmt: skip


@pytest.fixture(scope="module")
def connection() -> duckdb.DuckDBPyConnection:
    return open_connection()


def test_fold_agrees_with_duckdb_on_every_code_point(connection: duckdb.DuckDBPyConnection) -> None:
    points = [point for point in range(1, 0x110000) if not 0xD800 <= point < 0xE000]

    lowered = connection.execute("SELECT lower(chr(point)) FROM unnest(?::INTEGER[]) AS t(point)", [points]).fetchall()

    assert [fold(chr(point)) for point in points] == [text for (text,) in lowered]


def test_fold_looks_at_one_code_point_at_a_time() -> None:
    assert fold("ΑΣ ΣΑΣ") == "ας σας".replace("ς", "σ")


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("flags", ["", "i", "m", "s"])
def test_regular_expressions_agree_with_re2(connection: duckdb.DuckDBPyConnection, pattern: str, flags: str) -> None:
    texts = [text for text in TEXTS if text != "\u0130" or "i" not in flags + pattern]
    in_re2 = f"(?{flags}){pattern}" if flags else pattern

    found = connection.execute("SELECT regexp_matches(text, ?) FROM unnest(?::VARCHAR[]) AS t(text)", [in_re2, texts])

    assert [is_found(pattern, flags, text) for text in texts] == [answer for (answer,) in found.fetchall()]


@pytest.mark.parametrize(
    "pattern", [r"\pL", r"\C", "a(?i)b", "(", "(?m:a$)", "(?m)a(?-m:b$)", r"gpt\z", r"\Qa\E", "[[:alpha:]]"]
)
def test_what_no_rule_may_have_is_refused(pattern: str) -> None:
    with pytest.raises(PolicyError, match="the regular expression"):
        is_found(pattern, "", "text")


@pytest.mark.parametrize(
    ("text", "parts", "expected"),
    [
        ("gpt-4", ("gpt", RUN), True),
        ("my gpt", ("gpt", RUN), False),
        ("gpt", ("gpt", RUN), True),
        ("gpt", ("gpt", ONE), False),
        ("gpt\n", ("gpt", ONE), True),
        ("abcbc", (RUN, "bc"), True),
        ("", (RUN,), True),
        ("", (), True),
        ("a", (), False),
    ],
)
def test_a_pattern_fits_the_whole_text(text: str, parts: tuple[str | AnyText, ...], expected: bool) -> None:
    assert fits(text, parts) is expected


def test_many_wildcards_over_a_long_text_take_no_time() -> None:
    parts = (RUN, *(part for _ in range(40) for part in ("a", RUN)), "b")

    assert fits("a" * 20_000 + "b", parts)
    assert not fits("a" * 20_000, parts)


@given(st.text("ab", max_size=8), st.lists(st.sampled_from(["a", "b", "ab", RUN, ONE]), max_size=6).map(tuple))
def test_a_pattern_fits_what_the_regular_expression_of_its_pieces_fits(
    text: str, parts: tuple[str | AnyText, ...]
) -> None:
    pieces = [part if isinstance(part, str) else "." if part.single else ".*" for part in parts]

    assert fits(text, parts) is (re.fullmatch("".join(pieces), text) is not None)
