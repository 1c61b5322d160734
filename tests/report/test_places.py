"""A record's place is named by what its file holds, and the command printed beside it finds it there."""

import gzip
import json
import shlex
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from auditor.cases.finding_evidence import ShownRecord
from auditor.report.places import FILE, checks_of, command_for, place_of

ELEMENTS = [json.dumps({"eventID": number, "who": "Zoë"}, ensure_ascii=False) for number in range(40)]


def record(**fields: Any) -> ShownRecord:
    made: dict[str, Any] = {
        "time": datetime(2026, 1, 5, tzinfo=UTC), "record_id": "r", "account": "a", "source": 12, "source_id": "s",
        "format": "jsonlines", "compression": "plain", "line": 14068, "offset": 900, "length": 100,
        "is_against": True, "cells": (),
    }  # fmt: skip
    return ShownRecord(**(made | fields))


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        pytest.param({}, "[12] line 14068", id="lines, in plain digits"),
        pytest.param({"format": "textlog"}, "[12] line 14068", id="lines of a text log"),
        pytest.param({"format": "jsonarray"}, "[12] record 14068 (bytes 901 to 1000)", id="elements of an array"),
        pytest.param({"format": "jsonarray", "offset": None}, "[12] record 14068", id="elements without offsets"),
        pytest.param({"format": "parquet", "offset": None, "length": None}, "[12] row 14068", id="rows of a table"),
        pytest.param({"source": 0}, "line 14068", id="a source that the receipt does not list"),
    ],
)
def test_place_is_named_by_what_the_file_holds(fields: dict[str, Any], expected: str) -> None:
    assert expected == place_of(record(**fields))


@pytest.mark.parametrize("compression", ["plain", "gzip"])
def test_command_prints_the_element_of_an_array(tmp_path: Path, compression: str) -> None:
    text = '{"Records": [\n' + ",\n".join(ELEMENTS) + "]}"
    offset = text.encode().index(ELEMENTS[30].encode())
    place = record(
        format="jsonarray", compression=compression, line=31, offset=offset, length=len(ELEMENTS[30].encode())
    )

    printed = run(command_for(place), written(tmp_path, text, compression))

    assert ELEMENTS[30] == printed


@pytest.mark.parametrize("compression", ["plain", "gzip"])
def test_command_prints_the_line_of_a_log(tmp_path: Path, compression: str) -> None:
    text = "\n".join(ELEMENTS) + "\n"

    printed = run(command_for(record(compression=compression, line=31)), written(tmp_path, text, compression))

    assert ELEMENTS[30] + "\n" == printed


def test_each_kind_of_source_has_one_command() -> None:
    records = [record(line=1), record(line=2), record(format="jsonarray"), record(format="jsonarray", line=9)]

    checks = checks_of([*records, record(compression="gzip"), record(format="parquet")])

    assert [check.example for check in checks] == [
        "[12] record 14068 (bytes 901 to 1000)",
        "[12] line 14068",
        "[12] line 1",
        "[12] row 14068",
    ]


def test_an_element_without_bytes_has_no_command() -> None:
    assert checks_of([record(format="jsonarray", offset=None)]) == ()


def written(folder: Path, text: str, compression: str) -> Path:
    data = text.encode()
    path = folder / "source file"
    path.write_bytes(gzip.compress(data) if compression == "gzip" else data)
    return path


def run(command: str, path: Path) -> str:
    words = command.replace(FILE, shlex.quote(str(path)))
    return subprocess.run(words, shell=True, check=True, capture_output=True).stdout.decode()  # our own command
