"""Lines that would take more memory to read than a verifier has are refused by what they hold, not by dying of it."""

import json
import tracemalloc
from pathlib import Path

import pytest

from auditor.evidence.standalone.ownbytes import LONGEST_OWN_LINE, differences, record_in
from auditor.evidence.standalone.reading import LARGE, MOST_VALUES, UnreadableError, is_crowded, parsed_line
from tests.evidence.arrange import sealed, world
from tests.evidence.tampering import failures, made_again

CITED = "data/records/cited.jsonl"
FEW_MEGABYTES = 100 * LARGE


def objects(number: int) -> bytes:
    """Return a line with so many values of a few bytes each."""
    return b'{"a":[' + b",".join([b"{}"] * number) + b"]}\n"


def test_line_of_very_many_values_is_refused_before_it_is_read() -> None:
    line = objects(8 * MOST_VALUES)
    tracemalloc.start()

    with pytest.raises(UnreadableError, match=f"more than {MOST_VALUES} keys and values"):
        parsed_line(line)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert most < FEW_MEGABYTES


@pytest.mark.parametrize(
    "text",
    ["[{}," * MOST_VALUES, '"' * MOST_VALUES, "\\" * MOST_VALUES, '\\"' * MOST_VALUES + "{,[" * MOST_VALUES],
    ids=["openings", "quotation marks", "backslashes", "all of them"],
)
def test_what_stands_in_a_text_does_not_count(text: str) -> None:
    line = json.dumps({"record": {"prompt": text}}, separators=(",", ":")).encode() + b"\n"

    assert len(line) > LARGE / 2
    assert not is_crowded(line)
    assert parsed_line(line) == {"record": {"prompt": text}}


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        pytest.param(objects(MOST_VALUES // 2 - 2), False, id="as many as it may"),
        pytest.param(objects(MOST_VALUES), True, id="too many objects"),
        pytest.param(b'{"a":[' + b'"",' * (MOST_VALUES + 1) + b'""]}', True, id="too many texts"),
        pytest.param(b'{"a":[' + b"1," * (MOST_VALUES + 1) + b"1]}", True, id="too many numbers"),
        pytest.param(b'{"a":"' + 8 * b"\\" + b'","b":[' + b"1," * MOST_VALUES + b"1,1]}", True, id="after escapes"),
    ],
)
def test_values_are_counted_without_reading_them(line: bytes, expected: bool) -> None:
    assert is_crowded(line) is expected


def test_bundle_with_such_a_line_fails_with_its_place(tmp_path: Path) -> None:
    bundle = sealed(world(tmp_path), tmp_path / "C-0123456789ab")
    with (bundle / CITED).open("ab") as stream:
        stream.write(objects(MOST_VALUES))

    assert f"holds more than {MOST_VALUES} keys and values" in failures(made_again(bundle))


def test_own_bytes_longer_than_any_line_of_a_log_agree_with_nothing() -> None:
    data = b'{"a":[' + b"{}," * (LONGEST_OWN_LINE // 3 + 1) + b"{}]}"

    assert record_in(data) == {}
    assert differences({"account_id": "a"}, {}, "s:1")


def test_text_that_would_be_read_as_json_is_not_if_it_is_too_long() -> None:
    long = "[" + "{}," * (LONGEST_OWN_LINE) + "{}]"

    assert differences({"extra": long}, {"extra": {}}, "s:1")
    assert differences({"user_agent": long}, {"user_agent": [1]}, "s:1")
