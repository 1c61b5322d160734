"""Charts draw what the numbers say, within their frame, the same bytes each time."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.checker.findings import WindowPoint
from auditor.report.charts import BARS_HEIGHT, WIDTH, threshold_chart, timeline_chart, window_share

START = datetime(2025, 1, 1, tzinfo=UTC)
RECT = re.compile(r'<rect class="(\w+)" x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)"/>')


def points(counts: list[int]) -> tuple[WindowPoint, ...]:
    """Return a timeline by the hour, without its empty hours."""
    return tuple(
        WindowPoint(start=START + timedelta(hours=hour), records=count) for hour, count in enumerate(counts) if count
    )


@settings(deadline=None)
@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=40).filter(any))
def test_bars_stay_within_the_frame_and_the_tallest_fills_it(counts: list[int]) -> None:
    bars = [tuple(map(float, bar[1:])) for bar in RECT.findall(timeline_chart("k", points(counts), 3600))]

    assert len(bars) == sum(1 for count in counts if count)
    assert all(x >= 0 and x + width <= WIDTH and 0 <= y <= BARS_HEIGHT for x, y, width, _ in bars)
    assert max(height for *_, height in bars) == BARS_HEIGHT


@settings(deadline=None)
@given(st.integers(0, 10**12), st.integers(0, 10**12))
def test_bar_passes_the_line_just_when_the_value_does(value: int, threshold: int) -> None:
    drawn = {kind: (float(x), float(width)) for kind, x, _, width, _ in RECT.findall(_drawn(value, threshold))}

    if value or threshold:
        end, line = drawn["bar"][1], drawn["line"][0] + 2
        is_too_near_to_see = abs(value - threshold) * WIDTH < 3 * max(value, threshold)
        assert is_too_near_to_see or (end > line) == (value > threshold)


def _drawn(value: int, threshold: int) -> str:
    return threshold_chart("k", "calls", str(value), ">=", str(threshold))


@pytest.mark.parametrize("value", ["unknown", "-1", "NaN", ""])
def test_what_is_no_number_is_not_drawn(value: str) -> None:
    assert threshold_chart("k", "calls", value, ">=", "5") == ""


def test_hostile_name_of_a_measure_stays_text() -> None:
    drawn = threshold_chart("k", "</title><script>", "1", ">=", "5")

    assert "&lt;/title&gt;&lt;script&gt;" in drawn


def test_window_is_drawn_to_scale_and_left_out_when_it_does_not_fit() -> None:
    day = points([1] * 24)

    assert [window_share(3600, day, hours * 3600) for hours in (6, 24, 25, 0)] == [25.0, 100.0, 0, 0]
