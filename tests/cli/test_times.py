from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.cli.times import check_order, time_of
from auditor.digests import rfc3339
from auditor.errors import UsageError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("2026-01-31", datetime(2026, 1, 31, tzinfo=UTC), id="a date is midnight UTC"),
        pytest.param("2026-01-31T13:00:00Z", datetime(2026, 1, 31, 13, tzinfo=UTC), id="RFC 3339 in UTC"),
        pytest.param("2026-01-31 13:00Z", datetime(2026, 1, 31, 13, tzinfo=UTC), id="without seconds, with a space"),
        pytest.param("2026-01-31T13:00:00+02:00", datetime(2026, 1, 31, 11, tzinfo=UTC), id="another zone"),
        pytest.param(
            "2026-01-31t13:00:00.25z", datetime(2026, 1, 31, 13, 0, 0, 250000, tzinfo=UTC), id="small letters"
        ),
    ],
)
def test_time_is_read_in_utc(text: str, expected: datetime) -> None:
    assert time_of(text, "--since") == expected


@pytest.mark.parametrize(
    "text",
    ["2026-01-31T13:00:00", "2026-02-31", "yesterday", "", "20260131", "2026-W05-1", "2026-01-31T25:00Z", "1769860800"],
    ids=["no zone", "no such day", "a word", "nothing", "no dashes", "a week", "no such hour", "an epoch"],
)
def test_anything_else_is_refused_by_the_option_name(text: str) -> None:
    with pytest.raises(UsageError, match=r"^--since: found `"):
        time_of(text, "--since")


@given(st.datetimes(min_value=datetime(1000, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001  # hypothesis wants naive bounds
def test_every_printed_time_can_be_typed_again(time: datetime) -> None:
    assert time_of(rfc3339(time), "--until") == time


@given(st.text(max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        time = time_of(text, "--as-of")
    except UsageError:
        return

    assert time is not None and time.tzinfo is UTC


def test_an_option_not_given_is_no_time() -> None:
    assert time_of(None, "--since") is None


def test_an_empty_stretch_is_refused() -> None:
    midnight = datetime(2026, 1, 31, tzinfo=UTC)

    with pytest.raises(UsageError, match="not later than"):
        check_order(midnight, midnight)
