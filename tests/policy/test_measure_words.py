"""Measures in words: every one of the shipped rules, in every language, without a name of a variable or a column."""

import pytest

from auditor.policy.expression_text import text_of_expression
from auditor.policy.load import load_pack
from auditor.policy.measure_words import is_share, words_of_measure
from auditor.report.notice import LANGUAGES, PHRASES
from auditor.report.phrases.model import Language


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("count()", "records"),
        ("count(distinct account_id)", "different accounts"),
        ("count(distinct temperature)", "different values of “temperature”"),
        ("median(per(account_id, count()))", "records for each account (median)"),
        ("count(per(account_id, count()))", "different accounts"),
        ("quantile(output_tokens, 0.95)", "tokens answered (95\N{NO-BREAK SPACE}% quantile)"),
        ("count(sequence)", "times that the steps followed on each other"),
        ("share(_hidden)", "share of the records that the rule calls “hidden”"),
        ("count(distinct client_ip) / count(distinct account_id)",
         "different network addresses divided by different accounts"),
    ],
)  # fmt: skip
def test_a_measure_is_said_in_words(expression: str, said: str) -> None:
    assert said == words_of_measure("m", expression)


def test_what_a_measure_is_compared_with_is_said_with_it() -> None:
    assert words_of_measure("usual.calls", "count()") == "usual value of: records"
    assert "99" in words_of_measure("peers_p99.calls", "count()")


@pytest.mark.parametrize("expression", ["", "count(", "1 +", "x" * 3000])
def test_what_cannot_be_read_is_called_by_its_name(expression: str) -> None:
    assert words_of_measure("exchanges", expression) == "exchanges"


def test_shares_are_known_from_numbers() -> None:
    assert is_share("share(_hidden)")
    assert not is_share("evenness(account_id)")


def test_words_of_the_rule_go_before_what_the_expression_says() -> None:
    own = (("en", "share of long answers"),)

    assert words_of_measure("m", "share(_long)", own=own) == "share of long answers"
    assert words_of_measure("usual.m", "share(_long)", own=own) == "usual value of: share of long answers"
    assert "_long" not in words_of_measure("m", "share(_long)", PHRASES["de"].measures, own)


@pytest.mark.parametrize("language", LANGUAGES)
def test_shipped_rules_say_in_each_language_what_they_take_a_share_of(language: Language) -> None:
    shares = [
        rule.evidence.words_of(measure.name)
        for rule in load_pack("model-api").rules
        for measure in rule.measures
        if text_of_expression(measure.expression).startswith("share(")
    ]

    assert len(shares) > 5
    assert [words for words in shares if language not in dict(words)] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_column_that_a_shipped_rule_measures_has_words(language: Language) -> None:
    words = PHRASES[language].measures
    measures = [measure for rule in load_pack("model-api").rules for measure in rule.measures]

    said = [words_of_measure(measure.name, text_of_expression(measure.expression), words) for measure in measures]

    assert [text for text in said if "_" in text] == []


def test_languages_have_words_for_the_same_columns_and_functions() -> None:
    tables = [PHRASES[language].measures.model_dump() for language in LANGUAGES]

    keys = [{name: set(table) if isinstance(table, dict) else None for name, table in one.items()} for one in tables]

    assert keys[0] == keys[1] == keys[2]
