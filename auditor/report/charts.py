"""Charts as inline SVG, drawn by hand: same input, same bytes, no program inside.

A drawing holds shapes only and stretches to the width it is given; its words stand in the HTML around it, where
they keep their size on a phone. Each has a title and a description that say the same as the picture.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal

from markupsafe import Markup

from auditor.checker.findings import Finding, WindowPoint
from auditor.policy.amounts import number_of
from auditor.policy.condition_words import counted
from auditor.policy.measure_words import operator_words
from auditor.report.visible import plain_visible
from auditor.report.words import every, moment

WIDTH = 1000
BARS_HEIGHT = 100
LANE_HEIGHT = 12

_FRAME = Markup(
    '<svg class="{kind}" viewBox="0 0 {width} {height}" preserveAspectRatio="none" role="img"'
    ' aria-labelledby="{key}-t {key}-d"><title id="{key}-t">{title}</title><desc id="{key}-d">{desc}</desc>{body}</svg>'
)
_RECT = Markup('<rect class="{kind}" x="{x}" y="{y}" width="{width}" height="{height}"/>')


def timeline_chart(key: str, points: Sequence[WindowPoint], bucket_seconds: int) -> Markup:
    """Draw the number of cited records in each stretch of time, from the first bucket to the last.

    `key` makes the ids of the drawing unique on its page.
    """
    assert points, "a timeline without records can't be drawn"
    buckets = int((points[-1].start - points[0].start).total_seconds()) // bucket_seconds + 1
    most = max(point.records for point in points)
    step = WIDTH / buckets
    bars = [
        _rect(
            "bar",
            int((point.start - points[0].start).total_seconds()) // bucket_seconds * step + step * 0.08,
            BARS_HEIGHT - BARS_HEIGHT * point.records / most,
            step * 0.84,
            BARS_HEIGHT * point.records / most,
        )
        for point in points
    ]
    total = sum(point.records for point in points)
    desc = (
        f"{counted(total, 'cited record')} from {moment(points[0].start)}, counted for every {every(bucket_seconds)};"
        f" the most in one is {most:,}. The table below lists them all."
    )
    return _frame("chart-bars", key, BARS_HEIGHT, "Cited records over time", desc, bars)


def window_share(bucket_seconds: int, points: Sequence[WindowPoint], window_seconds: int) -> float:
    """Return how much of a timeline's width one window of the rule takes, in per cent; 0 when it is wider."""
    whole = (points[-1].start - points[0].start).total_seconds() + bucket_seconds if points else 0
    return round(100 * window_seconds / whole, 2) if 0 < window_seconds <= whole else 0


def threshold_chart(key: str, name: str, value: str, operator: str, threshold: str) -> Markup:
    """Draw a measured peak against the rule's threshold; empty when either is no number that can be drawn."""
    measured, line = number_of(value), number_of(threshold)
    if measured is None or line is None or measured < 0 or line < 0 or not max(measured, line):
        return Markup("")
    scale = Decimal(WIDTH) / (max(measured, line) * Decimal("1.06"))
    body = [
        _rect("track", 0, 3, WIDTH, LANE_HEIGHT - 6),
        _rect("bar", 0, 3, float(measured * scale), LANE_HEIGHT - 6),
        _rect("line", max(float(line * scale) - 2, 0.0), 0, 4, LANE_HEIGHT),
    ]
    desc = f"{plain_visible(name)} was {value}; the rule asks for {operator_words(operator)} {threshold}."
    return _frame("chart-threshold", key, LANE_HEIGHT, "Measured value against the threshold", desc, body)


def span_chart(key: str, finding: Finding, start: datetime, end: datetime) -> Markup:
    """Draw when a finding began and ended, on the time axis of its whole case."""
    whole = max((end - start).total_seconds(), 1.0)
    left = WIDTH * (finding.start - start).total_seconds() / whole
    width = max(WIDTH * (finding.end - finding.start).total_seconds() / whole, 6.0)
    body = [_rect("track", 0, 5, WIDTH, 2), _rect("bar", min(left, WIDTH - width), 1, width, 10)]
    desc = f"From {moment(finding.start)} to {moment(finding.end)}."
    return _frame("chart-span", key, LANE_HEIGHT, "When this was seen", desc, body)


def filled_table(points: Sequence[WindowPoint], bucket_seconds: int) -> tuple[tuple[datetime, datetime, int], ...]:
    """Return the timeline as rows of start, end and number of records, for those who read instead of look."""
    return tuple(
        (
            point.start,
            datetime.fromtimestamp(int(point.start.timestamp()) + bucket_seconds, UTC),
            point.records,
        )
        for point in points
    )


def _rect(kind: str, x: float, y: float, width: float, height: float) -> Markup:
    return _RECT.format(kind=kind, x=fixed(x), y=fixed(y), width=fixed(width), height=fixed(height))


def _frame(kind: str, key: str, height: int, title: str, desc: str, body: Sequence[Markup]) -> Markup:
    return _FRAME.format(
        kind=kind, width=WIDTH, height=height, key=key, title=title, desc=desc, body=Markup("").join(body)
    )


def fixed(value: float) -> str:
    """Return a coordinate with two digits at most, the same on every machine."""
    return f"{value:.2f}".rstrip("0").rstrip(".") or "0"
