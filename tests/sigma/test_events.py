"""Logs are read line by line, compressed or not; what is no record is named and harms nothing."""

import gzip
import json
import shutil
import subprocess
from pathlib import Path

import pytest

from auditor.errors import InputError, UsageError
from auditor.sigma.events import DEEPEST, TIME_FIELDS, BadLine, log_files, read_events

LINES = b'{"a": 1}\n\n{"a": 2}\r\n{"a": 3}'


def read(path: Path) -> tuple[list[object], list[BadLine]]:
    """Return field `a` of each record of a file, and the bad lines."""
    bad: list[BadLine] = []
    return [event.fields.get("a") for event in read_events([path], TIME_FIELDS, bad)], bad


def test_records_keep_their_lines(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_bytes(LINES)

    events = list(read_events([path, path], TIME_FIELDS, []))

    assert [event.line for event in events] == [1, 3, 4, 1, 3, 4]
    assert [event.number for event in events] == list(range(6))


def test_gzip_is_recognised_by_content(tmp_path: Path) -> None:
    path = tmp_path / "log.json"
    path.write_bytes(gzip.compress(LINES[:9]) + gzip.compress(LINES[9:]))

    assert read(path) == ([1, 2, 3], [])


@pytest.mark.skipif(shutil.which("zstd") is None, reason="no zstd command to compress with")
def test_zstandard_is_recognised_by_content(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_bytes(LINES)
    subprocess.run(["zstd", "-q", str(path)], check=True)

    assert read(tmp_path / "log.jsonl.zst") == ([1, 2, 3], [])


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"not json", "not JSON"),
        (b'{"a": NaN}', "not JSON"),
        (b'{"a": 1', "not JSON"),
        (b"[1, 2]", "no JSON object"),
        (b'"text"', "no JSON object"),
        (b'{"a": "\xff"}', "not UTF-8"),
        (b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "not JSON"),
        (b'{"a": ' + b"[" * DEEPEST + b"]" * DEEPEST + b"}", "nested too deep"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_bad_line_is_named_and_the_rest_is_read(tmp_path: Path, line: bytes, reason: str) -> None:
    path = tmp_path / "log.jsonl"
    path.write_bytes(b'{"a": 1}\n' + line + b'\n{"a": 2}\n')

    assert read(path) == ([1, 2], [BadLine(str(path), 2, reason)])


def test_numbers_out_of_bounds_are_texts(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_text(f'{{"a": 1e999}}\n{{"a": {"9" * 5000}}}\n{{"a": {"9" * 400}}}\n')

    assert read(path)[0] == ["1e999", "9" * 5000, int("9" * 400)]


def test_a_damaged_file_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl.gz"
    path.write_bytes(gzip.compress(LINES)[:-9])

    with pytest.raises(InputError):
        read(path)


def test_the_first_time_field_with_a_value_counts(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    records = [{"ts": 5, "time": 7}, {"time": None, "ts": 5}, {"time": "soon", "ts": 5}, {}]
    path.write_text("\n".join(map(json.dumps, records)))

    times = [event.time for event in read_events([path], ["time", "ts"], [])]

    assert times == [7_000_000, 5_000_000, None, None]


def test_folders_give_their_logs_by_name(tmp_path: Path) -> None:
    for name in ("b.jsonl", "a.json.gz", "notes.txt"):
        (tmp_path / name).write_bytes(b"")

    assert [path.name for path in log_files([tmp_path])] == ["a.json.gz", "b.jsonl"]
    with pytest.raises(UsageError):
        log_files([tmp_path / "gone"])
