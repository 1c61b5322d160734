"""Numbers, times and terms of art in plain words."""

from datetime import UTC, datetime

import pytest

from auditor.checker.findings import Measured, RuleRun
from auditor.policy import amounts
from auditor.report import words
from tests.cases.factories import receipt as receipt_of

TIME = datetime(2025, 3, 1, 9, 5, 7, 250_000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "less than a second"),
        (1, "1 second"),
        (60, "1 minute"),
        (3661, "1 hour 1 minute"),
        (86_400 * 30, "30 days"),
        (86_400 + 1, "1 day 1 second"),
    ],
)
def test_duration_names_its_two_largest_units(seconds: int, said: str) -> None:
    assert said == amounts.duration(seconds)


@pytest.mark.parametrize(("seconds", "said"), [(60, "minute"), (600, "10 minutes"), (86_400, "day")])
def test_rhythm_leaves_out_the_one(seconds: int, said: str) -> None:
    assert said == words.every(seconds)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("10829", "10,829"),
        ("191.22918", "191.22918"),
        ("-1234.5", "-1,234.5"),
        ("0.1", "0.1"),
        ("1E+3", "1,000"),
        ("=1+1", "=1+1"),
        ("Infinity", "Infinity"),
        ("", ""),
    ],
)
def test_figure_groups_thousands_and_keeps_every_digit(text: str, said: str) -> None:
    assert said == amounts.figure(text)


@pytest.mark.parametrize(
    ("share", "said"),
    [
        ("1", "100 %"), ("1.0", "100 %"), ("0.5", "50 %"), ("0.10", "10 %"), ("0.75", "75 %"), ("0", "0 %"),
        ("0.0009", "0.09 %"), ("0.999999999", "99.9999999 %"), ("2", "200 %"), ("-0.1", "-10 %"), ("usual", "usual"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("expression", ["share(_abroad)", "top_share(country)"])
def test_a_share_is_told_in_per_cent_with_every_digit(share: str, said: str, expression: str) -> None:
    measure = Measured(name="abroad", value=share, expression=expression)

    assert said == words.amount_of(share, measure)


def test_what_is_no_share_is_told_with_its_unit() -> None:
    measure = Measured(name="output", value="1", unit="tokens", expression="sum(output_tokens)")

    assert words.amount_of("1", measure) == "1 tokens"


def test_digest_is_shortened_and_nothing_else() -> None:
    digest = "3c70bda6c3a4" + "0" * 52

    assert ("3c70bda6c3a4…", digest[:-1], "a" * 65) == (
        words.brief(digest),
        words.brief(digest[:-1]),
        words.brief("a" * 65),
    )


def test_time_is_exact_and_moment_is_to_the_second() -> None:
    assert (words.when(TIME), words.moment(TIME)) == ("2025-03-01 09:05:07.250000 UTC", "2025-03-01 09:05:07 UTC")


def test_small_side_of_a_comparison_is_held_against_the_lowest_window() -> None:
    assert [words.peak_word(sign) for sign in (">", ">=", "<", "<=")] == ["highest", "highest", "lowest", "lowest"]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, ""),
        ({"undetermined": 1}, "1 record is undetermined"),
        (
            {"left_out": 2000, "without_subject": 3, "not_evaluated_subjects": 1},
            "2,000 records come from sources that lack a column it needs, 3 records name no subject and 1 subject was"
            " not evaluated",
        ),
        ({"error": "out of memory"}, "the rule failed (out of memory)"),
    ],
)
def test_what_a_rule_could_not_judge_is_said(fields: dict[str, int | str], said: str) -> None:
    run = RuleRun.model_validate({"rule": "r", "rule_id": "i", "digest": "d", "is_evaluated": True} | fields)

    assert said == words.left_out_of(run)


def test_stretch_says_every_bound_that_a_run_was_given() -> None:
    receipt = receipt_of("r").model_copy(update={"since": TIME, "until": TIME, "as_of": TIME})

    assert words.stretch_of(receipt) == (
        "took only incidents that end from 2025-03-01 09:05:07.250000 UTC and before 2025-03-01 09:05:07.250000 UTC"
        " and judged as if nothing later than 2025-03-01 09:05:07.250000 UTC had been recorded"
    )


def test_run_over_everything_has_no_stretch() -> None:
    assert words.stretch_of(receipt_of("r")) == ""


def test_what_a_run_was_given_is_named_with_its_digest() -> None:
    receipt = receipt_of("r").model_copy(update={"context_digest": "c0", "approvals_digest": "a0", "as_of": TIME})

    assert words.given_to(receipt) == (
        "the context file with SHA-256 c0",
        "the approvals with digest a0",
        "--as-of 2025-03-01T09:05:07.250000Z",
    )
