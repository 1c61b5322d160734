"""What a finding needs beside its own records, to the microsecond: with it the finding comes out the same."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any  # fields of a record are of many types

import pytest

from auditor.records.memory import activity_of
from auditor.records.sql import open_connection
from tests.checker.found_again import found_again
from tests.policy.examples import rule_of

START = datetime(2026, 1, 5, tzinfo=UTC)
DAY = 86_400
SEQUENCE = "when: {{a: {{event: a}}, b: {{event: b}}{}}}\nsequence: {{steps: [a, b], within: 60s{}}}\n"
COUNTED = "when: {a: {event: a}}\nmeasure: {n: count()}\n"

CASES: dict[str, tuple[str, list[tuple[Any, ...]], list[list[int]]]] = {
    "a window that holds a record of exactly its length before": (
        COUNTED + "within: 60s\nviolates: n = 1 or n = 4",
        [("b", 0), ("a", 0), ("a", 0), ("a", 60), ("a", 70), ("a", 80), ("a", 90)],
        [[1, 2, 3, 4, 5, 6]],
    ),
    "a first step of another value of `by`": (
        SEQUENCE.format("", ", by: [model]") + "by: [country]",
        [("a", 0, {"model": "x", "country": "DE"}), ("b", 60, {"model": "x", "country": "FR"})],
        [[0, 1]],
    ),
    "a first step that is used up": (
        SEQUENCE.format("", "") + "within: {tumbling: 5s}\nmeasure: {n: span()}\nviolates: n < 30s",
        [("a", 0), ("a", 20), ("b", 30), ("b", 40)],
        [[0, 1, 2, 3]],
    ),
    "what closes a sequence": (
        SEQUENCE.format(", c: {event: c}", ", until: c") + "within: {tumbling: 5s}",
        [("a", 0), ("c", 1), ("a", 20), ("b", 30), ("b", 40)],
        [[0, 1, 2, 3]],
    ),
    "the past of a baseline, and the first record of all": (
        COUNTED + "within: {tumbling: 1d}\nbaseline: {over: 2d, of: self, at_least: 3d}\nviolates: n > usual.n",
        [("a", 0), ("a", 3 * DAY), ("a", 4 * DAY), ("a", 5 * DAY), ("a", 5 * DAY + 1)],
        [[0, 1, 2], [0, 1, 2, 3, 4]],
    ),
    "a baseline's past that begins with nothing, since the first record is older": (
        COUNTED + "within: {tumbling: 1d}\nbaseline: {over: 3d, of: self, at_least: 1d}\nviolates: n > 3 * usual.n",
        [
            ("a", 0),
            ("a", 3 * DAY),
            *(("a", 4 * DAY + second) for second in range(3)),
            *(("a", 5 * DAY + second) for second in range(4)),
        ],
        [[0, 1, 2, 3, 4, 5, 6, 7, 8]],
    ),
    "all that was there before something new": (
        "when: {a: {event: a}}\nnovel: {fields: [country], history: 60s}",
        [("a", 0, {"country": "DE"}), ("a", DAY, {"country": "DE"}), ("a", 2 * DAY, {"country": "FR"})],
        [[0, 1, 2]],
    ),
    "windows that repeat": (
        COUNTED + "within: {calendar: hour}\nviolates: n >= 2\nrepeat: {at_least: 2, distinct: day, within: 1d}",
        [("a", 0), ("a", 1), ("a", DAY), ("a", DAY + 1), ("b", DAY + 2)],
        [[0, 1, 2, 3]],
    ),
    "a stretch in which nothing follows": (
        "when: {a: {event: a}, b: {event: b, country: DE}, condition: a}\nabsent: {selection: b, within: 60s}",
        [("b", 0, {"country": "DE"}), ("a", 1), ("b", 60, {"country": "FR"}), ("b", 62, {"country": "DE"}), ("a", DAY)],
        [[1]],
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))
def test_a_finding_is_found_again_by_what_bears_on_it(
    case: tuple[str, list[tuple[Any, ...]], list[list[int]]], tmp_path: Path
) -> None:
    text, records, expected = case
    rows = [
        {"account_id": "x", "event": event, "time": (START + timedelta(seconds=seconds)).isoformat()}
        | (further[0] if further else {})
        for event, seconds, *further in records
    ]
    activity = activity_of(rows, connection=open_connection(folders=(tmp_path,)))

    found = list(found_again([rule_of(text + "\n")], activity, tmp_path, open_connection()))

    assert [is_found for _, _, is_found in found] == [True] * len(expected)
    assert [[row["source_line"] - 1 for row in kept] for _, kept, _ in found] == expected
