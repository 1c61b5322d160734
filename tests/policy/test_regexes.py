"""Regular expressions: what is accepted compiles in the engine (RE2), and finds what Python's `re` finds."""

import re

import duckdb
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from auditor.policy.regexes import fault_of

SIGNS = ["a", "b", "é", "-", ".", "^", "$", "|", "(", ")", "[", "]", "*", "+", "?", ",", "_", "/"]
GROUPS = ["(?:", "(?i:", "(?s-i:", "(?P<n>", "(?i)", "(?ms)", "[^", "a-c"]
QUANTITIES = ["{2}", "{1,3}", "{0,}", "{1000}", "*?"]
ESCAPES = [r"\d", r"\W", r"\s", r"\b", r"\A", r"\n", r"\x41", r"\.", r"\-", r"\]", r"\\"]
PIECES = [*SIGNS, " ", *GROUPS, *QUANTITIES, *ESCAPES]
PATTERNS = st.lists(st.sampled_from(PIECES), max_size=12).map("".join)
TEXTS = st.text("abcABCé -.x1\nA]\\", max_size=8)


def found_by_engine(pattern: str, text: str) -> bool:
    """Search with DuckDB, which runs RE2."""
    ((is_found,),) = duckdb.execute("SELECT regexp_matches(?, ?)", [text, pattern]).fetchall()
    return bool(is_found)


@given(PATTERNS, TEXTS)
@example("[^a]{1000}", "x")
@example("(?:[é-\U0001f600]{31}){32}", "x")
@example("^*", "x")
@example("a|*", "x")
@example("(|a)*", "x")
@example("[]a]", "]")
@example("[^]]", "]")
@example("$?", "x")
@example("\\b+", "x")
def test_what_is_accepted_runs_in_the_engine_and_finds_the_same(pattern: str, text: str) -> None:
    if fault_of(pattern) is not None:
        return

    in_engine = found_by_engine(pattern, text)

    # Where the two differ, and the evaluator translates: `$`, line breaks, and classes and case beyond ASCII.
    if "$" not in pattern and "é" not in pattern + text and "\n" not in text and "s" not in pattern:
        assert (re.search(pattern, text, re.ASCII) is not None) == in_engine


@pytest.mark.parametrize(
    "pattern",
    [
        "a.b",
        "^(GET|POST) /v1/",
        "[a-z0-9_-]{8,}",
        "\\bignore\\b",
        "(?i)token",
        "a+?",
        "\\d{1,3}(\\.\\d{1,3}){3}",
        "[]a]",
    ],
)
def test_usual_patterns_are_accepted(pattern: str) -> None:
    assert fault_of(pattern) is None


@pytest.mark.parametrize(
    ("pattern", "word"),
    [
        ("(?=a)", "look-ahead"),
        ("(?!a)", "look-ahead"),
        ("(?<=a)", "look-behind"),
        ("(?<!a)", "look-behind"),
        ("(?>a)", "atomic"),
        ("(?#a)", "comment"),
        ("(a)(?(1)b)", "conditional"),
        ("(?P<n>a)(?P=n)", "back reference"),
        ("(a)\\1", "back reference"),
        ("a*+", "possessive"),
        ("a{2}+", "possessive"),
        ("a{2}{3}", "quantifier after a quantifier"),
        ("\\Z", "escape `\\Z`"),
        ("\\u0041", "escape `\\u`"),
        ("\\x4", "incomplete"),
        ("[[:alpha:]]", "inside a character class"),
        ("[a&&b]", "inside a character class"),
        ("[\\b]", "inside a character class"),
        ("[a", "without an end"),
        ("a{,3}", "starts no repetition"),
        ("a{1001}", "repeats up to 1001"),
        ("((a{10}){10}){11}", "repeats up to 1100"),
        ("(?m:a$)", "flag `m` for one group"),
        ("(?m)a(?s-m:b$)", "flag `m` for one group"),
        ("(?x)a", "not in the common subset"),
        ("(a", "malformed"),
        ("a\\", "ends with a backslash"),
        ("a" * 2_001, "more than 2000"),
    ],
)
def test_what_the_two_do_not_share_is_refused(pattern: str, word: str) -> None:
    fault = fault_of(pattern)

    assert fault is not None
    assert word in fault
