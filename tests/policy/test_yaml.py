"""Reading YAML: what a plain value means, where a node stands, and what is refused."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.errors import Place, PolicyError
from auditor.policy.yaml import (
    LARGEST,
    MappingNode,
    ScalarNode,
    SequenceNode,
    read_yaml,
    read_yaml_documents,
    resolved_scalar,
)
from tests.policy.examples import message_of

SIGNS = "[]{}:,-?&*!|>'\"%@`#\n\t \\\0\r~ab01.e+\u2028\ufeff\x85é"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("NO", "NO"),
        ("yes", "yes"),
        ("012", 12),
        ("0o17", 15),
        ("0x1F", 31),
        ("1.10", Decimal("1.10")),
        ("1e3", Decimal("1e3")),
        ("-.5", Decimal("-0.5")),
        ("12:30", "12:30"),
        ("2025-01-29", "2025-01-29"),
        ("1_000", "1_000"),
        (".inf", ".inf"),
        ("1e999", "1e999"),
        ("9" * 41, "9" * 41),
        ("~", None),
        ("", None),
        ("True", True),
        ("FALSE", False),
    ],
)
def test_plain_values_follow_the_core_schema(text: str, value: object) -> None:
    result = resolved_scalar(text)

    assert value == result
    assert type(value) is type(result)


def test_quoted_values_stay_text() -> None:
    node = read_yaml(b"a: '5'", "f")

    assert isinstance(node, MappingNode)
    assert ScalarNode(Place("f", 1, 4), "5", "5", Place("f", 1, 5)) == node.entries[0][1]


def test_every_node_knows_its_line_and_column() -> None:
    node = read_yaml(b"a:\n  - x\n  - {b: [1]}\n", "f")

    assert isinstance(node, MappingNode)
    items = node.entries[0][1]
    assert isinstance(items, SequenceNode)
    assert [Place("f", 2, 5), Place("f", 3, 5)] == [item.place for item in items.items]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"a: 1\na: 2", "f:2:1: key `a` a second time, expected it once (first on line 1)"),
        (b"? [x]\n: 1", "f:1:3: a list or map as a key, expected text"),
        (b"a: &x 1", "f:1:4: anchor `&x`, expected plain YAML"),
        (b"a: *x", "f:1:4: alias `*x`, expected plain YAML"),
        (
            b"a: !!python/object:os.system 1",
            "f:1:4: tag `tag:yaml.org,2002:python/object:os.system`, expected plain YAML",
        ),
        (b"a: 1\n---\nb: 1", "f:2:1: a second document, expected one document a file"),
        (b"", "f: an empty file, expected YAML"),
        (b"# nothing", "f: an empty file, expected YAML"),
        (b"a: b\nc: \xff", "f:2:4: byte 0xff is not UTF-8, expected UTF-8 text"),
        (b"a: x\0", "f:1:5: control character U+0000, expected printable text"),
        (b"a:\n\tb: 1", "f:2:1: tab in the indentation, expected spaces"),
    ],
    ids=lambda value: value[:30].decode("latin-1") if isinstance(value, bytes) else "",
)
def test_unsafe_yaml_is_refused_at_its_place(data: bytes, message: str) -> None:
    with pytest.raises(PolicyError) as caught:
        read_yaml(data, "f")

    assert message == message_of(caught.value)


def test_all_repeated_keys_are_named_at_once() -> None:
    with pytest.raises(PolicyError) as caught:
        read_yaml(b"a: 1\na: 2\nb: {c: 1, c: 2}", "f")

    assert [Place("f", 2, 1), Place("f", 3, 11)] == [problem.place for problem in caught.value.problems]


@pytest.mark.parametrize("opening", [b"[", b"{a: ", b"- ", b"? "], ids=["lists", "maps", "dashes", "keys"])
def test_a_hundred_thousand_nested_brackets_are_one_problem(opening: bytes) -> None:
    with pytest.raises(PolicyError, match="nesting deeper than 32 levels"):
        read_yaml(opening * 100_000, "f")


def test_thirty_two_levels_are_read() -> None:
    assert isinstance(read_yaml(b"[" * 32 + b"]" * 32, "f"), SequenceNode)


def test_a_large_file_is_refused_before_it_is_read() -> None:
    with pytest.raises(PolicyError, match="expected at most 1048576"):
        read_yaml(b"a" * (LARGEST + 1), "f")


def test_a_value_with_a_percent_sign_gets_the_hint_to_quote_it() -> None:
    with pytest.raises(PolicyError) as caught:
        read_yaml(b"country|expand: %list%", "f")

    assert "quote a text" in caught.value.problems[0].hint


@given(st.binary(max_size=200) | st.text(SIGNS, max_size=60).map(lambda text: text.encode()))
def test_any_bytes_are_a_tree_or_a_problem(data: bytes) -> None:
    try:
        node = read_yaml(data, "f")
    except PolicyError as error:
        assert all(problem.place is not None for problem in error.problems)
    else:
        assert isinstance(node, ScalarNode | SequenceNode | MappingNode)


def test_a_repeated_key_with_a_line_break_is_printed_on_one_line() -> None:
    with pytest.raises(PolicyError) as caught:
        read_yaml(rb'"a\nB.": 1' + b"\n" + rb'"a\nB.": 2', "f")

    assert message_of(caught.value).startswith("f:2:1: key `a�B.` a second time")


def test_several_documents_are_read_apart_and_empty_ones_left_out() -> None:
    documents = read_yaml_documents(b"---\na: 1\n---\n---\n# nothing\n---\na: 2\n...\n", "rules.yml")

    assert [document.entries[0][1] for document in documents if isinstance(document, MappingNode)] == [
        ScalarNode(Place("rules.yml", 2, 4), "1", 1, Place("rules.yml", 2, 4)),
        ScalarNode(Place("rules.yml", 7, 4), "2", 2, Place("rules.yml", 7, 4)),
    ]


@pytest.mark.parametrize("text", [b"a: 1\n---\na: 1\na: 2\n", b"a: 1\n---\na: [\n"], ids=["twice", "unfinished"])
def test_a_bad_document_among_several_is_a_problem_with_its_place(text: bytes) -> None:
    with pytest.raises(PolicyError) as caught:
        read_yaml_documents(text, "rules.yml")

    assert all(problem.place and problem.place.line >= 3 for problem in caught.value.problems)
