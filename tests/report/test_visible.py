"""Hostile text is shown, never obeyed, and never lost."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.characters import is_hidden
from auditor.report.visible import plain_visible, prose, visible
from tests.report.reading import hostile_strings, page_of, untokened

ANY_TEXT = st.text(alphabet=st.characters(exclude_categories=()), max_size=60)


@settings(deadline=None)
@given(ANY_TEXT)
def test_every_character_is_still_there(text: str) -> None:
    shown = page_of(str(visible(text))).text

    assert untokened(text) == untokened(shown)


@settings(deadline=None)
@given(ANY_TEXT)
def test_nothing_hidden_is_left_in_the_page(text: str) -> None:
    shown = str(visible(text))

    assert not [character for character in shown if is_hidden(character)]


@settings(deadline=None)
@given(ANY_TEXT)
def test_shown_text_holds_no_element_but_its_own(text: str) -> None:
    page = page_of(str(visible(text)) + str(prose(text)))

    assert (page.tags - {"bdi", "span"}, page.handlers, page.addresses) == (set(), [], [])


def test_no_naughty_string_becomes_markup() -> None:
    page = page_of("".join(str(visible(text)) for text in hostile_strings()))

    assert (page.tags - {"bdi", "span"}, page.handlers, page.addresses, page.unclosed) == (set(), [], [], [])


@pytest.mark.parametrize(
    ("text", "token"),
    [
        pytest.param("a\u202egpj.exe", r"\u{202E}", id="a right-to-left override"),
        pytest.param("pay\u200bpal", r"\u{200B}", id="a zero-width space"),
        pytest.param("a\x00b", r"\u{0000}", id="a NUL"),
        pytest.param("a\x9bb", r"\u{009B}", id="a C1 control"),
        pytest.param("a\nb", r"\u{000A}", id="a line feed"),
        pytest.param("a\ud800b", r"\u{D800}", id="half a surrogate pair"),
        pytest.param("a\u2028b", r"\u{2028}", id="a line separator"),
        pytest.param("a\U000e0041b", r"\u{E0041}", id="a tag character"),
        pytest.param("a\u3164b", r"\u{3164}", id="a letter that is empty"),
        pytest.param("e\u0301\u0301\u0301", r"\u{0301}", id="the third accent on one letter"),
    ],
)
def test_what_a_reader_cannot_see_becomes_a_token(text: str, token: str) -> None:
    shown = visible(text)

    assert f'<span class="hidden">{token}</span>' in shown


@pytest.mark.parametrize("text", ["naïve", "Ελλάδα", "שלום", "日本語", "a b", "e\u0301"], ids=str)
def test_ordinary_writing_stays_as_it_is(text: str) -> None:
    assert f"<bdi>{text}</bdi>" == visible(text)


def test_long_text_is_cut_and_its_length_said() -> None:
    shown = visible("x" * 5000, 10)

    assert shown == '<bdi>xxxxxxxxxx</bdi> <span class="cut">… cut here, 5,000 characters in all</span>'


def test_plain_text_for_attributes_holds_tokens_too() -> None:
    assert plain_visible("a\u202eb") == r"a\u{202E}b"


def test_a_control_character_has_no_category_that_slips_through() -> None:
    controls = [chr(code) for code in range(0x11_0000) if unicodedata.category(chr(code)) in {"Cc", "Cf", "Cs"}]

    assert all(is_hidden(character) for character in controls)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("acct_\N{CYRILLIC SMALL LETTER A}", r"acct_\u{0430}", id="a Cyrillic letter for an id's last"),
        pytest.param("p\N{CYRILLIC SMALL LETTER A}ypal", r"p\u{0430}ypal", id="a Cyrillic letter within a Latin word"),
        pytest.param("acct_\N{FULLWIDTH DIGIT ONE}", r"acct_\u{FF11}", id="a full-width digit in an id"),
        pytest.param("\N{MATHEMATICAL BOLD SMALL A}cct_1", r"\u{1D41A}cct_1", id="a bold letter in an id"),
    ],
)
def test_what_passes_for_another_letter_becomes_a_token(text: str, shown: str) -> None:
    assert plain_visible(text) == shown


@pytest.mark.parametrize("text", ["Тема paypal", "全角２３", "Яндекс Browser 4", "β-carotene", "naïve café"], ids=str)
def test_texts_in_several_scripts_stay_as_they_are(text: str) -> None:
    assert plain_visible(text) == text
