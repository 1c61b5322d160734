"""Whatever stands in a policy file: a model, or problems with places; never another exception."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.errors import AuditorError, Place
from auditor.policy import rule_reader
from auditor.policy.condition_parser import parse_condition
from auditor.policy.expression_parser import parse_expression
from auditor.policy.fields import Problems
from auditor.policy.ladder_reader import read_ladder
from auditor.policy.list_reader import read_list_file
from auditor.policy.lists import Lists
from auditor.policy.load import load_rule_text
from auditor.policy.modifiers import MODIFIERS
from auditor.policy.platform import read_context
from auditor.policy.regexes import fault_of
from auditor.policy.rulecases import read_cases
from auditor.policy.terms_reader import read_terms
from auditor.policy.yaml import YamlNode, read_yaml
from auditor.records.schema import COLUMNS
from tests.policy.examples import rule_text

HOSTILE = [r'"a\nb"', r'"\e[31m."', r'"A.\u202e."']
SCALARS = st.sampled_from(
    ["~", "x", "'*'", "'%list%'", "5", "-1.5", "true", "null", "30m", "2026-01-01", "10.0.0.0/8", "'(a'", "account_id",
     "count()", "a >= 3", "all of them", "'\"'", "distillation", "1 of x*", "99999-99-99", "0x10", *HOSTILE]
)  # fmt: skip
INNER_KEYS = (
    *("steps", "fields", "history", "lasts", "from", "until", "where", "condition", "versions", "clauses", "entries"),
    *("values", "records", "expect", "window", "repeat", "every", "time", "tumbling", "calendar", "terms", "list"),
    *("exemption", "applies", "pack", "requests_per_minute", "model_releases"),
)
KEYS = st.sampled_from([*rule_reader.KEYS, *INNER_KEYS, *HOSTILE])
LINES = st.builds(
    lambda column, modifiers: "|".join([column, *modifiers]),
    st.sampled_from([*COLUMNS, "extra.x", "nope"]),
    st.lists(st.sampled_from(MODIFIERS), max_size=3),
)
FLOW = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]")
        | st.dictionaries(KEYS | LINES, inner, max_size=4).map(
            lambda entries: "{" + ", ".join(f"{key}: {value}" for key, value in entries.items()) + "}"
        )
    ),
    max_leaves=12,
)
WORDS = ("<=", "<>", "and ", "or ", "not ", "count(", "x", "a.b", "3", "30m", "'t'", "1_0", "quantile(", "distinct ",
         "sequence", "per(", "seconds_between(")  # fmt: skip
EXPRESSION = st.lists(st.sampled_from([*"()+-*/<>=,. ", *WORDS]), max_size=25).map("".join)
READERS: dict[str, Callable[[YamlNode], object]] = {
    "terms": lambda node: read_terms(node, digest="", lists=Lists(), problems=Problems()),
    "list": lambda node: read_list_file(node, Problems()),
    "ladder": lambda node: read_ladder(node, "", Problems()),
    "context": lambda node: read_context(node, Problems()),
    "cases": read_cases,
}


@given(st.dictionaries(st.sampled_from(rule_reader.KEYS), FLOW, max_size=5))
def test_any_rule_loads_or_is_refused_with_places(part: dict[str, str]) -> None:
    text = rule_text("\n".join(f"{key}: {value}" for key, value in part.items()))

    try:
        load_rule_text(text)
    except AuditorError as error:
        assert all(problem.place is not None and problem.place.line for problem in error.problems)


@given(LINES, FLOW)
def test_any_line_of_a_selection_loads_or_is_refused(line: str, value: str) -> None:
    text = rule_text(f'when:\n  x:\n    "{line}": {value}\n')

    try:
        rule = load_rule_text(text)
    except AuditorError as error:
        assert all(problem.place is not None and problem.place.line for problem in error.problems)
    else:
        assert rule.selected()


@pytest.mark.parametrize("kind", READERS)
@given(text=FLOW)
def test_any_other_file_loads_or_is_refused(kind: str, text: str) -> None:
    node = read_yaml(text.encode(), "f") if text else read_yaml(b"x", "f")

    try:
        READERS[kind](node)
    except AuditorError as error:
        assert error.problems


@given(EXPRESSION)
def test_any_expression_parses_or_is_refused_inside_its_text(text: str) -> None:
    try:
        parse_expression(text, Place("f", 1, 1))
    except AuditorError as error:
        place = error.problems[0].place
        assert place is not None
        assert 1 <= place.column <= len(text) + 1


@given(
    st.lists(
        st.sampled_from(["a", "b", "_c", "and", "or", "not", "(", ")", "1", "all", "of", "them", "a*", "|", "AND"])
    )
)
def test_any_condition_parses_or_is_refused(words: list[str]) -> None:
    text = " ".join(words)

    try:
        parse_condition(text, ("a", "b", "_c"), Place("f", 1, 1))
    except AuditorError as error:
        place = error.problems[0].place
        assert place is not None
        assert 1 <= place.column <= len(text) + 1


@given(st.text("ab(){}[]?*+|\\^$.,=!<>:#-P0123456789dDsx\n", max_size=30))
def test_any_regular_expression_is_judged(pattern: str) -> None:
    fault = fault_of(pattern)

    assert fault is None or fault


def test_deeply_nested_expressions_are_refused(tmp_path: Path) -> None:
    for text in ("(" * 1_000, "not " * 400 + "a", "-" * 1_500 + "1"):
        with pytest.raises(AuditorError, match="expected at most 32 levels"):
            parse_expression(text, Place(str(tmp_path)))


def test_a_deeply_nested_condition_is_refused() -> None:
    with pytest.raises(AuditorError, match="expected at most 32 levels"):
        parse_condition("(" * 1_000, ("a",), Place("f", 1, 1))
