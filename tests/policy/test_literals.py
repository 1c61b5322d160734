"""Durations, times and numbers as policies write them."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from auditor.policy.literals import exact_number, seconds_of, time_of


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        *(("0s", 0), ("90s", 90), ("5m", 300), ("24h", 86_400), ("7d", 604_800), ("2w", 1_209_600)),
        ("36525d", 3_155_760_000),
        *((text, None) for text in ("36526d", "5M", "1y", "P1D", "-1h", "1.5h", "1 h", "h", "٣d")),
    ],
)
def test_a_duration_is_a_whole_number_and_a_unit(text: str, seconds: int | None) -> None:
    assert seconds == seconds_of(text)


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2026-01-31", datetime(2026, 1, 31, tzinfo=UTC)),
        ("2026-01-31T08:00:00Z", datetime(2026, 1, 31, 8, tzinfo=UTC)),
        ("2026-01-31 08:00:00+01:00", datetime(2026, 1, 31, 7, tzinfo=UTC)),
        ("2026-01-31T08:00:00.1234567Z", datetime(2026, 1, 31, 8, 0, 0, 123456, tzinfo=UTC)),
        ("2026-01-31T08:00:00", None),
        ("2026-02-30", None),
        ("0001-01-01T00:00:00+01:00", None),
        ("31.01.2026", None),
        ("soon", None),
    ],
)
def test_a_time_has_its_zone_or_is_a_date(text: str, time: datetime | None) -> None:
    assert time == time_of(text)


@pytest.mark.parametrize(
    ("number", "exact"),
    [
        (Decimal("1e3"), "1000"),
        (Decimal("1.50"), "1.50"),
        (10**18 - 1, "999999999999999999"),
        (10**18, None),
        (Decimal("1e-12"), "0.000000000001"),
        (Decimal("1e-13"), None),
    ],
)
def test_a_number_is_written_out_or_out_of_bounds(number: int | Decimal, exact: str | None) -> None:
    result = exact_number(number)

    assert exact == (None if result is None else format(result, "f"))
