"""The blanked text of a prompt: what becomes a slot, what stays, and that the SQL says what the definition says."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlglot import exp

from auditor.content.blanking import with_text
from auditor.records.sql import call, cast, identifier, literal, named, open_connection, text_of
from tests.content.plain import blanked

CONNECTION = open_connection()
ALPHABET = st.one_of(
    st.sampled_from([
        " ", "\n", "\t", "\x00", "`", "```", '"', "'", "\u201c", "\u201d", "\u00ab", "\u00bb", "\u300c",
        "\u300d", "#", ",", ";", ".", "1", "20", "a", "Solve", "the", "problem:", "http://", "www.", "@", "x@y.z",
        "\u0130", "\u03a3", "\u00df", "\u212a", "\u06f5", "\u8bf7", "\u307e", "\u00a0", "\u200b", "\u3000",
        "\ufeff", "You are a helpful assistant.", "user:", "abcdefghij" * 3, "=", "[", "{", "\\", "\U0001f600",
        "e\u0301", "-", "_",
    ]),
    st.characters(exclude_categories=["Cs", "Cn"]),
)  # fmt: skip
HOSTILE = st.lists(ALPHABET, max_size=40).map("".join)


def blanked_in_sql(prompts: list[str]) -> list[str]:
    """Return the blanked texts of some prompts, as the engine works them out."""
    numbered = [
        named(call("unnest", cast(exp.Placeholder(), "VARCHAR[]")), "prompt"),
        named(call("generate_subscripts", cast(exp.Placeholder(), "VARCHAR[]"), literal(1)), "number"),
    ]
    query = with_text(exp.Select(expressions=numbered), "prompt").order_by(identifier("number"))
    return [text for _, text in CONNECTION.execute(text_of(query), [prompts, prompts]).fetchall()]


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        pytest.param("Solve problem 12 of sheet 3.", "solve problem # of sheet # .", id="numbers"),
        pytest.param('Translate "good day" into French', "translate # into french", id="a quoted span"),
        pytest.param("What's this: `x = 1`?", "what's this: # ?", id="an apostrophe is no quote, code is a slot"),
        pytest.param("Fix it:\n```py\na = `b`\n```\nThanks", "fix it: # thanks", id="a code block with ticks in it"),
        pytest.param("See https://a.b/c?d=1 and mail me@x.org", "see # and mail #", id="addresses"),
        pytest.param("Key deadbeefdeadbeefdeadbeef here", "key # here", id="a long token"),
        pytest.param("Add 1, 2, 3 and 4", "add # and #", id="a list of numbers is one slot"),
        pytest.param("You are a helpful assistant. Name a bird.", "name a bird.", id="boilerplate"),
        pytest.param("You are a helpful assistant.", "you are a helpful assistant.", id="boilerplate alone stays"),
        pytest.param("42", "42", id="a prompt that is all slot is its own"),
        pytest.param("", "", id="an empty prompt"),
        pytest.param("\u8bf7\u89e3\u9898 5", "\u8bf7 \u89e3 \u9898 #", id="signs without spaces between them"),
    ],
)
def test_slots_are_blanked_and_the_rest_is_kept(prompt: str, expected: str) -> None:
    assert blanked_in_sql([prompt]) == [expected]
    assert blanked(prompt) == expected


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        pytest.param(
            [{"role": "system", "content": "Be kind"}, {"role": "user", "content": "Hi 5"}], "hi #", id="system first"
        ),
        pytest.param(
            [
                {"role": "user", "content": "One"},
                {"role": "assistant", "content": "Two"},
                {"role": "User", "content": "Three"},
            ],
            "three",
            id="several turns",
        ),
        pytest.param(
            [{"role": "user", "content": [{"type": "text", "text": "Look at"}, {"type": "image"}, {"text": "this"}]}],
            "look at this",
            id="parts",
        ),
        pytest.param([{"role": "human", "parts": [{"type": "text", "content": "Go on"}]}], "go on", id="OpenTelemetry"),
        pytest.param({"messages": [{"role": "user", "content": "Inside"}]}, "inside", id="messages in a map"),
        pytest.param(
            [{"role": "system", "content": "No user here"}],
            '[{"role": "system", "content": "no user here"}]',
            id="no message of a user: the text as it is",
        ),
        pytest.param([1, None, "x"], "[ # , null, # ]", id="no messages at all"),
    ],
)  # fmt: skip
def test_of_messages_the_last_one_of_the_user_is_what_was_asked(messages: object, expected: str) -> None:
    prompt = json.dumps(messages)

    assert blanked_in_sql([prompt]) == [blanked(prompt)]
    assert blanked(prompt) == expected


def test_of_a_long_text_beginning_and_end_are_read() -> None:
    first, second = ("Summarise this. " + word * 3000 + " Keep it short." for word in ("so ", "we "))

    texts = blanked_in_sql([first, second])

    assert texts == [blanked(first), blanked(second)]
    assert all(text.startswith("summarise this.") and text.endswith("keep it short.") for text in texts)
    assert all(len(text) < 700 for text in texts)


@settings(max_examples=20, deadline=None)
@given(st.lists(HOSTILE, min_size=1, max_size=12))
def test_the_engine_blanks_hostile_text_as_the_definition_says(prompts: list[str]) -> None:
    assert blanked_in_sql(prompts) == [blanked(prompt) for prompt in prompts]


def test_a_very_long_prompt_of_anything_is_read_quickly_and_alike() -> None:
    prompts = [
        "a" * 100_000,
        "`" * 5_001,
        '"' * 5_001,
        "1 " * 5_000,
        "\x00" * 5_000,
        "[" * 5_000,
        "[" * 5_000 + "]" * 5_000,
        "\u8bf7" * 5_000,
    ]

    assert blanked_in_sql(prompts) == [blanked(prompt) for prompt in prompts]
